//! Command files of Windows PE, as far as a rehearsal needs to follow them: the programs that stand in them, with their
//! variables. Steps are taken as they stand, up to the first label; `cmd.exe`'s own rules are Wine's to hold, in a guest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::stand_ins::preinstallation::rehearsed::Rehearsed;
use crate::stand_ins::{command_line, pnputil};
use crate::windows_path;

/// What the letters of Windows PE stand for.
#[derive(Debug, Clone)]
pub(super) struct Drives(pub(super) Vec<(char, PathBuf)>);

impl Drives {
    /// A file as Windows names it. On a drive that is none of these there is nothing.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        let path = path.replace('\\', "/");
        let (drive, rest) = path.split_once(':').unwrap_or(("", &path));
        let root = self.0.iter().find(|(letter, _)| drive.eq_ignore_ascii_case(&letter.to_string()));
        root.map_or_else(
            || Path::new("/no-such-drive").join(rest),
            |(_, root)| windows_path::resolve(root, rest),
        )
    }

    /// The first of some letters on which there is a file; `%d` stands for the letter.
    fn first(&self, letters: &str, file: &str, sign: &str) -> Option<String> {
        let has = |letter: &&str| self.place(&file.replace(sign, letter)).is_file();
        letters.split_whitespace().find(has).map(str::to_owned)
    }

    /// `for SIGN in (LETTERS) do if exist FILE THEN`: what is done for the first letter that has the file; where
    /// none has it, nothing: an empty text.
    fn found(&self, line: &str, sign: &str) -> Option<String> {
        let (letters, rest) = line.strip_prefix(&format!("for {sign} in ("))?.split_once(") do if exist ")?;
        let (file, then) = rest.split_once(' ')?;
        let letter = self.first(letters, file, sign);
        Some(letter.map_or_else(String::new, |letter| then.replace(sign, &letter)))
    }

    /// `cmd.exe /c for %d in (…) do if exist %d:\TAG call %d:\FILE`: the file, if the line is such a one.
    pub(super) fn called(&self, line: &str) -> Option<Result<String, String>> {
        let then = self.found(line.strip_prefix("cmd.exe /c ")?, "%d")?;
        let file = then.strip_prefix("call ").map(str::to_owned);
        Some(file.ok_or_else(|| format!("no drive has what this looks for: {line}")))
    }
}

/// The files that a command file copies, by where they go.
pub(super) type Copies = BTreeMap<String, PathBuf>;

/// Follows a command file to its first label.
pub(super) fn follow(file: &str, drives: &Drives, here: &mut Rehearsed) -> Result<Copies, String> {
    let text = fs_err::read_to_string(drives.place(file)).map_err(|error| error.to_string())?;
    let own_directory = file.rsplit_once('\\').map_or("", |(directory, _)| directory);
    let mut variables = BTreeMap::from([("~dp0".to_owned(), format!("{own_directory}\\"))]);
    let mut copies = Copies::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with(':') || line.starts_with("exit ") {
            break;
        }
        if ["@echo", "echo ", "if not \"%errorlevel%\"", "set \"step="]
            .iter()
            .any(|begin| line.starts_with(begin))
        {
            continue;
        }
        if let Some(then) = drives.found(line, "%%d") {
            if let Some((name, value)) = then.strip_prefix("set ").and_then(|set| set.split_once('=')) {
                variables.insert(name.to_owned(), value.to_owned());
            }
            continue;
        }
        if let Some(folder) = loaded(line) {
            let folder = drives.place(&expanded(folder, &variables));
            here.loaded.extend(pnputil::meant(&folder.join("*.inf"), true));
            continue;
        }
        let line = expanded(line.trim_end_matches("> COM1").trim(), &variables);
        match command_line::words(&line).iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["if", "not", "exist", directory, "mkdir", made] if directory.trim_end_matches('\\') == *made => {
            }
            ["copy", "/y", from, to] => {
                let from = drives.place(from);
                if !from.is_file() {
                    return Err(format!("there is no such file: {line}"));
                }
                copies.insert((*to).to_owned(), from);
            }
            _ => {
                here.run(&line, &|path| drives.place(path))
                    .map_err(|problem| format!("{line}: {problem}"))?;
            }
        }
    }
    Ok(copies)
}

/// The folder whose packages are given to Windows PE, each whether or not it can use it.
fn loaded(line: &str) -> Option<&str> {
    let folder = line.strip_prefix("for /r \"")?;
    folder.strip_suffix("\" %%i in (*.inf) do drvload.exe \"%%i\" || ver > nul")
}

fn expanded(line: &str, variables: &BTreeMap<String, String>) -> String {
    let mut line = line.replace("%~dp0", variables.get("~dp0").map_or("", String::as_str));
    for (name, value) in variables {
        line = line.replace(&format!("%{name}%"), value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk_configuration::plan::Firmware;

    fn drives(root: &Path) -> Drives {
        Drives(vec![('D', root.join("d")), ('E', root.join("e"))])
    }

    #[test]
    fn a_command_file_is_found_by_its_tag() {
        let place = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(place.path().join("e")).unwrap();
        fs_err::write(place.path().join("e/own.TAG"), "").unwrap();
        let line = r"cmd.exe /c for %d in (A D E F) do if exist %d:\own.tag call %d:\own.cmd";
        let drives = drives(place.path());
        assert_eq!(drives.called(line), Some(Ok(r"E:\own.cmd".to_owned())));
        assert!(drives.called(&line.replace("own.tag", "other.tag")).unwrap().is_err());
        assert!(drives.called("reg.exe add HKLM").is_none());
    }

    #[test]
    fn steps_are_followed_to_the_first_that_cannot_be() {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in [
            (
                "e/a.cmd",
                "@echo off\r\nset \"step=x\"\r\ncopy /y \"%~dp0b.xml\" W:\\c.xml\r\nwpeutil.exe reboot\r\n:l\r\nx\r\n",
            ),
            ("e/bad.cmd", "copy /y \"%~dp0none.xml\" W:\\c.xml\r\n"),
            ("e/unknown.cmd", "format.com C:\r\n"),
            ("e/b.xml", ""),
        ] {
            fs_err::create_dir_all(place.path().join("e")).unwrap();
            fs_err::write(place.path().join(name), text).unwrap();
        }
        let drives = drives(place.path());
        let mut here = Rehearsed::new(place.path(), Firmware::Uefi, &[1 << 40]);
        let copies = follow(r"E:\a.cmd", &drives, &mut here).unwrap();
        assert_eq!(copies.get(r"W:\c.xml"), Some(&place.path().join("e/b.xml")));
        assert!(here.restarts);
        assert!(follow(r"E:\bad.cmd", &drives, &mut here).is_err());
        let unknown = follow(r"E:\unknown.cmd", &drives, &mut here).unwrap_err();
        assert!(unknown.contains("does not know"), "{unknown}");
    }
}
