//! Store paths in text, as the guest has them.

use std::{collections::BTreeMap, path::Path};

use crate::nix::store_path::{STORE_DIR, StorePath};

/// Where the guest has what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The letter of the closure.
    store: char,
    /// The guest's places of the derivation's outputs.
    outputs: BTreeMap<StorePath, String>,
}

impl Paths {
    /// The closure by its letter, and outputs, which are elsewhere.
    #[must_use]
    pub fn new(store: char, outputs: BTreeMap<StorePath, String>) -> Self {
        Self { store, outputs }
    }

    /// Every store path in a text, from its beginning to its end, as the guest's; the rest as it is.
    ///
    /// A path begins where a word does, behind an option as in `-I/nix/store/…`, or behind `@`; it ends
    /// before a character that ends a word of a shell, a list or a quotation. Its slashes become
    /// backslashes.
    #[must_use]
    pub fn translate(&self, text: &str) -> String {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(STORE_DIR) {
            let (before, path) = rest.split_at(at);
            done.push_str(before);
            let end = path.find(ends).unwrap_or(path.len());
            let (token, after) = path.split_at(end);
            if let Some(translated) = self.guest_path(token).filter(|_| begins(&done)) {
                done.push_str(&translated);
                rest = after;
            } else {
                let (skipped, after) = path.split_at(STORE_DIR.len());
                done.push_str(skipped);
                rest = after;
            }
        }
        done.push_str(rest);
        done
    }

    /// A whole store path, or what is below one, as the guest has it.
    fn guest_path(&self, path: &str) -> Option<String> {
        let (store_path, below) = StorePath::from_absolute_path_full(path).ok()?;
        let top = match self.outputs.get(&store_path) {
            Some(place) => place.clone(),
            None => format!(r"{}:\{store_path}", self.store),
        };
        let slash = if path.ends_with('/') && below.is_empty() { "\\" } else { "" };
        let below = below.replace('/', "\\");
        Some(if below.is_empty() { format!("{top}{slash}") } else { format!("{top}\\{below}") })
    }
}

/// The name of a file; of a store path without its hash, by which whoever writes it down would refer to it.
#[must_use]
pub fn name_of(file: &Path) -> String {
    let text = file.to_string_lossy();
    match StorePath::from_absolute_path_full(&text) {
        Ok((store_path, "")) => store_path.name().to_owned(),
        _ => file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

/// Whether a path may begin behind this text.
fn begins(before: &str) -> bool {
    let goes_on = |character| ends(character) && !['%', '$', '}', ')', ']'].contains(&character);
    let start = before
        .rfind(goes_on)
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8));
    let (outside, word) = before.split_at(start);
    if let Some(drive) = outside.strip_suffix(':').filter(|_| word.is_empty()) {
        // `C:/nix/store` is a place of the guest's.
        let mut letters = drive.chars().rev();
        let letter = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
        return !letter || letters.next().is_some_and(|before| !ends(before));
    }
    word.is_empty() || word == "@" || word.starts_with('-') && !word.contains('/')
}

fn ends(character: char) -> bool {
    character.is_whitespace() || character.is_control() || r#""'`;:,|<>&()[]{}=*?!%$^\"#.contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello-1.0";
    const B: &str = "/nix/store/zyxwvsrqpnmlkjihgfdcba9876543210-out";

    fn translate(text: &str) -> String {
        let out = StorePath::from_absolute_path(B.as_bytes()).unwrap();
        Paths::new('S', BTreeMap::from([(out, r"X:\out\out".to_owned())])).translate(text)
    }

    #[test]
    fn whole_paths_are_translated_wherever_they_stand() {
        let a = r"S:\0123456789abcdfghijklmnpqrsvwxyz-hello-1.0";
        assert_eq!(translate(A), a);
        assert_eq!(translate(&format!("{A}/bin/x y")), format!(r"{a}\bin\x y"));
        assert_eq!(translate(&format!("{A}/ {A}")), format!(r"{a}\ {a}"));
        assert_eq!(translate(&format!("a={A}/b;{A}/c:\"{A}\",(é{{")), format!(r#"a={a}\b;{a}\c:"{a}",(é{{"#));
        assert_eq!(translate(&format!("copy {A}/f {B}/g&dir")), format!(r"copy {a}\f X:\out\out\g&dir"));
        assert_eq!(translate(&format!("-I{A}/include @{A}/r")), format!(r"-I{a}\include @{a}\r"));
        assert_eq!(translate(&format!("ab:{A}/bin:{A}")), format!(r"ab:{a}\bin:{a}"));
    }

    #[test]
    fn what_is_no_store_path_of_its_own_stays() {
        for text in [
            "/nix/store",
            "/nix/store/short-x",
            "/nix/store/.links/x",
            "/nix/storehouse/x",
            &format!("/mnt{A}/x"),
            &format!("%root%{A}"),
            &format!("file://{A}"),
            &format!("word{A}"),
            &format!("C:{A}"),
            &format!(" d:{A}"),
        ] {
            assert_eq!(translate(text), text);
        }
    }
}
