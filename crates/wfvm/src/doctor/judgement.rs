//! What is made of a host, from what was seen of it.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::seen::{Nix, Seen};

const GIB: u64 = 1 << 30;
/// What `makeWindowsImage` gives a guest unless it is told otherwise.
const GUEST_BYTES: u64 = 4 * GIB;
/// An installed Windows with its updates off has some 12 to 15 GiB, and an installation needs room beside it.
const IMAGE_BYTES: u64 = 25 * GIB;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What, in a word.
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub found: String,
    /// What to do about it; empty if nothing.
    pub advice: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Guests run, but slower, or fewer of them.
    Warning,
    /// Guests do not run as they are asked for by default.
    Problem,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// All of it, in the order in which it matters.
#[must_use]
pub fn checks(seen: &Seen) -> Vec<Check> {
    let mut checks = vec![kvm(seen), memory(seen), processors(seen), room(seen)];
    checks.extend(seen.programs.iter().map(|(name, version)| program(name, version)));
    checks.push(match &seen.nix {
        Ok(nix) => sandbox(nix),
        Err(problem) => Check {
            name: "nix",
            verdict: Verdict::Warning,
            found: problem.clone(),
            advice: "without Nix, `inspect`, `lint`, `verify` and all tasks with `--spec` work; expressions need it".into(),
        },
    });
    if let Ok(nix) = &seen.nix {
        checks.push(features(nix, seen.kvm.is_ok()));
    }
    checks
}

fn good(name: &'static str, found: String) -> Check {
    Check { name, verdict: Verdict::Good, found, advice: String::new() }
}

fn kvm(seen: &Seen) -> Check {
    match &seen.kvm {
        Ok(()) => good("kvm", "a guest ran under it to its end".into()),
        Err(problem) => Check {
            name: "kvm",
            verdict: Verdict::Problem,
            found: problem.clone(),
            advice: if seen.virtualisation {
                "the processor has virtualisation: load `kvm_intel` or `kvm_amd`, let the builder's group use \
                 /dev/kvm, and in a virtual machine switch nested virtualisation on; `accelerator = \"tcg\"` \
                 does without, some twenty times slower"
            } else {
                "no virtualisation is seen in /proc/cpuinfo: switch it on in the firmware, or for this virtual \
                 machine on its host; `accelerator = \"tcg\"` does without, some twenty times slower"
            }
            .into(),
        },
    }
}

fn memory(seen: &Seen) -> Check {
    let (total, available) = (seen.memory_bytes, seen.available_bytes);
    let found = format!("{}, of which {} are free", gib(total), gib(available));
    let (verdict, advice) = if total < GUEST_BYTES {
        (
            Verdict::Problem,
            "a guest has 4 GiB by default; `memoryMib` gives it less, down to 2048 for Windows",
        )
    } else if available < GUEST_BYTES + GIB {
        (Verdict::Warning, "a guest has 4 GiB by default; one that does not fit is killed by the kernel")
    } else {
        return good("memory", found);
    };
    Check { name: "memory", verdict, found, advice: advice.into() }
}

fn processors(seen: &Seen) -> Check {
    let found = format!("{}", seen.processors);
    if seen.processors > 1 {
        return good("processors", found);
    }
    let advice = "one for the guest and one for QEMU's own work is the least that is not slow".into();
    Check { name: "processors", verdict: Verdict::Warning, found, advice }
}

fn room(seen: &Seen) -> Check {
    let mut found = String::new();
    for (place, bytes) in &seen.room {
        let separator = if found.is_empty() { "" } else { ", " };
        // Into a string, which takes everything.
        let _ = write!(found, "{separator}{} in {}", gib(*bytes), place.display());
    }
    if seen.room.iter().all(|(_, bytes)| *bytes >= IMAGE_BYTES) {
        return good("room", found);
    }
    let advice =
        "an installed Windows takes some 15 GiB where it is kept, and as much where it is made".into();
    Check { name: "room", verdict: Verdict::Warning, found, advice }
}

fn program(name: &'static str, version: &Result<String, String>) -> Check {
    match version {
        Ok(version) => good(name, version.clone()),
        Err(problem) => Check {
            name,
            verdict: Verdict::Warning,
            found: problem.clone(),
            advice: "Nix' builds bring their own; by hand it is found by `tools` of a spec".into(),
        },
    }
}

fn sandbox(nix: &Nix) -> Check {
    let found = format!("{}, sandbox = {}", nix.version, nix.sandbox);
    let advice = match nix.sandbox.as_str() {
        "true" | "relaxed" => return good("nix", found),
        _ => {
            "`sandbox = true` in nix.conf: without it a build may reach the network and this machine's files"
        }
    };
    Check { name: "nix", verdict: Verdict::Warning, found, advice: advice.into() }
}

fn features(nix: &Nix, kvm_runs: bool) -> Check {
    let found = nix.system_features.join(" ");
    let kvm = nix.system_features.iter().any(|feature| feature == "kvm");
    let (verdict, advice) = match (kvm, kvm_runs) {
        (true, true) | (false, false) => return good("system-features", found),
        (false, true) => (
            Verdict::Problem,
            "`extra-system-features = kvm` in nix.conf: an image asks for it, and Nix refuses to build it here",
        ),
        (true, false) => {
            (Verdict::Warning, "`kvm` is promised, and no guest runs under it: images are sent here and fail")
        }
    };
    Check { name: "system-features", verdict, found, advice: advice.into() }
}

fn gib(bytes: u64) -> String {
    format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB)
}

/// For people: a line each, and what to do below it.
#[must_use]
pub fn page(checks: &[Check]) -> String {
    let mut page = String::new();
    for Check { name, verdict, found, advice } in checks {
        let _ = writeln!(page, "{:<8} {name:<16} {found}", verdict.word());
        if !advice.is_empty() {
            let _ = writeln!(page, "{:<25} {advice}", "");
        }
    }
    page
}
