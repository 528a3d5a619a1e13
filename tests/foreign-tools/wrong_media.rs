//! Media with something wrong, each judged rightly: refused, or described with what is remarkable.

use wfvm::inspect::Inspection;
use wfvm::windows_iso::WindowsIso;

use crate::program::{Place, output};
use crate::surgery::Surgery;
use crate::synthetic::{Build, PLAIN, genisoimage, iso, tree};

/// The page of a medium, or why there is none.
fn judged(iso: &str) -> String {
    let file = fs_err::File::open(iso).unwrap_or_else(|error| panic!("{error}"));
    match WindowsIso::read(file) {
        Ok(medium) => Inspection::new("windows.iso", medium).page(),
        Err(error) => error.to_string(),
    }
}

/// What is said of a medium that was built so.
fn built(build: &Build) -> String {
    let place = Place::new();
    judged(&iso(&place, build))
}

fn assert_says(page: &str, words: &str) {
    assert!(page.contains(words), "{words:?} is not in:\n{page}");
}

/// The plain medium after surgery.
fn changed(change: impl FnOnce(&mut Surgery, &Place)) -> String {
    let place = Place::new();
    let mut surgery = Surgery::of(&iso(&place, &PLAIN));
    change(&mut surgery, &place);
    judged(&surgery.put(&place))
}

fn size_of(place: &Place, name: &str) -> u64 {
    fs_err::metadata(place.path(name)).unwrap_or_else(|error| panic!("{error}")).len()
}

#[test]
fn a_good_medium_is_described_without_a_word_of_blame() {
    let page = built(&PLAIN);
    for words in [
        "medium     `WINDOWS_LIKE`, ",
        "release    Windows 11 24H2, 10.0.26100.1742\n",
        "Setup      the new one (ConX), build 26100, amd64; speaks en-US, de-DE\n",
        "channel    retail, by sources/ei.cfg\n",
        "starts     UEFI without a key press; BIOS\n",
        "images     sources/install.wim, 3.0 MiB, not compressed\n",
        "->  1    Professional   Windows 11 Professional   Client  amd64  en-US",
        "    2    ProfessionalN  Windows 11 ProfessionalN  Client  amd64  en-US",
        "      windowsImage = ./windows.iso;\n      imageSelection = { edition = \"Professional\"; };\n",
        "note: `Windows 11 ProfessionalN` is an N edition",
    ] {
        assert_says(&page, words);
    }
    assert!(!page.contains("refused: ") && !page.contains("warning: "), "{page}");
}

#[test]
fn without_a_boot_catalog_it_starts_nowhere() {
    let page = built(&Build { options: &["-udf", "-allow-limited-size", "-without-boot"], ..PLAIN });
    assert_says(&page, "starts     not at all\n");
    assert_says(&page, "refused: it has no boot entry, neither for UEFI nor for a BIOS\n");
}

#[test]
fn a_boot_catalog_with_a_wrong_sum_is_damaged() {
    let said = changed(|medium, _| {
        let catalog = medium.boot_catalog();
        medium.block(catalog)[5] ^= 1;
    });
    assert_says(&said, "the ISO image is damaged: the boot catalog at byte ");
    assert_says(&said, "the validation entry's checksum is wrong");
}

#[test]
fn a_file_entry_with_a_wrong_crc_is_damaged() {
    let said = changed(|medium, place| {
        let entry = medium.file_entry(size_of(place, "tree/sources/install.wim"));
        medium.block(entry)[57] ^= 1;
    });
    assert_says(&said, "the ISO image is damaged: a file entry at byte ");
    assert_says(&said, ": its CRC is wrong");
}

#[test]
fn a_tag_with_a_wrong_checksum_is_damaged() {
    let said = changed(|medium, place| {
        let entry = medium.file_entry(size_of(place, "tree/sources/install.wim"));
        medium.block(entry)[4] ^= 1;
    });
    assert_says(&said, ": its tag's checksum is wrong");
}

#[test]
fn a_medium_that_was_cut_in_its_image_is_truncated() {
    let said = changed(|medium, _| {
        let half = medium.0.len() / 2;
        medium.0.truncate(half);
    });
    assert_says(&said, "the ISO image is truncated: an extent of a file ends at byte ");
}

#[test]
fn a_medium_whose_last_bytes_are_missing_is_suspicious() {
    let page = changed(|medium, _| {
        let end = medium.0.len() - 64 * 2048;
        medium.0.truncate(end);
    });
    assert_says(&page, "warning: its volume has ");
    assert_says(&page, "a download that stopped early leaves this");
}

#[test]
fn a_split_image_lacks_a_part_or_has_a_stranger() {
    let place = Place::new();
    tree(&place, &Build { split: true, ..PLAIN });
    let parts = ["tree/sources/install.swm", "tree/sources/install2.swm"];
    let page = judged(&genisoimage(&place, PLAIN.options));
    assert_says(&page, "images     sources/install.swm, 3.0 MiB in ");

    let mut stranger = fs_err::read(place.path(parts[1])).unwrap();
    stranger[24..40].fill(7);
    place.put(parts[1], &stranger);
    let said = judged(&genisoimage(&place, PLAIN.options));
    assert_says(&said, "`sources/install2.swm` belongs to another set: its GUID is 0707070707");

    fs_err::remove_file(place.path(parts[1])).unwrap();
    let said = judged(&genisoimage(&place, PLAIN.options));
    assert_says(&said, "`sources/install2.swm` is missing");
}

#[test]
fn two_install_images_are_one_too_many_and_none_is_one_too_few() {
    let place = Place::new();
    tree(&place, &PLAIN);
    let wim = place.path("tree/sources/install.wim");
    fs_err::copy(&wim, place.path("tree/sources/INSTALL.ESD")).unwrap();
    let said = judged(&genisoimage(&place, PLAIN.options));
    assert_says(&said, "has more than one install image: sources/install.wim, sources/install.esd");
    fs_err::remove_file(place.path("tree/sources/INSTALL.ESD")).unwrap();
    fs_err::remove_file(wim).unwrap();
    let said = judged(&genisoimage(&place, PLAIN.options));
    assert_says(&said, "the ISO image `WINDOWS_LIKE` has no install image: none of");
    // A directory is none either.
    fs_err::create_dir(place.path("tree/sources/install.wim")).unwrap();
    assert_eq!(judged(&genisoimage(&place, PLAIN.options)), said);
}

#[test]
fn a_pipable_image_is_wimlibs_own() {
    let said = built(&Build { compress: "--pipable --compress=LZX", images: &PLAIN.images[..1], ..PLAIN });
    assert_eq!(
        said,
        "the ISO image has `sources/install.wim` in the pipable form, which is wimlib's own, which is not supported"
    );
}

#[test]
fn images_of_another_architecture_or_release_are_refused() {
    let with = |arch: &str, build: &str| {
        let properties = [arch, build, "WINDOWS/INSTALLATIONTYPE=Client", "WINDOWS/VERSION/MAJOR=10"];
        built(&Build { properties: &properties, ..PLAIN })
    };
    let page = with("WINDOWS/ARCH=12", "WINDOWS/VERSION/BUILD=26100");
    assert_says(
        &page,
        "refused: the image `Windows 11 Professional` is for arm64, and the machine is amd64\n",
    );
    assert_says(
        &page,
        "warning: its Setup is for amd64, and the image `Windows 11 Professional` for arm64\n",
    );
    let page = with("WINDOWS/ARCH=9", "WINDOWS/VERSION/BUILD=7601");
    assert_says(&page, "release    unknown, 10.7601\n");
    assert_says(&page, "refused: ");
    assert_says(&page, "build 7601");
}

#[test]
fn what_setup_needs_besides_is_missed() {
    let page = built(&Build { without: &["sources/lang.ini"], ..PLAIN });
    assert_says(&page, "warning: it has no `sources/lang.ini` that lists a language");
    let page = built(&Build { preinstallation: 0, ..PLAIN });
    assert_says(&page, "Setup      no sources/boot.wim; speaks en-US, de-DE\n");
    assert_says(&page, "warning: it has no `sources/boot.wim`, from which Windows PE and Setup start\n");
    let page = built(&Build {
        preinstallation: 19041,
        compress: "--solid --compress=LZMS",
        image_name: "install.esd",
        ..PLAIN
    });
    assert_says(&page, "Setup      the classic one, build 19041, amd64;");
    assert_says(
        &page,
        "warning: its Setup is of build 19041, which may not know a solid image (ESD) of build 26100\n",
    );
}

#[test]
fn a_medium_without_the_second_boot_image_asks_for_a_key() {
    let page = built(&Build { without: &["efi/microsoft/boot/efisys_noprompt.bin"], ..PLAIN });
    assert_says(&page, "starts     UEFI, asking for a key press; BIOS\n");
    assert_says(&page, "`efi/microsoft/boot/efisys_noprompt.bin`");
    assert_says(&page, "firmware = \"bios\";\n");
}

#[test]
fn extents_that_lead_back_to_themselves_end() {
    let said = changed(|medium, place| {
        let size = size_of(place, "tree/sources/install.wim");
        let entry = medium.file_entry(size);
        let partition = medium.number(medium.find(5, |_| true) * 2048 + 188);
        // A block of the partition that nothing needs becomes an allocation extent.
        let extent = medium.file_entry(size_of(place, "tree/setup.exe"));
        let here = u32::try_from(extent - partition).unwrap().to_le_bytes();
        medium.change(entry, |block| {
            block[172..176].copy_from_slice(&8_u32.to_le_bytes());
            block[176..180].copy_from_slice(&(2048_u32 | 3 << 30).to_le_bytes());
            block[180..184].copy_from_slice(&here);
        });
        medium.change(extent, |block| {
            block[..2].copy_from_slice(&258_u16.to_le_bytes());
            block[20..24].copy_from_slice(&8_u32.to_le_bytes());
            block[24..28].copy_from_slice(&(2048_u32 | 3 << 30).to_le_bytes());
            block[28..32].copy_from_slice(&here);
        });
    });
    assert_says(&said, "it has more than 4096 extents");
}

#[test]
fn a_directory_that_leads_back_to_the_root_has_no_image() {
    let said = changed(|medium, _| {
        let file_set = medium.find(256, |_| true);
        let root = medium.number(file_set * 2048 + 404);
        let partition = medium.number(medium.find(5, |_| true) * 2048 + 188);
        // The names that 8-bit characters spell `sources` by stand in the root's data.
        let at = medium.0.windows(8).position(|bytes| bytes == b"\x08sources").unwrap() - 38;
        let record = &mut medium.0[at..at + 48];
        record[24..28].copy_from_slice(&u32::try_from(root).unwrap().to_le_bytes());
        assert!(partition < root + partition);
        seal_record(record);
    });
    assert_says(&said, "has no install image");
}

/// A file identifier is a descriptor like a block, only shorter.
fn seal_record(record: &mut [u8]) {
    let mut block = vec![0; 2048];
    block[..record.len()].copy_from_slice(record);
    let mut surgery = Surgery(block);
    surgery.change(0, |_| {});
    record.copy_from_slice(&surgery.0[..record.len()]);
}

#[test]
fn an_anchor_at_the_end_alone_is_enough_and_none_is_no_udf() {
    let place = Place::new();
    let mut medium = Surgery::of(&iso(&place, &PLAIN));
    let anchor = medium.block(256).to_vec();
    medium.block(256).fill(0);
    let last = medium.0.len() / 2048 - 1;
    medium.block(last).fill(0);
    assert_says(&judged(&medium.put(&place)), "has no UDF file system");
    medium.block(last).copy_from_slice(&anchor);
    medium.change(last, |block| block[12..16].copy_from_slice(&u32::try_from(last).unwrap().to_le_bytes()));
    assert_says(&judged(&medium.put(&place)), "release    Windows 11 24H2");
}

#[test]
fn a_second_partition_map_and_a_metadata_partition_are_not_read() {
    let with = |change: fn(&mut [u8])| {
        changed(|medium, _| {
            let partitions = medium.0.chunks(2048).enumerate();
            let volumes: Vec<usize> = partitions
                .filter(|(number, block)| *number > 18 && *number < 257 && block.starts_with(&[6, 0]))
                .map(|(number, _)| number)
                .collect();
            assert_eq!(volumes.len(), 2, "one in each sequence");
            for number in volumes {
                medium.change(number, change);
            }
        })
    };
    let said = with(|block| block[268] = 2);
    assert_eq!(said, "the ISO image has UDF with 2 partition maps, which is not supported");
    let said = with(|block| {
        block[440..442].copy_from_slice(&[2, 64]);
        block[445..468].copy_from_slice(b"*UDF Metadata Partition");
    });
    assert_eq!(
        said,
        "the ISO image has a UDF partition of the kind `Metadata Partition`, which is not supported"
    );
}

#[test]
fn xml_that_is_compressed_oversized_or_nonsense_is_refused() {
    let with = |change: fn(&mut [u8])| {
        let place = Place::new();
        tree(&place, &PLAIN);
        let path = place.path("tree/sources/install.wim");
        let mut wim = fs_err::read(&path).unwrap();
        change(&mut wim);
        fs_err::write(path, wim).unwrap();
        judged(&genisoimage(&place, PLAIN.options))
    };
    let damaged = "the ISO image is damaged: sources/install.wim at byte 0: ";
    let said = with(|wim| wim[0x4F] |= 4);
    assert_says(&said, &format!("{damaged}its XML has "));
    assert_says(&said, "and flags 0x6, which should be up to 4194304 uncompressed bytes");
    let said = with(|wim| wim[0x4B] = 1);
    assert_says(&said, "its XML has 1678");
    let said = with(|wim| {
        let xml = usize::try_from(u64::from_le_bytes(wim[0x50..0x58].try_into().unwrap())).unwrap();
        wim[xml + 2] = b'?';
    });
    assert_says(&said, &format!("{damaged}its XML cannot be read: "));
    let said = with(|wim| wim[0x2C] = 3);
    assert_eq!(
        said,
        format!("{damaged}its header counts 3 images, and its XML has those with the indexes 1, 2")
    );
}

#[test]
fn what_somebody_put_on_it_is_told() {
    let extra: [(&str, &[u8]); 3] = [
        ("AutoUnattend.xml", b"<unattend/>"),
        ("sources/$OEM$/$1/tool.exe", b"MZ"),
        ("sources/PID.txt", b"[PID]\r\nValue=AAAAA-BBBBB-CCCCC-DDDDD-EEEEE\r\n"),
    ];
    let page = built(&Build { extra: &extra, ..PLAIN });
    assert_says(&page, "note: it has an answer file of its own, `autounattend.xml`\n");
    assert_says(&page, "answerMedium = \"usb\";\n");
    assert_says(&page, "note: it has a folder `sources/$OEM$`");
    assert_says(&page, "note: it has a product key, in `sources/pid.txt`\n");
    assert!(!page.contains("AAAAA"), "a key is nobody else's business:\n{page}");
}

#[test]
fn other_things_than_media_are_named() {
    let place = Place::new();
    tree(&place, &PLAIN);
    let wim = place.text("tree/sources/install.wim");
    assert_says(&judged(&wim), "a WIM or ESD file; an ISO holds one in its folder `sources`");
    let qcow2 = place.text("disk.qcow2");
    output("qemu-img", &["create", "-q", "-f", "qcow2", &qcow2, "1M"]);
    assert_says(&judged(&qcow2), "this is not an ISO image: a qcow2 disk image");
    let without_udf = judged(&genisoimage(&place, &["-J"]));
    assert_says(&without_udf, "has no UDF file system, so it is not a Windows installation medium");
}

#[test]
fn an_evaluation_says_so() {
    let images = [("Windows Server 2022 SERVERSTANDARDCORE", "ServerStandardEval")];
    let properties = [
        "WINDOWS/ARCH=9",
        "WINDOWS/INSTALLATIONTYPE=Server Core",
        "WINDOWS/PRODUCTTYPE=ServerNT",
        "WINDOWS/VERSION/BUILD=20348",
    ];
    let page = built(&Build { images: &images, properties: &properties, preinstallation: 20348, ..PLAIN });
    assert_says(&page, "release    Windows Server 2022, ");
    assert_says(&page, "channel    evaluation, by its editions\n");
    assert_says(&page, "is an evaluation, which takes no product key");
    assert_says(&page, "is a Server Core: it has no desktop");
    assert_says(&page, "imageSelection = { edition = \"ServerStandardEvalCore\"; };\n");
}
