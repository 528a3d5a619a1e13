//! `linux` and `linux-initramfs`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wfvm::{
    blame::Blame,
    linux_guest::{self, Surroundings, init, initramfs},
    progress::Progress,
    spec,
};

use super::{block_on, interruptible, parse, read, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What to build.
#[derive(Debug, Args)]
pub(crate) struct Linux {
    /// The spec, a JSON file.
    #[arg(long)]
    spec: PathBuf,
    /// Where a failure leaves its evidence.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    /// The builder's arguments, in the place of those in the spec.
    #[arg(last = true)]
    args: Vec<String>,
}

impl Linux {
    pub(crate) fn perform(&self) -> Outcome {
        let env = nix_env::read();
        let mut spec: spec::Linux = parse(&read(&self.spec)?, Some(&self.spec))?;
        // In these Nix has put the paths of outputs, which it does not do in a file.
        if !self.args.is_empty() {
            spec.args.clone_from(&self.args);
        }
        let scratch = scratch()?;
        let progress = Progress::new(reader(&env));
        let host = |error| Failure::new(error, Blame::Host);
        let top = env.build_top.clone().map_or_else(|| std::env::current_dir().map_err(host), Ok)?;
        let around = Surroundings {
            top,
            environment: nix_env::whole(),
            scratch: scratch.path(),
            evidence: &self.evidence,
            builder: this()?,
        };
        let built = block_on(interruptible(async {
            linux_guest::build(&spec, &around, &progress)
                .await
                .map_err(|failure| Failure { page: failure.to_string(), status: failure.exit_status() })
        }));
        progress.end();
        built.map(|()| ExitCode::SUCCESS)
    }
}

/// What to write.
#[derive(Debug, Args)]
pub(crate) struct LinuxInitramfs {
    /// A directory with `lib/modules/VERSION`, as depmod(8) has left it.
    #[arg(long)]
    modules: PathBuf,
    /// The archive to make.
    #[arg(long)]
    out: PathBuf,
    /// The program for modules that end in `.xz`.
    #[arg(long, default_value = "xz")]
    xz: PathBuf,
    /// The program for modules that end in `.zst`.
    #[arg(long, default_value = "zstd")]
    zstd: PathBuf,
    /// Modules to load, in this order, each after what it needs; `NAME?` if the kernel has it.
    #[arg(required = true)]
    names: Vec<String>,
}

impl LinuxInitramfs {
    pub(crate) fn perform(&self) -> Outcome {
        let init = this()?;
        let initramfs = initramfs::Initramfs {
            init: &init,
            modules: &self.modules,
            wanted: &self.names,
            xz: &self.xz,
            zstd: &self.zstd,
        };
        block_on(async {
            initramfs.write(&self.out).await.map_err(|error| {
                let blame = error.blame();
                Failure::new(error, blame)
            })
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The guest's first program.
pub(crate) fn first_program() -> Outcome {
    block_on(async {
        init::run().await;
        Ok(ExitCode::SUCCESS)
    })
}
