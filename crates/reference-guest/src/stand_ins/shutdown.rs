//! `shutdown.exe` (Microsoft Learn, "shutdown").

use std::io;
use std::time::Duration;

use super::{Answer, Call, Program};
use crate::power::{self, End};

// Time for the program itself to end, so that its caller sees its exit code.
const GRACE: Duration = Duration::from_millis(300);
const DEFAULT_SECONDS: u64 = 30;
const ERROR_SHUTDOWN_IN_PROGRESS: u32 = 1115;
const ERROR_NO_SHUTDOWN_IN_PROGRESS: u32 = 1116;
const LONGEST_DELAY_SECONDS: u64 = 315_360_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    End { end: End, seconds: u64 },
    Abort,
}

/// What the options ask for; none if they ask for something else.
pub(super) fn parse(words: &[String]) -> Option<Order> {
    let mut end = None;
    let mut seconds = DEFAULT_SECONDS;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let option = word.strip_prefix(['/', '-'])?.to_ascii_lowercase();
        match option.as_str() {
            "s" | "sg" => end = Some(End::PowerOff),
            "r" | "g" => end = Some(End::Restart),
            "p" => {
                end = Some(End::PowerOff);
                seconds = 0;
            }
            "a" => return Some(Order::Abort),
            "f" | "soft" | "hybrid" => {}
            "t" => {
                seconds = words.next()?.parse().ok().filter(|seconds| *seconds <= LONGEST_DELAY_SECONDS)?;
            }
            "c" | "d" => {
                words.next()?;
            }
            _ => return None,
        }
    }
    end.map(|end| Order::End { end, seconds })
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    match parse(&call.words) {
        Some(Order::Abort) if power::abort() => Ok(Answer::Exit(0)),
        Some(Order::Abort) => {
            program
                .complain("Unable to abort the system shutdown because no shutdown was in progress.(1116)")?;
            Ok(Answer::Exit(ERROR_NO_SHUTDOWN_IN_PROGRESS))
        }
        Some(Order::End { end, seconds }) => {
            if power::schedule(end, Duration::from_secs(seconds) + GRACE) {
                return Ok(Answer::Exit(0));
            }
            program.complain("A system shutdown is in progress.(1115)")?;
            Ok(Answer::Exit(ERROR_SHUTDOWN_IN_PROGRESS))
        }
        None => Ok(Answer::Refused),
    }
}
