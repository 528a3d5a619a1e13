//! The author's bash on the host: one shell for before and after the guest, as in vmTools.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, ChildStdin},
};

use super::LinuxError;
use crate::{
    spec::Linux,
    tool::{KillGroup, Tool, status_in_words},
};

const SHELL: &str = include_str!("hooks.sh");
/// What a shell may tell; a command line of the kernel's is no longer.
const LONGEST_ANSWER: usize = 2 << 20;

/// What `preVM` left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// `diskImage`; empty is none.
    pub(super) disk_image: Option<PathBuf>,
    /// The words of `QEMU_OPTS`.
    pub(super) options: Vec<String>,
}

/// The shell in its pause.
#[derive(Debug)]
pub(super) struct Hooks {
    child: Child,
    go_on: ChildStdin,
    _rest: KillGroup,
}

impl Hooks {
    /// Runs `preVM`.
    pub(super) async fn begin(
        spec: &Linux,
        disk_image: Option<&Path>,
        exchange: &Path,
        scratch: &Path,
    ) -> Result<(Self, Answer), LinuxError> {
        for (name, text) in [("hooks", SHELL), ("preVM", &spec.pre_vm), ("postVM", &spec.post_vm)] {
            fs_err::write(scratch.join(name), text)?;
        }
        let mut programs = OsString::new();
        for directory in &spec.search_path {
            if !programs.is_empty() {
                programs.push(":");
            }
            programs.push(directory);
        }
        let bash = spec.tools.bash.as_deref().unwrap_or(Path::new("bash"));
        let mut tool = Tool::new(bash)
            .words(["--noprofile", "--norc"])
            .words([scratch.join("hooks").as_path(), scratch, exchange])
            .words([&programs])
            .variable("wfvmQemuOptions", &spec.qemu_options);
        if let Some(disk) = disk_image {
            tool = tool.variable("wfvmDiskImage", disk);
        }
        let mut child = tool.spawn(Stdio::piped(), Stdio::piped(), Stdio::inherit())?;
        let rest = KillGroup::of(&child);
        let (Some(go_on), Some(mut said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(LinuxError::Hook { name: "preVM", how: "it has no pipes".into() });
        };
        let mut answer = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            let length = said.read(&mut piece).await?;
            answer.extend(piece.get(..length).unwrap_or_default());
            if let Some(answer) = read(&answer) {
                return Ok((Self { child, go_on, _rest: rest }, answer));
            }
            if length == 0 || answer.len() > LONGEST_ANSWER {
                let status = child.wait().await?;
                return Err(ended("preVM", status));
            }
        }
    }

    /// Runs `postVM`.
    pub(super) async fn end(mut self) -> Result<(), LinuxError> {
        // A shell that is gone says so by its status.
        let _ = self.go_on.write_all(b"go on\n").await;
        drop(self.go_on);
        let status = self.child.wait().await?;
        if status.success() { Ok(()) } else { Err(ended("postVM", status)) }
    }
}

fn ended(name: &'static str, status: ExitStatus) -> LinuxError {
    LinuxError::Hook { name, how: format!("ended with {}", status_in_words(status)) }
}

/// Number, disk, words; `None` until all are there.
fn read(bytes: &[u8]) -> Option<Answer> {
    let mut parts = bytes.split(|byte| *byte == 0);
    let count: usize = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
    let parts: Vec<String> = parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    // What follows the last zero byte is no part.
    if parts.len() <= count {
        return None;
    }
    let (disk, options) = parts.get(..count)?.split_first()?;
    let disk_image = (!disk.is_empty()).then(|| PathBuf::from(disk));
    Some(Answer { disk_image, options: options.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let whole = b"3\0disk.qcow2\0-m\0a b\0";
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "{length}");
        }
        let options = vec!["-m".to_owned(), "a b".to_owned()];
        assert_eq!(read(whole), Some(Answer { disk_image: Some("disk.qcow2".into()), options }));
        assert_eq!(read(b"1\0\0"), Some(Answer { disk_image: None, options: Vec::new() }));
    }
}
