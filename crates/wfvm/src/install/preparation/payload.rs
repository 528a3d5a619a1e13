//! The user's files on the answer medium: payload, files to place, drivers.

use std::path::Path;

use super::unreadable;
use crate::{answer_file, install::InstallError, spec::Install};

/// A driver is a handful of files; whoever gives a folder of everything has made a mistake.
const DRIVER_FILES: usize = 1000;

/// Names on the medium with their contents.
pub(super) fn read(spec: &Install) -> Result<Vec<(String, Vec<u8>)>, InstallError> {
    let mut files = Vec::new();
    for (at, file) in spec.payload.iter().enumerate() {
        let contents = fs_err::read(&file.source).map_err(unreadable(&format!("payload[{at}].source")))?;
        files.push((file.name.clone(), contents));
    }
    for (at, file) in spec.answer_file.settings.files.iter().enumerate() {
        let field = format!("answerFile.settings.files[{at}].source");
        files.push((answer_file::placed_name(at), fs_err::read(&file.source).map_err(unreadable(&field))?));
    }
    for (at, folder) in spec.answer_file.settings.drivers.iter().enumerate() {
        let field = format!("answerFile.settings.drivers[{at}]");
        let prefix = format!("{}/{at}", answer_file::DRIVERS_FOLDER);
        let before = files.len();
        add(folder, &prefix, &mut files).map_err(unreadable(&field))?;
        let has_inf = files.iter().skip(before).any(|(name, _)| name.to_ascii_lowercase().ends_with(".inf"));
        if !has_inf {
            let problem = std::io::Error::other(format!("{} has no .inf file", folder.display()));
            return Err(unreadable(&field)(problem));
        }
    }
    Ok(files)
}

/// All files below a folder, in the order of their names.
fn add(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let mut entries = fs_err::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        // A store path has links to others.
        if fs_err::metadata(entry.path())?.is_dir() {
            add(&entry.path(), &name, files)?;
        } else {
            files.push((name, fs_err::read(entry.path())?));
        }
        if files.len() > DRIVER_FILES {
            return Err(std::io::Error::other(format!("there are more than {DRIVER_FILES} files")));
        }
    }
    Ok(())
}
