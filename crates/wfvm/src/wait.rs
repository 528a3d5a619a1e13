//! The one place where the product waits. A wait is a race between an event and
//! everything that can make it impossible: QEMU's end, a failure that the guest
//! reports, silence, and a named deadline.

use std::{fmt, future::Future, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::blame::Blame;

/// How often something is looked at that has no event of its own.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// A point in time after which waiting is over, and the spec field that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    at: Option<Instant>,
    seconds: u64,
    field: &'static str,
}

impl Deadline {
    /// `seconds` from now; 0 is never.
    #[must_use]
    pub fn after(seconds: u64, field: &'static str) -> Self {
        let at = (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds));
        Self { at, seconds, field }
    }

    async fn passed(&self) {
        match self.at {
            #[expect(clippy::disallowed_methods, reason = "the only user of timers")]
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} s were over (`{}`)", self.seconds, self.field)
    }
}

/// What became of the machine, as its owner publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signs {
    /// How QEMU ended, in words, with the tail of what it said.
    pub exited: Option<String>,
    /// What failed on the host under the guest.
    pub broken: Option<String>,
    /// What the guest reported as failed.
    pub failed: Option<String>,
    /// The silence that lasted too long.
    pub stalled: Option<String>,
    /// How far the migration of the devices' state is, in QEMU's word.
    pub migration: Option<String>,
    /// By how much the guest has set its clock, in seconds.
    pub clock_set: i64,
    /// The last sign of life.
    pub last_seen: String,
}

/// Why an event cannot come any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// QEMU ended; in its own words.
    QemuExited(String),
    /// The host failed under the guest.
    HostFailed(String),
    /// The guest reported a failure.
    GuestFailed(String),
    /// Nothing moved for too long.
    Stalled(String),
    /// The deadline passed.
    Deadline(Deadline),
}

impl Cause {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::QemuExited(_) | Self::HostFailed(_) => Blame::Host,
            Self::GuestFailed(_) => Blame::Guest,
            Self::Stalled(_) | Self::Deadline(_) => Blame::Deadline,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QemuExited(how) => write!(formatter, "QEMU ended: {how}"),
            Self::HostFailed(what) => formatter.write_str(what),
            Self::GuestFailed(what) => write!(formatter, "the guest reported: {what}"),
            Self::Stalled(silence) => write!(formatter, "the guest stands still: {silence}"),
            Self::Deadline(deadline) => write!(formatter, "{deadline}"),
        }
    }
}

/// An event that did not come, why, and the last sign of life.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{awaited} did not happen: {cause}{}", self.last_sign())]
pub struct WaitError {
    /// The event, as a noun.
    pub awaited: &'static str,
    /// Why it cannot come.
    pub cause: Cause,
    /// The last sign of life.
    pub last_seen: String,
}

impl WaitError {
    /// What the guest reported is itself the last sign of life.
    fn last_sign(&self) -> String {
        match self.cause {
            Cause::GuestFailed(_) => String::new(),
            Cause::HostFailed(_) | Cause::QemuExited(_) | Cause::Stalled(_) | Cause::Deadline(_) => {
                format!("; last seen: {}", self.last_seen)
            }
        }
    }
}

/// Waits for `event` as long as the machine behind `signs` can still bring it.
///
/// # Errors
/// [`WaitError`] with the first thing that made it impossible.
pub async fn race<T>(
    awaited: &'static str,
    event: impl Future<Output = T>,
    signs: &watch::Receiver<Signs>,
    deadline: Deadline,
) -> Result<T, WaitError> {
    let mut broken = signs.clone();
    let mut failed = signs.clone();
    let mut exited = signs.clone();
    let mut stalled = signs.clone();
    let cause = tokio::select! {
        biased; // an event that arrives together with the end still counts
        value = event => return Ok(value),
        // Before the guest's failure, which the host's explains.
        Some(what) = published(&mut broken, |signs| signs.broken.clone()) => Cause::HostFailed(what),
        // Before QEMU's exit, which the guest's reason explains.
        Some(reason) = published(&mut failed, |signs| signs.failed.clone()) => Cause::GuestFailed(reason),
        how = published(&mut exited, |signs| signs.exited.clone()) => {
            Cause::QemuExited(how.unwrap_or_else(|| "its owner is gone without a word".into()))
        }
        Some(silence) = published(&mut stalled, |signs| signs.stalled.clone()) => Cause::Stalled(silence),
        () = deadline.passed() => Cause::Deadline(deadline),
    };
    let last_seen = signs.borrow().last_seen.clone();
    Err(WaitError { awaited, cause, last_seen })
}

/// The first value that the owner of the machine publishes; `None` if it is gone without one.
async fn published(
    signs: &mut watch::Receiver<Signs>,
    pick: impl Fn(&Signs) -> Option<String>,
) -> Option<String> {
    let signs = signs.wait_for(|signs| pick(signs).is_some()).await.ok()?;
    pick(&signs)
}

/// Gives `work` a bound of its own; `None` when it was over first.
pub async fn bounded<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    #[expect(clippy::disallowed_methods, reason = "the only user of timers")]
    tokio::time::timeout(limit, work).await.ok()
}

/// One pause between two looks at something that has no event.
pub async fn poll_pause() {
    #[expect(clippy::disallowed_methods, reason = "the only user of timers")]
    tokio::time::sleep(POLL_INTERVAL).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn outcome(publish: impl FnOnce(&mut Signs), seconds: u64) -> Cause {
        let (sender, receiver) = watch::channel(Signs::default());
        sender.send_modify(|signs| {
            signs.last_seen = "a line".into();
            publish(signs);
        });
        let error = race("an event", std::future::pending::<()>(), &receiver, Deadline::after(seconds, "f"))
            .await
            .unwrap_err();
        assert_eq!(error.last_seen, "a line");
        error.cause
    }

    #[tokio::test(start_paused = true)]
    async fn each_way_to_fail_is_told_apart() {
        assert_eq!(outcome(|s| s.exited = Some("x".into()), 9).await, Cause::QemuExited("x".into()));
        assert_eq!(outcome(|s| s.broken = Some("x".into()), 9).await, Cause::HostFailed("x".into()));
        assert_eq!(outcome(|s| s.failed = Some("x".into()), 9).await, Cause::GuestFailed("x".into()));
        assert_eq!(outcome(|s| s.stalled = Some("x".into()), 9).await, Cause::Stalled("x".into()));
        assert!(matches!(outcome(|_| {}, 9).await, Cause::Deadline(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_guest_reported_explains_the_exit_that_follows() {
        let both = |signs: &mut Signs| {
            signs.exited = Some("status 0".into());
            signs.failed = Some("panic".into());
        };
        assert_eq!(outcome(both, 9).await, Cause::GuestFailed("panic".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_owner_that_is_gone_is_no_word_of_the_guest() {
        let (sender, receiver) = watch::channel(Signs::default());
        drop(sender);
        let deadline = Deadline::after(9, "f");
        let error = race("an event", std::future::pending::<()>(), &receiver, deadline).await.unwrap_err();
        assert!(matches!(error.cause, Cause::QemuExited(_)), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_comes_with_the_end_still_counts() {
        let (sender, receiver) = watch::channel(Signs::default());
        sender.send_modify(|signs| signs.exited = Some("status 0".into()));
        let deadline = Deadline::after(1, "f");
        assert_eq!(race("an event", async { 7 }, &receiver, deadline).await, Ok(7));
    }
}
