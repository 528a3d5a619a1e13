//! Reads the page that a guest stands still at. Setup tells a person on the
//! screen what is wrong and waits for ever; the picture is all that leaves the machine.

use std::{
    collections::HashSet,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{qmp::Qmp, tool::Tool};

/// How long reading a picture may take on a loaded host.
const READING: Duration = Duration::from_secs(60);

/// A page that never goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// What the page means.
    pub meaning: &'static str,
    /// Its text, as far as it could be read.
    pub text: String,
}

impl fmt::Display for Recognised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(formatter, "Setup waits at a page: {}; the screen reads “{text}”", self.meaning)
    }
}

/// Words of a page, in Setup's English, and what it means. Each is the longest run of
/// words that the documented text has in all releases.
const PAGES: &[(&str, &str)] = &[
    ("could not parse or process", "the answer file was refused"),
    ("answer file is invalid", "the answer file was refused"),
    ("contains an invalid product key", "the product key is malformed or of no edition of the medium"),
    ("unattend answer file", "a setting of the answer file could not be applied"),
    ("internal error while loading or searching", "the answer file could not be read"),
    ("product key entered does not match", "the product key is of another edition than the image"),
    ("failed to validate the product key", "the product key is malformed or of another edition"),
    ("restarted unexpectedly", "a configuration pass after the first restart failed"),
    ("installation cannot proceed", "Windows cannot be installed"),
    ("can't run Windows", "the machine lacks what this Windows demands"),
    ("can't currently run Windows", "the machine lacks what this Windows demands"),
    ("media driver your computer needs is missing", "Setup has no driver for the disk"),
    ("no drives were found", "Setup has no driver for the disk"),
    ("Where do you want to install", "the answer file names no disk to install to"),
    ("Select the operating system you want to install", "the answer file names no image that the medium has"),
    ("license terms", "the answer file does not accept the licence"),
    ("Enter the product key", "the answer file gives no product key"),
    ("Language to install", "no answer file was found, or its language is not on the medium"),
    ("Something went wrong", "the oobeSystem pass failed"),
    ("ran into a problem and needs to restart", "Windows crashed"),
];

/// Takes pictures of the screen and reads them.
#[derive(Debug)]
pub struct PageReader {
    tesseract: PathBuf,
    screens: PathBuf,
    seen: HashSet<u64>,
}

impl PageReader {
    /// A reader that keeps each new picture in the directory `screens`.
    #[must_use]
    pub fn new(tesseract: &Path, screens: &Path) -> Self {
        Self { tesseract: tesseract.into(), screens: screens.into(), seen: HashSet::new() }
    }

    /// The page on the screen, if it is one that waits for a person. A picture that was
    /// read before is not read again.
    pub(super) async fn look(&mut self, qmp: &Qmp) -> Option<Recognised> {
        let file = self.screens.join(format!("{:04}.png", self.seen.len()));
        qmp.screenshot(&file).await.ok()?;
        let picture = fs_err::read(&file).ok()?;
        let mut hasher = DefaultHasher::new();
        picture.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return None;
        }
        let text = read(&self.tesseract, &file).await?;
        recognise(&text)
    }
}

/// The text of a picture, by `tesseract`.
pub async fn read(tesseract: &Path, picture: &Path) -> Option<String> {
    // Page segmentation 6: one block of text, which is what a console and a dialog are.
    // A screen says nothing about its resolution; 96 dpi would be taken for a blurred scan.
    let tool = Tool::new(tesseract)
        .words([picture.as_os_str(), "stdout".as_ref()])
        .words(["--psm", "6", "--dpi", "300"])
        .variable("OMP_THREAD_LIMIT", "1");
    let text = tool.run(READING).await.ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn recognise(text: &str) -> Option<Recognised> {
    // Recognition loses spaces and case more easily than letters.
    let squeezed = squeeze(text);
    let (_, meaning) = PAGES.iter().find(|(words, _)| squeezed.contains(&squeeze(words)))?;
    Some(Recognised { meaning, text: text.trim().to_owned() })
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_recognised_although_its_spaces_and_lines_were_misread() {
        let page = recognise("Windows could notparse or\nprocess the unattend answer file").unwrap();
        assert_eq!(page.meaning, "the answer file was refused");
    }

    #[test]
    fn a_page_of_an_installation_that_goes_on_is_not_recognised() {
        assert_eq!(recognise("Installing Windows\nGetting files ready (42%)"), None);
    }
}
