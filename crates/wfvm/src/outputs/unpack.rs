//! What the members of an archive mean for an output.

use std::io::Read;

use super::{
    Instead, Placed, Warning,
    archive::{Archive, Member},
    error::OutputError,
    growth::Growth,
    header::{BLOCK, Kind},
};
use crate::exchange::{self, fold};

/// Bytes of a link's target, as on Linux.
const TARGET: usize = 4095;

/// How the archive's paths begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Top {
    Dot,
    Name,
}

/// Unpacks an archive into an output.
pub(super) fn unpack(
    reader: impl Read,
    output: &str,
    growth: &mut Growth<'_>,
    placed: &mut Placed,
) -> Result<(), OutputError> {
    let mut archive = Archive::new(reader, output);
    let mut top = None;
    while let Some(mut member) = archive.next()? {
        let shown = String::from_utf8_lossy(&member.path).into_owned();
        let refused = |problem: &str| OutputError::Name { path: shown.clone(), problem: problem.into() };
        let names = names(&member.path).map_err(refused)?;
        if is_stream(&names) {
            // Its bytes are read as well, and a header comes with each.
            growth.charge(&shown, archive.left().saturating_add(BLOCK as u64))?;
            placed.warn(Warning::AlternateStream { path: shown });
            continue;
        }
        let top = *top.get_or_insert(if names.is_empty() { Top::Dot } else { Top::Name });
        let path = match below(top, &names, output) {
            Some(path) => path,
            None if growth.tree().is_empty() => return Err(missing(output, &names, &member)),
            None => return Err(refused(&format!("it is not in `{output}`"))),
        };
        match member.kind {
            Kind::Directory => growth.directory(&path)?,
            Kind::File | Kind::SparseFile => {
                let bytes = member.map.bytes();
                growth.file(&path, bytes, &mut archive.stored(&mut member.map))?;
            }
            Kind::SymbolicLink => growth.symbolic_link(&path, &target(&member, &shown)?)?,
            Kind::HardLink => {
                let target = target(&member, &shown)?;
                let own = self::names(target.as_bytes()).ok().and_then(|names| below(top, &names, output));
                let problem = "leads out of the output";
                let own = own.ok_or_else(|| OutputError::Link { path: shown.clone(), target, problem })?;
                growth.hard_link(&path, &own)?;
            }
            Kind::Special(what) => return Err(OutputError::Special { path: shown, what }),
            // The archive keeps these for itself.
            Kind::Records | Kind::RecordsForAll | Kind::LongPath | Kind::LongTarget => {}
        }
        // What of it was not wanted, such as bytes of a directory.
        growth.charge(&path, archive.left())?;
    }
    if growth.tree().is_empty() {
        return Err(OutputError::Missing { output: output.into(), instead: Instead::default() });
    }
    Ok(())
}

/// The path below the output.
fn below(top: Top, names: &[&str], output: &str) -> Option<String> {
    match (top, names.split_first()) {
        (Top::Dot, _) => Some(names.join("/")),
        (Top::Name, Some((name, below))) if fold(name) == fold(output) => Some(below.join("/")),
        (Top::Name, _) => None,
    }
}

fn missing(output: &str, names: &[&str], member: &Member) -> OutputError {
    let is_directory = member.kind == Kind::Directory || names.len() > 1;
    let file = exchange::Kind::File { bytes: member.map.bytes() };
    let kind = if is_directory { exchange::Kind::Directory } else { file };
    let found = names.first().map(|name| ((*name).to_owned(), kind));
    OutputError::Missing { output: output.into(), instead: Instead::of(found) }
}

/// The names of a path, without those that mean nothing.
fn names(path: &[u8]) -> Result<Vec<&str>, &'static str> {
    let path = std::str::from_utf8(path).map_err(|_| "it is no UTF-8")?;
    if path.starts_with(['/', '\\']) {
        return Err("it is absolute");
    }
    if let [letter, b':', ..] = path.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        return Err("it begins with the letter of a drive");
    }
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    // These would be refused as names as well, which does not say what they are for.
    if names.iter().any(|name| name.split('\\').any(|part| part == "..")) {
        return Err("it leads out of the output by `..`");
    }
    Ok(names)
}

/// Whether a path is that of an alternate stream, which Windows writes `file:stream`.
fn is_stream(names: &[&str]) -> bool {
    names
        .split_last()
        .is_some_and(|(last, above)| last.contains(':') && !above.iter().any(|name| name.contains(':')))
}

/// Where a link leads, with `/` between the names.
fn target(member: &Member, path: &str) -> Result<String, OutputError> {
    let refused = |problem| OutputError::Link {
        path: path.into(),
        target: String::from_utf8_lossy(&member.link).chars().take(200).collect(),
        problem,
    };
    let target = std::str::from_utf8(&member.link).map_err(|_| refused("is no UTF-8"))?;
    if target.is_empty() || target.len() > TARGET || target.contains('\0') {
        return Err(refused("is empty, too long, or has a zero in it"));
    }
    let target = target.replace('\\', "/");
    if target.starts_with('/') || target.as_bytes().get(1) == Some(&b':') {
        return Err(refused("is absolute, and so leads out of the output"));
    }
    Ok(target)
}
