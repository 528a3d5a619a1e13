//! `bcdedit.exe`: boot settings, kept as Windows keeps its store, in the hive `HKLM\BCD00000000`
//! (Microsoft: "BCD Elements"). Of all of them test signing alone means something here, from the next start on.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::live_registry::{Data, ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, Key};
use super::{Answer, Call, Program};
use crate::registry::Hive;
use crate::uefi_variables;

const OBJECTS: &str = "BCD00000000\\Objects";
// GUID_WINDOWS_BOOTMGR; a loader's own is made at installation, and here it is always this one.
const BOOT_MANAGER: &str = "{9dea862c-5cdd-4e70-acc1-f32b344d4795}";
const LOADER: &str = "{00000000-0000-4000-8000-000000000002}";
const DONE: &str = "The operation completed successfully.";
const TEST_SIGNING: &str = "testsigning";
const FAILED: u32 = 1;

static TEST_SIGNED_DRIVERS_ALLOWED: AtomicBool = AtomicBool::new(false);

/// What an element holds: a boolean, or a number with its words.
enum Kind {
    Boolean,
    Words(&'static [&'static str]),
    Seconds,
}

/// Name, element type, object, kind.
const ELEMENTS: [(&str, &str, &str, Kind); 9] = [
    (TEST_SIGNING, "16000049", LOADER, Kind::Boolean),
    ("nointegritychecks", "16000048", LOADER, Kind::Boolean),
    ("recoveryenabled", "16000009", LOADER, Kind::Boolean),
    ("debug", "260000a0", LOADER, Kind::Boolean),
    ("nx", "25000020", LOADER, Kind::Words(&["OptIn", "OptOut", "AlwaysOff", "AlwaysOn"])),
    ("bootmenupolicy", "250000c2", LOADER, Kind::Words(&["Legacy", "Standard"])),
    ("bootstatuspolicy", "250000e0", LOADER, Kind::Words(&["DisplayAllFailures", "IgnoreAllFailures"])),
    ("hypervisorlaunchtype", "250000f0", LOADER, Kind::Words(&["Off", "Auto"])),
    ("timeout", "25000004", BOOT_MANAGER, Kind::Seconds),
];

type Element = &'static (&'static str, &'static str, &'static str, Kind);

fn element(name: &str) -> Option<Element> {
    ELEMENTS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
}

fn key(element: Element) -> Key {
    Key::machine(format!("{OBJECTS}\\{}\\Elements\\{}", element.2, element.1))
}

/// One order that is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Set(&'static str, Data),
    Delete(&'static str),
    Enumerate,
    /// The name of Windows' entry in the firmware's list.
    Describe(String),
    EnumerateFirmware,
}

/// The number that an element of the loader is given by a word.
fn value(kind: &Kind, word: &str) -> Option<Data> {
    match kind {
        Kind::Boolean => match word.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Some(Data::Bytes(vec![1])),
            "off" | "no" | "false" | "0" => Some(Data::Bytes(vec![0])),
            _ => None,
        },
        Kind::Words(words) => {
            let index = words.iter().position(|known| known.eq_ignore_ascii_case(word))?;
            Some(Data::Bytes(u64::try_from(index).ok()?.to_le_bytes().to_vec()))
        }
        Kind::Seconds => Some(Data::Bytes(word.parse::<u64>().ok()?.to_le_bytes().to_vec())),
    }
}

/// Takes away an identifier that means the only system or its boot manager.
fn without_identifier(words: &[String]) -> Option<&[String]> {
    match words {
        [identifier, rest @ ..] if identifier.starts_with('{') => {
            let known = ["{current}", "{default}", "{bootmgr}", LOADER, BOOT_MANAGER];
            known.iter().any(|known| known.eq_ignore_ascii_case(identifier)).then_some(rest)
        }
        _ => Some(words),
    }
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let (verb, rest) = match words {
        [] => return Some(Order::Enumerate),
        [verb, rest @ ..] => (verb.strip_prefix(['/', '-'])?.to_ascii_lowercase(), rest),
    };
    match (verb.as_str(), rest) {
        ("enum", [which]) if which.eq_ignore_ascii_case("firmware") => Some(Order::EnumerateFirmware),
        ("set", [which, name, text])
            if which.eq_ignore_ascii_case("{bootmgr}") && name.eq_ignore_ascii_case("description") =>
        {
            Some(Order::Describe(text.clone()))
        }
        ("enum", []) => Some(Order::Enumerate),
        ("enum", [which]) if ["all", "active", "/v"].contains(&which.as_str()) => Some(Order::Enumerate),
        ("enum", which) => without_identifier(which)?.is_empty().then_some(Order::Enumerate),
        ("timeout", [seconds]) => Some(Order::Set("timeout", value(&Kind::Seconds, seconds)?)),
        ("set", rest) => match without_identifier(rest)? {
            [name, word] => {
                let (name, _, _, kind) = element(name)?;
                Some(Order::Set(name, value(kind, word)?))
            }
            _ => None,
        },
        ("deletevalue", rest) => match without_identifier(rest)? {
            [name] => Some(Order::Delete(element(name)?.0)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    match parse(&call.words) {
        Some(Order::Set(name, data)) => {
            let Some(element) = element(name) else { return Ok(Answer::Refused) };
            let code = program.set_value(&key(element), "Element", &data)?;
            if code == ERROR_SUCCESS {
                program.print(DONE)?;
            }
            Ok(Answer::Exit(code))
        }
        Some(Order::Delete(name)) => {
            let Some(element) = element(name) else { return Ok(Answer::Refused) };
            if program.delete_value(&key(element), "Element")? == ERROR_FILE_NOT_FOUND {
                program.complain("An error occurred while attempting to delete the specified data element.\r\nElement not found.")?;
                return Ok(Answer::Exit(FAILED));
            }
            program.print(DONE)?;
            Ok(Answer::Exit(0))
        }
        Some(Order::Enumerate) => enumerate(program),
        Some(Order::Describe(_) | Order::EnumerateFirmware) if !uefi_variables::exist() => {
            program.complain(
                "The boot configuration data store could not be opened: the firmware has no variables.",
            )?;
            Ok(Answer::Exit(FAILED))
        }
        Some(Order::Describe(text)) => {
            let options = uefi_variables::boot_options()?;
            let Some((variable, option)) = options.into_iter().find(|(_, option)| option.starts_windows())
            else {
                program.complain("An error occurred while attempting to reference the specified entry.\r\nElement not found.")?;
                return Ok(Answer::Exit(FAILED));
            };
            uefi_variables::write(&variable, &option.described(&text).bytes())?;
            program.print(DONE)?;
            Ok(Answer::Exit(0))
        }
        Some(Order::EnumerateFirmware) => {
            for (_, option) in uefi_variables::boot_options()? {
                let identifier = if option.starts_windows() { "{bootmgr}" } else { "{firmware application}" };
                program.print(&format!(
                    "\r\nFirmware Application\r\n--------------------\r\n{:24}{identifier}\r\n{:24}{}",
                    "identifier", "description", option.description
                ))?;
            }
            Ok(Answer::Exit(0))
        }
        None => Ok(Answer::Refused),
    }
}

fn enumerate(program: &mut Program<'_>) -> io::Result<Answer> {
    for (title, object, identifier, fixed) in [
        ("Windows Boot Manager", BOOT_MANAGER, "{bootmgr}", vec![("default", "{current}")]),
        (
            "Windows Boot Loader",
            LOADER,
            "{current}",
            vec![("device", "partition=C:"), ("osdevice", "partition=C:"), ("systemroot", "\\Windows")],
        ),
    ] {
        let mut lines = vec![format!("\r\n{title}\r\n{}", "-".repeat(title.len()))];
        let mut line = |name: &str, value: &str| lines.push(format!("{name:24}{value}"));
        line("identifier", identifier);
        for (name, value) in fixed {
            line(name, value);
        }
        for element in ELEMENTS.iter().filter(|element| element.2 == object) {
            if let Some(Data::Bytes(bytes)) = program.value(&key(element), "Element")? {
                line(element.0, &shown(&element.3, &bytes));
            }
        }
        program.print(&lines.join("\r\n"))?;
    }
    Ok(Answer::Exit(0))
}

fn shown(kind: &Kind, bytes: &[u8]) -> String {
    let number = bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    match kind {
        Kind::Boolean => if number == 0 { "No" } else { "Yes" }.to_owned(),
        Kind::Words(words) => {
            usize::try_from(number).ok().and_then(|index| words.get(index)).copied().unwrap_or("?").to_owned()
        }
        Kind::Seconds => number.to_string(),
    }
}

/// Takes over what the store says at the start of the machine: a change waits for the next start, as on Windows.
pub(crate) fn start(system: &Hive) {
    let on = element(TEST_SIGNING)
        .and_then(|(_, number, object, _)| {
            system.bytes(&format!("{OBJECTS}\\{object}\\Elements\\{number}"), "Element")
        })
        .is_some_and(|bytes| bytes == [1]);
    TEST_SIGNED_DRIVERS_ALLOWED.store(on, Ordering::Relaxed);
}

pub(super) fn test_signed_drivers_allowed() -> bool {
    TEST_SIGNED_DRIVERS_ALLOWED.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::super::command_line::words;
    use super::*;

    #[test]
    fn settings_are_read_with_and_without_the_systems_identifier() {
        let on = Some(Order::Set("testsigning", Data::Bytes(vec![1])));
        assert_eq!(parse(&words("/set testsigning on")), on);
        assert_eq!(parse(&words("-set {CURRENT} TESTSIGNING ON")), on);
        assert_eq!(
            parse(&words("/set {default} bootstatuspolicy ignoreallfailures")),
            Some(Order::Set("bootstatuspolicy", Data::Bytes(vec![1, 0, 0, 0, 0, 0, 0, 0])))
        );
        assert_eq!(parse(&words("/deletevalue testsigning")), Some(Order::Delete("testsigning")));
        assert_eq!(parse(&words("/enum {current}")), Some(Order::Enumerate));
        assert_eq!(parse(&words("/enum firmware")), Some(Order::EnumerateFirmware));
        let described = Some(Order::Describe("My Windows".to_owned()));
        assert_eq!(parse(&words("/set {bootmgr} description \"My Windows\"")), described);
        for refused in [
            "/set testsigning maybe",
            "/set {fwbootmgr} timeout 70000",
            "/set {other} testsigning on",
            "/copy {current}",
            "/set sos on",
        ] {
            assert_eq!(parse(&words(refused)), None, "{refused}");
        }
    }

    #[test]
    fn what_is_set_is_shown() {
        for (name, word, text) in
            [("testsigning", "on", "Yes"), ("nx", "AlwaysOff", "AlwaysOff"), ("timeout", "30", "30")]
        {
            let (_, _, _, kind) = element(name).unwrap();
            let Some(Data::Bytes(bytes)) = value(kind, word) else { panic!("{name}") };
            assert_eq!(shown(kind, &bytes), text);
        }
    }
}
