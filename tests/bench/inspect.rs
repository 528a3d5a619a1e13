//! How long it takes to know a medium, and how much of it is read: `inspect` beside 7z, which lists its files.

use std::{collections::BTreeMap, path::Path, process::Command, time::Instant};

use wfvm::windows_iso::WindowsIso;

use crate::{Problem, Wanted, figure::Figure, guest, workshop};

const ROUNDS: usize = 20;

pub(crate) fn measure(wanted: &Wanted) -> Result<Vec<Figure>, Problem> {
    let place = tempfile::tempdir()?;
    let iso = match &wanted.iso {
        Some(iso) => fs_err::canonicalize(iso)?,
        None => workshop::large_medium(place.path())?,
    };
    let builder = guest::builder()?;
    println!(
        "inspect: {} of {} MiB",
        if wanted.iso.is_some() { iso.display().to_string() } else { "a medium made for this".into() },
        workshop::size_of(&iso)? >> 20
    );
    let (mut ours, mut library, mut listing, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(Command::new(&builder).arg("inspect").arg("--json").arg(&iso))?);
        listing.push(timed(Command::new("7z").args(["l", "-slt"]).arg(&iso))?);
        let (milliseconds, bytes) = in_process(&iso)?;
        library.push(milliseconds);
        read.push(bytes);
    }
    let alone = BTreeMap::new();
    Ok(vec![
        Figure::new("inspect", "ms", &ours, &BTreeMap::from([("7z-list", listing)])),
        Figure::new("inspect-in-process", "ms", &library, &alone),
        Figure::new("inspect-bytes-read", "KiB", &read, &alone),
    ])
}

/// Milliseconds from a program's start to its end. A medium that cannot be installed is a good one here.
fn timed(command: &mut Command) -> Result<f64, Problem> {
    let start = Instant::now();
    let output = command.output()?;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    if output.stdout.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("{command:?} said nothing but: {said}").into());
    }
    Ok(milliseconds)
}

/// What the reader alone takes, as every installation pays it.
fn in_process(iso: &Path) -> Result<(f64, f64), Problem> {
    let start = Instant::now();
    let medium = WindowsIso::read(fs_err::File::open(iso)?)?;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "what is read is far below 2^52 bytes")]
    Ok((milliseconds, medium.bytes_read as f64 / 1024.0))
}
