//! Key, languages, time zone, commands.

use super::Problems;
use crate::answer_schema::{
    is_product_key,
    locales::{is_keyboard, is_language_tag},
    time_zones,
};
use crate::spec::AnswerFile;

/// `RunSynchronous` counts to 500; the first two and the last are our own.
const COMMANDS: usize = 497;
/// `Path` and `Description` of a command.
const COMMAND_LENGTH: usize = 259;

pub(super) fn check(answers: &AnswerFile, problems: &mut Problems) {
    problems.text("answerFile.fullName", &answers.full_name, 1..=63);
    problems.text("answerFile.organization", &answers.organization, 1..=63);
    if let Some(key) = answers.product_key.as_ref().filter(|key| !is_product_key(key)) {
        problems.add(
            "answerFile.productKey",
            format!("`{key}` is not five groups of five letters or digits, joined by `-`"),
        );
    }
    let tags = [
        ("answerFile.uiLanguage", &answers.ui_language),
        ("answerFile.userLocale", &answers.user_locale),
        ("answerFile.systemLocale", &answers.system_locale),
    ];
    for (field, tag) in tags {
        if !is_language_tag(tag) {
            problems.add(field, format!("`{tag}` is not a language tag such as `en-US`"));
        }
    }
    if !answers.input_locale.split(';').all(is_keyboard) {
        problems.add(
            "answerFile.inputLocale",
            format!(
                "`{}` is neither a language tag nor a keyboard such as `0409:00000409`; several are joined by `;`",
                answers.input_locale
            ),
        );
    }
    if !time_zones::is_known(&answers.time_zone) {
        let hint = time_zones::similar(&answers.time_zone).map_or_else(
            || "such as `W. Europe Standard Time`".into(),
            |name| format!("; did you mean `{name}`?"),
        );
        problems.add(
            "answerFile.timeZone",
            format!(
                "`{}` is not a time zone of Windows{}{hint}",
                answers.time_zone,
                if hint.starts_with(';') { "" } else { " " }
            ),
        );
    }
    commands(answers, problems);
    for (at, path) in answers.driver_paths.iter().enumerate() {
        problems.text(&format!("answerFile.driverPaths[{at}]"), path, 1..=COMMAND_LENGTH);
    }
}

fn commands(answers: &AnswerFile, problems: &mut Problems) {
    let commands = &answers.specialize_commands;
    if commands.len() > COMMANDS {
        problems.add(
            "answerFile.specializeCommands",
            format!("has {} commands; Setup runs up to {COMMANDS}", commands.len()),
        );
    }
    for (at, command) in commands.iter().enumerate() {
        let field = format!("answerFile.specializeCommands[{at}]");
        problems.text(&format!("{field}.path"), &command.path, 1..=COMMAND_LENGTH);
        if let Some(description) = &command.description {
            problems.text(&format!("{field}.description"), description, 1..=COMMAND_LENGTH);
        }
    }
}
