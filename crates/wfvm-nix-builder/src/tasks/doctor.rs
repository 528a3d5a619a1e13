//! `doctor`: whether this host is fit for guests.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wfvm::{
    blame::Blame,
    doctor::{self, Seen, Verdict},
};

use super::{block_on, interruptible, scratch};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What is looked at, and for whom.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The QEMU that is asked, and that probes KVM.
    #[arg(long, value_name = "PROGRAM", default_value = "qemu-system-x86_64")]
    qemu: PathBuf,
    /// Print JSON instead of a page.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) fn perform(&self) -> Outcome {
        let scratch = scratch()?;
        let path: Vec<PathBuf> = std::env::split_paths(&nix_env::of_guest().path).collect();
        let temporary = std::env::temp_dir();
        let room = [doctor::STORE.as_ref(), temporary.as_path()];
        let seen =
            block_on(interruptible(async { Ok(Seen::now(&self.qemu, &path, scratch.path(), &room).await) }))?;
        let checks = doctor::checks(&seen);
        let text = if self.json {
            let report = serde_json::json!({ "wfvmDoctor": 1, "checks": checks });
            serde_json::to_string_pretty(&report).map_err(|error| Failure::new(error, Blame::Bug))?
        } else {
            doctor::page(&checks)
        };
        super::inspect::print(&text)?;
        let fit = checks.iter().all(|check| check.verdict < Verdict::Problem);
        Ok(if fit { ExitCode::SUCCESS } else { Blame::Host.exit_status().into() })
    }
}
