//! What the host and the guest tell each other: the order, and the lines that answer it.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// The exchange directory's mount tag, its name on the host and where the guest has it, as vmTools does.
pub(super) const EXCHANGE: &str = "xchg";
/// The store's mount tag.
pub(super) const STORE: &str = "store";
/// In the exchange directory, read by the guest once and then removed.
pub(super) const ORDER_FILE: &str = ".order.json";
/// In the exchange directory: `NAME=VALUE`, each ended by a zero byte.
pub(super) const ENVIRONMENT_FILE: &str = ".environment";
/// In the exchange directory: names of files in it that the guest has in its build directory, too,
/// because Nix had laid them there: attributes as files, closures' graphs.
pub(super) const LAID_FILE: &str = ".laid";
/// In the exchange directory: the builder's exit code and a newline, as vmTools has it.
pub(super) const EXIT_FILE: &str = "in-vm-exit";
/// The port of the builder's output.
pub(super) const OUTPUT_PORT: &str = "wfvm.output";
/// The port of the lines that are read here.
pub(super) const CONTROL_PORT: &str = "wfvm.control";
/// What the guest calls the top of the build, as vmTools does.
pub(super) const BUILD_TOP: &str = "/tmp";
/// The longest line that the guest may send.
pub(super) const LONGEST_LINE: usize = 4096;

/// What the guest is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// Comes back with the exit code, so that nothing else passes for it.
    pub(super) nonce: String,
    pub(super) builder: String,
    pub(super) args: Vec<String>,
    pub(super) interactive: bool,
    pub(super) modprobe: Option<PathBuf>,
    pub(super) shell: PathBuf,
    pub(super) store_directory: PathBuf,
    pub(super) root_device: Option<String>,
}

/// What the guest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// The builder was started.
    Started,
    /// The builder could not be started, and why.
    NoBuilder(String),
    /// The guest could not come so far, and why.
    Failed(String),
    /// The builder ended with a code; a signal is 128 and its number.
    Exit { code: i32, nonce: String },
}

impl Word {
    /// The line, with its end.
    pub(super) fn line(&self) -> String {
        let one_line = |text: &str| {
            let flat = text.replace(['\n', '\r'], " ");
            flat.chars().take(LONGEST_LINE / 8).collect::<String>()
        };
        match self {
            Self::Started => "started\n".into(),
            Self::NoBuilder(why) => format!("no-builder {}\n", one_line(why)),
            Self::Failed(why) => format!("failed {}\n", one_line(why)),
            Self::Exit { code, nonce } => format!("exit {code} {nonce}\n"),
        }
    }

    /// Reads a line; what is none of these says nothing.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        match word {
            "started" => Some(Self::Started),
            "no-builder" => Some(Self::NoBuilder(rest.to_owned())),
            "failed" => Some(Self::Failed(rest.to_owned())),
            "exit" => {
                let (code, nonce) = rest.split_once(' ')?;
                Some(Self::Exit { code: code.parse().ok()?, nonce: nonce.to_owned() })
            }
            _ => None,
        }
    }
}

/// Variables as they go to the guest: a value that is the build's top or lies below it is what the
/// guest calls so, since the build directory is a file system of the guest's own.
pub(super) fn environment_of_guest(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    host_top: &Path,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in variables {
        let value = moved(&value, host_top);
        bytes.extend(name.as_bytes());
        bytes.push(b'=');
        bytes.extend(value.as_bytes());
        bytes.push(0);
    }
    bytes
}

fn moved(value: &OsStr, host_top: &Path) -> OsString {
    match Path::new(value).strip_prefix(host_top) {
        Ok(below) if below.as_os_str().is_empty() => BUILD_TOP.into(),
        Ok(below) => Path::new(BUILD_TOP).join(below).into(),
        Err(_) => value.to_owned(),
    }
}

/// The other direction of [`environment_of_guest`].
pub(super) fn variables(bytes: &[u8]) -> Vec<(OsString, OsString)> {
    let one = |entry: &[u8]| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (entry.get(..at)?, entry.get(at + 1..)?);
        (!name.is_empty()).then(|| (OsString::from_vec(name.into()), OsString::from_vec(value.into())))
    };
    bytes.split(|byte| *byte == 0).filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_from_its_line() {
        for word in [
            Word::Started,
            Word::NoBuilder("/x: No such file".into()),
            Word::Failed("mount: a b".into()),
            Word::Exit { code: 255, nonce: "abc".into() },
        ] {
            assert_eq!(Word::parse(&word.line()), Some(word));
        }
    }

    #[test]
    fn a_reason_of_many_lines_is_one_line_of_bounded_length() {
        let line = Word::Failed(format!("a\nb{}", "x".repeat(LONGEST_LINE))).line();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.len() < LONGEST_LINE, "{}", line.len());
    }

    #[test]
    fn lines_that_nobody_wrote_say_nothing() {
        for line in ["", "exit", "exit x y", "exit 1", "Started", "\u{fffd}"] {
            assert_eq!(Word::parse(line), None, "{line}");
        }
    }

    #[test]
    fn the_top_of_the_build_has_the_guests_name_and_other_values_stay() {
        let set = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let given = [
            set("NIX_BUILD_TOP", "/build"),
            set("textPath", "/build/.attr-0"),
            set("other", "/builder"),
            set("text", "a=b\nc"),
            set("empty", ""),
        ];
        let found = variables(&environment_of_guest(given, Path::new("/build")));
        let wanted = [
            set("NIX_BUILD_TOP", "/tmp"),
            set("textPath", "/tmp/.attr-0"),
            set("other", "/builder"),
            set("text", "a=b\nc"),
            set("empty", ""),
        ];
        assert_eq!(found, wanted);
    }
}
