//! What a template takes on the disk and on the way to another store: a NAR has no holes.

use std::{
    io,
    os::unix::fs::MetadataExt as _,
    process::{Command, ExitStatus, Stdio},
    time::Instant,
};

use super::Kind;
use crate::{Problem, figure::Figure, guest::Guest};

const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn measure(guest: &Guest, kind: &Kind) -> Result<Vec<Figure>, Problem> {
    let (mut apparent, mut allocated) = (0, 0);
    for entry in fs_err::read_dir(&kind.template)? {
        let file = entry?.metadata()?;
        apparent += file.len();
        allocated += file.blocks() * 512;
    }
    let began = Instant::now();
    let status = Command::new(&guest.builder).arg("check-template").arg(&kind.template).status()?;
    well("check-template", status)?;
    let check = began.elapsed().as_secs_f64();
    let (plain, dump) = nar(kind, None)?;
    let (packed, pack) = nar(kind, Some(guest))?;
    Ok(vec![
        kind.figure("files-apparent", "MiB", &[mib(apparent)]),
        kind.figure("files-allocated", "MiB", &[mib(allocated)]),
        kind.figure("check", "s", &[check]),
        kind.figure("nar", "MiB", &[mib(plain)]),
        kind.figure("nar-dump", "s", &[dump]),
        kind.figure("nar-zstd-3", "MiB", &[mib(packed)]),
        kind.figure("nar-dump-zstd-3", "s", &[pack]),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "a table shows a few digits")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

/// Length of the template's NAR, as it is or compressed by a guest's tools, and seconds.
fn nar(kind: &Kind, packed_by: Option<&Guest>) -> Result<(u64, f64), Problem> {
    let store = std::env::var_os("WFVM_BENCH_NIX_STORE")
        .ok_or("WFVM_BENCH_NIX_STORE is not set: `scripts/bench` sets it")?;
    let began = Instant::now();
    let mut dump = Command::new(store).arg("--dump").arg(&kind.template).stdout(Stdio::piped()).spawn()?;
    let bytes = dump.stdout.take().ok_or("nix-store has no output")?;
    let length = match packed_by {
        None => read(bytes)?,
        Some(guest) => {
            let mut zstd = Command::new(guest.tools.join("bin/zstd"))
                .args(["-3", "-q", "-c"])
                .stdin(bytes)
                .stdout(Stdio::piped())
                .spawn()?;
            let length = read(zstd.stdout.take().ok_or("zstd has no output")?)?;
            well("zstd", zstd.wait()?)?;
            length
        }
    };
    well("nix-store --dump", dump.wait()?)?;
    Ok((length, began.elapsed().as_secs_f64()))
}

fn read(mut bytes: impl io::Read) -> io::Result<u64> {
    io::copy(&mut bytes, &mut io::sink())
}

fn well(program: &str, status: ExitStatus) -> Result<(), Problem> {
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}").into()) }
}
