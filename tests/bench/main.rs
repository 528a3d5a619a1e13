//! `scripts/bench`: what the product costs beside what does the same otherwise.
//!
//! Ours and the anchors take turns in one run, so that a loaded host is loaded for all of them.
//! A measure is registered in [`MEASURES`] and has a file of its own.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]
#![expect(clippy::disallowed_methods, reason = "anchors are other programs")]

mod exec;
mod figure;
mod guest;
mod inputs;
mod inspect;
mod layer;
mod media;
mod repacking;
mod revive;
mod workshop;

use std::{path::PathBuf, process::ExitCode};

use figure::Figure;

/// What went wrong, for a person.
type Problem = Box<dyn std::error::Error>;

/// What yields figures.
type Measure = fn(&Wanted) -> Result<Vec<Figure>, Problem>;

/// The measures by the names under which they may be asked for.
const MEASURES: &[(&str, Measure)] = &[
    ("media", media::measure),
    ("inspect", inspect::measure),
    ("exec", exec::measure),
    ("layer", layer::measure),
    ("inputs", inputs::measure),
    ("revive", revive::measure),
];

/// What was asked for on the command line.
#[derive(Debug, Default)]
struct Wanted {
    names: Vec<String>,
    json: Option<PathBuf>,
    /// The medium to measure with; absent: one is made.
    iso: Option<PathBuf>,
    /// An older QEMU to revive guests with, beside the product's.
    qemu: Option<PathBuf>,
    /// How often `revive` wakes a clone, and how often it boots an image; absent: as often as counts.
    revived: Option<usize>,
    cold: Option<usize>,
    /// The only memory to revive guests with, in MiB.
    memory: Option<u32>,
}

fn main() -> ExitCode {
    match perform() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(2)
        }
    }
}

fn perform() -> Result<(), Problem> {
    let wanted = wanted(std::env::args().skip(1))?;
    let mut figures = Vec::new();
    for (name, measure) in MEASURES {
        if wanted.names.is_empty() || wanted.names.iter().any(|wanted| wanted == name) {
            figures.extend(measure(&wanted)?);
        }
    }
    println!("{}", figure::table(&figures));
    if let Some(file) = &wanted.json {
        fs_err::write(file, format!("{}\n", serde_json::to_string_pretty(&figures)?))?;
    }
    Ok(())
}

fn wanted(mut words: impl Iterator<Item = String>) -> Result<Wanted, Problem> {
    let mut wanted = Wanted::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("`{word}` wants a value"));
        match word.as_str() {
            "--json" => wanted.json = Some(value()?.into()),
            "--iso" => wanted.iso = Some(value()?.into()),
            "--qemu" => wanted.qemu = Some(value()?.into()),
            "--revived" => wanted.revived = Some(value()?.parse()?),
            "--memory" => wanted.memory = Some(value()?.parse()?),
            "--cold" => wanted.cold = Some(value()?.parse()?),
            name if MEASURES.iter().any(|(known, _)| *known == name) => wanted.names.push(word),
            _ => {
                let known: Vec<&str> = MEASURES.iter().map(|(name, _)| *name).collect();
                return Err(format!("there is no measure `{word}`; there are: {}", known.join(", ")).into());
            }
        }
    }
    Ok(wanted)
}
