//! `powershell.exe` for one-liners and short scripts made of the cmdlets in `cmdlets`. There is no
//! PowerShell behind it: a text of which a single word is not understood is refused, and nothing of it is done.

mod cmdlets;
mod dates;
mod effects;
mod parse;
mod tokens;

use std::io;

use fs_err as fs;

use super::live_registry::{Data, Key};
use super::{Answer, Call, Program};
use crate::{accounts, system_files};
use effects::Effect;
use parse::{Statement, statements};
use tokens::{Part, Word};

const SHELL_KEY: &str = "Software\\Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell";
const POLICIES: [&str; 6] = ["Unrestricted", "RemoteSigned", "AllSigned", "Restricted", "Bypass", "Default"];
// Of a client; PowerShell knows a third way between yes and no only in domains.
const DEFAULT_POLICY: &str = "Restricted";

/// What the options ask to be run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    Text(String),
    File(String),
}

/// The source and the execution policy of this one start.
pub(super) fn options(words: &[String]) -> Option<(Source, Option<String>)> {
    let mut policy = None;
    let mut rest = words;
    loop {
        let (word, tail) = rest.split_first()?;
        let Some(option) = word.strip_prefix(['-', '/']).map(str::to_ascii_lowercase) else {
            return Some((Source::Text(rest.join(" ")), policy));
        };
        rest = tail;
        match option.as_str() {
            "noprofile" | "nop" | "noninteractive" | "noni" | "nologo" | "noexit" | "sta" | "mta" => {}
            "executionpolicy" | "ep" | "ex" | "exec" => {
                let (value, tail) = rest.split_first()?;
                policy =
                    Some(POLICIES.into_iter().find(|known| known.eq_ignore_ascii_case(value))?.to_owned());
                rest = tail;
            }
            "windowstyle" | "w" | "inputformat" | "outputformat" => rest = rest.get(1..)?,
            "command" | "c" if rest != ["-"] => return Some((Source::Text(rest.join(" ")), policy)),
            "file" | "f" => match rest {
                [file] => return Some((Source::File(file.clone()), policy)),
                _ => return None,
            },
            "encodedcommand" | "e" | "ec" | "enc" => {
                let [encoded] = rest else { return None };
                let bytes = accounts::base64(encoded)?;
                let units: Vec<u16> =
                    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                return Some((Source::Text(String::from_utf16(&units).ok()?), policy));
            }
            _ => return None,
        }
    }
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some((source, policy)) = options(&call.words) else { return Ok(Answer::Refused) };
    let (text, is_file) = match source {
        Source::Text(text) => (text, false),
        Source::File(file) => {
            let Ok(bytes) = fs::read(call.place(&file)) else {
                program.complain(&format!(
                    "The argument '{file}' to the -File parameter does not exist. Provide the path to an existing '.ps1' file as an argument to the -File parameter."
                ))?;
                // What powershell.exe itself ends with.
                return Ok(Answer::Exit(0xFFFD_0000));
            };
            let of_machine = program.value(&Key::machine(SHELL_KEY), "ExecutionPolicy")?;
            let of_machine = of_machine.map_or_else(|| DEFAULT_POLICY.to_owned(), |data| data.shown());
            if ["Restricted", "Default", "AllSigned"].contains(&policy.unwrap_or(of_machine).as_str()) {
                program.complain(&format!(
                    "File {file} cannot be loaded because running scripts is disabled on this system. For more information, see about_Execution_Policies at https:/go.microsoft.com/fwlink/?LinkID=135170."
                ))?;
                return Ok(Answer::Exit(1));
            }
            (system_files::decode(&bytes), true)
        }
    };
    match statements(&text).filter(|statements| !statements.is_empty()) {
        Some(statements) => run_all(&statements, is_file, call, program),
        None => Ok(Answer::Refused),
    }
}

fn run_all(
    statements: &[Statement],
    is_file: bool,
    call: &Call,
    program: &mut Program<'_>,
) -> io::Result<Answer> {
    let (mut stop, mut last_code, mut good) = (false, 0, true);
    for statement in statements {
        match statement {
            Statement::StopOnErrors(wanted) => stop = *wanted,
            Statement::Nothing => {}
            Statement::Exit(code) => return Ok(Answer::Exit(code.unwrap_or(last_code))),
            Statement::Now { unit, quiet } => {
                good = true;
                if !quiet {
                    program.print(&unit.now().to_string())?;
                }
            }
            Statement::Program { words, .. } => {
                let line = command_line(&resolved_all(words, program)?);
                last_code = program.run(&line)?;
                good = last_code == 0;
            }
            Statement::Cmdlet { cmdlet, arguments, quiet } => {
                let mut given = Vec::new();
                for (name, words) in arguments {
                    given.push((*name, resolved_all(words, program)?, words.iter().any(|word| word.quoted)));
                }
                let given = effects::Arguments(given);
                let action = given.text("erroraction").unwrap_or_default().to_ascii_lowercase();
                match effects::apply(cmdlet, &given, call, program)? {
                    Effect::Done(output) => {
                        good = true;
                        if !quiet && !output.is_empty() {
                            program.print(&output)?;
                        }
                    }
                    Effect::Failed(text) => {
                        good = false;
                        if !["silentlycontinue", "ignore"].contains(&action.as_str()) {
                            program.complain(&format!("{cmdlet} : {text}"))?;
                        }
                        if action == "stop" || (stop && action.is_empty()) {
                            return Ok(Answer::Exit(1));
                        }
                    }
                    Effect::Refused => return Ok(Answer::Refused),
                }
            }
        }
    }
    // An error that did not stop a script is not the script's: about_PowerShell_exe.
    Ok(Answer::Exit(u32::from(!good && !is_file)))
}

fn resolved_all(words: &[Word], program: &mut Program<'_>) -> io::Result<Vec<String>> {
    words
        .iter()
        .map(|word| {
            let mut text = String::new();
            for part in &word.parts {
                match part {
                    Part::Text(part) => text.push_str(part),
                    Part::Variable(name) => text.push_str(&program.variable(name)?),
                    Part::Moment(moment) => text.push_str(&moment.to_string()),
                }
            }
            Ok(text)
        })
        .collect()
}

/// A program's words as PowerShell passes them on: quotes only around blanks.
fn command_line(words: &[String]) -> String {
    let quoted = |word: &String| {
        if word.is_empty() || word.contains(char::is_whitespace) {
            format!("\"{word}\"")
        } else {
            word.clone()
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// The type of a new registry value: by its word, or by how the value is written.
fn data(value: &str, quoted: bool, kind: Option<&str>) -> Option<Data> {
    let number = || {
        let (digits, radix) = value.strip_prefix("0x").map_or((value, 10), |digits| (digits, 16));
        i64::from_str_radix(digits, radix).ok()
    };
    let [a, b, c, d, ..] = number().unwrap_or_default().to_le_bytes();
    match kind.map(str::to_ascii_lowercase).as_deref() {
        Some("dword") => number().map(|_| Data::Number(u32::from_le_bytes([a, b, c, d]))),
        Some("qword") => number().map(|number| Data::LongNumber(number.cast_unsigned())),
        Some("expandstring") => Some(Data::Expandable(value.to_owned())),
        None if !quoted && number().is_some() => Some(Data::Number(u32::from_le_bytes([a, b, c, d]))),
        None | Some("string") => Some(Data::Text(value.to_owned())),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn options_come_before_what_is_run() {
        let text = |line: &str| options(&words(line)).map(|(source, _)| source);
        assert_eq!(
            text("-NoProfile -ep Bypass -Command \"a b\"; c"),
            Some(Source::Text("a b; c".to_owned()))
        );
        assert_eq!(text("Start-Service sshd"), Some(Source::Text("Start-Service sshd".to_owned())));
        assert_eq!(
            options(&words("-ExecutionPolicy bypass -File x.ps1")),
            Some((Source::File("x.ps1".to_owned()), Some("Bypass".to_owned())))
        );
        assert_eq!(text("-enc aABpAA=="), Some(Source::Text("hi".to_owned())));
        for refused in ["", "-File x.ps1 argument", "-Version 2", "-Command -", "-ep Sometimes -c x"] {
            assert_eq!(text(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_value_has_the_type_that_is_asked_for() {
        assert_eq!(data("1", false, None), Some(Data::Number(1)));
        assert_eq!(data("1", true, None), Some(Data::Text("1".to_owned())));
        assert_eq!(data("0xFF", false, Some("DWord")), Some(Data::Number(255)));
        assert_eq!(data("-1", false, Some("DWORD")), Some(Data::Number(u32::MAX)));
        assert_eq!(data("x", false, Some("DWord")), None);
        assert_eq!(data("%A%", true, Some("ExpandString")), Some(Data::Expandable("%A%".to_owned())));
        assert_eq!(data("1", false, Some("Binary")), None);
    }
}
