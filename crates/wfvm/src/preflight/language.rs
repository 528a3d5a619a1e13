//! Languages and keyboards: what Setup and the image have, and what Microsoft lists.

use super::Finding;
use crate::answer_schema::locales;
use crate::spec::Install;
use crate::windows_iso::{Image, WindowsIso};

pub(super) fn findings(spec: &Install, iso: &WindowsIso, image: &Image) -> Vec<Finding> {
    let missing = missing(spec, iso, image);
    // What is refused needs no doubt besides.
    let doubted = unlisted(spec)
        .into_iter()
        .filter(|doubt| missing.as_ref().is_none_or(|missing| missing.field != doubt.field));
    missing.iter().cloned().chain(doubted).collect()
}

fn missing(spec: &Install, iso: &WindowsIso, image: &Image) -> Option<Finding> {
    let wanted = &spec.answer_file.ui_language;
    let missing = |list: &[String]| {
        !list.is_empty() && !list.iter().any(|language| language.eq_ignore_ascii_case(wanted))
    };
    let (list, place) = if missing(&iso.languages) {
        (&iso.languages, "the medium's Setup")
    } else if missing(&image.languages) {
        (&image.languages, "the image")
    } else {
        return None;
    };
    Some(Finding::refusal(
        "answerFile.uiLanguage",
        wanted,
        format!("{place} has no language `{wanted}`, and Setup would ask for one"),
        format!("it has {}", list.join(", ")),
    ))
}

/// The lists are of 2017, so that what they lack may be new.
fn unlisted(spec: &Install) -> Vec<Finding> {
    let answers = &spec.answer_file;
    let tags = [
        ("answerFile.uiLanguage", &answers.ui_language),
        ("answerFile.userLocale", &answers.user_locale),
        ("answerFile.systemLocale", &answers.system_locale),
    ];
    let keyboards = answers.input_locale.split(';');
    tags.into_iter()
        .filter_map(|(field, tag)| tag_unlisted(field, tag))
        .chain(keyboards.filter_map(|keyboard| match keyboard.split_once(':') {
            Some((_, layout)) => keyboard_unlisted(layout),
            None => tag_unlisted("answerFile.inputLocale", keyboard),
        }))
        .collect()
}

/// A tag that is none is refused elsewhere.
fn tag_unlisted(field: &str, tag: &str) -> Option<Finding> {
    let has_region = tag.contains('-');
    (has_region && !locales::is_listed(tag)).then(|| {
        let others: Vec<&str> = locales::of_the_same_language(tag).collect();
        Finding::warning(
            field,
            tag,
            format!("`{tag}` is none of the languages that Microsoft listed in 2017"),
            if others.is_empty() {
                String::new()
            } else {
                format!("of this language it has {}", others.join(", "))
            },
        )
    })
}

fn keyboard_unlisted(layout: &str) -> Option<Finding> {
    (layout.len() == 8 && !locales::is_listed_keyboard(layout)).then(|| {
        Finding::warning(
            "answerFile.inputLocale",
            layout,
            format!("`{layout}` is none of the keyboards that Microsoft listed in 2017"),
            "a language tag stands for its usual keyboard".into(),
        )
    })
}
