//! `lint`.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use wfvm::{
    blame::Blame,
    lint::{self, Finding, Machine, Severity, Target},
    spec,
};

use super::inspect::{medium, print};
use crate::report::{Failure, Outcome};

/// Which files, for what, and how it is told.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Answer files; `-` is standard input.
    #[arg(required_unless_present_any = ["explain", "rules"])]
    files: Vec<PathBuf>,
    /// The installation medium: images, editions, languages.
    #[arg(long)]
    iso: Option<PathBuf>,
    /// Tell the findings as JSON.
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Tell the findings as SARIF 2.1.0.
    #[arg(long)]
    sarif: bool,
    /// A rule that is not asked; may be repeated.
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Warnings fail as errors do.
    #[arg(long)]
    deny_warnings: bool,
    /// Print the page of a rule.
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
    /// List all rules.
    #[arg(long)]
    rules: bool,
    /// The machine's firmware.
    #[arg(long, value_enum)]
    firmware: Option<Firmware>,
    /// How the machine's disk is attached.
    #[arg(long, value_enum)]
    disk_bus: Option<DiskBus>,
    /// The size of the machine's disk, which is new and empty.
    #[arg(long)]
    disk_mib: Option<u64>,
    /// How many disks Setup sees, an answer stick among them.
    #[arg(long)]
    disks: Option<u32>,
    /// What carries the answer file.
    #[arg(long, value_enum)]
    answer_medium: Option<AnswerMedium>,
    /// The machine's memory.
    #[arg(long)]
    memory_mib: Option<u64>,
    /// Whether the machine has a TPM 2.0.
    #[arg(long)]
    tpm: Option<bool>,
    /// Whether Secure Boot is on.
    #[arg(long)]
    secure_boot: Option<bool>,
    /// Whether Setup reaches the internet.
    #[arg(long)]
    network: Option<bool>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Firmware {
    Uefi,
    Bios,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DiskBus {
    Sata,
    Virtio,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AnswerMedium {
    Iso,
    Floppy,
    Usb,
}

/// A file longer than this is none that a person wrote; the library's own bound is below.
const MOST_BYTES: u64 = 64 << 20;

impl Lint {
    pub(crate) fn perform(self) -> Outcome {
        if self.rules {
            let list = lint::rules()
                .map(|rule| format!("{:8} {:28} {}\n", rule.severity.word(), rule.id, rule.says));
            print(&list.collect::<String>())?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(id) = &self.explain {
            print(&lint::page(known(id)?))?;
            return Ok(ExitCode::SUCCESS);
        }
        for id in &self.allow {
            known(id)?;
        }
        let iso = self.iso.as_deref().map(medium).transpose()?;
        let names: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        let mut told: Vec<(&str, Vec<Finding>)> = Vec::new();
        for (file, name) in self.files.iter().zip(&names) {
            let target = Target {
                file_name: file.file_name().and_then(|name| name.to_str()).filter(|name| *name != "-"),
                iso: iso.as_ref(),
                machine: self.machine(),
            };
            let mut findings = lint::lint(&read(file)?, &target);
            findings.retain(|finding| !self.allow.iter().any(|id| id == finding.rule.id));
            told.push((name, findings));
        }
        let text = if self.json {
            lint::json(&told)
        } else if self.sarif {
            lint::sarif(&told, env!("CARGO_PKG_VERSION"))
        } else {
            lint::human(&told)
        };
        let least = if self.deny_warnings { Severity::Warning } else { Severity::Error };
        let failed = told.iter().any(|(_, findings)| lint::worst(findings) >= Some(least));
        let status = if failed { Blame::Input.exit_status().into() } else { ExitCode::SUCCESS };
        print(&text)?;
        Ok(status)
    }

    fn machine(&self) -> Machine {
        Machine {
            firmware: self.firmware.map(|firmware| match firmware {
                Firmware::Uefi => spec::Firmware::Uefi,
                Firmware::Bios => spec::Firmware::Bios,
            }),
            disk_bus: self.disk_bus.map(|bus| match bus {
                DiskBus::Sata => spec::DiskBus::Sata,
                DiskBus::Virtio => spec::DiskBus::Virtio,
            }),
            disk_mib: self.disk_mib,
            disks: self.disks,
            answer_medium: self.answer_medium.map(|medium| match medium {
                AnswerMedium::Iso => spec::AnswerMedium::Iso,
                AnswerMedium::Floppy => spec::AnswerMedium::Floppy,
                AnswerMedium::Usb => spec::AnswerMedium::Usb,
            }),
            memory_mib: self.memory_mib,
            tpm: self.tpm,
            secure_boot: self.secure_boot,
            network: self.network,
        }
    }
}

fn known(id: &str) -> Result<&'static lint::Rule, Failure> {
    lint::rule(id)
        .ok_or_else(|| Failure::new(format!("there is no rule `{id}`; `--rules` lists them"), Blame::Input))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let done = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST_BYTES).read_to_end(&mut bytes)
    } else {
        fs_err::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::new(error, Blame::Input))?;
    Ok(bytes)
}
