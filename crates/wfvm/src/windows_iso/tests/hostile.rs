//! Media that were made to hurt: loops, bombs, and structures that contradict each other. Each
//! ends, within the reader's budget, with words that say what is wrong.

use super::*;

const SWM: [&str; 2] = ["sources/install.swm", "sources/install2.swm"];

/// The parts of a split image of two.
fn parts() -> [Vec<u8>; 2] {
    [1, 2].map(|number| {
        let mut part = wim(XML);
        put(&mut part, 16, &le(0x4008A));
        put(&mut part, 24, &[7; 16]);
        put(&mut part, 40, &[number, 0, 2, 0]);
        part
    })
}

fn said_of(files: &[(&str, &[u8])]) -> String {
    refusal(&medium(PLAIN, files))
}

/// A medium after a change of the first block that begins with this tag.
fn with_block(tag: u16, nth: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = usual(PLAIN);
    let block = bytes
        .chunks_mut(2048)
        .skip(32)
        .filter(|block| block.starts_with(&tag.to_le_bytes()) && block[4] != 0)
        .nth(nth)
        .unwrap();
    change(block);
    seal(block);
    bytes
}

#[test]
fn everything_that_the_xml_says_is_told() {
    let iso = read(&usual(PLAIN)).unwrap();
    let image = &iso.images[0];
    assert_eq!(image.full_version(), "10.0.26100.1742");
    assert_eq!(image.version.branch.as_deref(), Some("ge_release"));
    assert_eq!((image.product_type.as_str(), image.product_suite.as_str()), ("WinNT", "Terminal Server"));
    assert_eq!(image.product_key_configuration.as_deref(), Some("10.0.26100.1"));
    assert_eq!((image.total_bytes, image.hard_link_bytes), (5_000_000_000, 1_000_000_000));
    assert_eq!(image.directories, 3);
    // 0x01DB00146C7A9000 counts 100 ns from 1601.
    assert_eq!(image.created_unix_seconds, Some(0x01DB_0014_6C7A_9000_i64 / 10_000_000 - 11_644_473_600));
    assert_eq!((iso.udf_label.as_str(), iso.udf_revision.as_str()), ("Test medium", "1.02"));
    assert!(iso.announces_udf && iso.bytes_read < 100_000, "{iso:?}");
    assert_eq!(iso.volume_bytes, iso.bytes);
}

#[test]
fn the_text_files_of_sources_are_read() {
    let install = wim(XML);
    let mut boot = wim("<WIM><IMAGE INDEX=\"1\"><NAME>Windows PE</NAME></IMAGE>\
        <IMAGE INDEX=\"2\"><NAME>Windows Setup</NAME><WINDOWS><VERSION><BUILD>26100</BUILD></VERSION></WINDOWS></IMAGE></WIM>");
    put(&mut boot, 0x78, &le(2));
    let iso = read(&medium(
        PLAIN,
        &[
            ("sources/install.wim", &install),
            ("sources/boot.wim", &boot),
            ("sources/PID.txt", b"[PID]\r\nValue=AAAAA-BBBBB-CCCCC-DDDDD-EEEEE\r\n"),
            ("sources/idwbinfo.txt", b"[BUILDINFO]\r\nBuildArch=amd64\r\nBuildType=fre\r\nBuildBranch=ge_release\r\n"),
            ("sources/lang.ini", b"[Available UI Languages]\r\nde-DE = 0\r\nen-US = 3\r\n[Fallback Languages]\r\nen-US = en-us\r\n"),
            ("sources/$OEM$/$1/readme.txt", b""),
        ],
    ))
    .unwrap();
    let setup = iso.boot_wim.as_ref().unwrap().setup().unwrap();
    assert_eq!((setup.name.as_str(), setup.build), ("Windows Setup", Some(26100)));
    assert_eq!(iso.product_key.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
    let built = iso.build_info.unwrap();
    assert_eq!((built.architecture.as_deref(), built.branch.as_deref()), (Some("amd64"), Some("ge_release")));
    assert_eq!((iso.languages.len(), iso.default_language.as_deref()), (2, Some("en-US")));
    assert!(iso.has_oem_folder);
}

#[test]
fn a_split_image_is_complete_and_of_one_set() {
    let [first, second] = parts();
    let bytes = medium(PLAIN, &[(SWM[0], &first), (SWM[1], &second)]);
    let file = read(&bytes).unwrap().install_file;
    assert_eq!((file.parts, file.bytes), (2, u64::try_from(first.len() + second.len()).unwrap()));
    assert_eq!(file.compression, Compression::Lzx);

    let damaged = "the ISO image is damaged: sources/install.swm at byte 0:";
    let mut other = second.clone();
    put(&mut other, 24, &[8]);
    assert_eq!(
        said_of(&[(SWM[0], &first), (SWM[1], &other)]),
        format!(
            "{damaged} `sources/install2.swm` belongs to another set: its GUID is 08{0}, and that of the first part 07{0}",
            "07".repeat(15)
        )
    );
    assert_eq!(
        said_of(&[(SWM[0], &first)]),
        format!("{damaged} it has 2 parts, and `sources/install2.swm` is missing")
    );
    assert_eq!(said_of(&[(SWM[0], &second), (SWM[1], &first)]), format!("{damaged} it is part 2 of 2"));
    assert_eq!(
        said_of(&[(SWM[0], &first), (SWM[1], &first)]),
        format!("{damaged} `sources/install2.swm` is part 1 of 2, which should be 2 of 2")
    );
    let mut endless = first.clone();
    put(&mut endless, 42, &[0xFF, 0xFF]);
    assert_eq!(said_of(&[(SWM[0], &endless)]), format!("{damaged} it is part 1 of 65535"));
    put(&mut endless, 42, &[4, 0]);
    let said = said_of(&[(SWM[0], &endless)]);
    assert!(
        said.ends_with("`sources/install2.swm`, `sources/install3.swm`, `sources/install4.swm` are missing"),
        "{said}"
    );
}

#[test]
fn several_install_images_are_refused_with_their_names() {
    let install = wim(XML);
    // Of two directories that differ in case the first counts.
    let iso = read(&medium(PLAIN, &[("sources/install.esd", &install), ("Sources/Install.wim", &install)]));
    assert_eq!(iso.unwrap().install_image, "sources/install.esd");
    assert_eq!(
        said_of(&[("sources/install.esd", &install), ("sources/Install.WIM", &install)]),
        "the ISO image `TEST_MEDIUM` has more than one install image: sources/install.wim, sources/install.esd; \
         Setup takes one, and which one is not documented"
    );
}

#[test]
fn partition_maps_other_than_one_plain_one_are_refused_by_their_kind() {
    let with = |change: fn(&mut [u8])| {
        let mut bytes = usual(PLAIN);
        for start in [medium::MAIN_SEQUENCE, medium::RESERVE_SEQUENCE] {
            let block = &mut bytes[(start + 1) * 2048..(start + 2) * 2048];
            change(block);
            seal(block);
        }
        refusal(&bytes)
    };
    assert_eq!(
        with(|block| put(block, 268, &le(2))),
        "the ISO image has UDF with 2 partition maps, which is not supported"
    );
    let of_type_2 = with(|block| {
        put(block, 10, &le(468));
        put(block, 440, &[2, 64]);
        put(block, 445, b"*UDF Metadata Partition");
    });
    assert_eq!(
        of_type_2,
        "the ISO image has a UDF partition of the kind `Metadata Partition`, which is not supported"
    );
    assert_eq!(
        with(|block| put(block, 440, &[7, 9])),
        "the ISO image has a UDF partition map of type 7 and 9 bytes, which is not supported"
    );
    assert_eq!(
        with(|block| put(block, 212, &le(512))),
        "the ISO image has UDF blocks of 512 bytes, which is not supported"
    );
}

#[test]
fn descriptors_in_the_wrong_place_or_of_another_strategy_are_refused() {
    let said = refusal(&with_block(261, 0, |block| put(block, 12, &le(7))));
    assert!(
        said.contains(": its tag says that it lies in block 7 of the partition, and it lies in "),
        "{said}"
    );
    let said = refusal(&with_block(261, 0, |block| put(block, 20, &4096_u16.to_le_bytes())));
    assert_eq!(said, "the ISO image has UDF file entries of strategy 4096, which is not supported");
    let said = refusal(&with_block(256, 0, |block| put(block, 12, &le(1))));
    assert!(said.contains("the file set descriptor at byte"), "{said}");
}

#[test]
fn an_allocation_extent_longer_than_its_block_is_refused() {
    let mut bytes = usual(Variant { form: Form::Chained, ..PLAIN });
    let extents = bytes.chunks_mut(2048).filter(|block| block.starts_with(&[2, 1]) && block[24] != 0);
    for block in extents {
        put(block, 20, &le(2025));
        seal(block);
    }
    let said = refusal(&bytes);
    assert!(said.ends_with(": 2025 bytes of descriptors do not fit into its block"), "{said}");
}

#[test]
fn a_directory_that_contains_itself_leads_nowhere() {
    // All names of the medium lead back to the root.
    let mut bytes = usual(PLAIN);
    let file_set = PARTITION * 2048;
    let root = bytes[file_set + 404..file_set + 408].to_vec();
    let starts: Vec<usize> = (PARTITION * 2048..bytes.len() - 40)
        .step_by(4)
        .filter(|at| bytes[*at..*at + 4] == [1, 1, 0, 0] && bytes[at + 18] & 8 == 0)
        .collect();
    assert!(starts.len() > 5, "{starts:?}");
    for at in starts {
        let length = (38 + usize::from(bytes[at + 19])).next_multiple_of(4);
        let record = &mut bytes[at..at + length];
        put(record, 24, &root);
        seal(record);
    }
    assert_eq!(
        refusal(&bytes),
        "the ISO image `TEST_MEDIUM` has no install image: none of [\"sources/install.wim\", \
         \"sources/install.esd\", \"sources/install.swm\"] is there"
    );
}

#[test]
fn bombs_of_names_and_of_xml_end() {
    // Thousands of names, of which none is wanted.
    let names: Vec<String> = (0..4000).map(|number| format!("sources/{number:0>200}")).collect();
    let install = wim(XML);
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    files.push(("sources/install.wim", &install));
    let variant = Variant { form: Form::Inline, ..PLAIN };
    let bytes = medium::large(variant, &files, 6000);
    assert_eq!(read(&bytes).unwrap().images.len(), 2);

    // Elements in elements, a hundred thousand deep, and as many side by side.
    let deep = format!("<WIM>{}{}</WIM>", "<A>".repeat(100_000), "</A>".repeat(100_000));
    let wide = format!("<WIM>{}</WIM>", "<IMAGE INDEX=\"1\"/>".repeat(100_000));
    for (xml, words) in [(deep, "it holds no image"), (wide, "its XML cannot be read: it has 100000 images")]
    {
        let said = refusal(&medium::large(PLAIN, &[("sources/install.wim", &wim(&xml))], 3000));
        assert_eq!(said, format!("the ISO image is damaged: sources/install.wim at byte 0: {words}"));
    }
    let entities = "<!DOCTYPE WIM [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
                    <WIM><IMAGE INDEX=\"1\"><NAME>&b;</NAME></IMAGE></WIM>";
    let said = said_of(&[("sources/install.wim", &wim(entities))]);
    assert!(said.contains("its XML cannot be read: "), "{said}");
}

#[test]
fn control_characters_of_names_reach_no_terminal() {
    let xml = "<WIM><IMAGE INDEX=\"1\"><NAME>Win&#27;[2Jdows</NAME></IMAGE></WIM>";
    let iso = read(&medium(PLAIN, &[("sources/install.wim", &wim(xml))])).unwrap();
    assert_eq!(iso.images[0].name, "Win[2Jdows");
}

#[test]
fn boot_catalogs_that_cannot_be_are_refused() {
    let with = |at: usize, bytes: &[u8]| {
        let mut medium = usual(PLAIN);
        put(&mut medium, medium::CATALOG * 2048 + at, bytes);
        refusal(&medium)
    };
    let damaged = format!("the ISO image is damaged: the boot catalog at byte {}:", medium::CATALOG * 2048);
    assert_eq!(with(0, &[2]), format!("{damaged} it does not begin with a validation entry"));
    assert_eq!(with(4, &[1]), format!("{damaged} the validation entry's checksum is wrong"));
    assert_eq!(
        with(66, &[0xFF, 0xFF]),
        format!("{damaged} 65474 more entries are announced than fit into it")
    );
    let said = with(104, &[0xFF; 4]);
    assert!(
        said.starts_with("the ISO image is truncated: a boot image ends at byte 8796093020672,"),
        "{said}"
    );
}

#[test]
fn sections_behind_the_last_one_and_extensions_are_no_entries() {
    let mut bytes = usual(PLAIN);
    let catalog = medium::CATALOG * 2048;
    put(&mut bytes, catalog + 128, &[0x44, 0]);
    put(&mut bytes, catalog + 160, &[0x90, 0, 1, 0]);
    put(&mut bytes, catalog + 192, &[0x88]);
    let entries = read(&bytes).unwrap().boot_entries;
    assert_eq!(entries.len(), 2);
    // One header further, in front of the last one.
    put(&mut bytes, catalog + 64, &[0x90]);
    put(&mut bytes, catalog + 160, &[0x91, 0xEF]);
    assert_eq!(read(&bytes).unwrap().boot_entries.len(), 3);
}
