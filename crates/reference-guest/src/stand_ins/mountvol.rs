//! `mountvol.exe`: drive letters of volumes are taken away, given, and told. Directories as mount
//! points are refused, and so is the letter of the system.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;

use super::{Answer, Call, Program};
use crate::drive_letters::{self, Drive};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The name of the volume with this letter.
    Tell(char),
    /// Take the letter away.
    Delete(char),
    /// Take the letter away, and the volume offline.
    TakeOffline(char),
    /// Give the letter to a volume.
    Give(char, String),
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let [place, what] = words else { return None };
    let letter = letter(place)?;
    Some(match what.to_ascii_lowercase().as_str() {
        "/l" => Order::Tell(letter),
        "/d" => Order::Delete(letter),
        "/p" => Order::TakeOffline(letter),
        name if name.starts_with(r"\\?\volume{") && name.ends_with(r"}\") => {
            Order::Give(letter, name.to_owned())
        }
        _ => return None,
    })
}

fn letter(place: &str) -> Option<char> {
    let mut characters = place.strip_suffix('\\').unwrap_or(place).chars();
    let letter = characters.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    (characters.as_str() == ":" && letter != 'C').then_some(letter)
}

/// A volume's name, which stays as long as its device does.
fn name(device: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    device.hash(&mut hasher);
    let digits = format!("{:016x}", hasher.finish());
    let (first, rest) = digits.split_at(8);
    let (second, third) = rest.split_at(4);
    format!(r"\\?\Volume{{{first}-{second}-{third}-8000-6e6f6e696963}}\")
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let fail = |program: &mut Program<'_>, words: &str| {
        program.print(words)?;
        Ok(Answer::Exit(1))
    };
    match parse(&call.words) {
        None => Ok(Answer::Refused),
        Some(Order::Tell(letter)) => match of(&drive_letters::published(), letter) {
            Some(drive) => {
                program.print(&format!("    {}", name(&drive.device)))?;
                Ok(Answer::Exit(0))
            }
            None => fail(program, "The system cannot find the file specified."),
        },
        Some(Order::Delete(letter)) => match drive_letters::take_letter(letter) {
            Some(_) => forgotten(letter, program),
            None => fail(program, "The system cannot find the file specified."),
        },
        Some(Order::TakeOffline(letter)) => {
            let Some(drive) = of(&drive_letters::published(), letter) else {
                return fail(program, "The system cannot find the file specified.");
            };
            if drive_letters::take_offline(&drive).is_err() {
                return fail(
                    program,
                    "The process cannot access the file because it is being used by another process.",
                );
            }
            drive_letters::take_letter(letter);
            forgotten(letter, program)
        }
        Some(Order::Give(letter, wanted)) => {
            if of(&drive_letters::published(), letter).is_some() {
                return fail(program, "The directory is not empty.");
            }
            let named = |drive: &Drive| name(&drive.device).eq_ignore_ascii_case(&wanted);
            if drive_letters::published().iter().any(named) {
                // A volume has one letter at most.
                return fail(program, "The parameter is incorrect.");
            }
            match drive_letters::unlettered().into_iter().find(named) {
                Some(drive) => {
                    let drive = drive_letters::give_letter(&drive, letter)?;
                    Ok(Answer::Exit(program.define_drive(letter, Some(&drive))?))
                }
                None => fail(program, "The system cannot find the file specified."),
            }
        }
    }
}

/// Wine does not know the letter of a volume that was plugged in, and says so: there is nothing to forget.
fn forgotten(letter: char, program: &mut Program<'_>) -> io::Result<Answer> {
    program.define_drive(letter, None)?;
    Ok(Answer::Exit(0))
}

fn of(drives: &[Drive], letter: char) -> Option<Drive> {
    drives.iter().find(|drive| drive.letter == letter).cloned()
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn letters_and_volume_names_are_read_and_all_else_is_refused() {
        assert_eq!(parse(&words("d: /L")), Some(Order::Tell('D')));
        assert_eq!(parse(&words(r"X:\ /p")), Some(Order::TakeOffline('X')));
        assert_eq!(parse(&words("E: /D")), Some(Order::Delete('E')));
        let volume = name(Path::new("/dev/sr0"));
        let given = parse(&words(&format!("S: {volume}")));
        assert_eq!(given, Some(Order::Give('S', volume.to_ascii_lowercase())));
        for refused in ["", "/L", "C: /D", r"C:\mount \\?\Volume{1}\", "/R", "/E", "D: /X", "D:"] {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }
}
