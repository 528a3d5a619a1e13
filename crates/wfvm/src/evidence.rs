//! What is left of a failed task: the screen and its text, what the firmware and
//! COM1 said, the machine protocol, and Setup's own logs, read from the disk.
//!
//! Collecting has a bound of its own and never hides the failure that it is about.

use std::{
    fmt,
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{disk, guest, qemu::Qemu, spec, wait};

/// All of the collecting together may take this long.
const BOUND: Duration = Duration::from_secs(90);
/// A QEMU that hangs makes no picture, and must not keep us from the rest.
const PICTURE: Duration = Duration::from_secs(10);
/// How much of each of Setup's logs is kept, in bytes.
const LOG_LIMIT: u64 = 1 << 20;
/// How many of their last lines are told.
const TOLD: usize = 8;

/// Setup's logs, newest pass first (Microsoft, "Windows Setup Log Files and Event Logs").
const SETUP_LOGS: [&str; 6] = [
    "Windows/Panther/UnattendGC/setuperr.log",
    "Windows/Panther/UnattendGC/setupact.log",
    "Windows/Panther/setuperr.log",
    "Windows/Panther/setupact.log",
    "$WINDOWS.~BT/Sources/Panther/setuperr.log",
    "$WINDOWS.~BT/Sources/Panther/setupact.log",
];

/// Files that a machine leaves in its directory.
const MACHINE_LOGS: [&str; 5] = ["com1.log", "firmware.log", "qmp.jsonl", "qemu.log", "swtpm.log"];

/// What starts the same machine again: the spec, and the program that reads it.
const REPLAY: [&str; 2] = ["spec.json", "run-vm"];

/// What was collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Where its files lie.
    pub directory: PathBuf,
    /// The last picture of the screen.
    pub screen: Option<PathBuf>,
    /// The text on it, as far as it could be read.
    pub screen_text: Option<String>,
    /// The newest of Setup's logs that says something, and its last lines.
    pub setup_log: Option<(String, Vec<String>)>,
    /// Why Setup's logs could not be read.
    pub unread: Option<String>,
    /// A program that starts the same machine again.
    pub run_vm: Option<PathBuf>,
}

/// Where evidence comes from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The machine's directory.
    pub machine: &'a Path,
    /// The disk that it wrote, if Setup's logs are to be looked for.
    pub disk: Option<&'a Path>,
    /// The builder's own program, which reads it.
    pub builder: &'a Path,
    /// Reads the screen's text.
    pub tesseract: Option<&'a Path>,
    /// How the same machine is started again.
    pub replay: Option<&'a Replay>,
}

/// A spec that starts the machine of a failed task as it was when the task began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The builder's subcommand and its options.
    words: &'static str,
    /// The spec, as JSON.
    spec: String,
}

impl Replay {
    /// The same installation once more.
    #[cfg(feature = "install")]
    #[must_use]
    pub fn installation(spec: &spec::Install) -> Self {
        Self { words: "install --spec spec.json --out disk.qcow2", spec: json(spec) }
    }

    /// The same layer with a shell in the place of its script.
    #[cfg(feature = "layer")]
    #[must_use]
    pub fn layer(spec: &spec::Layer) -> Self {
        let timeouts = spec::LayerTimeouts { script_seconds: 0, ..spec.timeouts };
        // The program works from another directory.
        let parent = fs_err::canonicalize(&spec.parent).unwrap_or_else(|_| spec.parent.clone());
        // Whatever the last command in it was, the shell is no layer that failed.
        let script = format!("{} -i || :", bash(&spec.tools).display());
        let spec = spec::Layer { parent, script, strict: false, compact: false, timeouts, ..spec.clone() };
        Self { words: "layer --spec spec.json --out disk.qcow2", spec: json(&spec) }
    }

    /// A shell beside the guest, with the words of a script on PATH.
    #[cfg(feature = "run")]
    #[must_use]
    pub fn run(spec: &spec::Run) -> Self {
        let script = format!("exec {} -i", bash(&spec.tools).display());
        let timeouts = spec::RunTimeouts { script_seconds: 0, ..spec.timeouts };
        Self { words: "run --spec spec.json", spec: json(&spec::Run { script, timeouts, ..spec.clone() }) }
    }

    /// A shell beside the guest that was to be frozen.
    #[cfg(feature = "run")]
    #[must_use]
    pub fn template(spec: &spec::Template) -> Self {
        let timeouts =
            spec::RunTimeouts { boot_seconds: spec.timeouts.boot_seconds, ..spec::RunTimeouts::default() };
        Self::run(&spec::Run {
            wfvm_spec: spec.wfvm_spec,
            name: spec.name.clone(),
            image: spec.image.clone(),
            state: spec.state.clone(),
            script: String::new(),
            machines: 1,
            machine: spec.machine.clone(),
            login: spec.login.clone(),
            network: spec::Network::default(),
            display: false,
            timeouts,
            tools: spec.tools.clone(),
        })
    }

    /// A shell beside the guest as the failed build has left it, with its drives.
    #[cfg(feature = "run")]
    #[must_use]
    pub fn build(spec: &spec::Build) -> Self {
        Self { words: "build --spec spec.json --shell", spec: json(spec) }
    }

    /// The same command in one guest once more.
    #[cfg(feature = "run")]
    #[must_use]
    pub fn clone_of(spec: &spec::Clones, command: &spec::CloneCommand) -> Self {
        let commands = vec![command.clone()];
        Self {
            words: "clones --spec spec.json --out result",
            spec: json(&spec::Clones { commands, keep_failed: false, ..spec.clone() }),
        }
    }

    /// Writes the spec and the program, which works from any directory.
    fn write(&self, builder: &Path, directory: &Path) -> std::io::Result<PathBuf> {
        let [spec, program] = REPLAY.map(|name| directory.join(name));
        fs_err::write(spec, &self.spec)?;
        // What was there stays as it is: a run discards its changes, the others make a disk of their own.
        let text = format!(
            "#!/bin/sh\n# The machine of this failure, as it was at the beginning. `--display` shows its screen.\n\
             cd \"$(dirname \"$0\")\" || exit\nexec '{}' {} --evidence again \"$@\"\n",
            builder.display(),
            self.words
        );
        fs_err::write(&program, text)?;
        fs_err::set_permissions(&program, Permissions::from_mode(0o755))?;
        Ok(program)
    }
}

#[cfg(feature = "script")]
fn bash(tools: &spec::Tools) -> &Path {
    tools.bash.as_deref().unwrap_or(Path::new("bash"))
}

fn json(spec: &impl serde::Serialize) -> String {
    // A spec was JSON before it was a spec.
    serde_json::to_string_pretty(spec).unwrap_or_default()
}

/// Collects into `directory`, and ends the machine on the way: its disk can be read only then.
pub async fn collect(machine: Option<Qemu>, sources: Sources<'_>, directory: &Path) -> Evidence {
    // QEMU may run in another directory than we do, and so may who reads of it.
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let mut evidence = Evidence { directory, ..Evidence::default() };
    if fs_err::create_dir_all(&evidence.directory).is_err() {
        return evidence;
    }
    // What was found until then stays found.
    let _ = wait::bounded(BOUND, gather(machine, sources, &mut evidence)).await;
    evidence
}

async fn gather(machine: Option<Qemu>, sources: Sources<'_>, evidence: &mut Evidence) {
    if let Some(machine) = machine {
        let picture = evidence.directory.join("screen.png");
        if matches!(wait::bounded(PICTURE, machine.qmp().screenshot(&picture)).await, Some(Ok(()))) {
            if let Some(tesseract) = sources.tesseract {
                let text = guest::read_picture(tesseract, &picture).await;
                evidence.screen_text =
                    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            }
            evidence.screen = Some(picture);
        }
        machine.kill().await;
    }
    if let Some(replay) = sources.replay {
        evidence.run_vm = replay.write(sources.builder, &evidence.directory).ok();
    }
    for name in MACHINE_LOGS {
        // A log that was never begun is nothing to tell.
        let _ = fs_err::copy(sources.machine.join(name), evidence.directory.join(name));
    }
    if let Some(disk) = sources.disk {
        let read = disk::read_files_apart(sources.builder, disk, &SETUP_LOGS, LOG_LIMIT).await;
        let files = read.unwrap_or_else(|error| {
            evidence.unread = Some(error.to_string());
            Vec::new()
        });
        for file in files {
            let _ = fs_err::write(evidence.directory.join(file.path.replace('/', "-")), &file.contents);
            let lines = last_lines(&file.contents, TOLD);
            if evidence.setup_log.is_none() && !lines.is_empty() {
                evidence.setup_log = Some((file.path.replace('/', "\\"), lines));
            }
        }
    }
}

/// The last lines of a text that are not blank.
pub(crate) fn last_lines(contents: &[u8], count: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(contents);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(count);
    lines.into_iter().skip(from).map(str::to_owned).collect()
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.screen_text {
            writeln!(formatter, "  screen    reads")?;
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                writeln!(formatter, "            | {line}")?;
            }
        }
        if let Some((path, lines)) = &self.setup_log {
            writeln!(formatter, "  log       {path} ends with")?;
            for line in lines {
                writeln!(formatter, "            | {line}")?;
            }
        }
        if let Some(why) = &self.unread {
            writeln!(formatter, "  log       could not be read: {why}")?;
        }
        if let Some(screen) = &self.screen {
            writeln!(formatter, "  picture   {}", screen.display())?;
        }
        if let Some(program) = &self.run_vm {
            writeln!(formatter, "  replay    {}", program.display())?;
        }
        write!(formatter, "  evidence  {}", self.directory.display())
    }
}
