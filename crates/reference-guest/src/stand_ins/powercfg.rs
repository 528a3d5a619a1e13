//! `powercfg`: timeouts and hibernation, recorded where Windows keeps them.

use std::io;

use super::{Answer, Call, Program};

const POWER: &str = "System\\ControlSet001\\Control\\Power";
// The scheme "Balanced" and the settings' GUIDs (Microsoft: "Power scheme settings").
const BALANCED: &str = "381b4222-f694-41f0-9685-ff5bb260df2e";
const SETTINGS: [(&str, &str); 4] = [
    ("monitor-timeout", "7516b95f-f776-4464-8c53-06167f40cc99\\3c0bc021-c8a8-4e07-a973-6b14cbcb2b7e"),
    ("disk-timeout", "0012ee47-9041-4b5d-9b77-535fba8b1442\\6738e2c4-e8a5-4a42-b16a-e040e769756e"),
    ("standby-timeout", "238c9fa8-0aad-41ed-83f4-97be242c8f20\\29f6c1db-86da-48c5-9fdb-f2b67b1f44da"),
    ("hibernate-timeout", "238c9fa8-0aad-41ed-83f4-97be242c8f20\\9d7815a6-7ee4-497e-8888-515a05f02364"),
];

/// A registry value: key, name, number.
pub(super) fn parse(words: &[String]) -> Option<(String, &'static str, u32)> {
    let lower: Vec<String> = words
        .iter()
        .map(|word| word.to_ascii_lowercase().replacen('-', "/", usize::from(word.starts_with('-'))))
        .collect();
    match lower.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["/x" | "/change", setting, minutes] => {
            let setting = setting.trim_start_matches('/');
            let (name, source) = setting.rsplit_once('-')?;
            let value = match source {
                "ac" => "ACSettingIndex",
                "dc" => "DCSettingIndex",
                _ => return None,
            };
            let (_, guids) = SETTINGS.iter().find(|(known, _)| *known == name)?;
            let seconds = minutes.parse::<u32>().ok()?.checked_mul(60)?;
            Some((format!("{POWER}\\User\\PowerSchemes\\{BALANCED}\\{guids}"), value, seconds))
        }
        ["/h" | "/hibernate", state @ ("on" | "off")] => {
            Some((POWER.to_owned(), "HibernateEnabled", u32::from(*state == "on")))
        }
        _ => None,
    }
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some((key, name, number)) = parse(&call.words) else { return Ok(Answer::Refused) };
    Ok(Answer::Exit(program.set_number(&key, name, number)?))
}
