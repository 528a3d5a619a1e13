//! Many commands, each in a guest of its own that goes on from one template, some of them at once.

mod error;
mod junit;
mod lines;
mod one;
mod report;
mod turns;

use std::{io, path::Path, time::Duration};

pub use error::{ClonesFailure, Problem};
pub use report::Told;

use self::one::One;
use crate::{
    phase::Phase,
    progress::Progress,
    script::Surroundings,
    session::{SessionError, file_name},
    spec::{CloneCommand, Clones},
    template::{Origin, Wanted},
    unfinished::Unfinished,
};

/// Runs all commands, and puts a directory with what they wrote and how they ended to `out`, where it appears
/// only when it is whole.
///
/// # Errors
/// [`ClonesFailure`]; nothing is left at `out`. Commands that failed are none if the spec keeps them.
pub async fn clones(
    spec: &Clones,
    out: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<(), Box<ClonesFailure>> {
    progress.phase(Phase::Preflight, &format!("{} on {}", spec.name, spec.image.display()));
    check_files(spec).map_err(ClonesFailure::File)?;
    let wanted = Wanted { machine: &spec.machine, tools: &spec.tools, network: &spec.network };
    let origin =
        Origin::of((&spec.image, spec.state.as_deref()), wanted, progress).map_err(ClonesFailure::Image)?;
    let unfinished = Unfinished::beside(out);
    make_directory(unfinished.path()).map_err(ClonesFailure::Result)?;

    let begin = |number, command| {
        in_own_places(spec, (number, command), &origin, unfinished.path(), around, progress)
    };
    let is_last = |told: &Told| !spec.keep_going && told.has_failed();
    let ended = turns::in_turns(&spec.commands, spec.clones, is_last, begin).await;
    let told: Vec<Told> = ended
        .into_iter()
        .zip(&spec.commands)
        .map(|(told, command)| told.unwrap_or_else(|| not_begun(&command.name, Problem::NotBegun)))
        .collect();

    let failed = told.iter().filter(|told| told.has_failed()).count();
    let kept = spec.keep_failed && report::is_result(&told);
    if failed > 0 && !kept {
        return Err(Box::new(ClonesFailure::Commands { name: spec.name.clone(), told }));
    }
    progress.phase(Phase::Output, &format!("{} commands, of which {failed} failed", told.len()));
    if failed > 0 {
        progress.warning(&report::page(&spec.name, &told));
    }
    report::write(&spec.name, &told, unfinished.path(), out)
        .and_then(|()| unfinished.finish(out))
        .map_err(|error| ClonesFailure::Result(error).into())
}

/// What no guest would take is told before the first one runs.
fn check_files(spec: &Clones) -> Result<(), SessionError> {
    for file in &spec.files {
        fs_err::metadata(&file.source)?;
        if let Some(why) = file_name::refusal(&file.name) {
            let words = format!("Windows takes no file of the name `{}`: it {why}", file.name);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words).into());
        }
    }
    Ok(())
}

/// One that was there before was left by a builder that was killed.
fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.exists() {
        fs_err::remove_dir_all(directory)?;
    }
    fs_err::create_dir(directory)
}

fn not_begun(name: &str, problem: Problem) -> Told {
    Told {
        name: name.into(),
        start: None,
        took: Duration::ZERO,
        problem: Some(problem),
        last_lines: Vec::new(),
        evidence: None,
    }
}

/// Runs a command in places of its own.
async fn in_own_places(
    spec: &Clones,
    (number, command): (usize, &CloneCommand),
    origin: &Origin,
    result: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Told {
    // Sockets lie below it, whose paths must be short.
    let scratch = around.scratch.join(number.to_string());
    let (evidence, directory) = (around.evidence.join(&command.name), result.join(&command.name));
    if let Err(error) = fs_err::create_dir(&scratch).and_then(|()| fs_err::create_dir(&directory)) {
        return not_begun(&command.name, error.into());
    }
    let around = Surroundings { scratch: &scratch, evidence: &evidence, ..around.clone() };
    let progress = progress.named(&command.name);
    let told = One { spec, origin, command, around, progress, directory: &directory }.run().await;
    // A copy of UEFI's variables per guest would add up; what is left goes away with the directory around it.
    let _ = fs_err::remove_dir_all(&scratch);
    told
}
