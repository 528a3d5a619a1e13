//! Which files are executable, and how much may come out.

use crate::{exchange::fold, session};

/// Files with these endings are programs for Windows.
const PROGRAMS: [&str; 7] = ["EXE", "DLL", "COM", "BAT", "CMD", "PS1", "SH"];
/// A script for Linux begins like this.
const SCRIPT: &[u8] = b"#!";
/// Any number of directories.
const ANY: &str = "**";

/// What holds of outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Patterns of the files that are executable, and no others are: relative to the output, with
    /// `/` between the names, without regard to case. `*`, `?` and `[a-z]` stand for parts of a
    /// name, `**` for any number of directories. A file that is the output itself has its
    /// store path's name. Without patterns the file's own name and beginning tell.
    pub executables: Option<Vec<String>>,
    /// How much an output may have.
    pub limits: OutputLimits,
}

/// How much an output may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimits {
    /// Bytes of all files, where a hole counts like what is written.
    pub bytes: u64,
    /// Files, directories and links.
    pub entries: usize,
    /// Names in the path of one of them.
    pub depth: usize,
}

impl Default for OutputLimits {
    /// 64 GiB, 524,288 entries, 128 names.
    fn default() -> Self {
        Self { bytes: 64 << 30, entries: 1 << 19, depth: 128 }
    }
}

impl Rules {
    /// Whether a file is executable, by its path and its first bytes.
    pub(super) fn is_executable(&self, path: &str, beginning: &[u8]) -> bool {
        if let Some(patterns) = &self.executables {
            let path = fold(path);
            let names: Vec<&str> = path.split('/').collect();
            return patterns.iter().any(|pattern| {
                let pattern = fold(pattern);
                let parts: Vec<&str> = pattern.split('/').collect();
                matches(&parts, &names)
            });
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_uppercase());
        beginning.starts_with(SCRIPT) || ending.is_some_and(|ending| PROGRAMS.contains(&ending.as_str()))
    }
}

fn matches(mut pattern: &[&str], mut names: &[&str]) -> bool {
    // As with `*` in one name, only the last `**` need be tried again.
    let mut again: Option<(&[&str], &[&str])> = None;
    loop {
        match (pattern, names) {
            ([ANY, rest @ ..], _) => {
                again = Some((rest, names));
                pattern = rest;
                continue;
            }
            ([part, rest @ ..], [name, others @ ..]) if session::matches(part, name) => {
                (pattern, names) = (rest, others);
                continue;
            }
            ([], []) => return true,
            _ => {}
        }
        match again {
            Some((rest, [_, others @ ..])) => {
                again = Some((rest, others));
                (pattern, names) = (rest, others);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_scripts_are_executable_by_themselves() {
        let rules = Rules::default();
        for path in ["a.exe", "bin/A.DLL", "x.y.Cmd", "run.ps1", "configure.sh", "a.com", "a.bat"] {
            assert!(rules.is_executable(path, b"MZ"), "{path}");
        }
        assert!(rules.is_executable("bin/configure", b"#!/bin/sh"));
        for path in ["a.txt", "exe", "bin.exe/data", "a.exe.manifest", ""] {
            assert!(!rules.is_executable(path, b"MZ"), "{path}");
        }
    }

    #[test]
    fn patterns_decide_alone() {
        let rules = |patterns: &[&str]| Rules {
            executables: Some(patterns.iter().map(ToString::to_string).collect()),
            ..Rules::default()
        };
        let some = rules(&["bin/*.exe", "**/Tool?", "lib/**/x.so"]);
        for path in ["bin/a.EXE", "Bin/B.exe", "tool1", "a/b/TOOLS", "lib/x.so", "lib/a/b/x.so"] {
            assert!(some.is_executable(path, b""), "{path}");
        }
        for path in ["a.exe", "bin/x/a.exe", "tool", "a/lib/x.so", "lib/x.so/y"] {
            assert!(!some.is_executable(path, b"#!/bin/sh"), "{path}");
        }
        assert!(!rules(&[]).is_executable("a.exe", b"#!"));
        assert!(rules(&["**"]).is_executable("a/b/c", b""));
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let rules = Rules { executables: Some(vec!["**/a/".repeat(40) + "b"]), ..Rules::default() };
        assert!(!rules.is_executable(&"a/".repeat(120), b""));
    }
}
