//! What can be seen of a host without changing anything.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{accelerator, tool::Tool};

/// How long a program may take to tell its version or its settings.
const ANSWER: Duration = Duration::from_secs(20);
/// Where images of Nix' builds end up.
pub const STORE: &str = "/nix/store";

/// A host.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Whether KVM runs a guest.
    pub kvm: Result<(), String>,
    /// Whether the processor says that it virtualises.
    pub virtualisation: bool,
    /// All of the memory.
    pub memory_bytes: u64,
    /// What programs may have of it now.
    pub available_bytes: u64,
    /// How many this process may use.
    pub processors: usize,
    /// Free bytes by place.
    pub room: Vec<(PathBuf, u64)>,
    /// Programs on PATH with their versions.
    pub programs: Vec<(&'static str, Result<String, String>)>,
    /// Nix, if there is one.
    pub nix: Result<Nix, String>,
}

/// What Nix says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nix {
    /// As it prints it.
    pub version: String,
    /// The setting `sandbox`.
    pub sandbox: String,
    /// The setting `system-features`.
    pub system_features: Vec<String>,
}

impl Seen {
    /// Looks. `qemu` is the program that the probe of KVM runs; `path` is where programs are found, `room` where
    /// images are made and kept.
    pub async fn now(qemu: &Path, path: &[PathBuf], scratch: &Path, room: &[&Path]) -> Self {
        let find = |name: &str| path.iter().map(|directory| directory.join(name)).find(|file| file.is_file());
        let kvm = accelerator::probe(qemu, scratch).await;
        let mut programs = vec![("qemu", version(Some(qemu.to_owned())).await)];
        for name in ["qemu-img", "swtpm"] {
            programs.push((name, version(find(name)).await));
        }
        let meminfo = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            kvm,
            virtualisation: virtualises(&fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            memory_bytes: bytes_of("MemTotal", &meminfo),
            available_bytes: bytes_of("MemAvailable", &meminfo),
            processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            room: room
                .iter()
                .filter_map(|place| free_bytes(place).map(|free| (place.to_path_buf(), free)))
                .collect(),
            programs,
            nix: nix(find("nix")).await,
        }
    }
}

fn virtualises(cpuinfo: &str) -> bool {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    flags.split_whitespace().any(|flag| flag == "vmx" || flag == "svm")
}

/// A line such as `MemTotal:       24554392 kB`.
fn bytes_of(name: &str, meminfo: &str) -> u64 {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

fn free_bytes(place: &Path) -> Option<u64> {
    let there = rustix::fs::statvfs(place).ok()?;
    Some(there.f_bavail.saturating_mul(there.f_frsize))
}

async fn version(program: Option<PathBuf>) -> Result<String, String> {
    let program = program.ok_or("not on PATH")?;
    let said = Tool::new(&program).words(["--version"]).run(ANSWER).await.map_err(|error| error.problem)?;
    let first = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned();
    Ok(format!("{first} ({})", program.display()))
}

async fn nix(program: Option<PathBuf>) -> Result<Nix, String> {
    let program = program.ok_or("not on PATH")?;
    let tool = |words: &[&str]| Tool::new(&program).words(words);
    let version = tool(&["--version"]).run(ANSWER).await.map_err(|error| error.problem)?;
    // Its name since 2.20, and the one before.
    let new = ["--extra-experimental-features", "nix-command", "config", "show"];
    let old = ["--extra-experimental-features", "nix-command", "show-config"];
    let settings = match tool(&new).run(ANSWER).await {
        Ok(settings) => settings,
        Err(_) => tool(&old).run(ANSWER).await.map_err(|error| error.problem)?,
    };
    Ok(Nix::read(String::from_utf8_lossy(&version).trim(), &String::from_utf8_lossy(&settings)))
}

impl Nix {
    fn read(version: &str, settings: &str) -> Self {
        let value = |name: &str| {
            let found =
                settings.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| key.trim() == name);
            found.map(|(_, value)| value.trim()).unwrap_or_default()
        };
        Self {
            version: version.to_owned(),
            sandbox: value("sandbox").to_owned(),
            system_features: value("system-features").split_whitespace().map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_and_nix_write_is_read() {
        assert_eq!(bytes_of("MemTotal", "MemTotal:       24554392 kB\nMemFree: 1 kB\n"), 24_554_392 << 10);
        assert_eq!(bytes_of("MemAvailable", "MemTotal: 1 kB\n"), 0);
        assert!(virtualises("processor : 0\nflags\t\t: fpu vmx sse\n"));
        assert!(!virtualises("flags\t\t: fpu sse\nflags\t\t: vmx\n"));
        let nix = Nix::read(
            "nix (Nix) 2.26",
            "sandbox = relaxed\nsandbox-paths = /bin/sh\nsystem-features = kvm nixos-test\n",
        );
        assert_eq!((nix.sandbox.as_str(), nix.system_features.len()), ("relaxed", 2));
        assert_eq!(Nix::read("", "").system_features, Vec::<String>::new());
    }
}
