//! `dism` of Windows PE (Microsoft: "DISM Image Management Command-Line Options", "DISM Unattended Servicing
//! Command-Line Options", "DISM Driver Servicing Command-Line Options"): an image is applied, drivers are put into it, and
//! settings for its offlineServicing pass.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{Preinstallation, fail};
use crate::answer_file::{AnswerFile, Fault, Pass, Product};
use crate::boot::SYSTEM_VOLUME;
use crate::image::apply::{self, CONFIG};
use crate::image::wim::Wim;
use crate::passes::offline_servicing;
use crate::registry::Hive;
use crate::stand_ins::{Answer, Call, Program, pnputil};
use crate::state::State;
use crate::{accounts, panther, passes};

// What DISM ends with is the error's number.
const FILE_NOT_FOUND: u32 = 2;
const INVALID_PARAMETER: u32 = 87;
const DONE: &str = "The operation completed successfully.";

/// The options of a command line, by their names in lower case.
fn options(words: &[String]) -> Option<Vec<(String, &str)>> {
    let option = |word: &'_ String| -> Option<(String, usize)> {
        let name = word.strip_prefix('/')?;
        let length = name.find(':').unwrap_or(name.len());
        Some((name.get(..length)?.to_ascii_lowercase(), length + 2))
    };
    words
        .iter()
        .map(|word| option(word).map(|(name, after)| (name, word.get(after..).unwrap_or(""))))
        .collect()
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order<'a> {
    ApplyImage { file: &'a str, index: &'a str, directory: &'a str },
    ApplyUnattend { image: &'a str, file: &'a str },
    AddDriver { image: &'a str, driver: &'a str, recurse: bool, unsigned_allowed: bool },
}

pub(super) fn parse(words: &[String]) -> Option<Order<'_>> {
    let options = options(words)?;
    let value = |name: &str| options.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
    let only = |known: &[&str]| options.iter().all(|(name, _)| known.contains(&name.as_str()));
    if value("apply-image").is_some() && only(&["apply-image", "imagefile", "index", "applydir", "compact"]) {
        return Some(Order::ApplyImage {
            file: value("imagefile")?,
            index: value("index")?,
            directory: value("applydir")?,
        });
    }
    if only(&["image", "apply-unattend"]) {
        return Some(Order::ApplyUnattend { image: value("image")?, file: value("apply-unattend")? });
    }
    if value("add-driver").is_some() && only(&["image", "add-driver", "driver", "recurse", "forceunsigned"]) {
        return Some(Order::AddDriver {
            image: value("image")?,
            driver: value("driver")?,
            recurse: value("recurse").is_some(),
            unsigned_allowed: value("forceunsigned").is_some(),
        });
    }
    None
}

pub(super) fn run(here: &mut Preinstallation, call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    match parse(&call.words) {
        None => Ok(Answer::Refused),
        Some(Order::ApplyImage { file, index, directory }) => {
            apply_image(here, call, program, (file, index, directory))
        }
        Some(Order::ApplyUnattend { image, file }) => apply_unattend(here, call, program, image, file),
        Some(Order::AddDriver { image, driver, recurse, unsigned_allowed }) => {
            if !holds_an_image(here, image) {
                return no_image(program, image);
            }
            let place = call.place(unquoted(driver));
            add_drivers(&place, recurse, program, |file| pnputil::add_offline(file, unsigned_allowed))
        }
    }
}

/// A path of the command line, which may stand in quotes of its own.
fn unquoted(path: &str) -> &str {
    path.trim_matches('"')
}

fn hive() -> PathBuf {
    Path::new(SYSTEM_VOLUME).join(CONFIG).join("system.reg")
}

fn holds_an_image(here: &Preinstallation, image: &str) -> bool {
    here.divided.as_ref().is_some_and(|divided| divided.partition(unquoted(image)).is_some())
        && hive().exists()
}

fn no_image(program: &mut Program<'_>, image: &str) -> io::Result<Answer> {
    fail(program, INVALID_PARAMETER, &format!("Error: 87\r\n\r\n{image} holds no image."))
}

/// The packages that `/Driver:` means: one by its INF, those of a folder, or those of all folders below it.
pub(super) fn packages(place: &Path, recurse: bool) -> Vec<PathBuf> {
    pnputil::meant(&if place.is_dir() { place.join("*.inf") } else { place.to_owned() }, recurse)
}

/// Adds each package. The first trouble is told by the exit code.
fn add_drivers(
    place: &Path,
    recurse: bool,
    program: &mut Program<'_>,
    add: impl Fn(&Path) -> Result<String, u32>,
) -> io::Result<Answer> {
    let files = packages(place, recurse);
    if files.is_empty() {
        return fail(program, FILE_NOT_FOUND, "Error: 2\r\n\r\nThe system cannot find the file specified.");
    }
    program.print(&format!("Found {} driver package(s) to install.", files.len()))?;
    let mut outcome = 0;
    for (number, file) in files.iter().enumerate() {
        let told = match add(file) {
            Ok(name) => {
                panther::info("DISM", format!("{} is published as {name}", file.display()));
                "The driver package was successfully installed.".to_owned()
            }
            Err(code) => {
                outcome = if outcome == 0 { code } else { outcome };
                format!(
                    "Error - An error occurred while attempting to add the driver package.\r\nError: {code:#x}\r\n\r\n{}",
                    pnputil::message(code)
                )
            }
        };
        program.print(&format!(
            "Installing {} of {} - {}: {told}",
            number + 1,
            files.len(),
            file.display()
        ))?;
    }
    if outcome == 0 {
        program.print(DONE)?;
    }
    Ok(Answer::Exit(outcome))
}

fn apply_image(
    here: &Preinstallation,
    call: &Call,
    program: &mut Program<'_>,
    (file, index, directory): (&str, &str, &str),
) -> io::Result<Answer> {
    let path = call.place(unquoted(file));
    if !path.is_file() {
        return fail(program, FILE_NOT_FOUND, "Error: 2\r\n\r\nThe system cannot find the file specified.");
    }
    let invalid = |program: &mut Program<'_>, what: &str| {
        fail(program, INVALID_PARAMETER, &format!("Error: 87\r\n\r\nThe parameter is incorrect: {what}"))
    };
    let target = here.divided.as_ref().and_then(|divided| Some((divided, divided.partition(directory)?)));
    let Some((divided, partition)) = target else { return invalid(program, directory) };
    let wim = Wim::open(&path).map_err(|error| io::Error::other(error.to_string()))?;
    let chosen =
        index.parse().ok().and_then(|index: u32| wim.images.iter().find(|image| image.index == index));
    let Some(image) = chosen else { return invalid(program, index) };
    let blob = wim.blob("Windows.sqfs").map_err(|error| io::Error::other(error.to_string()))?;
    program.print("Applying image\r\n[==                         3.0%                           ]")?;
    apply::apply(&divided.volumes(partition)?, &fs::File::open(&path)?, blob)?;
    accounts::Accounts::built_in().save()?;
    accounts::make_profile("Public")?;
    apply::prepare(image)?;
    // Nobody runs the offlineServicing pass of an image that Setup has not applied.
    State { offline_done: true, ..State::fresh() }.save()?;
    panther::info("DISM", format!("image {} ({}) is applied to {directory}", image.index, image.name));
    program.print(&format!("[==========================100.0%==========================]\r\n{DONE}"))?;
    Ok(Answer::Exit(0))
}

/// An answer file whose offlineServicing pass can be applied.
pub(super) fn settings(bytes: &[u8], product: Product) -> Result<AnswerFile, Fault> {
    let file = AnswerFile::parse(bytes)?;
    file.check(Pass::OfflineServicing, product)?;
    Ok(file)
}

fn apply_unattend(
    here: &Preinstallation,
    call: &Call,
    program: &mut Program<'_>,
    image: &str,
    file: &str,
) -> io::Result<Answer> {
    let path = call.place(unquoted(file));
    let Ok(bytes) = fs::read(&path) else {
        return fail(program, FILE_NOT_FOUND, "Error: 2\r\n\r\nThe system cannot find the file specified.");
    };
    if !holds_an_image(here, image) {
        return no_image(program, image);
    }
    let mut system = Hive::open(&hive())?;
    match settings(&bytes, passes::product(&system)) {
        Ok(file) => {
            offline_servicing::apply(&file, &mut system);
            system.save()?;
            program.print(DONE)?;
            Ok(Answer::Exit(0))
        }
        Err(fault) => fail(
            program,
            INVALID_PARAMETER,
            &format!("Error: 87\r\n\r\nThe unattend file is invalid: {fault}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::command_line::words;
    use super::*;

    #[test]
    fn options_may_stand_in_any_case_and_all_else_is_refused() {
        let line = words(r"/Apply-Image /ImageFile:D:\sources\install.wim /index:2 /ApplyDir:W:\ /Compact");
        let order = Order::ApplyImage { file: r"D:\sources\install.wim", index: "2", directory: r"W:\" };
        assert_eq!(parse(&line), Some(order));
        let line = words(r"/Image:W:\ /Apply-Unattend:E:\later.xml");
        assert_eq!(parse(&line), Some(Order::ApplyUnattend { image: r"W:\", file: r"E:\later.xml" }));
        let line = words(r"/Image:W:\ /Add-Driver /Driver:E:\d /Recurse");
        let order =
            Order::AddDriver { image: r"W:\", driver: r"E:\d", recurse: true, unsigned_allowed: false };
        assert_eq!(parse(&line), Some(order));
        for refused in [
            r"/Online /Add-Driver /Driver:E:\d",
            r"/Image:W:\ /Add-Driver",
            "/Online /Cleanup-Image",
            "/Apply-Image",
            "x",
        ] {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }
}
