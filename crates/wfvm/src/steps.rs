//! What a script asked of the guest, and how each of it ended.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{session::Output, tool};

/// How many failures are kept; the first ones tell most.
const KEPT: usize = 32;
/// How much of a command's output is kept, in bytes.
const TAIL: usize = 4096;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A command with this exit code.
    Ended(u32),
    /// A file arrived, a restart happened.
    Done,
    /// It did not get through.
    Lost(String),
}

/// One request of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As it was written: `win-exec ver`.
    pub words: String,
    /// Its place among all, counted from 1.
    pub number: usize,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// The end of what it wrote.
    pub tail: String,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, seconds) = (&self.words, self.took.as_secs_f64());
        match &self.outcome {
            Outcome::Ended(code) if *code > 255 => {
                write!(formatter, "`{words}` ended with exit code {code} ({code:#x}) after {seconds:.1} s")
            }
            Outcome::Ended(code) => {
                write!(formatter, "`{words}` ended with exit code {code} after {seconds:.1} s")
            }
            Outcome::Done => write!(formatter, "`{words}` was done in {seconds:.1} s"),
            Outcome::Lost(problem) => write!(formatter, "`{words}` failed after {seconds:.1} s: {problem}"),
        }
    }
}

/// The steps of a script. Clones are the same steps.
#[derive(Debug, Clone, Default)]
pub struct Steps(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    begun: usize,
    running: Vec<(usize, String)>,
    failures: Vec<Step>,
    lost: usize,
}

impl Steps {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step begins.
    #[must_use]
    pub fn begin(&self, words: String) -> Begun {
        let mut kept = self.kept();
        kept.begun += 1;
        let number = kept.begun;
        kept.running.push((number, words.clone()));
        Begun { steps: self.clone(), number, words, since: Instant::now(), tail: Tail::of(TAIL) }
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept().begun
    }

    /// The failures, in order; no more than a few dozen.
    #[must_use]
    pub fn failures(&self) -> Vec<Step> {
        self.kept().failures.clone()
    }

    /// How many did not get through, other than by a command's own exit code.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.kept().lost
    }

    /// What runs now.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        self.kept().running.iter().map(|(_, words)| words.clone()).collect()
    }
}

/// The end of what a command writes, in the order in which it comes.
#[derive(Debug, Default)]
pub struct Tail {
    kept: VecDeque<u8>,
    most: usize,
}

impl Tail {
    /// Of so many bytes at most.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self { kept: VecDeque::new(), most }
    }

    /// More was written.
    pub fn add(&mut self, piece: &Output) {
        let (Output::Stdout(bytes) | Output::Stderr(bytes)) = piece;
        self.kept.extend(bytes.get(bytes.len().saturating_sub(self.most)..).unwrap_or_default());
        let excess = self.kept.len().saturating_sub(self.most);
        self.kept.drain(..excess);
    }

    /// What is kept of it.
    pub fn bytes(&mut self) -> &[u8] {
        self.kept.make_contiguous()
    }
}

/// A step that has begun.
#[derive(Debug)]
pub struct Begun {
    steps: Steps,
    number: usize,
    words: String,
    since: Instant,
    tail: Tail,
}

impl Begun {
    /// Keeps the end of what the step writes.
    pub fn wrote(&mut self, piece: &Output) {
        self.tail.add(piece);
    }

    /// The step ended, and is known as ended; `failed` says whether its outcome is a failure.
    #[must_use]
    pub fn end(mut self, outcome: Outcome, failed: bool) -> Step {
        let step = Step {
            words: std::mem::take(&mut self.words),
            number: self.number,
            took: self.since.elapsed(),
            outcome,
            tail: tool::tail(self.tail.bytes()),
        };
        let mut kept = self.steps.kept();
        if failed && matches!(step.outcome, Outcome::Lost(_)) {
            kept.lost += 1;
        }
        if failed && kept.failures.len() < KEPT {
            kept.failures.push(step.clone());
        }
        step
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.steps.kept().running.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_known_until_it_ends_or_is_given_up() {
        let steps = Steps::default();
        let (first, second) = (steps.begin("win-exec a".into()), steps.begin("win-exec b".into()));
        assert_eq!(steps.running(), ["win-exec a", "win-exec b"]);
        let _ = first.end(Outcome::Ended(0), false);
        assert_eq!(steps.running(), ["win-exec b"]);
        drop(second);
        assert!(steps.running().is_empty() && steps.failures().is_empty());
        assert_eq!(steps.count(), 2);
    }

    #[test]
    fn a_failure_is_kept_with_the_end_of_its_output() {
        let steps = Steps::default();
        let mut step = steps.begin("win-exec x".into());
        step.wrote(&Output::Stdout(vec![b'a'; 3 * TAIL]));
        step.wrote(&Output::Stderr(b"the end".to_vec()));
        let _ = step.end(Outcome::Ended(1603), true);
        let failures = steps.failures();
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].tail.len(), TAIL);
        assert!(failures[0].tail.ends_with("athe end"));
        assert!(failures[0].to_string().starts_with("`win-exec x` ended with exit code 1603 (0x643)"));
        assert_eq!(steps.lost(), 0);
        let _ = steps.begin("win-put y".into()).end(Outcome::Lost("no such file".into()), true);
        assert_eq!(steps.lost(), 1);
    }
}
