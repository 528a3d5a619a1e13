//! The builder of wfvm's derivations, and the programs that talk to a running guest.

mod cli;
#[cfg(feature = "script")]
mod forward;
mod nix_env;
mod report;
mod tasks;
#[cfg(feature = "script")]
mod win;

use std::process::ExitCode;

fn main() -> ExitCode {
    report::conclude(cli::perform())
}
