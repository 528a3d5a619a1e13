//! Waiting for a state of the machine that announces itself by no event.

use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(20);

/// Polls until there is a value or the deadline passes.
pub(crate) fn until<T>(deadline: Duration, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = poll() {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        pause(POLL);
    }
}

/// One interval of a poll.
pub(crate) fn pause(interval: Duration) {
    let end = Instant::now() + interval;
    while let Some(rest) = end.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
        thread::park_timeout(rest);
    }
}

/// Waits for nothing: the machine stays as it is.
pub(crate) fn for_ever() -> ! {
    loop {
        thread::park();
    }
}

/// The value of a future, if it comes in time.
#[expect(clippy::disallowed_methods, reason = "the one bounded wait among tasks")]
pub(crate) async fn at_most<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}
