//! What belongs to a machine and is not on its disk, in a directory: the UEFI variables and the TPM's state.

use std::{io, path::Path};

use super::QemuError;
use crate::{
    machine::{Assembly, TPM_STATE, UEFI_VARIABLES, has_platform_key},
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

/// Keeps what a machine that has ended has left in its directory. `out` appears only when it is whole.
pub(super) fn keep(directory: &Path, out: &Path) -> io::Result<()> {
    let unfinished = Unfinished::beside(out);
    fs_err::create_dir(unfinished.path())?;
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
    fn what_a_machine_leaves_is_files_that_the_next_one_may_write() {
        let directory = tempfile::tempdir().unwrap();
        let (machine, out) = (directory.path().join("machine"), directory.path().join("out"));
        fs_err::create_dir_all(machine.join(TPM_STATE)).unwrap();
        fs_err::write(machine.join(UEFI_VARIABLES), "variables").unwrap();
        fs_err::write(machine.join(TPM_STATE).join("tpm2-00.permall"), "seeds").unwrap();
        fs_err::write(machine.join(TPM_STATE).join(LOCK), "").unwrap();
        keep(&machine, &out).unwrap();
        assert_eq!(fs_err::read(out.join(UEFI_VARIABLES)).unwrap(), b"variables");
        let names: Vec<_> =
            fs_err::read_dir(out.join(TPM_STATE)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["tpm2-00.permall"]);
    }
}
