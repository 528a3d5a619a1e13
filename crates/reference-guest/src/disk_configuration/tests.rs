use super::plan::*;
use super::table;
use crate::answer_file::{AnswerFile, Pass};

const GIB: u64 = 1 << 30;

fn setup(disk: &str, install: &str) -> AnswerFile {
    let text = format!(
        "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\
         <settings pass=\"windowsPE\"><component name=\"Microsoft-Windows-Setup\">\
         <DiskConfiguration><Disk wcm:action=\"add\"><DiskID>0</DiskID>{disk}</Disk></DiskConfiguration>\
         <ImageInstall><OSImage>{install}</OSImage></ImageInstall></component></settings></unattend>"
    );
    AnswerFile::parse(text.as_bytes()).unwrap()
}

fn create(order: u32, kind: &str, size: &str) -> String {
    format!(
        "<CreatePartition wcm:action=\"add\"><Order>{order}</Order><Type>{kind}</Type>{size}</CreatePartition>"
    )
}

fn size(mib: u32) -> String {
    format!("<Size>{mib}</Size>")
}

const REST: &str = "<Extend>true</Extend>";

fn disk(created: &str, modified: &str) -> String {
    format!(
        "<WillWipeDisk>true</WillWipeDisk><CreatePartitions>{created}</CreatePartitions><ModifyPartitions>{modified}</ModifyPartitions>"
    )
}

fn modify(id: u32, settings: &str) -> String {
    format!(
        "<ModifyPartition wcm:action=\"add\"><Order>{id}</Order><PartitionID>{id}</PartitionID>{settings}</ModifyPartition>"
    )
}

fn to(disk: u32, partition: u32) -> String {
    format!("<InstallTo><DiskID>{disk}</DiskID><PartitionID>{partition}</PartitionID></InstallTo>")
}

fn uefi() -> String {
    [create(1, "EFI", &size(300)), create(2, "MSR", &size(16)), create(3, "Primary", REST)].concat()
}

fn planned(disk: &str, install: &str, firmware: Firmware) -> Result<Plan, String> {
    let file = setup(disk, install);
    let present = [PresentDisk { size_bytes: 20 * GIB, blank: true }];
    plan(&file.component(Pass::WindowsPe, "Setup"), firmware, &present)
        .map_err(|page| page.cause[..3].to_owned())
}

#[test]
fn the_uefi_layout_counts_the_msr() {
    let plan = planned(
        &disk(&uefi(), &modify(3, "<Format>NTFS</Format><Letter>C</Letter>")),
        &to(0, 3),
        Firmware::Uefi,
    )
    .unwrap();
    assert_eq!((plan.target_disk, plan.target_partition), (0, 3));
    let starts: Vec<u64> = plan.disks[0].partitions.iter().map(|partition| partition.start_sector).collect();
    assert_eq!(starts, [2048, 301 * 2048, 317 * 2048]);
    assert_eq!(plan.disks[0].partitions[2].format, Some(Format::Ntfs));
}

#[test]
fn documented_faults_stop_before_a_byte_is_written() {
    let bios = |created: &str, modified: &str| planned(&disk(created, modified), &to(0, 1), Firmware::Bios);
    let one = create(1, "Primary", REST);
    let cases = [
        ("L30", planned(&disk(&one, ""), "", Firmware::Bios)),
        (
            "L31",
            planned(
                &disk(&one, ""),
                &format!("{}<InstallToAvailablePartition>true</InstallToAvailablePartition>", to(0, 1)),
                Firmware::Bios,
            ),
        ),
        ("L33", planned(&disk(&uefi(), ""), &to(0, 2), Firmware::Uefi)),
        ("L33", planned(&disk(&uefi(), ""), &to(0, 4), Firmware::Uefi)),
        ("L34", planned(&disk(&uefi(), ""), &to(1, 3), Firmware::Uefi)),
        ("L36", planned(&disk(&one, ""), &to(0, 1), Firmware::Uefi)),
        ("L36", planned(&disk(&uefi(), ""), &to(0, 3), Firmware::Bios)),
        ("L38", bios(&(1..=5).map(|order| create(order, "Primary", &size(100))).collect::<String>(), "")),
        ("L39", bios(&create(1, "Logical", &size(100)), "")),
        ("L40", bios(&create(1, "Primary", &format!("{}{REST}", size(100))), "")),
        ("L40", bios(&create(1, "Primary", ""), "")),
        ("L41", bios(&(create(1, "Primary", REST) + &create(2, "Primary", &size(100))), "")),
        ("L42", bios(&create(1, "Primary", &size(30_000)), "")),
        ("L43", planned(&disk(&uefi(), &modify(3, REST)), &to(0, 3), Firmware::Uefi)),
        ("L44", bios(&one, &modify(1, "<Label>System</Label>"))),
        ("L45", bios(&one, &modify(1, "<Letter>X</Letter>"))),
        ("L46", planned(&disk(&uefi(), &modify(3, "<Active>true</Active>")), &to(0, 3), Firmware::Uefi)),
        ("L32", planned("<WillWipeDisk>false</WillWipeDisk>", &to(0, 1), Firmware::Bios)),
    ];
    for (rule, result) in cases {
        assert_eq!(result.map(|_| ()), Err(rule.to_owned()), "{rule}");
    }
}

#[test]
fn logical_partitions_form_a_chain() {
    let created = [
        create(1, "Primary", &size(100)),
        create(2, "Extended", &size(1000)),
        create(3, "Logical", &size(300)),
        create(4, "Logical", &size(300)),
    ]
    .concat();
    let plan = planned(&disk(&created, ""), &to(0, 1), Firmware::Bios).unwrap();
    let numbers: Vec<u32> =
        plan.disks[0].partitions.iter().map(|partition| partition.device_number).collect();
    assert_eq!(numbers, [1, 2, 5, 6]);
    let writes = table::mbr(&plan.disks[0], &[0xEB], [1, 2, 3, 4]);
    assert_eq!(writes.len(), 3);
    assert_eq!(writes[0].bytes[510..], [0x55, 0xAA]);
    assert_eq!(writes[0].bytes[446 + 16 + 4], 0x0F);
    assert_eq!(writes[1].sector, plan.disks[0].partitions[1].start_sector);
}
