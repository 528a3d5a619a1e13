//! `bcdboot` (Microsoft: "`BCDBoot` Command-Line Options"): what the firmware starts is put onto the system partition.

use std::io;
use std::path::Path;

use super::{Preinstallation, fail, root_letter};
use crate::boot::SYSTEM_VOLUME;
use crate::disk_configuration::Volumes;
use crate::disk_configuration::plan::Firmware;
use crate::image::apply;
use crate::stand_ins::{Answer, Call, Program};

const FAILED: u32 = 1;
const NO_WINDOWS: &str = "Failure when attempting to copy boot files: the source holds no Windows.";
const NO_SYSTEM_PARTITION: &str = "Could not open the BCD template store: there is no such system partition.";

/// `W:\Windows /s S: /f UEFI`: source, system partition, kinds of firmware.
pub(super) fn parse(words: &[String]) -> Option<(&str, &str, Vec<Firmware>)> {
    let [source, s, system, f, kind] = words else { return None };
    if !s.eq_ignore_ascii_case("/s") || !f.eq_ignore_ascii_case("/f") {
        return None;
    }
    let kinds = match kind.to_ascii_uppercase().as_str() {
        "UEFI" => vec![Firmware::Uefi],
        "BIOS" => vec![Firmware::Bios],
        "ALL" => vec![Firmware::Uefi, Firmware::Bios],
        _ => return None,
    };
    Some((source, system, kinds))
}

/// The volumes of an installation whose boot files are to be made, or bcdboot's words for why they cannot be.
pub(super) fn target(
    here: &Preinstallation,
    (source, system, kinds): (&str, &str, &[Firmware]),
    has_windows: bool,
) -> io::Result<Result<Volumes, &'static str>> {
    let place = source.to_ascii_lowercase();
    let windows = place.strip_suffix(r"\windows").and_then(root_letter);
    let target = here.divided.as_ref().zip(windows).and_then(|(divided, letter)| {
        Some((divided, divided.partition(&format!("{letter}:"))?, divided.partition(system)))
    });
    let Some((divided, windows, system)) = target.filter(|_| has_windows) else { return Ok(Err(NO_WINDOWS)) };
    let volumes = divided.volumes(windows)?;
    let is_its = |partition: u32| {
        let found = divided.plan.partitions.iter().find(|one| one.id == partition);
        found.is_some_and(|one| divided.disk.partition_device(one.device_number) == volumes.system)
    };
    let starts = system.is_some_and(is_its) && kinds.contains(&here.firmware);
    Ok(if starts { Ok(volumes) } else { Err(NO_SYSTEM_PARTITION) })
}

pub(super) fn run(here: &mut Preinstallation, call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some((source, system, kinds)) = parse(&call.words) else { return Ok(Answer::Refused) };
    let has_windows = Path::new(SYSTEM_VOLUME).join("Windows").exists();
    match target(here, (source, system, &kinds), has_windows)? {
        Ok(volumes) => {
            apply::install_boot_files(&volumes, &here.medium)?;
            program.print("Boot files successfully created.")?;
            Ok(Answer::Exit(0))
        }
        Err(words) => fail(program, FAILED, words),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::command_line::words;
    use super::*;

    #[test]
    fn the_system_partition_and_the_firmware_are_named() {
        let line = words(r"W:\Windows /s S: /f uefi");
        assert_eq!(parse(&line), Some((r"W:\Windows", "S:", vec![Firmware::Uefi])));
        for refused in
            [r"W:\Windows", r"W:\Windows /s S:", r"W:\Windows /f UEFI /s S: /v", r"W:\Windows /s S: /f EFI"]
        {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }
}
