//! What a command has left: its exit code and its outputs.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::{Path, PathBuf},
};

use tokio::sync::mpsc;

use super::{
    BuildError, ExitCode,
    derivation::Derivation,
    launcher::{BUILD_DIRECTORY, EXIT, OUT},
};
use crate::{
    boot::Guest,
    exchange::{Kind, Limits, Volume},
    outputs::{self, Placed, Rules},
    progress::Progress,
    session::Output,
    spec::Build,
    wait::{self, Deadline},
};

/// More than a nonce and a number.
const LONGEST_EXIT: u64 = 4096;
/// A write that would lead over FAT's 4 GiB fails as a whole, so that the file ends before.
const LARGE: u64 = (4 << 30) - (64 << 20);

/// Holds the session's exit code against the one that the guest wrote: a server that gives the
/// command a terminal tells 0 whatever happened (`PowerShell/Win32-OpenSSH`, issue 1737).
pub(super) fn confirm(volume: &Volume, nonce: &str, code: ExitCode) -> Result<(), BuildError> {
    let bytes = volume.read(EXIT, LONGEST_EXIT)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    match written(&text, nonce) {
        Some(written) if written == code => Ok(()),
        Some(code) => Err(BuildError::ExitCode { code, room: Vec::new(), large: None }),
        None => Err(BuildError::NoExitCode { text }),
    }
}

/// The code in the file, if it is of this run. cmd.exe writes it as a number with a sign.
fn written(text: &str, nonce: &str) -> Option<ExitCode> {
    let code: i64 = text.strip_prefix(nonce)?.trim().parse().ok()?;
    u32::try_from(code).ok().or_else(|| i32::try_from(code).ok().map(i32::cast_unsigned)).map(ExitCode)
}

/// Puts the outputs that lie on the exchange drive into the store.
pub(super) fn place(
    spec: &Build,
    derivation: &Derivation,
    volume: &Volume,
    streamed: &[String],
    progress: &Progress,
) -> Result<(), BuildError> {
    let outputs: BTreeMap<String, PathBuf> = derivation
        .outputs
        .iter()
        .filter(|(name, _)| !streamed.contains(name))
        .map(|(name, store_path)| (name.clone(), store_path.to_absolute_path().into()))
        .collect();
    if outputs.is_empty() {
        return Ok(());
    }
    tell(&outputs::from_exchange(volume, OUT, &outputs, &rules(spec))?, progress);
    Ok(())
}

/// Puts an output into the store that lies on the guest's system drive.
pub(super) async fn stream(
    spec: &Build,
    derivation: &Derivation,
    guest: &Guest,
    output: &str,
    progress: &Progress,
) -> Result<(), BuildError> {
    let Some(store_path) = derivation.outputs.get(output) else { return Ok(()) };
    let destination = PathBuf::from(store_path.to_absolute_path());
    let command = format!(r"tar -cf - -C {BUILD_DIRECTORY}\{OUT} {output}");
    let (_, no_input) = mpsc::channel(1);
    let (sender, pieces) = mpsc::channel(16);
    let (rules, name) = (rules(spec), output.to_owned());
    let unpacked = tokio::task::spawn_blocking(move || {
        outputs::from_tar(Stream { pieces, piece: Vec::new(), read: 0 }, &name, &destination, &rules)
    });
    let packed = guest.connection.with(async |session| session.run(&command, no_input, sender).await);
    let signs = guest.signs.clone();
    let both = Box::pin(async { tokio::join!(packed, unpacked) });
    // A stream that stands still is a session's own business.
    let never = Deadline::after(0, "timeouts.driveSeconds");
    let (packed, unpacked) = wait::race("the end of an output's stream", both, &signs, never).await?;
    let placed = unpacked.map_err(|error| BuildError::Unpack(error.to_string()))??;
    let code = packed?;
    if code != 0 {
        return Err(BuildError::Pack { output: output.to_owned(), code: ExitCode(code) });
    }
    tell(&placed, progress);
    Ok(())
}

/// What is left of the exchange drive, and a file that may have wanted to be larger than FAT lets it be,
/// if the drive can be read.
pub(super) fn circumstances(exchange: &Path) -> (Option<u64>, Option<(String, u64)>) {
    let Ok(volume) = Volume::open(exchange) else { return (None, None) };
    let walk = volume.walk(OUT, Limits { entries: 1 << 16, depth: 128 }).ok().flatten();
    let sizes = walk.into_iter().flatten().filter_map(Result::ok).filter_map(|entry| match entry.kind() {
        Kind::File { bytes } if bytes >= LARGE => Some((entry.path(), bytes)),
        Kind::File { .. } | Kind::Directory => None,
    });
    (volume.room().ok().map(|room| room.free), sizes.max_by_key(|(_, bytes)| *bytes))
}

fn rules(spec: &Build) -> Rules {
    Rules { executables: spec.executables.clone(), ..Rules::default() }
}

fn tell(placed: &Placed, progress: &Progress) {
    for warning in &placed.warnings {
        progress.warning(&warning.to_string());
    }
    if placed.more_warnings > 0 {
        progress.warning(&format!("{} more like these", placed.more_warnings));
    }
}

/// What a command writes to standard output, for a thread that reads it.
struct Stream {
    pieces: mpsc::Receiver<Output>,
    piece: Vec<u8>,
    read: usize,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.piece.len() {
            match self.pieces.blocking_recv() {
                Some(Output::Stdout(bytes)) => (self.piece, self.read) = (bytes, 0),
                // What tar complains of is told by its exit code.
                Some(Output::Stderr(_)) => {}
                None => return Ok(0),
            }
        }
        let rest = self.piece.get(self.read..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (target, byte) in buffer.iter_mut().zip(rest) {
            *target = *byte;
        }
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_of_this_run_and_has_32_bits() {
        assert_eq!(written("n1 0", "n1"), Some(ExitCode(0)));
        assert_eq!(written("n1 -1073741819 ", "n1"), Some(ExitCode(0xC000_0005)));
        assert_eq!(written("n1 3221225477", "n1"), Some(ExitCode(0xC000_0005)));
        for other in ["", "n2 0", "n1", "n1 x", "n1 99999999999"] {
            assert_eq!(written(other, "n1"), None, "{other}");
        }
    }
}
