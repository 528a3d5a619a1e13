//! `sc.exe`: services through the service control manager, in sc's own words.

use std::io;

use super::{Answer, Call, Program};

const ERROR_SERVICE_DOES_NOT_EXIST: u32 = 1060;

/// Start types of winsvc.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Automatic,
    Manual,
    Disabled,
}

impl Start {
    pub(crate) fn digit(self) -> char {
        match self {
            Self::Automatic => '2',
            Self::Manual => '3',
            Self::Disabled => '4',
        }
    }

    /// The word of `sc config start=`.
    fn of_sc(word: &str) -> Option<Self> {
        match word {
            "auto" | "delayed-auto" => Some(Self::Automatic),
            "demand" => Some(Self::Manual),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }
}

/// Options of the form `start= auto`, as sc wants them: the equals sign belongs to the name.
fn options(words: &[String]) -> Option<Vec<(String, String)>> {
    words
        .chunks(2)
        .map(|pair| match pair {
            [name, value] => Some((name.to_ascii_lowercase().strip_suffix('=')?.to_owned(), value.clone())),
            _ => None,
        })
        .collect()
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let verb = call.words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let Some(name) = call.words.get(1) else { return Ok(Answer::Refused) };
    let given = options(call.words.get(2..).unwrap_or(&[]));
    let (what, code) = match (verb.as_str(), given) {
        ("config", Some(options)) => {
            let [(option, value)] = options.as_slice() else { return Ok(Answer::Refused) };
            let Some(start) = Start::of_sc(value).filter(|_| option == "start") else {
                return Ok(Answer::Refused);
            };
            ("ChangeServiceConfig", program.configure_service(name, start)?)
        }
        ("create", Some(options)) => {
            let value = |wanted: &str| {
                options.iter().find(|(option, _)| option == wanted).map(|(_, value)| value.as_str())
            };
            let known = options
                .iter()
                .all(|(option, _)| matches!(option.as_str(), "binpath" | "start" | "displayname" | "type"));
            let start = value("start").map_or(Some(Start::Manual), Start::of_sc);
            let (Some(path), Some(start), true) = (value("binpath"), start, known) else {
                return Ok(Answer::Refused);
            };
            ("CreateService", program.make_service(name, start, value("displayname").unwrap_or(""), path)?)
        }
        ("start", _) => ("StartService", program.start_service(name)?),
        ("stop", _) => ("ControlService", program.stop_service(name)?),
        ("delete", _) => ("DeleteService", program.delete_service(name)?),
        ("query", _) => return query(name, program),
        _ => return Ok(Answer::Refused),
    };
    if code == 0 {
        program.print(&format!("[SC] {what} SUCCESS"))?;
    } else {
        program.print(&format!("[SC] {what} FAILED {code}:\r\n"))?;
    }
    Ok(Answer::Exit(code))
}

fn query(name: &str, program: &mut Program<'_>) -> io::Result<Answer> {
    let state = program.service_state(name)?;
    let word = match state {
        0 => {
            program.print("[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\r\n\r\nThe specified service does not exist as an installed service.\r\n")?;
            return Ok(Answer::Exit(ERROR_SERVICE_DOES_NOT_EXIST));
        }
        1 => "STOPPED",
        2 => "START_PENDING",
        3 => "STOP_PENDING",
        4 => "RUNNING",
        _ => "PAUSED",
    };
    program.print(&format!("\r\nSERVICE_NAME: {name}\r\n        STATE              : {state}  {word}"))?;
    Ok(Answer::Exit(0))
}
