//! Does KVM really run a guest? The device node proves nothing: under nested
//! virtualisation it can be there, open, and let every guest hang for ever. So a
//! boot sector is run that ends QEMU by a write to a port.

use std::{path::Path, process::Stdio, time::Duration};

use crate::{
    machine::Acceleration,
    progress::Progress,
    spec::{Accelerator, Tools},
    tool::{Tool, status_in_words, tail},
    wait,
};

/// A working KVM needs some 0.1 s; one that hangs hangs for ever.
const PROBE: Duration = Duration::from_secs(2);
/// Port of QEMU's `isa-debug-exit`.
const EXIT_PORT: u8 = 0xf4;
/// What the boot sector writes; QEMU then ends with `2 * value + 1`.
const EXIT_VALUE: u8 = 0x2a;

/// KVM was asked for and does not run guests.
#[derive(Debug, thiserror::Error)]
#[error("KVM does not run guests on this machine: {reason}")]
pub struct NoKvm {
    /// What the probe saw.
    pub reason: String,
}

/// Settles how instructions are run.
///
/// # Errors
/// [`NoKvm`] if `machine.accelerator` is `kvm` and the probe fails.
pub async fn settle(
    wanted: Accelerator,
    tools: &Tools,
    scratch: &Path,
    progress: &Progress,
) -> Result<Acceleration, NoKvm> {
    if wanted == Accelerator::Tcg {
        return Ok(Acceleration::Tcg);
    }
    match (probe(&tools.qemu, scratch).await, wanted) {
        (Ok(()), _) => Ok(Acceleration::Kvm),
        (Err(reason), Accelerator::Auto) => {
            progress.warning(&format!(
                "KVM does not run guests here ({reason}); translating instead, some twenty times slower"
            ));
            Ok(Acceleration::Tcg)
        }
        (Err(reason), Accelerator::Kvm | Accelerator::Tcg) => Err(NoKvm { reason }),
    }
}

/// Runs the boot sector under KVM.
///
/// # Errors
/// What was seen instead of its end.
pub async fn probe(qemu: &Path, scratch: &Path) -> Result<(), String> {
    // Opened first, because the kernel's reason is better than QEMU's.
    if let Err(error) = fs_err::OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        return Err(error.to_string());
    }
    runs_a_guest(qemu, scratch, "kvm", PROBE).await
}

/// Whether an accelerator runs the guest of one sector to its end.
///
/// # Errors
/// What was seen instead.
pub async fn runs_a_guest(
    qemu: &Path,
    scratch: &Path,
    accelerator: &str,
    limit: Duration,
) -> Result<(), String> {
    let sector = scratch.join("probe.img");
    fs_err::write(&sector, boot_sector()).map_err(|error| error.to_string())?;
    let tool = Tool::new(qemu)
        .words(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-m", "16M"])
        // A CPU model that asks nothing of the host: warnings of features would hide the reason.
        .words(["-machine", "pc", "-cpu", "qemu32", "-accel", accelerator, "-serial", "none"])
        .words(["-device", &format!("isa-debug-exit,iobase={EXIT_PORT:#x},iosize=1")])
        .words(["-drive", &format!("if=ide,format=raw,snapshot=on,file={}", sector.display())]);
    let mut child =
        tool.spawn(Stdio::null(), Stdio::null(), Stdio::piped()).map_err(|error| error.to_string())?;
    let stderr = child.stderr.take();
    let said = async {
        let mut bytes = Vec::new();
        if let Some(mut stderr) = stderr {
            // Its words are a help, not the proof.
            let _ = tokio::io::AsyncReadExt::read_to_end(&mut stderr, &mut bytes).await;
        }
        bytes
    };
    let Some((bytes, status)) = wait::bounded(limit, async { tokio::join!(said, child.wait()) }).await else {
        return Err(format!("a guest of one sector did not end within {} s", limit.as_secs()));
    };
    match status {
        Ok(status) if status.code() == Some(2 * i32::from(EXIT_VALUE) + 1) => Ok(()),
        Ok(status) => Err(format!("QEMU ended with {}: {}", status_in_words(status), tail(&bytes))),
        Err(error) => Err(error.to_string()),
    }
}

/// `mov al, VALUE; out PORT, al; hlt; jmp $-1`, and the signature that a BIOS looks for.
fn boot_sector() -> [u8; 512] {
    let mut sector = [0; 512];
    let code = [0xb0, EXIT_VALUE, 0xe6, EXIT_PORT, 0xf4, 0xeb, 0xfd];
    for (target, byte) in sector.iter_mut().zip(code) {
        *target = byte;
    }
    let [.., first, second] = &mut sector;
    (*first, *second) = (0x55, 0xaa);
    sector
}
