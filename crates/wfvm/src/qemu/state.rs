//! What belongs to a machine and is not on its disk, in a directory: the UEFI variables, the TPM's state, and
//! what its clock showed.

use std::{
    io,
    path::Path,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use super::QemuError;
use crate::{
    disk,
    machine::{Assembly, LAST_TIME, TPM_STATE, UEFI_VARIABLES, clock, has_platform_key},
    spec::Firmware,
    unfinished::Unfinished,
};

/// A lock of the TPM's that has served its time.
const LOCK: &str = ".lock";

/// Puts it into the directory of a machine that is about to start, as it was or new.
pub(super) fn bring(assembly: &Assembly<'_>) -> Result<(), QemuError> {
    let kept =
        |name: &str| assembly.disk.state.as_ref().map(|state| state.join(name)).filter(|it| it.exists());
    if assembly.machine.firmware == Firmware::Uefi {
        let variables = kept(UEFI_VARIABLES).or_else(|| assembly.tools.ovmf_vars.clone()).unwrap_or_default();
        let bytes = fs_err::read(&variables)?;
        if assembly.machine.secure_boot && !has_platform_key(&bytes) {
            return Err(QemuError::NoKeys { variables });
        }
        // Written anew, not copied with its read-only mode.
        fs_err::write(assembly.directory.join(UEFI_VARIABLES), bytes)?;
    }
    if assembly.machine.tpm {
        let place = assembly.directory.join(TPM_STATE);
        fs_err::create_dir_all(&place)?;
        if let Some(state) = kept(TPM_STATE) {
            copy_files(&state, &place)?;
        }
    }
    Ok(())
}

/// The clock of a machine that is about to start: as it should, but never before its guest's last time.
pub(super) fn clock(assembly: &Assembly<'_>) -> String {
    let wanted = &assembly.machine.rtc_base;
    let last = disk::last_time(assembly.disk.state.as_deref());
    last.map_or_else(|| wanted.clone(), |last| clock::not_before(wanted, &last).to_owned())
}

/// A clock that goes with the host's, from a point of time on.
#[derive(Debug)]
pub(super) struct RunningClock {
    /// In seconds since 1970.
    base: u64,
    since: Instant,
}

impl RunningClock {
    /// That of a machine that starts now with this base.
    pub(super) fn start(base: &str) -> Self {
        let host = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { base: clock::seconds(base).unwrap_or_else(host), since: Instant::now() }
    }

    /// What it shows now at the latest, after the guest has set it forwards by so many seconds.
    pub(super) fn now(&self, set: i64) -> String {
        clock::text((self.base + self.since.elapsed().as_secs() + 1).saturating_add_signed(set))
    }
}

/// Keeps what the guest's clock showed last.
pub(super) fn keep_time(directory: &Path, time: &str) -> io::Result<()> {
    fs_err::write(directory.join(LAST_TIME), format!("{time}\n"))
}

/// Keeps what a machine that has ended has left in its directory. `out` appears only when it is whole.
pub(super) fn keep(directory: &Path, out: &Path, last_time: &str) -> io::Result<()> {
    let unfinished = Unfinished::beside(out);
    fs_err::create_dir(unfinished.path())?;
    keep_time(unfinished.path(), last_time)?;
    let variables = directory.join(UEFI_VARIABLES);
    if variables.exists() {
        fs_err::write(unfinished.path().join(UEFI_VARIABLES), fs_err::read(variables)?)?;
    }
    let tpm = directory.join(TPM_STATE);
    if tpm.exists() {
        let place = unfinished.path().join(TPM_STATE);
        fs_err::create_dir(&place)?;
        copy_files(&tpm, &place)?;
    }
    unfinished.finish(out)
}

/// Copies the files of a directory, to be written by whoever has the copy.
pub(crate) fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name() != LOCK {
            fs_err::write(to.join(entry.file_name()), fs_err::read(entry.path())?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_and_follows_the_guest() {
        let clock = RunningClock::start("2022-10-10T23:59:58");
        assert!(clock.now(0).as_str() > "2022-10-10T23:59:58", "{}", clock.now(0));
        assert!(clock.now(86_400).starts_with("2022-10-11") || clock.now(86_400).starts_with("2022-10-12"));
        assert!(RunningClock::start("localtime").now(0).as_str() > "2025");
    }

    #[test]
    fn what_a_machine_leaves_is_files_that_the_next_one_may_write() {
        let directory = tempfile::tempdir().unwrap();
        let (machine, out) = (directory.path().join("machine"), directory.path().join("out"));
        fs_err::create_dir_all(machine.join(TPM_STATE)).unwrap();
        fs_err::write(machine.join(UEFI_VARIABLES), "variables").unwrap();
        fs_err::write(machine.join(TPM_STATE).join("tpm2-00.permall"), "seeds").unwrap();
        fs_err::write(machine.join(TPM_STATE).join(LOCK), "").unwrap();
        keep(&machine, &out, "2022-10-10T10:10:10").unwrap();
        assert_eq!(fs_err::read_to_string(out.join(LAST_TIME)).unwrap(), "2022-10-10T10:10:10\n");
        assert_eq!(fs_err::read(out.join(UEFI_VARIABLES)).unwrap(), b"variables");
        let names: Vec<_> =
            fs_err::read_dir(out.join(TPM_STATE)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["tpm2-00.permall"]);
    }
}
