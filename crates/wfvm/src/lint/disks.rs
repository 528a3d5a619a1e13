//! Where Windows is installed to.

use super::{
    Findings, Target,
    installation::Installation,
    rule::rules,
    tree::{all, at, is_true, number_at},
};
use crate::spec::{AnswerMedium, DiskBus};

rules! {
    NO_INSTALL_TARGET = Error "no-install-target" "L30" {
        says: "Nothing says to which partition Windows is installed.",
        consequence: "Setup shows the page that lists the disks, and waits.",
        advice: "Give `InstallTo` with `DiskID` and `PartitionID`, or `InstallToAvailablePartition` as `true`.",
        source: "Microsoft, \"Automate Windows Setup\": settings to hide the pages",
        basis: Documented, needs: File,
    }
    TWO_INSTALL_TARGETS = Error "two-install-targets" "L31" {
        says: "Both `InstallTo` and `InstallToAvailablePartition` are given.",
        consequence: "The installation fails.",
        advice: "Keep one of them.",
        source: "unattend reference, InstallToAvailablePartition",
        basis: Documented, needs: File,
    }
    INSTALL_DISK = Error "install-disk" "L32" {
        says: "Windows is installed to a disk that `DiskConfiguration` does not configure, while it does another.",
        consequence: "\"Windows could not apply the unattend answer file's <DiskConfiguration> setting\", or <ImageInstall>.",
        advice: "Let `InstallTo/DiskID` be the `DiskID` of a `Disk`.",
        source: "unattend reference, InstallTo; reports with Setup's message",
        basis: Documented, needs: File,
    }
    DISK_TWICE = Error "disk-twice" "L08" {
        says: "A disk is configured twice.",
        consequence: "The two contradict each other; the pass fails.",
        advice: "Write one `Disk` for each `DiskID`.",
        source: "unattend reference, Disk",
        basis: Documented, needs: File,
    }
    DISK_ID_MISSING = Error "disk-id-missing" "L32" {
        says: "A `Disk` or an `InstallTo` does not say which disk.",
        consequence: "\"Windows could not apply the unattend answer file's <DiskConfiguration> setting\".",
        advice: "Give `DiskID`, which counts from 0.",
        source: "unattend reference, DiskID and PartitionID",
        basis: Documented, needs: File,
    }
    DISK_NUMBER = Warning "disk-number" "L34" {
        says: "A disk's number is greater than the machine's disks have.",
        consequence: "Setup does not find the disk.",
        advice: "Disks are counted from 0 in the order in which Windows PE finds them.",
        source: "how Windows PE counts disks",
        basis: Inferred, needs: Machine,
    }
    ANSWER_STICK = Error "answer-stick-as-disk" "L35" {
        says: "Disk 0 is the stick that carries the answer file.",
        consequence: "Setup wipes the stick, or fails.",
        advice: "Disks that need a driver come after it: install to disk 1, or put the answer file on a CD.",
        source: "dockur/windows, which counts so",
        basis: Reported, needs: Machine,
    }
    NOTHING_CREATED = Error "nothing-created" "L49" {
        says: "The disk is empty, and no partition is made on it.",
        consequence: "There is nothing to install to: Setup shows the page that lists the disks, or fails.",
        advice: "Give `WillWipeDisk` and `CreatePartitions`.",
        source: "unattend reference, InstallTo: the partition must be there",
        basis: Documented, needs: Machine,
    }
}

const DISK: &str = "DiskConfiguration/Disk";
const OS_IMAGE: &str = "ImageInstall/OSImage";

pub(super) fn check(installation: &Installation, target: &Target, findings: &mut Findings) {
    let Some(setup) = installation.setup() else { return };
    let disks = all(setup, DISK);
    let mut seen = Vec::new();
    for disk in &disks {
        let Some(id) = number_at(*disk, "DiskID") else {
            if at(*disk, "DiskID").is_none() {
                findings.add(&DISK_ID_MISSING, *disk, "`Disk` has no `DiskID`");
            }
            continue;
        };
        if seen.contains(&id) {
            findings.add(&DISK_TWICE, *disk, format!("disk {id} stands twice"));
        }
        seen.push(id);
        machine(target, *disk, id, findings);
        let creates = is_true(*disk, "WillWipeDisk") || at(*disk, "CreatePartitions").is_some();
        if target.machine.disk_mib.is_some() && !creates {
            findings.add(&NOTHING_CREATED, *disk, format!("disk {id} gets no partition"));
        }
    }
    let Some(image) = at(setup, OS_IMAGE) else {
        if let Some(first) = disks.first().filter(|_| installation.is_by_setup()) {
            findings.add(&NO_INSTALL_TARGET, *first, "disks are configured, and `ImageInstall` is missing");
        }
        return;
    };
    let to = at(image, "InstallTo");
    let available = is_true(image, "InstallToAvailablePartition");
    match to {
        None if !available => {
            findings.add(&NO_INSTALL_TARGET, image, "`OSImage` says no target");
        }
        Some(to) if available => {
            findings.add(&TWO_INSTALL_TARGETS, to, "`InstallToAvailablePartition` is `true` as well");
        }
        Some(to) => match number_at(to, "DiskID") {
            Some(id) if !seen.is_empty() && !seen.contains(&id) => {
                let id_node = at(to, "DiskID").unwrap_or(to);
                findings.add(&INSTALL_DISK, id_node, format!("disk {id} is not configured"));
            }
            Some(id) if seen.is_empty() => machine(target, at(to, "DiskID").unwrap_or(to), id, findings),
            Some(_) => {}
            None => {
                if at(to, "DiskID").is_none() {
                    findings.add(&DISK_ID_MISSING, to, "`InstallTo` has no `DiskID`");
                }
            }
        },
        None => {}
    }
}

fn machine(target: &Target, node: super::Node, id: u64, findings: &mut Findings) {
    let machine = &target.machine;
    if let Some(disks) = machine.disks.filter(|disks| id >= u64::from(*disks)) {
        findings.add(&DISK_NUMBER, node, format!("there is no disk {id}: the machine has {disks}, from 0"));
    }
    let stick_is_first =
        machine.answer_medium == Some(AnswerMedium::Usb) && machine.disk_bus == Some(DiskBus::Virtio);
    if id == 0 && stick_is_first {
        findings.add(&ANSWER_STICK, node, "disk 0 is the answer stick, which is found before virtio disks");
    }
}
