//! What a report must not have: secrets, and who and where its author is.

use std::path::Path;

use crate::preflight::Finding;

/// Texts that are replaced wherever they stand.
#[derive(Debug, Clone, Default)]
pub struct Hidden {
    /// Secrets and places: any occurrence.
    texts: Vec<(String, String)>,
    /// Names: only where they are words of their own, since `ann` is a part of `channel`.
    words: Vec<(String, &'static str)>,
}

/// What this machine is called.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Names that say nothing of anybody, and are words of many messages.
const NOBODYS: [&str; 6] = ["root", "user", "localhost", "vm", "wfvm", "nixos"];

impl Hidden {
    /// Replaces a secret.
    pub fn secret(&mut self, secret: &str) {
        self.add_text(secret, "SECRET");
    }

    /// Replaces a path by a word for it.
    pub fn place(&mut self, place: &Path, by: &str) {
        // The root directory is everybody's.
        if place.components().count() > 1 {
            self.add_text(&place.to_string_lossy(), by);
        }
    }

    /// Replaces a name of a person or a machine.
    pub fn name(&mut self, name: &str, by: &'static str) {
        if name.chars().count() > 1 && !NOBODYS.contains(&name) {
            self.words.push((name.into(), by));
            self.words.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
    }

    fn add_text(&mut self, text: &str, by: &str) {
        if !text.is_empty() {
            self.texts.push((text.into(), by.into()));
            // What has another one in it goes first, or its rest would stay.
            self.texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
    }

    /// A text without them.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (hidden, by) in &self.texts {
            text = text.replace(hidden, by);
        }
        for (word, by) in &self.words {
            text = without_word(&text, word, by);
        }
        text
    }

    pub(super) fn finding(&self, finding: Finding) -> Finding {
        Finding {
            value: self.text(&finding.value),
            problem: self.text(&finding.problem),
            advice: self.text(&finding.advice),
            ..finding
        }
    }
}

fn without_word(text: &str, word: &str, by: &str) -> String {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        let begins = !before.chars().next_back().or_else(|| told.chars().next_back()).is_some_and(of_word);
        let ends = !after.chars().next().is_some_and(of_word);
        told.push_str(before);
        told.push_str(if begins && ends { by } else { word });
        rest = after;
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_places_go_wherever_they_stand_and_names_where_they_are_words() {
        let mut hidden = Hidden::default();
        hidden.secret("geheim");
        hidden.place(Path::new("/home/ann"), "~");
        hidden.place(Path::new("/home/ann/tmp/x"), "DIRECTORY");
        hidden.place(Path::new("/"), "never");
        hidden.name("ann", "USER");
        hidden.name("ann-desk", "HOST");
        hidden.name("root", "never");
        hidden.name("", "never");
        for (text, told) in [
            ("-geheim-", "-SECRET-"),
            ("/home/ann/tmp/x/disk: full", "DIRECTORY/disk: full"),
            ("/home/ann/tmp/y of ann", "~/tmp/y of USER"),
            ("the channel of ann.", "the channel of USER."),
            ("annann ann", "annann USER"),
            ("ann-desk.local", "HOST.local"),
            ("/root of root", "/root of root"),
            ("größe ann", "größe USER"),
            ("", ""),
        ] {
            assert_eq!(hidden.text(text), told);
        }
    }
}
