//! `dism` of Windows PE (Microsoft: "DISM Image Management Command-Line Options", "DISM Unattended Servicing
//! Command-Line Options"): an image is applied, and settings for its offlineServicing pass. Drivers are not added.

use std::io;
use std::path::Path;

use fs_err as fs;

use super::{Preinstallation, fail};
use crate::answer_file::{AnswerFile, Pass};
use crate::boot::SYSTEM_VOLUME;
use crate::image::apply::{self, CONFIG};
use crate::image::wim::Wim;
use crate::passes::offline_servicing;
use crate::registry::Hive;
use crate::stand_ins::{Answer, Call, Program};
use crate::state::State;
use crate::{accounts, panther};

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
enum Order<'a> {
    ApplyImage { file: &'a str, index: &'a str, directory: &'a str },
    ApplyUnattend { image: &'a str, file: &'a str },
}

fn parse(words: &[String]) -> Option<Order<'_>> {
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
    None
}

pub(super) fn run(here: &mut Preinstallation, call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    match parse(&call.words) {
        None => Ok(Answer::Refused),
        Some(Order::ApplyImage { file, index, directory }) => {
            apply_image(here, call, program, (file, index, directory))
        }
        Some(Order::ApplyUnattend { image, file }) => apply_unattend(here, call, program, image, file),
    }
}

fn apply_image(
    here: &Preinstallation,
    call: &Call,
    program: &mut Program<'_>,
    (file, index, directory): (&str, &str, &str),
) -> io::Result<Answer> {
    let path = call.place(file.trim_matches('"'));
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
    apply::prepare(&image.edition, &image.name)?;
    // Nobody runs the offlineServicing pass of an image that Setup has not applied.
    State { offline_done: true, ..State::fresh() }.save()?;
    panther::info("DISM", format!("image {} ({}) is applied to {directory}", image.index, image.name));
    program.print(&format!("[==========================100.0%==========================]\r\n{DONE}"))?;
    Ok(Answer::Exit(0))
}

fn apply_unattend(
    here: &Preinstallation,
    call: &Call,
    program: &mut Program<'_>,
    image: &str,
    file: &str,
) -> io::Result<Answer> {
    let path = call.place(file.trim_matches('"'));
    let Ok(bytes) = fs::read(&path) else {
        return fail(program, FILE_NOT_FOUND, "Error: 2\r\n\r\nThe system cannot find the file specified.");
    };
    let hive = Path::new(SYSTEM_VOLUME).join(CONFIG).join("system.reg");
    let is_an_image = here.divided.as_ref().is_some_and(|divided| divided.partition(image).is_some());
    if !is_an_image || !hive.exists() {
        return fail(program, INVALID_PARAMETER, &format!("Error: 87\r\n\r\n{image} holds no image."));
    }
    let checked =
        AnswerFile::parse(&bytes).and_then(|file| file.check(Pass::OfflineServicing).map(|()| file));
    match checked {
        Ok(file) => {
            let mut system = Hive::open(&hive)?;
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
        for refused in [r"/Image:W:\ /Add-Driver /Driver:E:\d", "/Online /Cleanup-Image", "/Apply-Image", "x"]
        {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }
}
