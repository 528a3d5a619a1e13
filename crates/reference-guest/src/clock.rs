//! The system's clock, and the machine's, which runs on without the system.

use std::io;

use fs_err as fs;
use rustix::time::{ClockId, Timespec, clock_settime};

use crate::calendar::{Civil, civil};
use crate::{ioctl, panther};

const HARDWARE_CLOCK: &str = "/dev/rtc0";

/// Sets the clock, in milliseconds since the beginning of 1970, UTC. As Windows, it sets the machine's clock, too:
/// the next start of the system begins with that.
pub(crate) fn set(milliseconds: i64) -> io::Result<()> {
    let seconds = milliseconds.div_euclid(1000);
    let time = Timespec { tv_sec: seconds, tv_nsec: milliseconds.rem_euclid(1000) * 1_000_000 };
    clock_settime(ClockId::Realtime, time)?;
    panther::info("CLOCK", "the clock is set");
    if let Err(error) = set_hardware(seconds) {
        panther::warning("CLOCK", format!("the machine's clock is not set: {error}"));
    }
    Ok(())
}

fn set_hardware(seconds: i64) -> io::Result<()> {
    let Civil { year, month, day, hour, minute, second, .. } = civil(seconds);
    let mut fields = [0; 6];
    for (field, number) in fields.iter_mut().zip([year, month, day, hour, minute, second]) {
        *field = i32::try_from(number).map_err(io::Error::other)?;
    }
    let clock = fs::File::open(HARDWARE_CLOCK)?;
    Ok(ioctl::set_hardware_clock(clock.file(), fields)?)
}
