//! What a task tells while it runs: phases and lines, to Nix, a terminal or a plain log.
//! The only writer to standard error in the library.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
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
                bar.enable_steady_tick(std::time::Duration::from_millis(200));
                Channel::Terminal(bar)
            }
        };
        Self { channel, started: Instant::now(), phase: Arc::new(Mutex::new(Phase::Preflight)) }
    }

    /// A new phase begins. `detail` says what happens in it.
    pub fn phase(&self, phase: Phase, detail: &str) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        match &self.channel {
            Channel::Nix => {
                self.nix_phase(phase.word());
                self.write(&format!("{}{phase}: {detail}", self.elapsed()));
            }
            Channel::Terminal(bar) => {
                bar.println(format!("{}{phase}: {detail}", self.elapsed()));
                bar.set_prefix(phase.word());
                bar.set_message("");
            }
            Channel::Lines => self.write(&format!("{}{phase}: {detail}", self.elapsed())),
        }
    }

    /// The phase that was told last.
    #[must_use]
    pub fn current(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What moves within the phase, such as `312 MiB written`. It replaces the one before and is not logged.
    pub fn moving(&self, detail: &str) {
        match &self.channel {
            Channel::Nix => self.nix_phase(&format!("{} {detail}", self.current())),
            Channel::Terminal(bar) => bar.set_message(detail.to_owned()),
            Channel::Lines => {}
        }
    }

    /// A line that a person may want to find later.
    pub fn line(&self, text: &str) {
        match &self.channel {
            Channel::Terminal(bar) => bar.println(text),
            Channel::Nix | Channel::Lines => self.write(text),
        }
    }

    /// A line that ought to be seen.
    pub fn warning(&self, text: &str) {
        match &self.channel {
            // Level 1 is Nix's warning: shown above the bar also without -L.
            Channel::Nix => {
                let msg = format!("warning: {text}").into();
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
