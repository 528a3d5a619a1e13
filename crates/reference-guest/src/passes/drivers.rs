//! `DriverPaths` of the offlineServicing pass (Microsoft: `PnpCustomizationsNonWinPE`): driver packages go into the
//! driver store of the image, those of a folder and of all below it. A folder that is not there is passed over.

use std::path::{Path, PathBuf};

use super::parse_page;
use crate::answer_file::{AnswerFile, Fault, Pass};
use crate::answer_search::Found;
use crate::block::{self, Kind};
use crate::drive_letters::{self, Drive};
use crate::page::Page;
use crate::panther;
use crate::stand_ins::pnputil;

const COMPONENT: &str = "PnpCustomizationsNonWinPE";

/// The packages that a file names, by where its folders are.
pub(crate) fn packages(file: &AnswerFile, place: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let component = file.component(Pass::OfflineServicing, COMPONENT);
    let paths = component.list("DriverPaths/PathAndCredentials");
    let folders = paths.iter().filter_map(|item| place(item.text_at("Path")?));
    folders.flat_map(|folder| pnputil::meant(&folder.join("*.inf"), true)).collect()
}

/// The page for a package that cannot be added.
pub(crate) fn refused(windows_path: &str, package: &Path, code: u32) -> Page {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let fault = Fault {
        component: Some(format!("Microsoft-Windows-{COMPONENT}")),
        ..Fault::new("DriverPaths", format!("{name}: error {code:#x}: {}", pnputil::message(code)))
    };
    parse_page(windows_path, Pass::OfflineServicing, &fault)
}

/// Puts what the file names into the image, from media with letters.
pub(crate) fn install(found: &Found, drives: &[Drive]) -> Result<(), Page> {
    let published = drive_letters::published();
    let mut mounts = Vec::new();
    let mut roots: Vec<(char, PathBuf)> = Vec::new();
    for drive in drives.iter().filter(|drive| drive.kind != Kind::Fixed) {
        if published.contains(drive) {
            roots.push((drive.letter, drive.mount.clone()));
            continue;
        }
        let at = Path::new("/run/driver-paths").join(drive.letter.to_string());
        if let Ok(mounted) = block::mount_medium(&drive.device, drive.kind, &at) {
            mounts.push(mounted);
            roots.push((drive.letter, at));
        }
    }
    let place = |path: &str| {
        let (letter, rest) = path.split_once(':')?;
        let (_, root) = roots.iter().find(|(known, _)| letter.eq_ignore_ascii_case(&known.to_string()))?;
        Some(crate::windows_path::resolve(root, &rest.replace('\\', "/")))
    };
    for package in packages(&found.file, place) {
        let name = pnputil::add_offline(&package, false)
            .map_err(|code| refused(&found.windows_path, &package, code))?;
        panther::info("DISM", format!("{} is published as {name}", package.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_there_are_searched_to_their_ends() {
        let root = tempfile::tempdir().unwrap();
        for name in ["drivers/0/a.inf", "drivers/virtio-win/viostor/b.INF", "drivers/read.me"] {
            let path = root.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let item = |path: &str| {
            format!(
                "<PathAndCredentials wcm:action=\"add\" wcm:keyValue=\"1\"><Path>{path}</Path></PathAndCredentials>"
            )
        };
        let text = format!(
            "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\
             <settings pass=\"offlineServicing\"><component name=\"Microsoft-Windows-PnpCustomizationsNonWinPE\">\
             <DriverPaths>{}{}</DriverPaths></component></settings></unattend>",
            item("C:\\drivers"),
            item("E:\\drivers")
        );
        let file = AnswerFile::parse(text.as_bytes()).unwrap();
        let place = |path: &str| path.strip_prefix("E:\\").map(|rest| root.path().join(rest));
        let found = packages(&file, place);
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.inf", "b.INF"]);
    }
}
