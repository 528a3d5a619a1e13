//! The specs of the phases, made for a medium. They are JSON before they are specs, as a user's are.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde_json::{Value, json};

use crate::{
    guest_os::{GuestOs, Hardware},
    inspect::Fitting,
    nonce, preflight,
    spec::{self, Accelerator, Firmware, Install, Layer, Run, SpecError, Template, Tools},
    windows_iso::WindowsIso,
};

/// What the script of a run says, in its directory.
pub(super) const SAID: &str = "said.log";

/// The account of the guest, which is no person's.
const USER: &str = "wfvm";
const COMPUTER: &str = "WFVM-VERIFY";
/// Where the layer leaves its mark.
const LAYER_KEY: &str = r"HKLM\SOFTWARE\wfvm";
/// A hive that Windows keeps in memory alone: what stands there was written since the guest was booted.
const MEMORY_KEY: &str = r"HKLM\HARDWARE\DESCRIPTION\System";
const VALUE: &str = "WfvmVerify";
/// Every account can write here.
const PUBLIC: &str = "C:/Users/Public";

/// What the machine of a release without data has.
const MEMORY_MIB: u64 = 4096;
const DISK_MIB: u64 = 64 << 10;
/// More processors make no phase faster that has one guest.
const CORES: usize = 4;

/// What differs from what the medium offers by itself.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The number of the image; absent: the one that `inspect` shows an arrow at.
    pub image: Option<u32>,
    /// A file with a key of the image's edition; absent: the published one.
    pub product_key_file: Option<PathBuf>,
    /// Files that are put beside the answer file, under their own names.
    pub payload: Vec<PathBuf>,
    /// Absent: UEFI, if the medium starts by it without a key press.
    pub firmware: Option<Firmware>,
    /// How the guest's instructions are run.
    pub accelerator: Accelerator,
    /// Absent: what the release wants, twice.
    pub memory_mib: Option<u64>,
}

/// What tells this verification from all others.
#[derive(Debug)]
pub(super) struct Nonces {
    pub(super) layer: String,
    pub(super) run: String,
}

/// Where things lie in the working directory.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) password: PathBuf,
    pub(super) programs: PathBuf,
    pub(super) specs: PathBuf,
    pub(super) evidence: PathBuf,
    pub(super) image: PathBuf,
    pub(super) image_state: PathBuf,
    pub(super) layer: PathBuf,
    pub(super) layer_state: PathBuf,
    pub(super) run: PathBuf,
    pub(super) template: PathBuf,
    pub(super) clone: PathBuf,
}

impl Places {
    pub(super) fn below(directory: &Path) -> Self {
        let at = |name: &str| directory.join(name);
        Self {
            password: at("password"),
            programs: at("programs"),
            specs: at("specs"),
            evidence: at("evidence"),
            image: at("image.qcow2"),
            image_state: at("image-state"),
            layer: at("layer.qcow2"),
            layer_state: at("layer-state"),
            run: at("run"),
            template: at("template"),
            clone: at("clone"),
        }
    }

    /// Makes the directories, and this program's other names.
    pub(super) fn make(&self, names: &[&str], builder: &Path) -> std::io::Result<()> {
        let back = [self.run.join("back"), self.clone.join("back")];
        for directory in [&self.programs, &self.specs, &self.evidence].into_iter().chain(&back) {
            fs_err::create_dir_all(directory)?;
        }
        names.iter().try_for_each(|name| fs_err::os::unix::fs::symlink(builder, self.programs.join(name)))
    }
}

/// By which a server's policy lets an account in: three kinds of characters, and none that a shell reads.
pub(super) fn password() -> std::io::Result<String> {
    Ok(format!("Wf-{}", nonce::new()?))
}

/// Writes a file that nobody else reads.
pub(super) fn write_secret(file: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(file)?.write_all(secret.as_bytes())
}

/// What each phase is told.
#[derive(Debug)]
pub(super) struct Specs {
    pub(super) install: Install,
    pub(super) layer: Layer,
    pub(super) run: Run,
    pub(super) template: Template,
    pub(super) clone: Run,
}

impl Specs {
    pub(super) fn new(
        file: &Path,
        medium: &WindowsIso,
        wishes: &Wishes,
        tools: &Tools,
        places: &Places,
        nonces: &Nonces,
    ) -> Result<Self, SpecError> {
        let os = preflight::release_of(medium);
        let machine = machine(os, medium, wishes, tools);
        let login = json!({ "user": USER, "passwordFile": places.password });
        let with = |fields: Value| {
            let mut spec =
                json!({ "wfvmSpec": spec::VERSION, "machine": machine, "login": login, "tools": tools });
            if let (Some(spec), Value::Object(fields)) = (spec.as_object_mut(), fields) {
                spec.extend(fields);
            }
            spec.to_string()
        };
        let mark = |key: &str, nonce: &str| format!("reg add {key} /v {VALUE} /d {nonce} /f");
        Ok(Self {
            install: spec::parse(&with(install(os, (file, medium), wishes, places)))?,
            layer: spec::parse(&with(json!({
                "name": "layer",
                "parent": places.image,
                "state": places.image_state,
                "strict": true,
                "script": format!("win-exec '{}'\n", mark(LAYER_KEY, &nonces.layer)),
            })))?,
            run: spec::parse(&with(json!({
                "name": "run",
                "image": places.layer,
                "state": places.layer_state,
                "script": script(&places.run, &[(LAYER_KEY, &nonces.layer)], &nonces.run),
            })))?,
            template: spec::parse(&with(json!({
                "name": "template",
                "image": places.layer,
                "state": places.layer_state,
                "warmUp": [mark(MEMORY_KEY, &nonces.run)],
            })))?,
            clone: spec::parse(&with(json!({
                "name": "clone",
                "image": places.template,
                "script": script(
                    &places.clone,
                    &[(LAYER_KEY, &nonces.layer), (MEMORY_KEY, &nonces.run)],
                    &nonces.run,
                ),
            })))?,
        })
    }

    /// Writes them for whoever wants to repeat a phase.
    pub(super) fn write(&self, directory: &Path) -> std::io::Result<()> {
        let write = |name: &str, spec: serde_json::Result<String>| {
            fs_err::write(directory.join(name), spec.map_err(std::io::Error::other)?)
        };
        write("install.json", serde_json::to_string_pretty(&self.install))?;
        write("layer.json", serde_json::to_string_pretty(&self.layer))?;
        write("run.json", serde_json::to_string_pretty(&self.run))?;
        write("template.json", serde_json::to_string_pretty(&self.template))?;
        write("clone.json", serde_json::to_string_pretty(&self.clone))
    }
}

/// What the release wants, where there is room for it.
fn machine(os: Option<&GuestOs>, medium: &WindowsIso, wishes: &Wishes, tools: &Tools) -> Value {
    let wanted = |take: fn(Hardware) -> Option<u64>| {
        os.and_then(|os| os.requirements.iter().find_map(|requirement| take(requirement.hardware)))
    };
    let least = os.map_or(MEMORY_MIB, |os| os.minimal_memory_mib * 2);
    let memory = wanted(|hardware| if let Hardware::MemoryMib(mib) = hardware { Some(mib) } else { None });
    let tpm = wanted(|hardware| (hardware == Hardware::Tpm).then_some(1)).is_some() && tools.swtpm.is_some();
    let firmware = wishes.firmware.unwrap_or_else(|| Fitting::of(None, medium).firmware);
    json!({
        "firmware": firmware,
        "accelerator": wishes.accelerator,
        "cores": std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(CORES),
        "memoryMib": wishes.memory_mib.unwrap_or(memory.unwrap_or_default().max(least)),
        // Windows knows none under a BIOS.
        "tpm": tpm && firmware == Firmware::Uefi,
    })
}

fn disk_mib(os: Option<&GuestOs>) -> u64 {
    let Some(os) = os else { return DISK_MIB };
    let wanted = os.requirements.iter().find_map(|requirement| match requirement.hardware {
        Hardware::DiskMib(mib) => Some(mib),
        Hardware::Tpm | Hardware::SecureBoot | Hardware::MemoryMib(_) => None,
    });
    // Blocks that nobody writes take no room.
    (os.minimal_disk_mib * 3).max(wanted.unwrap_or_default()).max(4096)
}

fn install(
    os: Option<&GuestOs>,
    (file, medium): (&Path, &WindowsIso),
    wishes: &Wishes,
    places: &Places,
) -> Value {
    let index = wishes.image.or_else(|| {
        let chosen = os.and_then(|os| preflight::preferred(os, medium).ok());
        chosen.map(|image| image.index)
    });
    let image = medium.images.iter().find(|image| Some(image.index) == index);
    let fitting = Fitting::of(image, medium);
    let language = fitting.language.as_deref().unwrap_or("en-US");
    let is_server = os.is_some_and(|os| os.product_type == "ServerNT");
    let payload = wishes.payload.iter().map(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        json!({ "name": name, "source": file })
    });
    json!({
        "installationMedium": file,
        "image": index.map(|index| json!({ "index": index })),
        "diskMib": disk_mib(os),
        "answerMedium": fitting.answer_medium,
        "answerFile": {
            "fullName": USER,
            "organization": USER,
            "productKeyFile": wishes.product_key_file,
            "uiLanguage": language,
            "inputLocale": language,
            "userLocale": language,
            "systemLocale": language,
            "timeZone": "UTC",
            "computerName": COMPUTER,
            "accounts": [{ "name": USER, "passwordFile": places.password, "groups": ["Administrators"] }],
            // A server's first logon may ask for one (Microsoft, "AdministratorPassword"); a client's never does.
            "administratorPasswordFile": is_server.then_some(&places.password),
            "autoLogon": USER,
        },
        "payload": payload.collect::<Vec<_>>(),
    })
}

/// Reads marks of the registry, and sends a file into the guest and back. What it says goes to a file of its own.
fn script(directory: &Path, marks: &[(&str, &str)], nonce: &str) -> String {
    let mut lines = vec![format!("cd {}\nexec > {SAID} 2>&1", quoted(directory))];
    lines.extend(marks.iter().map(|(key, nonce)| {
        format!(
            "read=$(win-exec 'reg query {key} /v {VALUE}')\n\
             [[ $read == *{nonce}* ]] || {{ echo \"{VALUE} of the registry is not what was written: $read\"; exit 1; }}",
        )
    }));
    lines.push(format!(
        "echo {nonce} > nonce\n\
         win-put nonce {PUBLIC}\n\
         win-get {PUBLIC}/nonce back\n\
         [[ $(< back/nonce) == {nonce} ]] || {{ echo 'the file did not come back as it went'; exit 1; }}\n"
    ));
    lines.join("\n")
}

/// A word of bash.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}
