//! Whether the machine is one that the release's Setup accepts and has drivers for.

use super::Finding;
use crate::guest_os::{GuestOs, Hardware};
use crate::spec::{DiskBus, Firmware, Install, NetworkCard};
use crate::virtio_win;

pub(super) fn findings(spec: &Install, os: &GuestOs) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(memory(spec, os));
    findings.extend(disk_bus(spec, os));
    findings.extend(network_card(spec, os));
    findings.extend(drivers_of_another_release(spec, os));
    findings.extend(nothing_of_virtio(spec));
    findings.extend(tpm_under_bios(spec));
    findings.extend(bypassed(spec, os));
    findings
}

pub(super) fn memory(spec: &Install, os: &GuestOs) -> Option<Finding> {
    let memory_mib = spec.machine.memory_mib;
    (memory_mib < os.minimal_memory_mib).then(|| {
        Finding::refusal(
            "machine.memoryMib",
            memory_mib.to_string(),
            format!("{memory_mib} MiB are too few for {}", os.title),
            format!("give at least {} MiB{}", os.minimal_memory_mib, wanted_memory(os)),
        )
    })
}

fn wanted_memory(os: &GuestOs) -> String {
    let wanted = os.requirements.iter().find_map(|requirement| match requirement.hardware {
        Hardware::MemoryMib(mib) => Some(mib),
        Hardware::Tpm | Hardware::SecureBoot | Hardware::DiskMib(_) => None,
    });
    wanted.map_or_else(String::new, |mib| format!("; Microsoft names {mib} MiB"))
}

/// What a driver is for is not known before Setup has it.
fn brings_drivers(spec: &Install) -> bool {
    let settings = &spec.answer_file.settings;
    // What is chosen of virtio-win is all that the machine needs; that it is there is looked up.
    !spec.answer_file.driver_paths.is_empty() || !settings.drivers.is_empty() || settings.virtio_win.is_some()
}

/// Setup would stop at its page "Where do you want to install Windows?", which shows no disk.
fn disk_bus(spec: &Install, os: &GuestOs) -> Option<Finding> {
    let bus = spec.machine.disk_bus;
    if os.disk_buses.contains(&bus) || brings_drivers(spec) {
        return None;
    }
    let value = match bus {
        DiskBus::Sata => "sata",
        DiskBus::Virtio => "virtio",
    };
    Some(Finding::refusal(
        "machine.diskBus",
        value,
        format!("the Setup of {} has no driver for this disk, so that it would find none", os.title),
        "give `virtioWin` or its driver (`drivers`, `driverPaths`), or take `sata`".into(),
    ))
}

/// Without a network card there is no session, by which an installation ends.
fn network_card(spec: &Install, os: &GuestOs) -> Option<Finding> {
    let virtio = spec.machine.network_card == NetworkCard::Virtio;
    (virtio && os.virtio_folder.is_some() && !brings_drivers(spec)).then(|| {
        Finding::refusal(
            "machine.networkCard",
            "virtio",
            format!("{} has no driver for this network card, so that nobody could log on", os.title),
            "give `virtioWin` or its driver (`drivers`, `driverPaths`), or take `e1000e`".into(),
        )
    })
}

/// Whoever gives virtio-win wants a machine that has something of it.
fn nothing_of_virtio(spec: &Install) -> Option<Finding> {
    let given = spec.answer_file.settings.virtio_win.as_ref()?;
    virtio_win::needed(&spec.machine).is_empty().then(|| {
        Finding::note(
            "answerFile.settings.virtioWin",
            given.to_string_lossy(),
            "the machine has no device that its drivers are for, so that none is installed".into(),
            "`diskBus` and `networkCard` can be `virtio`".into(),
        )
    })
}

/// The folders of virtio-win's medium are named by release.
fn drivers_of_another_release(spec: &Install, os: &GuestOs) -> Option<Finding> {
    const FOLDERS: [&str; 6] = ["w10", "w11", "2k16", "2k19", "2k22", "2k25"];
    let own = os.virtio_folder?;
    let mut found = spec.answer_file.driver_paths.iter().enumerate().filter_map(|(at, path)| {
        let mut parts = path.split(['\\', '/']);
        let other = parts.find(|part| FOLDERS.iter().any(|known| known.eq_ignore_ascii_case(part)))?;
        (!other.eq_ignore_ascii_case(own)).then_some((at, path, other))
    });
    let (at, path, other) = found.next()?;
    Some(Finding::warning(
        &format!("answerFile.driverPaths[{at}]"),
        path,
        format!("`{other}` is the folder of another release's drivers on virtio-win's medium"),
        format!("that of {} is `{own}`", os.title),
    ))
}

/// "TPM recommendations": version 2.0 is not supported in the BIOS modes.
fn tpm_under_bios(spec: &Install) -> Option<Finding> {
    (spec.machine.tpm && spec.machine.firmware == Firmware::Bios).then(|| {
        Finding::warning(
            "machine.tpm",
            "true",
            "Windows uses a TPM 2.0 under UEFI alone".into(),
            "take `uefi`, or leave the TPM out".into(),
        )
    })
}

/// What the machine lacks of what Setup wants, and Setup is told to pass over.
fn bypassed(spec: &Install, os: &GuestOs) -> Option<Finding> {
    let lacking: Vec<String> = os.lacking(spec).map(|requirement| requirement.hardware.to_string()).collect();
    (!lacking.is_empty()).then(|| {
        Finding::note(
            "machine",
            "",
            format!(
                "{} wants {}; Setup is told to pass over that by values that Microsoft does not document",
                os.title,
                lacking.join(", ")
            ),
            String::new(),
        )
    })
}
