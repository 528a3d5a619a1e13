//! `icacls.exe` and `takeown.exe`: the guest has no access control lists, everybody may do everything.
//! So a command that gives rights is done when its files are there; one that would take rights is refused.

use std::io;

use super::{Answer, Call, Program};

const ERROR_FILE_NOT_FOUND: u32 = 2;

/// The file of an `icacls` that gives rights or sets inheritance.
pub(super) fn parse_icacls(words: &[String]) -> Option<&String> {
    let (file, rest) = words.split_first()?;
    let mut expects_value = false;
    let mut changes = false;
    for word in rest {
        let Some(option) = word.strip_prefix('/').map(str::to_ascii_lowercase) else {
            // What an option is for: NAME:RIGHTS or NAME.
            if !expects_value {
                return None;
            }
            continue;
        };
        expects_value =
            matches!(option.as_str(), "grant" | "grant:r" | "setowner" | "remove" | "remove:g" | "remove:d");
        changes |= expects_value || option.starts_with("inheritance:") || option == "reset";
        if !expects_value
            && !["reset", "inheritance:e", "inheritance:d", "inheritance:r", "t", "c", "l", "q"]
                .contains(&option.as_str())
        {
            return None;
        }
    }
    (changes && !file.starts_with('/')).then_some(file)
}

/// The file of a `takeown`.
pub(super) fn parse_takeown(words: &[String]) -> Option<&String> {
    let mut file = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_ascii_lowercase().as_str() {
            "/f" => file = Some(words.next()?),
            "/d" => drop(words.next()?),
            "/r" | "/a" | "/skipsl" => {}
            _ => return None,
        }
    }
    file
}

pub(super) fn icacls(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(file) = parse_icacls(&call.words) else { return Ok(Answer::Refused) };
    if !call.place(file).exists() {
        program.complain(&format!("{file}: The system cannot find the file specified."))?;
        program.print("Successfully processed 0 files; Failed processing 1 files")?;
        return Ok(Answer::Exit(ERROR_FILE_NOT_FOUND));
    }
    program.print(&format!(
        "processed file: {file}\r\nSuccessfully processed 1 files; Failed processing 0 files"
    ))?;
    Ok(Answer::Exit(0))
}

pub(super) fn takeown(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(file) = parse_takeown(&call.words) else { return Ok(Answer::Refused) };
    if !call.place(file).exists() {
        program.complain("ERROR: The system cannot find the file specified.")?;
        return Ok(Answer::Exit(1));
    }
    program.print(&format!(
        "\r\nSUCCESS: The file (or folder): \"{file}\" now owned by user \"{}\".",
        call.user
    ))?;
    Ok(Answer::Exit(0))
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn rights_can_be_given_and_not_taken() {
        let file = |line: &str| parse_icacls(&words(line)).cloned();
        assert_eq!(
            file("keys /inheritance:r /grant \"Administrators:F\" /grant \"SYSTEM:F\"").as_deref(),
            Some("keys")
        );
        assert_eq!(file("\"a b\" /grant Everyone:(OI)(CI)F /t /q").as_deref(), Some("a b"));
        for refused in ["", "x", "x /deny Everyone:F", "x /save acl", "/grant x", "x y /reset"] {
            assert_eq!(file(refused), None, "{refused}");
        }
        assert_eq!(parse_takeown(&words("/F C:\\x /R /D Y")).unwrap(), "C:\\x");
        assert_eq!(parse_takeown(&words("/s other /f x")), None);
    }
}
