//! What a task tells while it runs: phases and lines, to Nix, a terminal or a plain log.
//! The only writer to standard error in the library.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::nix::log::{LogMessage, VerbosityLevel};
use crate::phase::Phase;

/// Where progress goes. Clones tell the same story.
#[derive(Debug, Clone)]
pub struct Progress {
    channel: Channel,
    started: Instant,
    phase: Arc<Mutex<Phase>>,
    /// What was told so far, with the time since the beginning.
    told: Arc<Mutex<Vec<(Phase, Duration)>>>,
    moved: Arc<Mutex<Moved>>,
    /// Stands before each line of one of several that share a log.
    prefix: Arc<str>,
}

/// What was told to Nix last of what moves within a phase. Nix keeps every such line in the
/// stored log, so one that says nothing new, or comes too soon, is not told.
#[derive(Debug, Default)]
struct Moved {
    last: Option<(Instant, String)>,
}

/// An installation of an hour then has some hundred such lines.
const MOVING_INTERVAL: Duration = Duration::from_secs(10);

impl Moved {
    fn is_news(&mut self, now: Instant, detail: &str) -> bool {
        let news = self
            .last
            .as_ref()
            .is_none_or(|(at, told)| told != detail && now.saturating_duration_since(*at) >= MOVING_INTERVAL);
        if news {
            self.last = Some((now, detail.to_owned()));
        }
        news
    }
}

#[derive(Debug, Clone)]
enum Channel {
    Nix,
    Terminal(ProgressBar),
    Lines,
}

/// What reads the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Nix, which takes `@nix {…}` lines from a builder.
    Nix,
    /// A person at a terminal.
    Terminal,
    /// A file or a pipe.
    Lines,
}

impl Progress {
    /// Progress for `reader`.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        let channel = match reader {
            Reader::Nix => Channel::Nix,
            Reader::Lines => Channel::Lines,
            Reader::Terminal => {
                let bar = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(200));
                Channel::Terminal(bar)
            }
        };
        Self {
            channel,
            started: Instant::now(),
            phase: Arc::new(Mutex::new(Phase::Preflight)),
            told: Arc::default(),
            moved: Arc::default(),
            prefix: "".into(),
        }
    }

    /// For one of several that tell at the same time: with a phase of its own, and its name before each line.
    #[cfg(feature = "run")]
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        let phase = Arc::new(Mutex::new(self.current()));
        Self { phase, told: Arc::default(), prefix: format!("{name}| ").into(), ..self.clone() }
    }

    /// A new phase begins. `detail` says what happens in it.
    pub fn phase(&self, phase: Phase, detail: &str) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push((phase, self.started.elapsed()));
        let line = format!("{}{}{phase}: {detail}", self.prefix, self.elapsed());
        match &self.channel {
            Channel::Nix => {
                self.nix_phase(phase.word());
                self.write(&line);
            }
            Channel::Terminal(bar) => {
                bar.println(line);
                bar.set_prefix(phase.word());
                bar.set_message("");
            }
            Channel::Lines => self.write(&line),
        }
    }

    /// The phase that was told last.
    #[must_use]
    pub fn current(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All phases so far, and how long each has taken; the last one until now.
    #[must_use]
    pub fn times(&self) -> Vec<(Phase, Duration)> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = told.iter().skip(1).map(|(_, at)| *at).chain([self.started.elapsed()]);
        told.iter().zip(ends).map(|((phase, at), end)| (*phase, end.saturating_sub(*at))).collect()
    }

    /// What moves within the phase, such as `312 MiB written`. It replaces the one before and is not logged.
    pub fn moving(&self, detail: &str) {
        match &self.channel {
            Channel::Nix => {
                let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
                if moved.is_news(Instant::now(), detail) {
                    self.nix_phase(&format!("{} {detail}", self.current()));
                }
            }
            Channel::Terminal(bar) => bar.set_message(detail.to_owned()),
            Channel::Lines => {}
        }
    }

    /// A line that a person may want to find later.
    pub fn line(&self, text: &str) {
        match &self.channel {
            Channel::Terminal(bar) => bar.println(format!("{}{text}", self.prefix)),
            Channel::Nix | Channel::Lines => self.write(&format!("{}{text}", self.prefix)),
        }
    }

    /// A line that ought to be seen.
    pub fn warning(&self, text: &str) {
        match &self.channel {
            // Level 1 is Nix's warning: shown above the bar also without -L.
            Channel::Nix => {
                let msg = format!("{}warning: {text}", self.prefix).into();
                self.write(&LogMessage::Msg { level: VerbosityLevel::Warn, msg }.to_string());
            }
            Channel::Terminal(_) | Channel::Lines => self.line(&format!("warning: {text}")),
        }
    }

    /// Nothing more will be told: a terminal's bar goes away.
    pub fn end(&self) {
        if let Channel::Terminal(bar) = &self.channel {
            bar.finish_and_clear();
        }
    }

    fn elapsed(&self) -> String {
        format!("[{:6.1} s] ", self.started.elapsed().as_secs_f64())
    }

    fn nix_phase(&self, phase: &str) {
        self.write(&LogMessage::SetPhase { phase: phase.into() }.to_string());
    }

    #[expect(clippy::unused_self, reason = "all writing goes through a Progress")]
    fn write(&self, line: &str) {
        // One write per line, so that `@nix` stands at a line's start; a closed stderr is no reason to stop.
        let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_has_taken_the_time_to_the_next() {
        let progress = Progress::new(Reader::Lines);
        assert_eq!(progress.times(), []);
        progress.phase(Phase::Boot, "");
        progress.phase(Phase::Session, "");
        let times = progress.times();
        assert_eq!(times.iter().map(|(phase, _)| *phase).collect::<Vec<_>>(), [Phase::Boot, Phase::Session]);
        let all: Duration = times.iter().map(|(_, took)| *took).sum();
        assert!(all <= progress.started.elapsed(), "{times:?}");
    }

    #[test]
    fn nix_is_not_told_the_same_twice_nor_everything_at_once() {
        let (mut moved, start) = (Moved::default(), Instant::now());
        let later = start + MOVING_INTERVAL;
        assert!(moved.is_news(start, "1 MiB written"));
        assert!(!moved.is_news(start, "2 MiB written"), "too soon");
        assert!(!moved.is_news(later, "1 MiB written"), "nothing new");
        assert!(moved.is_news(later, "3 MiB written"));
    }
}
