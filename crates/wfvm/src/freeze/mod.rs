//! An image is booted, comes to rest and is frozen: a template. Nobody gets it before a clone of it has
//! shown that it works.

mod error;
mod letters;
mod rest;

use std::{path::Path, time::Instant};

use serde_json::{Value, json};

pub use error::{FreezeError, FreezeFailure};

use crate::{
    boot::{Boot, Guest, Start},
    disk,
    evidence::Replay,
    machine::{Acceleration, Plugged, SystemDisk, UEFI_VARIABLES, Writes},
    nonce,
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::Surroundings,
    session::{BootLimit, Session, SessionError},
    spec::{self, Firmware, Network},
    template::{self, DISK, Extent, HostCpu, MANIFEST, MEMORY, Manifest, STATE, SUMS, Template},
    unfinished::Unfinished,
    wait::{self, Deadline},
};

/// Where the nonce stands. Windows keeps this hive in memory alone and makes it anew at each boot; a new
/// key in it would have to be volatile, which `reg` cannot say.
const NONCE_KEY: &str = r"HKLM\HARDWARE\DESCRIPTION\System";
const NONCE_VALUE: &str = "WfvmTemplate";
/// How often a session is opened and used before the freeze: what the first one loads, later ones have.
const REHEARSALS: usize = 2;
/// What a session runs to no other end than that its shell has run.
const REHEARSAL: &str = "ver";

/// Makes a template and puts its directory to `out`, where it appears only when it is whole.
///
/// # Errors
/// [`FreezeFailure`] with the phase and the evidence; nothing is left at `out`.
pub async fn freeze(
    spec: &spec::Template,
    out: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<(), Box<FreezeFailure>> {
    let unfinished = Unfinished::beside(out);
    let mut machine = None;
    let error = match story(spec, unfinished.path(), around, progress, &mut machine).await {
        Ok(()) => match unfinished.finish(out) {
            Ok(()) => return Ok(()),
            Err(error) => error.into(),
        },
        Err(error) => error,
    };
    let phase = progress.current();
    let evidence = around.collect(machine, &spec.tools, &Replay::template(spec)).await;
    Err(Box::new(FreezeFailure { name: spec.name.clone(), phase, error, evidence }))
}

async fn story(
    spec: &spec::Template,
    directory: &Path,
    around: &Surroundings<'_>,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<(), FreezeError> {
    progress.phase(Phase::Preflight, &format!("{} of {}", spec.name, spec.image.display()));
    let image = fs_err::canonicalize(disk::file_of(&spec.image)).map_err(FreezeError::Image)?;
    let image_state = disk::state_of(&spec.image, spec.state.as_deref());
    fs_err::create_dir(directory)?;
    let file = |name: &str| directory.join(name);
    disk::create_overlay(&spec.tools.qemu_img, &image, &file(DISK)).await?;
    let nonce = nonce::new()?;

    let network = Network::default();
    let memory = std::path::absolute(file(MEMORY))?;
    let disk = SystemDisk { file: file(DISK), writes: Writes::Kept, state: image_state.clone() };
    let boot = boot(spec, Start::ToFreeze(&memory), disk, &network, around, around.scratch);
    let guest = Guest::boot(&boot, progress, running).await?;
    let Some(machine) = running.as_ref() else { return Err(FreezeError::Lost) };
    let acceleration = guest.acceleration;
    warm_up(spec, &guest, machine, &nonce, progress).await?;
    let deadline = Deadline::after(spec.timeouts.warm_up_seconds, "timeouts.warmUpSeconds");
    letters::teach(spec.letters, &guest, machine, (around.scratch, &nonce), deadline).await?;
    guest.connection.hang_up().await;
    rest::wait(machine, &guest.signs, spec.timeouts.settle_seconds, progress).await?;

    progress.phase(Phase::Freeze, "writing the state of the devices");
    let since = Instant::now();
    let deadline = Deadline::after(spec.timeouts.freeze_seconds, "timeouts.freezeSeconds");
    let state = machine.freeze(around.scratch, deadline).await?;
    machine.keep_time(directory)?;
    let version = machine.qmp().ask("query-version", &json!({})).await?;
    // What the disk's format kept in memory has been written with the state.
    if let Some(machine) = running.take() {
        machine.kill().await;
    }
    drop(guest);
    fs_err::write(file(STATE), &state)?;
    if spec.machine.firmware == Firmware::Uefi {
        fs_err::write(file(UEFI_VARIABLES), fs_err::read(around.scratch.join(UEFI_VARIABLES))?)?;
    }
    let sums = template::dig(&memory)?;
    fs_err::write(file(SUMS), &sums)?;
    let manifest = Manifest {
        wfvm_template: template::VERSION,
        name: spec.name.clone(),
        image,
        image_state,
        machine: spec.machine.clone(),
        acceleration,
        qemu: template::real(&spec.tools.qemu),
        qemu_version: version_in_words(&version),
        firmware: of_uefi(spec).map(template::real),
        host_cpu: (acceleration == Acceleration::Kvm).then(HostCpu::read),
        nonce: nonce.clone(),
        memory_bytes: fs_err::metadata(&memory)?.len(),
        state_bytes: state.len() as u64,
        state_sha256: template::sha256(&state),
        sums_sha256: template::sha256(&sums),
    };
    fs_err::write(file(MANIFEST), serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::other)?)?;
    let allocated = std::os::unix::fs::MetadataExt::blocks(&fs_err::metadata(&memory)?) * 512;
    progress.line(&format!(
        "  memory {} MiB, of which {} MiB are no zeros; state {} KiB; {:.1} s",
        manifest.memory_bytes >> 20,
        allocated >> 20,
        manifest.state_bytes >> 10,
        since.elapsed().as_secs_f64()
    ));

    progress.phase(Phase::Trial, "a clone has to show that the template works");
    trial(spec, directory, around, &network, &nonce, progress, running).await
}

fn of_uefi(spec: &spec::Template) -> Option<&Path> {
    spec.tools.ovmf_code.as_deref().filter(|_| spec.machine.firmware == Firmware::Uefi)
}

fn boot<'a>(
    spec: &'a spec::Template,
    start: Start<'a>,
    disk: SystemDisk,
    network: &'a Network,
    around: &'a Surroundings<'_>,
    scratch: &'a Path,
) -> Boot<'a> {
    Boot {
        machine: &spec.machine,
        tools: &spec.tools,
        login: &spec.login,
        network,
        start,
        disk,
        plugged: Plugged::default(),
        display: around.display,
        limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
        scratch,
        forwarder: &around.builder,
    }
}

/// Everything that the first command of a clone would wait for is done once before.
async fn warm_up(
    spec: &spec::Template,
    guest: &Guest,
    machine: &Qemu,
    nonce: &str,
    progress: &Progress,
) -> Result<(), FreezeError> {
    progress.phase(Phase::Settle, "warming up");
    let mark = format!("reg add {NONCE_KEY} /v {NONCE_VALUE} /d {nonce} /f");
    for line in std::iter::once(&mark).chain(&spec.warm_up) {
        let deadline = Deadline::after(spec.timeouts.warm_up_seconds, "timeouts.warmUpSeconds");
        let work = guest.connection.answer(line);
        let (code, said) =
            wait::race("the end of a command of the warm-up", work, &guest.signs, deadline).await??;
        if code != 0 {
            let said = said.trim().to_owned();
            return Err(FreezeError::WarmUp { line: line.clone(), code, said });
        }
    }
    let port = machine.ssh_port().await?;
    for _ in 0..REHEARSALS {
        let deadline = Deadline::after(spec.timeouts.warm_up_seconds, "timeouts.warmUpSeconds");
        let rehearsal = async {
            let session = Session::connect(port, &spec.login).await?;
            session.run_to_end(REHEARSAL).await.map(drop)
        };
        wait::race("a rehearsal of a clone's session", rehearsal, &guest.signs, deadline).await??;
    }
    Ok(())
}

/// One clone is asked for the nonce, and every block of the memory for its checksum.
async fn trial(
    spec: &spec::Template,
    directory: &Path,
    around: &Surroundings<'_>,
    network: &Network,
    nonce: &str,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<(), FreezeError> {
    let Some(template) = Template::at(directory)? else { return Err(FreezeError::Lost) };
    let scratch = around.scratch.join("trial");
    fs_err::create_dir(&scratch)?;
    let disk = SystemDisk {
        file: directory.join(DISK),
        writes: Writes::Discarded,
        state: Some(directory.to_owned()),
    };
    let boot = boot(spec, Start::Template(&template), disk, network, around, &scratch);
    let guest = Guest::boot(&boot, progress, running).await?;
    let ask = format!("reg query {NONCE_KEY} /v {NONCE_VALUE}");
    let deadline = Deadline::after(spec.timeouts.warm_up_seconds, "timeouts.warmUpSeconds");
    let (_, said) =
        wait::race("the clone's nonce", guest.connection.answer(&ask), &guest.signs, deadline).await??;
    if !said.contains(nonce) {
        return Err(FreezeError::NoNonce { said: said.trim().to_owned() });
    }
    let took = guest.took.as_secs_f64();
    drop(guest);
    if let Some(machine) = running.take() {
        machine.kill().await;
    }
    // The clone has left everything as it was.
    template.state(Extent::Whole)?;
    progress.line(&format!("  its session was there {took:.2} s after it went on"));
    Ok(())
}

fn version_in_words(version: &Value) -> String {
    let number = |name: &str| {
        let value = version.get("qemu").and_then(|version| version.get(name)).cloned().unwrap_or_default();
        value.to_string()
    };
    let package = version.get("package").and_then(Value::as_str).unwrap_or_default();
    format!("{}.{}.{} {package}", number("major"), number("minor"), number("micro")).trim_end().to_owned()
}

impl From<SessionError> for FreezeError {
    fn from(error: SessionError) -> Self {
        Self::Guest(error.into())
    }
}
