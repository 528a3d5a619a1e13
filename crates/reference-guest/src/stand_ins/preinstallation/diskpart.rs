//! `diskpart /s FILE` (Microsoft: "DiskPart"): one disk, wiped and divided anew. All that is said of it is done in the
//! end, so that a script with a mistake leaves the disk as it was.

use std::io;

use fs_err as fs;

use super::{Divided, Preinstallation, drive, fail};
use crate::disk_configuration::plan::{
    DiskPlan, Firmware, Format, Kind, Partition, SECTORS_PER_MIB, end_of_disk,
};
use crate::stand_ins::{Answer, Call, Program, command_line};
use crate::{block, disk_configuration, drive_letters};

const FAILED: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    SelectDisk(usize),
    Clean,
    Convert(Firmware),
    Create(Kind, Option<u64>),
    Format(Format, String),
    Assign(char),
    Active,
}

fn parse_line(line: &str) -> Option<Order> {
    let words = command_line::words(line);
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    Some(match lower.as_slice() {
        ["select", "disk", number] => Order::SelectDisk(number.trim_start_matches('=').parse().ok()?),
        ["clean"] => Order::Clean,
        ["convert", "gpt"] => Order::Convert(Firmware::Uefi),
        ["convert", "mbr"] => Order::Convert(Firmware::Bios),
        ["create", "partition", kind, rest @ ..] => {
            let kind = match *kind {
                "primary" => Kind::Primary,
                "efi" => Kind::Efi,
                "msr" => Kind::Msr,
                _ => return None,
            };
            match rest {
                [] => Order::Create(kind, None),
                [size] => Order::Create(kind, Some(size.strip_prefix("size=")?.parse().ok()?)),
                _ => return None,
            }
        }
        ["format", rest @ ..] => {
            let (mut format, mut label) = (Format::Ntfs, String::new());
            for (word, lower) in words.iter().skip(1).zip(rest) {
                match lower.split_once('=') {
                    None if *lower == "quick" => {}
                    Some(("fs", "ntfs")) => format = Format::Ntfs,
                    Some(("fs", "fat32")) => format = Format::Fat32,
                    Some(("label", _)) => word.split_once('=')?.1.trim_matches('"').clone_into(&mut label),
                    _ => return None,
                }
            }
            Order::Format(format, label)
        }
        ["assign", letter] => {
            let letter = letter.strip_prefix("letter=")?.trim_end_matches(':').to_ascii_uppercase();
            let mut letters = letter.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) if letter.is_ascii_uppercase() => Order::Assign(letter),
                _ => return None,
            }
        }
        ["active"] => Order::Active,
        _ => return None,
    })
}

/// The orders of a script to its `exit`; a line that is none.
fn parse(text: &str) -> Result<Vec<Order>, String> {
    let mut orders = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_whitespace().next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "rem" => {}
            "exit" => break,
            _ => orders.push(parse_line(line).ok_or_else(|| line.to_owned())?),
        }
    }
    Ok(orders)
}

/// What a script comes to: the disk's partitions and their letters.
fn plan(orders: &[Order], firmware: Firmware, disks: &[u64]) -> Result<(DiskPlan, Vec<(u32, char)>), String> {
    let mut disk_id = None;
    let (mut clean, mut table) = (false, None);
    let mut partitions: Vec<Partition> = Vec::new();
    let mut letters: Vec<(u32, char)> = Vec::new();
    for order in orders {
        let selected = || disk_id.ok_or("There is no disk selected.");
        match order {
            Order::SelectDisk(number) if *number < disks.len() => disk_id = Some(*number),
            Order::SelectDisk(_) => return Err("The disk you specified is not valid.".into()),
            Order::Clean => {
                selected()?;
                clean = true;
            }
            Order::Convert(wanted) => {
                selected()?;
                if !clean || !partitions.is_empty() {
                    return Err("The specified disk is not convertible: it must be empty.".into());
                }
                table = Some(*wanted);
            }
            Order::Create(kind, size) => {
                let size_bytes = disks.get(selected()?).copied().unwrap_or_default();
                // A disk without a table gets an MBR.
                let table = table.unwrap_or(Firmware::Bios);
                if !clean {
                    return Err("There is not enough usable space for this operation.".into());
                }
                if table == Firmware::Bios && matches!(kind, Kind::Efi | Kind::Msr) {
                    return Err(
                        "The specified partition type is not valid for this disk: it has an MBR.".into()
                    );
                }
                partitions.push(next(&partitions, *kind, *size, end_of_disk(table, size_bytes))?);
            }
            Order::Format(format, label) => {
                let partition = partitions.last_mut().ok_or("There is no volume selected.")?;
                if partition.kind == Kind::Msr {
                    return Err("There is no volume selected: an MSR partition has none.".into());
                }
                (partition.format, partition.label) = (Some(*format), label.clone());
            }
            Order::Assign(letter) => {
                let partition = partitions.last().ok_or("There is no volume specified.")?;
                if ['A', 'B', 'C', 'X'].contains(letter) || letters.iter().any(|(_, other)| other == letter) {
                    return Err(format!("The specified drive letter is not free to be assigned: {letter}."));
                }
                letters.push((partition.id, *letter));
            }
            Order::Active => {
                if table == Some(Firmware::Uefi) {
                    return Err("The selected disk is not a fixed MBR disk.".into());
                }
                partitions.last_mut().ok_or("There is no partition selected.")?.active = true;
            }
        }
    }
    let disk_id = disk_id.ok_or("There is no disk selected.")?;
    // Nothing but the firmware's own kind would start here.
    if table.unwrap_or(Firmware::Bios) != firmware {
        return Err("This computer's firmware does not start from such a table of partitions.".into());
    }
    Ok((DiskPlan { disk_id, partitions }, letters))
}

fn next(before: &[Partition], kind: Kind, size_mib: Option<u64>, end: u64) -> Result<Partition, String> {
    let start = before.last().map_or(SECTORS_PER_MIB, |last| last.start_sector + last.sectors);
    let sectors =
        size_mib.map_or_else(|| end.saturating_sub(start), |mib| mib.saturating_mul(SECTORS_PER_MIB));
    if sectors == 0 || start.saturating_add(sectors) > end {
        return Err("There is not enough usable space for this operation.".into());
    }
    let number = u32::try_from(before.len()).unwrap_or(u32::MAX).saturating_add(1);
    Ok(Partition {
        id: number,
        device_number: number,
        kind,
        start_sector: start,
        sectors,
        format: None,
        label: String::new(),
        active: false,
        type_id: None,
    })
}

/// A script to its end: the disk's partitions and their letters, or diskpart's words for what is wrong.
pub(super) fn planned(
    text: &str,
    firmware: Firmware,
    disks: &[u64],
) -> Result<(DiskPlan, Vec<(u32, char)>), String> {
    let orders = parse(text)
        .map_err(|line| format!("The arguments specified for this command are not valid.\r\n{line}"))?;
    plan(&orders, firmware, disks)
}

pub(super) fn run(here: &mut Preinstallation, call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let [option, file] = call.words.as_slice() else { return Ok(Answer::Refused) };
    if !option.eq_ignore_ascii_case("/s") {
        return Ok(Answer::Refused);
    }
    let Ok(text) = fs::read_to_string(call.place(file)) else {
        return fail(program, FAILED, &format!("DiskPart could not open the script file {file}."));
    };
    let disks = block::numbered();
    let sizes: Vec<u64> = disks.iter().map(|disk| disk.size_bytes).collect();
    let (plan, letters) = match planned(&text, here.firmware, &sizes) {
        Ok(planned) => planned,
        Err(problem) => return fail(program, FAILED, &problem),
    };
    let Some(disk) = disks.get(plan.disk_id) else { return Ok(Answer::Refused) };
    let guids =
        disk_configuration::write(disk, &plan, here.firmware).map_err(|page| io::Error::other(page.cause))?;
    for (id, letter) in &letters {
        let Some(partition) = plan.partitions.iter().find(|partition| partition.id == *id) else { continue };
        let drive = drive(*letter, disk.partition_device(partition.device_number));
        drive_letters::publish(vec![drive.clone()])?;
        program.define_drive(*letter, Some(&drive))?;
    }
    here.divided = Some(Divided { disk: disk.clone(), plan, guids, letters });
    program.print("DiskPart successfully executed all commands.")?;
    Ok(Answer::Exit(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GPT: &str = "rem a disk\r\nselect disk 0\r\nclean\r\nconvert gpt\r\ncreate partition efi size=300\r\nformat quick fs=fat32 label=\"System\"\r\nassign letter=S\r\ncreate partition msr size=16\r\ncreate partition primary\r\nformat quick fs=ntfs label=\"My Windows\"\r\nassign letter=W\r\nexit\r\nnonsense\r\n";

    #[test]
    fn a_script_is_a_plan() {
        let (plan, letters) = plan(&parse(GPT).unwrap(), Firmware::Uefi, &[20 << 30]).unwrap();
        let kinds: Vec<Kind> = plan.partitions.iter().map(|partition| partition.kind).collect();
        assert_eq!(kinds, [Kind::Efi, Kind::Msr, Kind::Primary]);
        assert_eq!(letters, [(1, 'S'), (3, 'W')]);
        let windows = plan.partitions.last().unwrap();
        assert_eq!((windows.format, windows.label.as_str()), (Some(Format::Ntfs), "My Windows"));
        assert_eq!(windows.start_sector, 317 * SECTORS_PER_MIB);
    }

    #[test]
    fn what_diskpart_would_not_do_is_told() {
        for (from, to, problem) in [
            ("disk 0", "disk 1", "not valid"),
            ("clean", "rem", "not convertible"),
            ("gpt", "mbr", "has an MBR"),
            ("size=300", "size=30000", "enough usable space"),
            ("letter=W", "letter=S", "not free"),
            ("msr size=16", "msr size=16\r\nformat", "MSR"),
            ("letter=W", "letter=W\r\nactive", "not a fixed MBR"),
        ] {
            let text = GPT.replacen(from, to, 1);
            let told = plan(&parse(&text).unwrap(), Firmware::Uefi, &[20 << 30]).unwrap_err();
            assert!(told.contains(problem), "{to}: {told}");
        }
        assert!(plan(&parse(GPT).unwrap(), Firmware::Bios, &[20 << 30]).is_err());
        for line in
            ["select disk two", "create partition logical", "format fs=exfat", "assign letter=12", "attach"]
        {
            assert_eq!(parse(line), Err(line.to_owned()));
        }
    }
}
