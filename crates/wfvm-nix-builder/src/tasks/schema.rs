//! `schema`, for all of the tasks.

use std::process::ExitCode;

use clap::ValueEnum;
use wfvm::spec;

use super::inspect::print;
use crate::report::Outcome;

/// Whose schema is wanted.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `build`
    Build,
    /// `clones`
    Clones,
    /// What `inspect --json` prints
    Inspection,
    /// `install`
    Install,
    /// `layer`
    Layer,
    /// `run`
    Run,
    /// `linux`
    Linux,
    /// What `preflight --json` prints
    Preflight,
    /// `template`
    Template,
    /// What `verify` writes
    Verification,
}

pub(crate) fn schema(of: SchemaOf) -> Outcome {
    let schema = match of {
        SchemaOf::Build => spec::schema::<spec::Build>(),
        SchemaOf::Clones => spec::schema::<spec::Clones>(),
        SchemaOf::Inspection => wfvm::inspect::schema(),
        SchemaOf::Install => spec::schema::<spec::Install>(),
        SchemaOf::Layer => spec::schema::<spec::Layer>(),
        SchemaOf::Run => spec::schema::<spec::Run>(),
        SchemaOf::Linux => spec::schema::<spec::Linux>(),
        SchemaOf::Preflight => wfvm::preflight::schema(),
        SchemaOf::Verification => wfvm::verify::schema(),
        SchemaOf::Template => spec::schema::<spec::Template>(),
    };
    print(&schema)?;
    Ok(ExitCode::SUCCESS)
}
