//! The implicit search for an answer file, in the order that Microsoft's "Windows Setup Automation Overview"
//! gives: removable read/write media by drive letter, then removable read-only media by drive letter, then
//! `\Sources` of the distribution. Only the root of a medium counts, and fixed disks are not searched.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::answer_file::{AnswerFile, Fault, Pass};
use crate::block::{self, Kind};
use crate::drive_letters::{self, Drive};
use crate::panther;

const NAME: &str = "Autounattend.xml";

/// An answer file and where Windows would say that it lies.
pub(crate) struct Found {
    pub(crate) file: AnswerFile,
    pub(crate) windows_path: String,
}

/// A file that was found first and is wrong.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) windows_path: String,
    pub(crate) fault: Fault,
}

/// What a search comes to.
pub(crate) enum Outcome {
    Found(Found),
    Wrong(Wrong),
    /// With the files that say nothing for the pass.
    Nothing {
        skipped: Vec<String>,
    },
}

/// A place where a file may be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    directory: PathBuf,
    windows_directory: String,
}

/// Searches all media for a pass. Media that have letters already are read where they are.
pub(crate) fn search(drives: &[Drive], installation_medium: Option<&Path>, pass: Pass) -> Outcome {
    let published = drive_letters::published();
    let mut mounts = Vec::new();
    let mut media = Vec::new();
    for drive in drives.iter().filter(|drive| drive.kind != Kind::Fixed) {
        if published.contains(drive) {
            media.push((drive, drive.mount.clone()));
            continue;
        }
        let at = Path::new("/run/answer-search").join(drive.letter.to_string());
        match block::mount_medium(&drive.device, drive.kind, &at) {
            Ok(mounted) => {
                mounts.push(mounted);
                media.push((drive, at));
            }
            Err(error) => panther::info(
                "SETUP",
                format!("UnattendSearch: {}:\\ is not readable: {error}", drive.letter),
            ),
        }
    }
    let mut places = ranked(media.iter().map(|(drive, path)| (*drive, path.as_path())).collect());
    if let Some(medium) = installation_medium {
        places.push(sources_of(medium));
    }
    search_places(&places, pass)
}

/// Searches what CDs hold, by their letters.
pub(crate) fn search_cds(cds: &[(char, &Path)], installation_medium: &Path, pass: Pass) -> Outcome {
    let drives: Vec<Drive> = cds
        .iter()
        .map(|(letter, mount)| Drive {
            letter: *letter,
            device: PathBuf::new(),
            kind: Kind::Optical,
            mount: (*mount).to_owned(),
        })
        .collect();
    let mut places = ranked(drives.iter().map(|drive| (drive, drive.mount.as_path())).collect());
    places.push(sources_of(installation_medium));
    search_places(&places, pass)
}

/// `\Sources` of the distribution.
fn sources_of(installation_medium: &Path) -> Place {
    Place { directory: installation_medium.join("sources"), windows_directory: "\\Sources\\".to_owned() }
}

fn ranked(mut media: Vec<(&Drive, &Path)>) -> Vec<Place> {
    // Read/write media before read-only ones, each by letter.
    media.sort_by_key(|(drive, _)| (drive.kind == Kind::Optical, drive.letter));
    media
        .into_iter()
        .map(|(drive, path)| Place {
            directory: path.to_owned(),
            windows_directory: format!("{}:\\", drive.letter),
        })
        .collect()
}

fn search_places(places: &[Place], pass: Pass) -> Outcome {
    let mut skipped = Vec::new();
    for place in places {
        let Some(name) =
            block::entries(&place.directory).into_iter().find(|name| name.eq_ignore_ascii_case(NAME))
        else {
            continue;
        };
        let windows_path = format!("{}{name}", place.windows_directory);
        let parsed = fs::read(place.directory.join(&name))
            .map_err(|error| Fault::new("L01", format!("it cannot be read: {error}")))
            .and_then(|bytes| AnswerFile::parse(&bytes));
        match parsed {
            Ok(file) if file.has_pass(pass) => {
                panther::info(
                    "SETUP",
                    format!("UnattendSearchExplicitPath: Found unattend file at [{windows_path}]"),
                );
                return Outcome::Found(Found { file, windows_path });
            }
            Ok(_) => {
                panther::info(
                    "SETUP",
                    format!("[{windows_path}] has no settings for the pass {}: skipped", pass.name()),
                );
                skipped.push(windows_path);
            }
            Err(fault) => return Outcome::Wrong(Wrong { windows_path, fault }),
        }
    }
    Outcome::Nothing { skipped }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(letter: char, kind: Kind) -> Drive {
        Drive { letter, device: PathBuf::new(), kind, mount: PathBuf::new() }
    }

    #[test]
    fn read_write_media_come_before_read_only_ones() {
        let drives = [
            drive('D', Kind::Optical),
            drive('G', Kind::Removable),
            drive('A', Kind::Floppy),
            drive('E', Kind::Optical),
        ];
        let places = ranked(drives.iter().map(|drive| (drive, Path::new("/x"))).collect());
        let order: Vec<&str> = places.iter().map(|place| place.windows_directory.as_str()).collect();
        assert_eq!(order, ["A:\\", "G:\\", "D:\\", "E:\\"]);
    }

    fn place(name: &str, text: &str) -> (tempfile::TempDir, Place) {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(name), text).unwrap();
        let place = Place { directory: directory.path().to_owned(), windows_directory: "D:\\".to_owned() };
        (directory, place)
    }

    fn answer(pass: &str) -> String {
        format!(
            "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\"><settings pass=\"{pass}\">\
             <component name=\"Microsoft-Windows-Setup\" processorArchitecture=\"amd64\"/></settings></unattend>"
        )
    }

    #[test]
    fn a_file_without_the_pass_is_skipped_and_case_does_not_matter() {
        let (_one, first) = place("autounattend.XML", &answer("specialize"));
        let (_two, second) = place("AUTOUNATTEND.XML", &answer("windowsPE"));
        assert!(matches!(search_places(&[first.clone(), second], Pass::WindowsPe), Outcome::Found(_)));
        assert!(
            matches!(search_places(&[first], Pass::WindowsPe), Outcome::Nothing { skipped } if skipped.len() == 1)
        );
    }

    #[test]
    fn a_broken_file_ends_the_search() {
        let (_one, first) = place("Autounattend.xml", "<unattend>");
        let (_two, second) = place("Autounattend.xml", &answer("windowsPE"));
        assert!(
            matches!(search_places(&[first, second], Pass::WindowsPe), Outcome::Wrong(wrong) if wrong.fault.rule == "L01")
        );
    }
}
