//! A machine for a person: no script and no logon, and what the guest writes is kept in a
//! file over the image.

use std::{
    ffi::OsString,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use qapi::qmp;

use super::{RunError, RunFailure, failed};
use crate::{
    accelerator,
    boot::{GuestError, tell_screen},
    disk,
    guest::{Observer, Sighting, Watching},
    machine::{Assembly, Display, Memory, Plugged, SystemDisk, TPM_STATE, UEFI_VARIABLES, Writes},
    phase::Phase,
    progress::Progress,
    qemu::{self, Qemu, QemuError},
    script::Surroundings,
    spec::{Firmware, Login, Run, Tools},
    template,
    unfinished::Unfinished,
    wait::{self, Deadline},
};

/// How long QEMU may take to write what it holds and end.
const END: Duration = Duration::from_secs(60);

/// Starts the image with `kept` for what its guest writes: a qcow2 file over the image, made if
/// it is not there. Beside it are the UEFI variables, `KEPT.nvram`, and the state of the TPM,
/// `KEPT.tpm`. Ends with the machine, or ends the machine when `stop` does.
///
/// # Errors
/// [`RunFailure`] if there was no machine, or it ended by itself before the guest did.
pub async fn by_hand(
    spec: &Run,
    kept: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
    stop: impl Future<Output = ()>,
) -> Result<(), Box<RunFailure>> {
    let mut machine = None;
    match story(spec, kept, around, progress, stop, &mut machine).await {
        Ok(()) => Ok(()),
        Err(error) => Err(failed(spec, around, progress, machine, error).await),
    }
}

async fn story(
    spec: &Run,
    kept: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
    stop: impl Future<Output = ()>,
    running: &mut Option<Qemu>,
) -> Result<(), RunError> {
    progress.phase(Phase::Preflight, &format!("{} on {}", spec.name, kept.display()));
    let (image, state) =
        template::image_below(&spec.image, spec.state.as_deref()).map_err(RunError::Image)?;
    let kept = std::path::absolute(kept)?;
    overlay(&spec.tools, &image, &kept).await?;
    let tools = with_state_beside((spec, state.as_deref()), &kept, around.scratch)?;
    let acceleration =
        accelerator::settle(spec.machine.accelerator, &tools, around.scratch, progress).await?;
    progress.phase(Phase::Boot, "starting the machine");
    let assembly = Assembly {
        machine: &spec.machine,
        tools: &tools,
        acceleration,
        memory: Memory::Anonymous,
        disk: SystemDisk { file: kept, writes: Writes::Kept, state: None },
        installation_medium: None,
        answer_medium: None,
        plugged: Plugged::default(),
        network: &spec.network,
        forwarder: Some(around.builder.clone()),
        display: around.display,
        directory: around.scratch,
    };
    let deadline = Deadline::after(spec.timeouts.boot_seconds, "timeouts.bootSeconds");
    let (machine, channels) = Qemu::start(&assembly, deadline).await?;
    let machine = running.insert(machine);
    let watching = Watching {
        stall: Duration::ZERO,
        stall_field: "timeouts.bootSeconds",
        pages: None,
        logs: around.scratch.into(),
        progress: progress.clone(),
    };
    let (observer, mut seen) = Observer::start(machine, channels, watching);
    // The person looks.
    observer.only_listen();
    if around.display == Display::Vnc {
        tell_screen(machine, progress).await?;
    }
    let port = machine.ssh_port().await?;
    progress.line(&format!(
        "  once it runs, with the password {}:\n  ssh -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null {}@127.0.0.1",
        place_of_password(&spec.login), spec.login.user
    ));
    machine.resume().await?;

    let mut stop = std::pin::pin!(stop);
    let mut told = false;
    loop {
        tokio::select! {
            () = &mut stop, if !told => {
                told = true;
                // Its answer may be lost with QEMU itself.
                let _ = machine.qmp().execute(qmp::quit {}).await;
                let _ = wait::bounded(END, machine.ended()).await;
            }
            sighting = seen.recv() => match sighting {
                Some(Sighting::Shutdown { .. }) => told = true,
                Some(_) => {}
                None => break,
            },
        }
    }
    machine.ended().await;
    let how = machine.signs().borrow().exited.clone().unwrap_or_default();
    if told { Ok(()) } else { Err(GuestError::Killed { how }.into()) }
}

fn refused(error: io::Error) -> RunError {
    RunError::Image(error.into())
}

/// Makes `kept` over `image`, or sees to it that it is that.
async fn overlay(tools: &Tools, image: &Path, kept: &Path) -> Result<(), RunError> {
    if kept.exists() {
        return match backing_file(kept).map_err(refused)? {
            Some(other) if other == image => Ok(()),
            other => Err(refused(io::Error::other(format!(
                "{} is {}, not a copy-on-write file over {}; another name begins a new one",
                kept.display(),
                other.map_or("another file".into(), |other| format!(
                    "a copy-on-write file over {}",
                    other.display()
                )),
                image.display()
            )))),
        };
    }
    let growing = Unfinished::beside(kept);
    disk::create_overlay(&tools.qemu_img, image, growing.path())
        .await
        .map_err(|error| GuestError::Machine(QemuError::Tool(error)))?;
    Ok(growing.finish(kept)?)
}

/// The name in a qcow2 header of what the image is over.
fn backing_file(image: &Path) -> io::Result<Option<PathBuf>> {
    use std::os::unix::ffi::OsStringExt as _;
    /// Of the header's names, by the format's description.
    const LONGEST: u32 = 1023;
    let mut file = fs_err::File::open(image)?;
    let mut header = [0; 20];
    if file.read_exact(&mut header).is_err() {
        return Ok(None);
    }
    let (magic, offset, length) = (&header[..4], &header[8..16], &header[16..]);
    let offset = u64::from_be_bytes(offset.try_into().unwrap_or_default());
    let length = u32::from_be_bytes(length.try_into().unwrap_or_default());
    if magic != b"QFI\xfb" || offset == 0 || length > LONGEST {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut name = Vec::new();
    file.take(length.into()).read_to_end(&mut name)?;
    Ok(Some(OsString::from_vec(name).into()))
}

/// Puts links into the machine's directory to what is kept beside the disk; with the tools that
/// begin from there.
fn with_state_beside((spec, state): (&Run, Option<&Path>), kept: &Path, scratch: &Path) -> io::Result<Tools> {
    let of_image = |name: &str| state.map(|state| state.join(name)).filter(|place| place.exists());
    let beside = |suffix: &str| {
        let mut name = kept.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut tools = spec.tools.clone();
    if let Some(empty) = spec.tools.ovmf_vars.as_deref().filter(|_| spec.machine.firmware == Firmware::Uefi) {
        let variables = beside(".nvram");
        if !variables.exists() {
            let first = of_image(UEFI_VARIABLES);
            fs_err::write(&variables, fs_err::read(first.as_deref().unwrap_or(empty))?)?;
        }
        fs_err::os::unix::fs::symlink(&variables, scratch.join(UEFI_VARIABLES))?;
        // What is read is written again to the same place, through the link.
        tools.ovmf_vars = Some(variables);
    }
    if spec.machine.tpm {
        let kept = beside(".tpm");
        if !kept.exists() {
            fs_err::create_dir_all(&kept)?;
            if let Some(first) = of_image(TPM_STATE) {
                qemu::copy_files(&first, &kept)?;
            }
        }
        fs_err::os::unix::fs::symlink(&kept, scratch.join(TPM_STATE))?;
    }
    Ok(tools)
}

/// The password for a person, or where it is.
fn place_of_password(login: &Login) -> String {
    match &login.password_file {
        Some(file) => format!("that is in {}", file.display()),
        None => format!("`{}`", login.password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_image_is_over_is_read_from_its_header() {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("x");
        let mut header = b"QFI\xfb\0\0\0\x03".to_vec();
        header.extend(32_u64.to_be_bytes());
        header.extend(6_u32.to_be_bytes());
        header.resize(32, 0);
        header.extend(b"/a/b.c and more");
        fs_err::write(&image, &header).unwrap();
        assert_eq!(backing_file(&image).unwrap(), Some("/a/b.c".into()));
        header[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        fs_err::write(&image, &header).unwrap();
        assert_eq!(backing_file(&image).unwrap(), None);
        fs_err::write(&image, b"short").unwrap();
        assert_eq!(backing_file(&image).unwrap(), None);
    }
}
