//! `verify`: the whole product once, on a medium of the user's.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use wfvm::{
    blame::Blame,
    doctor::Seen,
    spec::{Accelerator, Firmware, Tools},
    unfinished::Unfinished,
    verify::{self, Hidden, Plan, Wishes},
};

use super::{block_on, inspect::print, interruptible, read, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What is verified, and what becomes of it.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The installation medium, as it was downloaded.
    #[arg(long)]
    iso: PathBuf,
    /// The report for programs.
    #[arg(long, value_name = "FILE", default_value = "wfvm-verification.json")]
    json: PathBuf,
    /// The report for people.
    #[arg(long, value_name = "FILE", default_value = "wfvm-verification.html")]
    html: PathBuf,
    /// Where images are made, with 50 GiB of room for Windows; default: the directory for temporary files.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Keep the images, the template and the evidence.
    #[arg(long)]
    keep: bool,
    /// The number of the image to install; default: the one that `inspect` shows an arrow at.
    #[arg(long, value_name = "NUMBER")]
    image: Option<u32>,
    /// A file with a product key of the image's edition.
    #[arg(long, value_name = "FILE")]
    product_key_file: Option<PathBuf>,
    /// A file to put beside the answer file, such as OpenSSH-Win64.zip; may be repeated.
    #[arg(long, value_name = "FILE")]
    payload: Vec<PathBuf>,
    /// `uefi` or `bios`; default: what the medium starts by without a key press.
    #[arg(long, value_name = "WORD", value_parser = word::<Firmware>)]
    firmware: Option<Firmware>,
    /// `kvm`, `tcg` or `auto`.
    #[arg(long, value_name = "WORD", default_value = "auto", value_parser = word::<Accelerator>)]
    accelerator: Accelerator,
    /// The guest's memory in MiB; default: what its release wants.
    #[arg(long, value_name = "MIB")]
    memory_mib: Option<u64>,
    /// The QEMU on PATH that is taken.
    #[arg(long, value_name = "PROGRAM", default_value = "qemu-system-x86_64")]
    qemu: PathBuf,
    /// Programs and firmware as `tools` of a spec has them, a JSON file, instead of those on PATH.
    #[arg(long, value_name = "FILE")]
    tools: Option<PathBuf>,
}

/// A word of a spec.
fn word<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(word.into()).map_err(|error| error.to_string())
}

impl Verify {
    pub(crate) fn perform(&self) -> Outcome {
        let env = nix_env::read();
        let person = nix_env::person();
        let variable = nix_env::of_guest().path;
        let directories: Vec<PathBuf> = std::env::split_paths(&variable).collect();
        let tools = match &self.tools {
            Some(file) => {
                let tools: Tools = serde_json::from_str(&read(file)?)
                    .map_err(|error| Failure::new(format!("{}: {error}", file.display()), Blame::Input))?;
                Ok(verify::complete(tools, &directories))
            }
            None => verify::find_tools(&self.qemu, &directories),
        };
        // What cannot be written is not found out after an hour.
        let (json, html) = (begun(&self.json)?, begun(&self.html)?);
        let (scratch, directory) = (scratch()?, self.working_directory()?);
        let this = this()?;

        let mut hidden = Hidden::default();
        let medium = std::path::absolute(&self.iso).unwrap_or_else(|_| self.iso.clone());
        let real = fs_err::canonicalize(&medium).unwrap_or_else(|_| medium.clone());
        for file in [&medium, &real] {
            hidden.place(file, &file.file_name().unwrap_or_default().to_string_lossy());
        }
        hidden.place(directory.path(), "DIRECTORY");
        hidden.place(scratch.path(), "SCRATCH");
        if let Some(home) = &person.home {
            hidden.place(home, "~");
        }
        for name in &person.names {
            hidden.name(name, "USER");
        }
        hidden.name(&verify::host_name(), "HOST");

        let wishes = Wishes {
            image: self.image,
            product_key_file: self.product_key_file.clone(),
            payload: self.payload.clone(),
            firmware: self.firmware,
            accelerator: self.accelerator,
            memory_mib: self.memory_mib,
        };
        let report = block_on(interruptible(async {
            let qemu = tools.as_ref().map_or(&self.qemu, |tools| &tools.qemu);
            // Those that are taken are asked, not others of their names.
            let own = tools.as_ref().ok().and_then(|tools| tools.qemu_img.parent()).map(Into::into);
            let path: Vec<PathBuf> = own.into_iter().chain(directories).collect();
            let host = Seen::now(qemu, &path, scratch.path(), &[directory.path()]).await;
            Ok(verify::verify(Plan {
                medium: &medium,
                wishes: &wishes,
                tools: tools.clone(),
                host: &host,
                directory: directory.path(),
                scratch: scratch.path(),
                builder: &this,
                path: variable,
                reader: reader(&env),
                hidden: &mut hidden,
            })
            .await)
        }))?;
        for (file, unfinished, text) in
            [(&self.json, json, report.json() + "\n"), (&self.html, html, verify::html(&report))]
        {
            fs_err::write(unfinished.path(), text).map_err(host)?;
            unfinished.finish(file).map_err(host)?;
        }
        print(&verify::page(&report))?;
        if self.keep {
            print(&format!("kept in {}", directory.keep().display()))?;
        }
        match report.failure() {
            None => Ok(ExitCode::SUCCESS),
            Some((step, failure)) => {
                let files = format!("{} and {}", self.json.display(), self.html.display());
                let page =
                    format!("{} failed; {files} tell why and have no secrets\n{}", step.word(), failure.page);
                Err(Failure { page, status: failure.status })
            }
        }
    }

    /// Images are large, and `/tmp` is often memory.
    fn working_directory(&self) -> Result<TempDir, Failure> {
        const LARGE: &str = "/var/tmp";
        let temporary = std::env::temp_dir();
        let is_default = temporary.as_os_str() == "/tmp" && fs_err::metadata(LARGE).is_ok();
        let base = self.directory.clone().unwrap_or(if is_default { LARGE.into() } else { temporary });
        tempfile::Builder::new().prefix("wfvm-verify-").tempdir_in(base).map_err(host)
    }
}

fn host(error: std::io::Error) -> Failure {
    Failure::new(error, Blame::Host)
}

/// The place where a report grows.
fn begun(file: &std::path::Path) -> Result<Unfinished, Failure> {
    let unfinished = Unfinished::beside(file);
    fs_err::write(unfinished.path(), "").map_err(host)?;
    Ok(unfinished)
}
