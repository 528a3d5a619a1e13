//! A derivation's builder in a Linux guest: what the host does, and, as the guest's first program,
//! what the guest does.
//!
//! The guest sees the store at its own path and the directory `xchg`; what its builder says comes
//! over a port of its own, so no word of the kernel's is between, and the exit code over another.

mod console;
mod error;
mod hooks;
pub mod init;
pub mod initramfs;
mod machine;
mod modules;
mod order;
mod replay;
mod running;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

pub use error::{LinuxError, LinuxFailure};

use crate::{accelerator, disk, nonce, phase::Phase, progress::Progress, qemu, spec::Linux, tool::Tool};
use hooks::Hooks;
use machine::{Assembly, CONSOLE_LOG, Console, Disk, DiskWrites};
use order::{ENVIRONMENT_FILE, EXCHANGE, LAID_FILE, ORDER_FILE, Order};
use replay::{PROGRAM, SPEC};
use running::QEMU_LOG;

/// How long `qemu-img` may take with the header of a disk.
const DISK_HEADER: Duration = Duration::from_secs(60);

/// What a build finds around it.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The top of the build: where Nix put its files and where `xchg` is made.
    pub top: PathBuf,
    /// All variables of the derivation.
    pub environment: Vec<(OsString, OsString)>,
    /// Sockets and scratch files; a short path.
    pub scratch: &'a Path,
    /// What is left of a failure.
    pub evidence: &'a Path,
    /// The builder's own program.
    pub builder: PathBuf,
}

impl Surroundings<'_> {
    fn cpus(&self) -> u32 {
        let wanted = self.environment.iter().find(|(name, _)| name == "NIX_BUILD_CORES");
        qemu::cpus(wanted.and_then(|(_, value)| value.to_str()))
    }
}

/// Builds.
///
/// # Errors
/// [`LinuxFailure`]
pub async fn build(
    spec: &Linux,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<(), Box<LinuxFailure>> {
    let outcome = story(spec, around, progress).await;
    let Err(error) = outcome else { return Ok(()) };
    let log = around.evidence.join(CONSOLE_LOG);
    let console = fs_err::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).ok();
    Err(Box::new(LinuxFailure {
        name: spec.name.clone(),
        phase: progress.current(),
        out_of_memory: console.as_deref().and_then(console::out_of_memory),
        memory_mib: spec.memory_mib,
        evidence: console.map(|_| around.evidence.to_owned()),
        error,
    }))
}

async fn story(spec: &Linux, around: &Surroundings<'_>, progress: &Progress) -> Result<(), LinuxError> {
    progress.phase(Phase::Preflight, &spec.name);
    let exchange = around.top.join(EXCHANGE);
    if !spec.interactive {
        share(&around.top, &exchange)?;
    }
    let given = match &spec.disk_image {
        Some(image) => Some(resolve(image)?),
        None => None,
    };
    let disk_image = match given {
        Some(image) if spec.overlay => Some(overlay(spec, &image, &around.top).await?),
        given => given,
    };
    let (hooks, answer) = Hooks::begin(spec, disk_image.as_deref(), &exchange, around.scratch).await?;
    let disk = match &answer.disk_image {
        Some(image) => {
            let file = resolve(image)?;
            let format = format_of(spec, &file).await?;
            Some((file, format))
        }
        None => None,
    };
    let order = Order {
        nonce: nonce::new()?,
        builder: spec.builder.clone(),
        args: spec.args.clone(),
        interactive: spec.interactive,
        modprobe: spec.modprobe.clone(),
        shell: spec.shell.clone(),
        store_directory: spec.store_directory.clone(),
        root_device: spec.root_device.clone(),
    };
    hand_over(spec, around, &exchange, &order)?;
    let acceleration = accelerator::settle(spec.accelerator, &spec.tools, around.scratch, progress).await?;
    fs_err::create_dir_all(around.evidence)?;
    let evidence = fs_err::canonicalize(around.evidence)?;
    let log = evidence.join(CONSOLE_LOG);
    let kept = disk.as_ref().map(|(file, format)| (file.as_path(), format.as_str()));
    if !spec.interactive {
        let top = fs_err::canonicalize(&around.top)?;
        replay::write(spec, &answer.options, kept, &top, &evidence, &around.builder)?;
    }
    let assembly = Assembly {
        acceleration,
        cpus: if spec.parallel { around.cpus() } else { 1 },
        memory_mib: spec.memory_mib,
        kernel: &spec.kernel,
        initramfs: &spec.initramfs,
        store_directory: &spec.store_directory,
        exchange: &exchange,
        disk: kept.map(|(file, format)| Disk { file, format, writes: writes(spec, file) }),
        console: if spec.interactive { Console::Terminal } else { Console::File(&log) },
        scratch: around.scratch,
        options: &answer.options,
    };
    progress.phase(Phase::Boot, "starting the guest");
    running::run(spec, &assembly, &order.nonce, &evidence, progress).await?;
    if spec.interactive {
        return Ok(());
    }
    hooks.end().await?;
    // A success leaves nothing to look at.
    for name in [CONSOLE_LOG, QEMU_LOG, SPEC, PROGRAM] {
        fs_err::remove_file(evidence.join(name))?;
    }
    // Unless somebody has something else there.
    let _ = fs_err::remove_dir(&evidence);
    Ok(())
}

/// Makes the exchange directory, with what Nix laid into the build's.
fn share(top: &Path, exchange: &Path) -> Result<(), LinuxError> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(top)? {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    fs_err::create_dir_all(exchange)?;
    for name in &names {
        fs_err::copy(top.join(name), exchange.join(name))?;
    }
    Ok(fs_err::write(exchange.join(LAID_FILE), names.join("\n"))?)
}

/// The order and the variables of the builder.
fn hand_over(
    spec: &Linux,
    around: &Surroundings<'_>,
    exchange: &Path,
    order: &Order,
) -> Result<(), LinuxError> {
    // Later a person has a shell with the variables that the builder had.
    if !spec.interactive {
        // The last one of a name counts.
        let added =
            spec.environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let variables = around.environment.iter().cloned().chain(added);
        let bytes = order::environment_of_guest(variables, &around.top);
        fs_err::write(exchange.join(ENVIRONMENT_FILE), bytes)?;
    }
    let text = serde_json::to_vec(order).map_err(std::io::Error::other)?;
    Ok(fs_err::write(exchange.join(ORDER_FILE), text)?)
}

fn resolve(image: &Path) -> Result<PathBuf, LinuxError> {
    let file = disk::file_of(image);
    match fs_err::canonicalize(&file) {
        Ok(file) => Ok(file),
        Err(_) => Err(LinuxError::NoDisk { file }),
    }
}

async fn format_of(spec: &Linux, file: &Path) -> Result<String, LinuxError> {
    if let Some(format) = spec.disk_image_format.as_ref().filter(|_| !spec.overlay) {
        return Ok(format.clone());
    }
    detect(spec, file).await
}

async fn detect(spec: &Linux, file: &Path) -> Result<String, LinuxError> {
    let tool = Tool::new(&spec.tools.qemu_img).words(["info", "--output=json"]).words([file]);
    let said: serde_json::Value =
        serde_json::from_slice(&tool.run(DISK_HEADER).await?).map_err(std::io::Error::other)?;
    Ok(said.get("format").and_then(serde_json::Value::as_str).unwrap_or("raw").to_owned())
}

/// A file of the store's is only read. A person who looks at one has it writable nevertheless, in a
/// copy that vanishes.
fn writes(spec: &Linux, file: &Path) -> DiskWrites {
    match rustix::fs::access(file, rustix::fs::Access::WRITE_OK) {
        Ok(()) => DiskWrites::Kept,
        Err(_) if spec.interactive => DiskWrites::Discarded,
        Err(_) => DiskWrites::Refused,
    }
}

/// A new disk on top of the image, which is only read.
async fn overlay(spec: &Linux, image: &Path, top: &Path) -> Result<PathBuf, LinuxError> {
    let format = match &spec.disk_image_format {
        Some(format) => format.clone(),
        None => detect(spec, image).await?,
    };
    let disk = top.join("disk-image.qcow2");
    let words: [&OsStr; 8] = [
        "create".as_ref(),
        "-q".as_ref(),
        "-f".as_ref(),
        "qcow2".as_ref(),
        "-F".as_ref(),
        format.as_ref(),
        "-b".as_ref(),
        image.as_ref(),
    ];
    Tool::new(&spec.tools.qemu_img).words(words).words([&disk]).run(DISK_HEADER).await?;
    Ok(disk)
}
