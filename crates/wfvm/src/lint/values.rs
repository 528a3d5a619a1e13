//! Values: types, words, lengths.

use super::{
    Findings,
    rule::rules,
    tree::{Node, raw_text},
};
use crate::answer_schema::{Kind, Setting};

rules! {
    EMPTY_VALUE = Error "empty-value" "L24" {
        says: "A setting is empty that must not be.",
        consequence: "The answer file is refused, or the pass fails.",
        advice: "Give it a value, or remove the element.",
        source: "unattend reference: \"does not support empty elements\"",
        basis: Documented, needs: File,
    }
    NOT_A_BOOLEAN = Error "not-a-boolean" "L26" {
        says: "A setting is neither `true` nor `false`.",
        consequence: "The answer file is refused, or the pass fails.",
        advice: "Write `true` or `false` in small letters.",
        source: "unattend reference, the settings' values",
        basis: Documented, needs: File,
    }
    NUMERIC_BOOLEAN = Note "numeric-boolean" "L26" {
        says: "`0` or `1` stands where the reference has `false` and `true`.",
        consequence: "XML's type of truth values has these two as well; the reference shows only the words.",
        advice: "Write `true` or `false`.",
        source: "XML Schema, boolean; unattend reference",
        basis: Inferred, needs: File,
    }
    NOT_A_NUMBER = Error "not-a-number" "L27" {
        says: "A setting is not a whole number.",
        consequence: "The answer file is refused, or the pass fails.",
        advice: "Write digits, without unit and without point.",
        source: "unattend reference, the settings' values",
        basis: Documented, needs: File,
    }
    NOT_ONE_OF = Error "not-one-of" "L27" {
        says: "A setting is none of the words that it can have.",
        consequence: "The answer file is refused, or the pass fails.",
        advice: "Write one of the words of the reference; case counts.",
        source: "unattend reference, the settings' values",
        basis: Documented, needs: File,
    }
    IMAGE_KEY = Error "image-key" "L50" {
        says: "`MetaData/Key` is none of the three by which an image is selected.",
        consequence: "Setup does not find an image: \"could not apply the … <ImageInstall> setting\", or the page that lists the images.",
        advice: "Write `/IMAGE/INDEX`, `/IMAGE/NAME` or `/IMAGE/DESCRIPTION`.",
        source: "unattend reference, InstallFrom/MetaData/Key",
        basis: Documented, needs: File,
    }
    PATH_TOO_LONG = Error "path-too-long" "L19" {
        says: "A command of specialize or auditUser has more than 259 characters.",
        consequence: "The pass fails, in specialize at each restart: \"the computer restarted unexpectedly\", for ever.",
        advice: "Put the command into a script and call that. Blanks and line breaks count.",
        source: "unattend reference, Deployment, RunSynchronousCommand/Path; cschneegans/unattend-generator issue 6",
        basis: Documented, needs: File,
    }
    PE_PATH_TOO_LONG = Warning "pe-path-too-long" "L20" {
        says: "A command of windowsPE has more than 259 characters.",
        consequence: "The reference gives no limit for this one; published tools keep to that of specialize.",
        advice: "Put the command into a script and call that.",
        source: "cschneegans/unattend-generator",
        basis: Reported, needs: File,
    }
    COMMAND_LINE_TOO_LONG = Error "command-line-too-long" "L21" {
        says: "A command of the first or of every logon has more than 1024 characters.",
        consequence: "The pass oobeSystem fails.",
        advice: "Put the command into a script and call that.",
        source: "unattend reference, SynchronousCommand/CommandLine",
        basis: Documented, needs: File,
    }
    DESCRIPTION_TOO_LONG = Error "description-too-long" "L22" {
        says: "A command's description is longer than Windows takes.",
        consequence: "The pass fails.",
        advice: "Shorten it; nobody sees more than a few words of it.",
        source: "unattend reference, Description: 259 characters in Deployment, 256 in Shell-Setup",
        basis: Documented, needs: File,
    }
    VALUE_TOO_LONG = Error "value-too-long" "L24" {
        says: "A value is longer than the reference allows.",
        consequence: "The answer file is refused, or the pass fails.",
        advice: "Shorten it.",
        source: "unattend reference, the settings' values",
        basis: Documented, needs: File,
    }
    LINE_BREAK_IN_COMMAND = Error "line-break-in-command" "L23" {
        says: "A command has a line break in it.",
        consequence: "What stands behind it is not run, and the blanks count towards the greatest length.",
        advice: "Write the command on one line.",
        source: "cschneegans/unattend-generator issue 6",
        basis: Reported, needs: File,
    }
    BLANKS_AROUND = Warning "blanks-around-value" {
        says: "A value has blanks or line breaks around it.",
        consequence: "They belong to the text of the setting: a name or a key with them is another one, and in a command they count towards the greatest length.",
        advice: "Write the value without blanks: programs that indent XML anew put them there.",
        source: "XML 1.0, section 2.10: blanks are handed on",
        basis: Inferred, needs: File,
    }
}

pub(super) fn check(node: Node, setting: &Setting, path: &str, findings: &mut Findings) {
    if setting.kind.is_container() || setting.kind == Kind::Anything {
        return;
    }
    let raw = raw_text(node);
    let text = raw.trim();
    if raw.is_empty() || text.is_empty() && !setting.may_be_empty {
        if !setting.may_be_empty {
            findings.add(&EMPTY_VALUE, node, format!("{path} is empty"));
        }
        return;
    }
    if is_command(path) && text.contains(['\n', '\r']) {
        findings.add(&LINE_BREAK_IN_COMMAND, node, format!("{path} has a line break"));
    } else if text.len() != raw.len() && !path.ends_with("Description") {
        findings.add(&BLANKS_AROUND, node, format!("{path} has blanks around its value"));
    }
    typed(node, setting, path, text, findings);
    length(node, setting, path, &raw, findings);
}

fn is_command(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next();
    parts.next().is_some_and(|parent| parent.ends_with("Command"))
        && matches!(name, Some("Path" | "CommandLine"))
}

fn typed(node: Node, setting: &Setting, path: &str, text: &str, findings: &mut Findings) {
    match &setting.kind {
        Kind::Boolean => match text {
            "true" | "false" => {}
            "0" | "1" => {
                let word = if text == "1" { "true" } else { "false" };
                findings.add(
                    &NUMERIC_BOOLEAN,
                    node,
                    format!("{path} is `{text}`, which stands for `{word}`"),
                );
            }
            _ => findings.add(&NOT_A_BOOLEAN, node, format!("{path} is `{}`", short(text))),
        },
        Kind::Integer => {
            if text.parse::<i64>().is_err() && !is_hexadecimal(text) {
                findings.add(&NOT_A_NUMBER, node, format!("{path} is `{}`", short(text)));
            }
        }
        Kind::OneOf(words) => {
            if !words.contains(&text) {
                let rule = if path.ends_with("MetaData/Key") { &IMAGE_KEY } else { &NOT_ONE_OF };
                let hint = match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
                    Some(word) => format!("write `{word}`, in these letters"),
                    None => format!("it can be {}", words.join(", ")),
                };
                findings.add_with_hint(rule, node, format!("{path} is `{}`", short(text)), hint);
            }
        }
        Kind::Section | Kind::ListItem | Kind::TextItem | Kind::Text | Kind::Anything => {}
    }
}

/// `WindowColor` and others are written like this in the reference's examples.
fn is_hexadecimal(text: &str) -> bool {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What Windows PE's commands are held to, though no page says so.
const PE_PATH_LENGTH: usize = 259;

fn length(node: Node, setting: &Setting, path: &str, raw: &str, findings: &mut Findings) {
    let units = raw.encode_utf16().count();
    if path == "ComputerName" {
        // Counted in bytes, with the other rules of names.
        return;
    }
    if let Some(greatest) = setting.greatest_length {
        if units <= greatest {
            return;
        }
        let rule = match path.rsplit('/').next() {
            Some("Path") if is_command(path) => &PATH_TOO_LONG,
            Some("CommandLine") if is_command(path) => &COMMAND_LINE_TOO_LONG,
            Some("Description") if path.contains("Command/") => &DESCRIPTION_TOO_LONG,
            _ => &VALUE_TOO_LONG,
        };
        findings.add(rule, node, format!("{path} has {units} characters; {greatest} are allowed"));
    } else if is_command(path) && units > PE_PATH_LENGTH {
        findings.add(&PE_PATH_TOO_LONG, node, format!("{path} has {units} characters"));
    }
}

/// A value as far as a message needs it.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
