//! How the machine ends: `shutdown`, the power button, a restart that Setup wants.

use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fs_err as fs;

use crate::{block, panther, wait};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    PowerOff,
    Restart,
}

impl End {
    // Any two statuses that nothing else ends with.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::PowerOff => 40,
            Self::Restart => 41,
        }
    }

    pub(crate) fn from_exit_code(code: u8) -> Option<Self> {
        [Self::PowerOff, Self::Restart].into_iter().find(|end| end.exit_code() == code)
    }
}

type Requests = (Sender<End>, Mutex<Receiver<End>>);

static REQUESTS: LazyLock<Requests> = LazyLock::new(|| {
    let (sender, receiver) = channel();
    (sender, Mutex::new(receiver))
});

struct Pending {
    end: End,
    at: Instant,
}

static PENDING: Mutex<Option<Pending>> = Mutex::new(None);

static ENDING: AtomicBool = AtomicBool::new(false);

/// Whether the machine is on its way down.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::Relaxed)
}

/// Ends the machine now.
pub(crate) fn request(end: End) {
    ENDING.store(true, Ordering::Relaxed);
    panther::info("POWER", format!("the machine is asked to end: {end:?}"));
    // The receiver lives as long as the process.
    let _ = REQUESTS.0.send(end);
}

/// Waits for somebody to end the machine.
pub(crate) fn requested() -> End {
    let receiver = REQUESTS.1.lock().unwrap_or_else(PoisonError::into_inner);
    receiver.recv().unwrap_or(End::PowerOff)
}

/// Ends the machine after a delay, unless it is aborted before. False if an end is pending already.
pub(crate) fn schedule(end: End, delay: Duration) -> bool {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    if pending.is_some() {
        return false;
    }
    let at = Instant::now() + delay;
    *pending = Some(Pending { end, at });
    drop(pending);
    thread::spawn(move || {
        wait::pause(delay);
        let still =
            PENDING.lock().unwrap_or_else(PoisonError::into_inner).take_if(|pending| pending.at == at);
        if let Some(pending) = still {
            request(pending.end);
        }
    });
    true
}

/// Takes back a scheduled end. False if there was none.
pub(crate) fn abort() -> bool {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
}

// struct input_event of include/uapi/linux/input.h on 64-bit machines.
const EVENT_BYTES: usize = 24;
const EV_KEY: u16 = 1;
const KEY_POWER: u16 = 116;

/// Watches every input device for the power button.
pub(crate) fn watch_button() {
    for name in block::entries("/dev/input").into_iter().filter(|name| name.starts_with("event")) {
        let Ok(device) = fs::File::open(format!("/dev/input/{name}")) else { continue };
        let spawned = thread::Builder::new().name("power-button".to_owned()).spawn(move || {
            let mut event = [0_u8; EVENT_BYTES];
            while (&device).read_exact(&mut event).is_ok() {
                if is_power_button(&event) {
                    request(End::PowerOff);
                }
            }
        });
        if let Err(error) = spawned {
            panther::warning("POWER", format!("{name} is not watched: {error}"));
        }
    }
}

fn is_power_button(event: &[u8; EVENT_BYTES]) -> bool {
    let [.., type_low, type_high, code_low, code_high, value, _, _, _] = *event;
    u16::from_le_bytes([type_low, type_high]) == EV_KEY
        && u16::from_le_bytes([code_low, code_high]) == KEY_POWER
        && value == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_press_of_the_power_button_counts() {
        let mut event = [0_u8; EVENT_BYTES];
        event[16] = 1;
        event[18] = 116;
        assert!(!is_power_button(&event), "released");
        event[20] = 1;
        assert!(is_power_button(&event));
        event[18] = 30;
        assert!(!is_power_button(&event), "another key");
    }

    #[test]
    fn every_end_has_its_own_exit_code() {
        assert_eq!(End::from_exit_code(End::PowerOff.exit_code()), Some(End::PowerOff));
        assert_eq!(End::from_exit_code(End::Restart.exit_code()), Some(End::Restart));
        assert_eq!(End::from_exit_code(0), None);
    }
}
