//! Programs by which Windows PE installs without Setup: `diskpart`, `dism`, `bcdboot`, `drvload`, `wpeutil`. What they have done is
//! kept between their calls; an installed system refuses them.

mod bcdboot;
mod diskpart;
mod dism;
pub(crate) mod rehearsed;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Answer, Call, Program, pnputil};
use crate::block::{self, Disk};
use crate::disk_configuration::plan::{DiskPlan, Firmware};
use crate::disk_configuration::{self, Volumes};
use crate::drive_letters::Drive;
use crate::power::{self, End};

/// A running Windows PE.
struct Preinstallation {
    medium: PathBuf,
    firmware: Firmware,
    divided: Option<Divided>,
}

/// A disk with its new partitions.
struct Divided {
    disk: Disk,
    plan: DiskPlan,
    guids: Vec<[u8; 16]>,
    /// Letters by partition.
    letters: Vec<(u32, char)>,
}

static HERE: Mutex<Option<Preinstallation>> = Mutex::new(None);

fn here() -> MutexGuard<'static, Option<Preinstallation>> {
    HERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This is Windows PE, started from a medium.
pub(crate) fn begin(medium: &Path) {
    let firmware = disk_configuration::firmware();
    *here() = Some(Preinstallation { medium: medium.to_owned(), firmware, divided: None });
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let mut here = here();
    let Some(preinstallation) = here.as_mut() else { return Ok(Answer::Refused) };
    match call.name.as_str() {
        "diskpart" => diskpart::run(preinstallation, call, program),
        "dism" => dism::run(preinstallation, call, program),
        "bcdboot" => bcdboot::run(preinstallation, call, program),
        "drvload" => drvload(call, program),
        _ => Ok(wpeutil(call)),
    }
}

fn wpeutil(call: &Call) -> Answer {
    let end = match call.lower().as_slice() {
        [word] if word == "reboot" => End::Restart,
        [word] if word == "shutdown" => End::PowerOff,
        _ => return Answer::Refused,
    };
    power::request(end);
    Answer::Exit(0)
}

/// `drvload INF…` (Microsoft: "Drvload Command-Line Options"): packages for the running Windows PE. They are read and
/// judged; this one has its drivers.
fn drvload(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    if call.words.is_empty() || call.words.iter().any(|word| word.starts_with('/')) {
        return Ok(Answer::Refused);
    }
    let mut outcome = 0;
    for word in &call.words {
        match pnputil::check_package(&call.place(word), false) {
            Ok(()) => program.print(&format!("DrvLoad: Successfully loaded {word}."))?,
            Err(code) => {
                outcome = if outcome == 0 { code } else { outcome };
                program.print(&format!("DrvLoad: Unable to load {word} (error {code:#x})."))?;
            }
        }
    }
    Ok(Answer::Exit(outcome))
}

impl Divided {
    /// The partition with a letter such as `W:\`.
    fn partition(&self, place: &str) -> Option<u32> {
        let letter = root_letter(place)?;
        self.letters.iter().find(|(_, given)| *given == letter).map(|(partition, _)| *partition)
    }

    /// What an installation to a partition needs.
    fn volumes(&self, windows: u32) -> io::Result<Volumes> {
        disk_configuration::find_volumes(&self.disk, &self.plan, windows, &self.guids)
            .map_err(|page| io::Error::other(page.cause))
    }
}

/// The letter of `W:` or `W:\`.
fn root_letter(place: &str) -> Option<char> {
    let mut characters = place.strip_suffix('\\').unwrap_or(place).chars();
    let letter = characters.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    (characters.as_str() == ":").then_some(letter)
}

fn drive(letter: char, device: PathBuf) -> Drive {
    let mount = Path::new("/media").join(device.file_name().unwrap_or_default());
    Drive { letter, device, kind: block::Kind::Fixed, mount }
}

fn fail(program: &mut Program<'_>, code: u32, words: &str) -> io::Result<Answer> {
    program.print(words)?;
    Ok(Answer::Exit(code))
}
