//! What the settings of the installed Windows cannot be.

use std::net::IpAddr;

use super::Problems;
use crate::answer_file::settings::key_problem;
use crate::answer_schema::locales;
use crate::guest_os::GuestOs;
use crate::spec::{AnswerMedium, Install, Interface, RegistryData, Settings};

/// A line of a command file.
const LINE_LENGTH: usize = 8191;
/// A path, with the zero that ends it.
const PATH_LENGTH: usize = 259;

pub(super) fn check(spec: &Install, os: &GuestOs, problems: &mut Problems) {
    let settings = &spec.answer_file.settings;
    values(settings, problems);
    servers_only(settings, os, problems);
    networking(settings, problems);
    registry(settings, problems);
    files(settings, problems);
    for (at, line) in settings.first_logon_commands.iter().enumerate() {
        let field = format!("answerFile.settings.firstLogonCommands[{at}]");
        problems.text(&field, line, 1..=LINE_LENGTH);
        ascii(&field, line, problems);
    }
    let drivers = [("drivers", !settings.drivers.is_empty()), ("virtioWin", settings.virtio_win.is_some())];
    for (name, _) in drivers.iter().filter(|(_, given)| *given && spec.answer_medium != AnswerMedium::Iso) {
        problems.add(
            format!("answerFile.settings.{name}"),
            "needs the `answerMedium` `iso`: the others have files in their root alone",
        );
    }
}

fn values(settings: &Settings, problems: &mut Problems) {
    if let Some(tag) = settings.ui_language_fallback.as_ref().filter(|tag| !locales::is_language_tag(tag)) {
        problems.add(
            "answerFile.settings.uiLanguageFallback",
            format!("`{tag}` is not a language tag such as `en-US`"),
        );
    }
    if let Some(number) = settings.layered_driver.filter(|number| !(1..=6).contains(number)) {
        problems.add("answerFile.settings.layeredDriver", format!("{number} is not between 1 and 6"));
    }
    if settings.logon_count == Some(0) {
        problems
            .add("answerFile.settings.logonCount", "0 means no logon, and the last step runs at the first");
    }
    // Below this Windows makes one of its own: it keeps the first part of a memory dump there.
    if let Some(mib) = settings.page_file_mib.filter(|mib| (1..16).contains(mib)) {
        problems.add(
            "answerFile.settings.pageFileMib",
            format!("{mib} MiB; Windows takes none (0), or 16 and more"),
        );
    }
}

fn servers_only(settings: &Settings, os: &GuestOs, problems: &mut Problems) {
    let given = [
        ("serverManagerAtLogon", settings.server_manager_at_logon),
        ("ieEnhancedSecurity", settings.ie_enhanced_security),
    ];
    for (name, _) in given.iter().filter(|(_, value)| value.is_some() && !os.server_features) {
        problems.add(
            format!("answerFile.settings.{name}"),
            format!("{} has no such thing; servers have", os.title),
        );
    }
}

fn networking(settings: &Settings, problems: &mut Problems) {
    let networking = &settings.networking;
    if let Some(workgroup) = &networking.workgroup {
        problems.text("answerFile.settings.networking.workgroup", workgroup, 1..=15);
    }
    if let Some(domain) = &networking.dns_domain {
        problems.text("answerFile.settings.networking.dnsDomain", domain, 1..=255);
    }
    for (at, domain) in networking.dns_suffixes.iter().enumerate() {
        problems.text(&format!("answerFile.settings.networking.dnsSuffixes[{at}]"), domain, 1..=255);
    }
    for (at, card) in networking.interfaces.iter().enumerate() {
        interface(&format!("answerFile.settings.networking.interfaces[{at}]"), card, problems);
    }
}

fn interface(field: &str, card: &Interface, problems: &mut Problems) {
    problems.text(&format!("{field}.identifier"), &card.identifier, 1..=256);
    for (at, address) in card.addresses.iter().enumerate() {
        if !is_prefix(address) {
            problems.add(
                format!("{field}.addresses[{at}]"),
                format!(
                    "`{address}` is not an address with the length of its prefix, such as `192.168.1.2/24`"
                ),
            );
        }
    }
    let names = card.dns.iter().enumerate().map(|(at, server)| (format!("{field}.dns[{at}]"), server));
    let next = card.gateway.iter().map(|gateway| (format!("{field}.gateway"), gateway));
    for (field, address) in next.chain(names) {
        if address.parse::<IpAddr>().is_err() {
            problems.add(field, format!("`{address}` is not an address such as `192.168.1.1`"));
        }
    }
}

fn is_prefix(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let Ok(length) = length.parse::<u8>() else { return false };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => length <= 32,
        Ok(IpAddr::V6(_)) => length <= 128,
        Err(_) => false,
    }
}

fn registry(settings: &Settings, problems: &mut Problems) {
    for (at, value) in settings.registry.iter().enumerate() {
        let field = format!("answerFile.settings.registry[{at}]");
        if let Some(problem) = key_problem(&value.key) {
            problems.add(format!("{field}.key"), problem);
        }
        // Limits of the registry itself.
        problems.text(&format!("{field}.key"), &value.key, 1..=255);
        problems.text(&format!("{field}.name"), &value.name, 0..=16383);
        let data = format!("{field}.data");
        match &value.data {
            RegistryData::String(text) => problems.text(&data, text, 0..=usize::MAX),
            RegistryData::MultiString(texts) if texts.iter().any(String::is_empty) => {
                problems.add(data, "holds an empty text, which would end the list");
            }
            RegistryData::Binary(digits)
                if digits.len() % 2 == 1 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
            {
                problems.add(data, format!("`{digits}` is not made of pairs of hexadecimal digits"));
            }
            RegistryData::MultiString(_)
            | RegistryData::Binary(_)
            | RegistryData::ExpandString(_)
            | RegistryData::Dword(_)
            | RegistryData::Qword(_) => {}
        }
    }
}

fn files(settings: &Settings, problems: &mut Problems) {
    for (at, file) in settings.files.iter().enumerate() {
        let (field, path) = (format!("answerFile.settings.files[{at}].path"), &file.path);
        problems.text(&field, path, 1..=PATH_LENGTH);
        ascii(&field, path, problems);
        let mut parts = path.split('\\');
        let drive = parts.next().is_some_and(|drive| drive.eq_ignore_ascii_case("C:"));
        let good = |part: &str| {
            !part.is_empty()
                && !part.contains(['"', '*', '/', ':', '<', '>', '?', '|', '%'])
                && !part.ends_with(['.', ' '])
        };
        if !drive || parts.clone().next().is_none() || !parts.all(good) {
            problems.add(field, format!("`{path}` is not a path of a file such as `C:\\tools\\tool.exe`"));
        }
    }
}

/// A command file is read in the code page of the language.
fn ascii(field: &str, text: &str, problems: &mut Problems) {
    if let Some(bad) = text.chars().find(|c| !c.is_ascii()) {
        problems.add(
            field,
            format!("holds `{bad}`; a command file is read in another code page in each language"),
        );
    }
}
