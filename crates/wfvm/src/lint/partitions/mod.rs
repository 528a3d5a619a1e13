//! Partitions: what fits on a disk, and what firmware starts from.

mod layout;

use super::{
    Findings, Target,
    installation::Installation,
    rule::rules,
    tree::{Node, all, at, is_true, number_at, text_at},
};
use crate::spec::Firmware;
use layout::{Created, Layout};

rules! {
    INSTALL_PARTITION = Error "install-partition" "L33" {
        says: "Windows is installed to a partition that is not there, or that cannot hold it.",
        consequence: "\"Windows could not apply the unattend answer file's <ImageInstall> setting\".",
        advice: "Name a primary or logical partition; partitions are counted from 1 in the order in which they are made.",
        source: "unattend reference, CreatePartition/Type: Windows must be on a primary or a logical partition",
        basis: Documented, needs: File,
    }
    NO_EFI_PARTITION = Error "no-efi-partition" "L36" {
        says: "The machine has UEFI, and the layout has no EFI partition.",
        consequence: "\"Windows could not apply the unattend answer file's <DiskConfiguration> setting\".",
        advice: "Begin with `EFI` of 300 MB and `MSR` of 16 MB.",
        source: "Microsoft, \"UEFI/GPT-based hard drive partitions\"",
        basis: Documented, needs: Machine,
    }
    EFI_UNDER_BIOS = Error "efi-under-bios" "L36" {
        says: "The machine has BIOS, and the layout has an EFI partition.",
        consequence: "The installation is terminated: a disk with an MBR has none.",
        advice: "Make one primary partition that is active, or two.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: Machine,
    }
    MIXED_STYLES = Error "mixed-partition-styles" "L36" {
        says: "A layout has partitions of a GPT and of an MBR.",
        consequence: "Either kind is refused on the other kind of disk: the installation is terminated.",
        advice: "`EFI` and `MSR` belong to UEFI, `Extended` and `Logical` to BIOS.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: File,
    }
    NO_MSR = Warning "no-msr" "L37" {
        says: "A layout for UEFI has no MSR partition.",
        consequence: "Newer Setups accept it; the reference demands one on each disk with a GPT.",
        advice: "Add `MSR` of 16 MB behind `EFI`.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: File,
    }
    TOO_MANY_PRIMARY = Error "too-many-primary" "L38" {
        says: "A layout without EFI partition has more primary partitions than an MBR holds.",
        consequence: "The partition is not made, and the installation is terminated.",
        advice: "At most four, or three and an `Extended` one with `Logical` ones in it.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: File,
    }
    TWO_EXTENDED = Error "two-extended" "L38" {
        says: "A disk gets two extended partitions.",
        consequence: "The second is not made, and the installation is terminated.",
        advice: "Put all logical partitions into one.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: File,
    }
    LOGICAL_WITHOUT_EXTENDED = Error "logical-without-extended" "L39" {
        says: "A disk gets a logical partition and no extended one before it.",
        consequence: "The partition is not made, and the installation is terminated.",
        advice: "Make an `Extended` partition first.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: File,
    }
    LOGICAL_TOO_LARGE = Error "logical-too-large" "L39" {
        says: "The logical partitions are larger than the extended one.",
        consequence: "A partition is not made, and the installation is terminated.",
        advice: "Let their sizes add up to less.",
        source: "unattend reference, CreatePartition/Type",
        basis: Documented, needs: File,
    }
    SIZE_AND_EXTEND = Error "size-and-extend" "L40" {
        says: "A partition has a `Size` and `Extend` as `true`.",
        consequence: "The two contradict each other: Setup ends.",
        advice: "Keep one of them.",
        source: "unattend reference, CreatePartition/Size and Extend",
        basis: Documented, needs: File,
    }
    NO_SIZE = Error "no-size" "L40" {
        says: "A partition has neither a `Size` nor `Extend` as `true`.",
        consequence: "Setup ends.",
        advice: "Give the size in MB, or let the last one extend.",
        source: "unattend reference, CreatePartition/Extend",
        basis: Documented, needs: File,
    }
    EXTEND_NOT_LAST = Error "extend-not-last" "L41" {
        says: "A partition extends over the rest of the disk, and another one follows.",
        consequence: "The following one has no room: \"could not apply the … <DiskConfiguration> setting\".",
        advice: "Let the last partition extend. A recovery partition in front of Windows needs a size.",
        source: "unattend reference, CreatePartition/Extend: it fills the remainder of the disk",
        basis: Documented, needs: File,
    }
    DISK_TOO_SMALL = Error "disk-too-small" "L42" {
        says: "The partitions are larger than the disk.",
        consequence: "\"Windows could not apply the unattend answer file's <DiskConfiguration> setting\".",
        advice: "Make the disk larger, or let the last partition extend.",
        source: "unattend reference, CreatePartition/Size",
        basis: Documented, needs: Machine,
    }
    EXTEND_ON_GPT = Error "extend-on-gpt" "L43" {
        says: "`ModifyPartition` extends a partition of a GPT.",
        consequence: "The setting is not supported there: Setup ends.",
        advice: "Use `Extend` of `CreatePartition`.",
        source: "unattend reference, ModifyPartition/Extend",
        basis: Documented, needs: File,
    }
    LABEL_WITHOUT_FORMAT = Error "label-without-format" "L44" {
        says: "A partition gets a label and no format.",
        consequence: "The label cannot be written: it is passed over, or Setup ends.",
        advice: "Give `Format` as well.",
        source: "unattend reference, ModifyPartition/Label: a format must be specified also",
        basis: Documented, needs: File,
    }
    DRIVE_LETTER = Error "drive-letter" "L45" {
        says: "A partition's letter is none that it can have.",
        consequence: "Setup ends, or the letter is that of Windows PE's own disk.",
        advice: "Write one capital letter from C to Z, but not X.",
        source: "unattend reference, ModifyPartition/Letter",
        basis: Documented, needs: File,
    }
    DRIVE_LETTER_TWICE = Error "drive-letter-twice" "L45" {
        says: "Two partitions get the same letter.",
        consequence: "The second cannot have it: Setup ends.",
        advice: "Give each its own.",
        source: "unattend reference, ModifyPartition/Letter",
        basis: Documented, needs: File,
    }
    ACTIVE_TWICE = Warning "active-twice" "L46" {
        says: "Two partitions of a disk are made active.",
        consequence: "The last of them is; a boot loader on the other is not started.",
        advice: "Make the one active that holds the boot files.",
        source: "unattend reference, ModifyPartition/Active",
        basis: Documented, needs: File,
    }
    ACTIVE_ON_GPT = Warning "active-on-gpt" "L46" {
        says: "A partition of a GPT is made active.",
        consequence: "It is ignored: UEFI starts from the EFI partition.",
        advice: "Remove `Active`.",
        source: "unattend reference, ModifyPartition/Active",
        basis: Documented, needs: File,
    }
    WINDOWS_PARTITION_SMALL = Warning "windows-partition-small" "L47" {
        says: "The partition for Windows is smaller than 20 GB.",
        consequence: "The image does not fit, or updates soon do not.",
        advice: "Let it extend.",
        source: "Microsoft, \"UEFI/GPT-based hard drive partitions\": at least 20 GB",
        basis: Documented, needs: File,
    }
    EFI_PARTITION_SMALL = Warning "efi-partition-small" "L48" {
        says: "The EFI partition is smaller than 100 MB.",
        consequence: "It cannot be formatted or is soon full; disks with sectors of 4096 bytes need 260 MB.",
        advice: "Take 300 MB.",
        source: "Microsoft, \"UEFI/GPT-based hard drive partitions\"",
        basis: Documented, needs: File,
    }
    EFI_FORMAT = Error "efi-format" "L48" {
        says: "The EFI partition is not formatted as FAT32.",
        consequence: "The firmware finds no boot loader on it.",
        advice: "Write `FAT32`.",
        source: "Microsoft, \"UEFI/GPT-based hard drive partitions\": FAT32",
        basis: Documented, needs: File,
    }
    WINDOWS_FORMAT = Warning "windows-format" {
        says: "The partition for Windows is formatted as FAT32.",
        consequence: "Windows has needed NTFS for its own partition since Vista.",
        advice: "Write `NTFS`.",
        source: "Microsoft, \"UEFI/GPT-based hard drive partitions\": NTFS",
        basis: Documented, needs: File,
    }
    MODIFIED_PARTITION = Error "modified-partition-missing" {
        says: "A partition is modified that the wiped disk does not have.",
        consequence: "\"Windows could not apply the unattend answer file's <DiskConfiguration> setting\".",
        advice: "`PartitionID` counts from 1 in the order in which partitions are made.",
        source: "unattend reference, ModifyPartition/PartitionID",
        basis: Documented, needs: File,
    }
    MODIFIED_MSR = Error "modified-msr" {
        says: "An MSR partition is formatted, labelled or given a letter.",
        consequence: "It has no file system: Setup ends.",
        advice: "Leave MSR out of `ModifyPartitions`. It counts nevertheless: behind EFI and MSR comes number 3.",
        source: "unattend reference, ModifyPartition: MSR and extended partitions cannot be modified",
        basis: Documented, needs: File,
    }
}

const SMALLEST_WINDOWS_MIB: u64 = 20_000;
const SMALLEST_EFI_MIB: u64 = 100;
const PRIMARY_OF_AN_MBR: usize = 4;
/// What the partition tables and alignment take at least.
const TABLES_MIB: u64 = 2;

pub(super) fn check(installation: &Installation, target: &Target, findings: &mut Findings) {
    let Some(setup) = installation.setup() else { return };
    let mut letters = Vec::new();
    for disk in all(setup, "DiskConfiguration/Disk") {
        let layout = Layout::new(disk);
        styles(&layout, target, findings);
        mbr(&layout, findings);
        sizes(&layout, target, findings);
        modifications(&layout, &mut letters, findings);
        install_partition(&layout, setup, findings);
    }
}

fn styles(layout: &Layout, target: &Target, findings: &mut Findings) {
    let efi = layout.of(&["EFI"]).next();
    if let (true, Some(other)) = (layout.is_gpt(), layout.of(&["Extended", "Logical"]).next()) {
        findings.add(&MIXED_STYLES, other.node, format!("`{}` beside `EFI` or `MSR`", other.kind));
        return;
    }
    match (target.machine.firmware, efi) {
        (Some(Firmware::Uefi), None) if layout.wiped && !layout.created.is_empty() => {
            findings.add(&NO_EFI_PARTITION, layout.disk, "no partition is of the type `EFI`");
        }
        (Some(Firmware::Bios), Some(efi)) => {
            findings.add(&EFI_UNDER_BIOS, efi.node, "`EFI` on a machine with BIOS");
        }
        _ => {}
    }
    if let Some(efi) = efi.filter(|_| layout.wiped && layout.of(&["MSR"]).next().is_none()) {
        findings.add(&NO_MSR, efi.node, "no partition is of the type `MSR`");
    }
}

fn mbr(layout: &Layout, findings: &mut Findings) {
    if layout.is_gpt() {
        return;
    }
    let most = PRIMARY_OF_AN_MBR - layout.of(&["Extended"]).count().min(1);
    if let Some(partition) = layout.of(&["Primary"]).nth(most) {
        findings.add(&TOO_MANY_PRIMARY, partition.node, format!("this is primary partition {}", most + 1));
    }
    if let Some(second) = layout.of(&["Extended"]).nth(1) {
        findings.add(&TWO_EXTENDED, second.node, "this is the second extended partition");
    }
    let mut room: Option<&Created> = None;
    let mut used = 0;
    for partition in &layout.created {
        match partition.kind.as_str() {
            "Extended" => room = Some(partition),
            "Logical" => {
                let Some(extended) = room else {
                    if layout.wiped {
                        findings.add(
                            &LOGICAL_WITHOUT_EXTENDED,
                            partition.node,
                            "no extended partition before it",
                        );
                    }
                    return;
                };
                used += partition.size.unwrap_or(0);
                if extended.size.is_some_and(|size| used > size) {
                    let size = extended.size.unwrap_or(0);
                    let problem = format!("the logical partitions have {used} MB, the extended one {size}");
                    findings.add(&LOGICAL_TOO_LARGE, partition.node, problem);
                    return;
                }
            }
            _ => {}
        }
    }
}

fn sizes(layout: &Layout, target: &Target, findings: &mut Findings) {
    for partition in &layout.created {
        if partition.has_size && partition.extends {
            findings.add(&SIZE_AND_EXTEND, partition.node, "`Size` and `Extend` are both given");
        } else if !partition.has_size && !partition.extends {
            findings.add(&NO_SIZE, partition.node, "`Size` and `Extend` are both missing");
        }
    }
    // Logical partitions have the extended one to themselves.
    for inside in [false, true] {
        let of: Vec<&Created> =
            layout.created.iter().filter(|partition| (partition.kind == "Logical") == inside).collect();
        let last = of.len().saturating_sub(1);
        if let Some(partition) = of.iter().take(last).find(|partition| partition.extends) {
            findings.add(&EXTEND_NOT_LAST, partition.node, "it extends, and another partition follows");
        }
    }
    for partition in layout.of(&["EFI"]) {
        if let Some(size) = partition.size.filter(|size| *size < SMALLEST_EFI_MIB) {
            findings.add(&EFI_PARTITION_SMALL, partition.node, format!("it has {size} MB"));
        }
    }
    let total: u64 = layout
        .created
        .iter()
        .filter(|partition| partition.kind != "Logical")
        .filter_map(|partition| partition.size)
        .fold(0, u64::saturating_add);
    if let Some(disk) = target.machine.disk_mib.filter(|disk| total.saturating_add(TABLES_MIB) > *disk) {
        findings.add(
            &DISK_TOO_SMALL,
            layout.disk,
            format!("the partitions have {total} MB together, the disk {disk}"),
        );
    }
}

fn modifications(layout: &Layout, letters: &mut Vec<String>, findings: &mut Findings) {
    let mut active = 0;
    for modified in &layout.modified {
        let node = modified.node;
        if at(node, "Label").is_some() && at(node, "Format").is_none() {
            findings.add(&LABEL_WITHOUT_FORMAT, node, "`Label` without `Format`");
        }
        if layout.is_gpt() && is_true(node, "Extend") {
            findings.add(&EXTEND_ON_GPT, node, "`Extend` on a disk with a GPT");
        }
        if is_true(node, "Active") {
            active += 1;
            if layout.is_gpt() {
                findings.add(&ACTIVE_ON_GPT, node, "`Active` on a disk with a GPT");
            } else if active == 2 {
                findings.add(&ACTIVE_TWICE, node, "this is the second active partition");
            }
        }
        letter(node, letters, findings);
        let Some(number) = modified.partition.filter(|_| layout.wiped && !layout.created.is_empty()) else {
            continue;
        };
        match layout.partition(number) {
            None => {
                let count = layout.count();
                let problem = format!("partition {number} is modified, and there are {count}");
                findings.add(&MODIFIED_PARTITION, node, problem);
            }
            Some(partition) if partition.kind == "MSR" => {
                let given =
                    ["Format", "Label", "Letter", "TypeID"].into_iter().find(|name| at(node, name).is_some());
                if let Some(name) = given {
                    findings.add(
                        &MODIFIED_MSR,
                        node,
                        format!("partition {number} is the MSR, and gets a {name}"),
                    );
                }
            }
            Some(partition) if partition.kind == "EFI" => {
                if let Some(format) = text_at(node, "Format").filter(|format| format == "NTFS") {
                    findings.add(&EFI_FORMAT, node, format!("it is formatted as {format}"));
                }
            }
            Some(_) => {}
        }
    }
}

fn letter(node: Node, letters: &mut Vec<String>, findings: &mut Findings) {
    let Some(place) = at(node, "Letter") else { return };
    let letter = text_at(node, "Letter").unwrap_or_default();
    if letter.is_empty() {
        return;
    }
    let right = matches!(letter.as_bytes(), [b'C'..=b'W' | b'Y' | b'Z']);
    if !right {
        findings.add(&DRIVE_LETTER, place, format!("the letter is `{letter}`"));
    } else if letters.contains(&letter) {
        findings.add(&DRIVE_LETTER_TWICE, place, format!("`{letter}` is given for the second time"));
    }
    letters.push(letter);
}

fn install_partition(layout: &Layout, setup: Node, findings: &mut Findings) {
    let Some(to) = at(setup, "ImageInstall/OSImage/InstallTo") else { return };
    // What a disk that is not wiped has is not known.
    if number_at(to, "DiskID") != layout.id || !layout.wiped || layout.created.is_empty() {
        return;
    }
    let (Some(place), Some(number)) = (at(to, "PartitionID"), number_at(to, "PartitionID")) else {
        if at(to, "PartitionID").is_none() {
            findings.add(&INSTALL_PARTITION, to, "`PartitionID` is missing");
        }
        return;
    };
    match layout.partition(number) {
        None => {
            let count = layout.count();
            findings.add(
                &INSTALL_PARTITION,
                place,
                format!("there is no partition {number}: {count} are made"),
            );
        }
        Some(partition) if matches!(partition.kind.as_str(), "EFI" | "MSR") => {
            findings.add(
                &INSTALL_PARTITION,
                place,
                format!("partition {number} is of the type `{}`", partition.kind),
            );
        }
        Some(partition) => {
            if let Some(size) =
                partition.size.filter(|size| *size < SMALLEST_WINDOWS_MIB && !partition.extends)
            {
                findings.add(&WINDOWS_PARTITION_SMALL, partition.node, format!("it has {size} MB"));
            }
            if let Some(modified) = layout.modification(number)
                && text_at(modified.node, "Format").as_deref() == Some("FAT32")
            {
                findings.add(&WINDOWS_FORMAT, modified.node, "Windows is installed to this partition");
            }
        }
    }
}
