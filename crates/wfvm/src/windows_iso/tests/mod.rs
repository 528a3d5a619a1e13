use std::io::{self, Cursor};
use std::sync::LazyLock;

use proptest::prelude::*;

use self::medium::{Form, PARTITION, PLAIN, Variant, le, medium, put, seal, wim};
use super::*;

mod hostile;
mod medium;

const XML: &str = "<WIM><TOTALBYTES>9</TOTALBYTES>\
    <IMAGE INDEX=\"2\"><NAME>Pro &amp; N</NAME><FLAGS>ProfessionalN</FLAGS></IMAGE>\
    <IMAGE INDEX=\"1\"><DIRCOUNT>3</DIRCOUNT><TOTALBYTES>5000000000</TOTALBYTES>\
      <HARDLINKBYTES>1000000000</HARDLINKBYTES><UNKNOWN><NAME>no</NAME></UNKNOWN>\
      <WINDOWS><ARCH>9</ARCH><EDITIONID>Professional</EDITIONID><INSTALLATIONTYPE>Client</INSTALLATIONTYPE>\
        <LANGUAGES><LANGUAGE>en-US</LANGUAGE><LANGUAGE>de-DE</LANGUAGE><DEFAULT>en-US</DEFAULT></LANGUAGES>\
        <PRODUCTTYPE>WinNT</PRODUCTTYPE><PRODUCTSUITE>Terminal Server</PRODUCTSUITE>\
        <SERVICINGDATA><GDRDUREVISION>0</GDRDUREVISION><PKEYCONFIGVERSION>10.0.26100.1</PKEYCONFIGVERSION></SERVICINGDATA>\
        <VERSION><MAJOR>10</MAJOR><MINOR>0</MINOR><BUILD>26100</BUILD><SPBUILD>1742</SPBUILD><SPLEVEL>0</SPLEVEL>\
          <BRANCH>ge_release</BRANCH></VERSION></WINDOWS>\
      <CREATIONTIME><HIGHPART>0x01DB0014</HIGHPART><LOWPART>0x6C7A9000</LOWPART></CREATIONTIME>\
      <NAME>Pro</NAME><DESCRIPTION>D</DESCRIPTION><DISPLAYNAME>Windows Pro</DISPLAYNAME></IMAGE></WIM>";

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| usual(PLAIN));
static CHAINED: LazyLock<Vec<u8>> = LazyLock::new(|| usual(Variant { form: Form::Chained, ..PLAIN }));

fn read(bytes: &[u8]) -> Result<WindowsIso, IsoError> {
    WindowsIso::read(Cursor::new(bytes))
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// The usual files; the padding makes the WIM span several blocks.
fn usual(variant: Variant) -> Vec<u8> {
    let wim = wim(&XML.replace("<IMAGE INDEX=\"2\">", &format!("{}<IMAGE INDEX=\"2\">", " ".repeat(3000))));
    medium(
        variant,
        &[
            ("Sources/Lang.ini", b"\xff\xfe[\0A\0v\0a\0i\0l\0a\0b\0l\0e\0 \0U\0I\0 \0L\0a\0n\0g\0u\0a\0g\0e\0s\0]\0\n\0d\0e\0-\0D\0E\0=\x003\0\n\0"),
            ("Sources/EI.cfg", b"[EditionID]\r\n[Channel]\r\nVolume\r\n[VL]\r\n1\r\n"),
            ("Sources/INSTALL.WIM", &wim),
            ("EFI/Microsoft/Boot/efisys_noprompt.bin", &[2; 5000]),
            ("autounattend.xml", b"<unattend/>"),
        ],
    )
}

#[test]
fn other_files_are_named_for_what_they_are() {
    assert_eq!(
        refusal(b"hello"),
        "this is not an ISO image: it has only 5 bytes, and a volume descriptor ends at byte 34816"
    );
    let mut page = vec![b' '; 40_000];
    page[0] = b'<';
    assert_eq!(
        refusal(&page),
        "this is not an ISO image: a page of HTML or XML, as a failed download leaves"
    );
    assert_eq!(refusal(&vec![0; 40_000]), "this is not an ISO image: `CD001` does not stand at byte 32769");
}

#[test]
fn every_form_of_files_names_and_anchors_reads_the_same() {
    for form in [Form::Short, Form::Long, Form::Inline, Form::Chained] {
        for (extended_entries, wide_names, anchor) in [
            (false, false, 256),
            (true, true, PARTITION + 299),
            (false, true, PARTITION + 43),
            (true, false, 512),
        ] {
            let variant = Variant { form, extended_entries, wide_names, anchor };
            let iso = read(&usual(variant)).unwrap_or_else(|error| panic!("{variant:?}: {error}"));
            assert_eq!(iso.volume_label, "TEST_MEDIUM");
            assert_eq!(iso.languages, ["de-DE"]);
            assert_eq!(iso.foreign_answer_file, Some("autounattend.xml"));
            let ei_cfg =
                EiCfg { edition_id: None, channel: Some("Volume".into()), volume_licence: Some(true) };
            assert_eq!(iso.ei_cfg, Some(ei_cfg));
            let [first, second] = iso.images.as_slice() else { panic!("{iso:?}") };
            assert_eq!(
                (first.index, first.name.as_str(), first.display_name.as_str()),
                (1, "Pro", "Windows Pro")
            );
            assert_eq!((first.edition_id.as_str(), first.build), ("Professional", Some(26100)));
            assert_eq!((first.content_bytes, first.languages.len()), (4_000_000_000, 2));
            assert_eq!((second.name.as_str(), second.edition_id.as_str()), ("Pro & N", "ProfessionalN"));
            assert_eq!(second.architecture, Architecture::Other(None));
            let catalog = u64::try_from(medium::CATALOG).unwrap() * 2048;
            assert_eq!(iso.boot_entries[1].lba_offset, catalog + 0x68);
            assert!(iso.boots(Platform::Bios) && iso.boots(Platform::Uefi));
            // Only a file in one piece can be named by its first block.
            assert_eq!(iso.no_prompt.is_some(), form != Form::Chained, "{variant:?}");
        }
    }
}

/// A long medium of which only some pieces are not zero.
struct Sparse {
    pieces: Vec<(u64, Vec<u8>)>,
    bytes: u64,
    at: u64,
    read: u64,
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buffer {
            let piece = self.pieces.iter().rev().find(|(start, bytes)| {
                (*start..*start + u64::try_from(bytes.len()).unwrap()).contains(&self.at)
            });
            *byte = piece.map_or(0, |(start, bytes)| bytes[usize::try_from(self.at - start).unwrap()]);
            self.at += 1;
        }
        self.read += u64::try_from(buffer.len()).unwrap();
        Ok(buffer.len())
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.at = match to {
            io::SeekFrom::Start(at) => at,
            io::SeekFrom::End(_) => self.bytes,
            io::SeekFrom::Current(_) => self.at,
        };
        Ok(self.at)
    }
}

/// As on Microsoft's media: the XML stands at the end of an image of seven extents.
#[test]
fn an_image_of_six_gib_is_read_in_a_few_pieces() {
    const LONGEST_EXTENT: usize = 0x3FFF_F800;
    let small = wim(XML);
    let (mut header, xml) = (small[..208].to_vec(), small[208..].to_vec());
    let mut start = medium(PLAIN, &[("sources/install.wim", &[0xEE; 208])]);
    // The file entry: 208 bytes become a block and six of the longest extents.
    let size = 2048 + 6 * u64::try_from(LONGEST_EXTENT).unwrap();
    let place = start.windows(208).position(|bytes| bytes == [0xEE; 208]).unwrap();
    let entry = start.chunks(2048).position(|block| block[..2] == [5, 1] && block[56] == 208).unwrap();
    let block = &mut start[entry * 2048..(entry + 1) * 2048];
    let mut extents = [le(2048), le(place / 2048 - PARTITION)].concat();
    for number in 0..6 {
        extents.extend([le(LONGEST_EXTENT), le(300 + number * LONGEST_EXTENT / 2048)].concat());
    }
    put(block, 56, &size.to_le_bytes());
    put(block, 172, &le(extents.len()));
    put(block, 176, &extents);
    seal(block);
    let xml_offset = size - u64::try_from(xml.len()).unwrap();
    put(&mut header, 80, &xml_offset.to_le_bytes());
    put(&mut start, place, &header);
    let first = u64::try_from((PARTITION + 300) * 2048).unwrap();
    let mut sparse = Sparse {
        pieces: vec![(0, start), (first + xml_offset - 2048, xml)],
        bytes: first + size - 2048,
        at: 0,
        read: 0,
    };
    let iso = WindowsIso::read(&mut sparse).unwrap();
    assert_eq!((iso.bytes, iso.images.len()), (first + 6 * 0x3FFF_F800, 2));
    assert!(sparse.read < 100_000, "{} bytes were read", sparse.read);
}

/// Reads a medium, whatever it is; all that is read has a limit.
fn within_budget(bytes: &[u8]) {
    struct Counted<'a>(Cursor<&'a [u8]>, &'a std::cell::Cell<usize>);
    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.0.read(buffer)?;
            self.1.set(self.1.get() + length);
            Ok(length)
        }
    }
    impl Seek for Counted<'_> {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let count = std::cell::Cell::new(0);
    drop(WindowsIso::read(Counted(Cursor::new(bytes), &count)));
    assert!(count.get() <= 24 << 20, "{} bytes were read", count.get());
}

#[test]
fn the_patch_names_the_boot_image_itself() {
    let bytes = usual(PLAIN);
    let patch = read(&bytes).unwrap().no_prompt.unwrap();
    let start = usize::try_from(patch.lba).unwrap() * 2048;
    assert_eq!(bytes[start..start + 5000], [2; 5000]);
}

#[test]
fn the_reserve_sequence_serves_when_the_main_one_is_damaged() {
    let mut bytes = usual(PLAIN);
    bytes[medium::MAIN_SEQUENCE * 2048 + 500] ^= 1;
    assert!(read(&bytes).is_ok());
    bytes[medium::RESERVE_SEQUENCE * 2048 + 500] ^= 1;
    assert_eq!(
        refusal(&bytes),
        "the ISO image is damaged: the volume descriptor sequence at byte 65536: its CRC is wrong"
    );
}

#[test]
fn an_iso_without_udf_or_without_images_is_no_windows_medium() {
    let mut bytes = usual(PLAIN);
    bytes[256 * 2048..257 * 2048].fill(0);
    assert_eq!(
        refusal(&bytes),
        "the ISO image `TEST_MEDIUM` has no UDF file system, so it is not a Windows installation medium"
    );
    assert_eq!(
        refusal(&medium(PLAIN, &[("sources/boot.wim", b"x")])),
        "the ISO image `TEST_MEDIUM` has no install image: none of [\"sources/install.wim\", \
         \"sources/install.esd\", \"sources/install.swm\"] is there"
    );
}

#[test]
fn a_truncated_medium_says_how_long_it_would_have_to_be() {
    let bytes = usual(PLAIN);
    let whole = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for length in [40_000, 100_000, PARTITION * 2048 + 100, whole - 9000] {
        let said = refusal(&bytes[..length]);
        assert!(
            said.starts_with("the ISO image is truncated: ")
                && said.ends_with(&format!("the file at byte {length}"))
                || said.contains("has no UDF file system"),
            "{length}: {said}"
        );
    }
}

#[test]
fn an_image_whose_end_is_missing_is_noticed_although_it_is_not_read() {
    let mut bytes = medium(PLAIN, &[("sources/install.wim", &wim(XML))]);
    let length = u64::try_from(wim(XML).len()).unwrap().to_le_bytes();
    let entry = bytes.chunks(2048).position(|block| block[..2] == [5, 1] && block[56..64] == length).unwrap();
    let block = &mut bytes[entry * 2048..(entry + 1) * 2048];
    put(block, 56, &(10_u64 << 20).to_le_bytes());
    put(block, 176, &le(10 << 20));
    seal(block);
    let said = refusal(&bytes);
    assert!(said.starts_with("the ISO image is truncated: an extent of a file ends at byte 11"), "{said}");
}

#[test]
fn damaged_install_images_are_refused_with_their_fault() {
    let with = |contents: &[u8]| refusal(&medium(PLAIN, &[("sources/install.wim", contents)]));
    let changed = |offset: usize, bytes: &[u8]| {
        let mut wim = wim(XML);
        put(&mut wim, offset, bytes);
        with(&wim)
    };
    let damaged = "the ISO image is damaged: sources/install.wim at byte";
    assert_eq!(with(b"MSWIM"), format!("{damaged} 0: it has only 5 bytes"));
    assert_eq!(changed(0, b"MSWIN"), format!("{damaged} 0: it does not begin with `MSWIM`"));
    assert_eq!(
        changed(0, b"WLPWM"),
        "the ISO image has `sources/install.wim` in the pipable form, which is wimlib's own, which is not supported"
    );
    assert_eq!(
        changed(8, &le(200)),
        format!("{damaged} 0: the header of sources/install.wim says that it has 200 bytes")
    );
    assert_eq!(
        changed(12, &le(0xE01)),
        "the ISO image has an install image of version 0xe01, which is not supported"
    );
    assert_eq!(changed(40, &[2]), format!("{damaged} 0: it is part 2 of 1"));
    assert_eq!(
        changed(42, &[2]),
        format!("{damaged} 0: it is part 1 of 2, and only `install.swm` can be split")
    );
    assert_eq!(
        changed(44, &[9]),
        format!("{damaged} 0: its header counts 9 images, and its XML has those with the indexes 1, 2")
    );
    assert!(changed(79, &[6]).starts_with(&format!("{damaged} 0: its XML has ")));
    assert!(
        changed(72, &[0xFF; 7]).starts_with(&format!("{damaged} 0: its XML has 72057594037927935 bytes"))
    );
    assert!(changed(80, &[0xFF; 8]).contains("it ends at byte 18446744073709551615 of a file of"));
    assert!(changed(210, &[0, 0xD8]).ends_with("its XML is not UTF-16"));
    assert!(changed(300, b"<\0/\0").contains("its XML cannot be read: "));
    assert_eq!(with(&wim("<WIM/>")), format!("{damaged} 0: it holds no image"));
    assert!(with(&wim("<WIM><IMAGE INDEX=\"1\"/><IMAGE INDEX=\"1\"/></WIM>")).ends_with("the indexes 1, 1"));
    assert!(with(&wim("<WIM><IMAGE INDEX=\"x\"/></WIM>")).contains("its XML cannot be read: "));
}

#[test]
fn a_chain_of_extents_that_bites_its_tail_ends() {
    let mut bytes = usual(Variant { form: Form::Chained, ..PLAIN });
    // Each allocation extent leads to itself instead of to the next.
    for lba in PARTITION..PARTITION + 300 {
        let block = &mut bytes[lba * 2048..(lba + 1) * 2048];
        if block[..2] == 258_u16.to_le_bytes() && block[20] == 16 {
            put(block, 36, &le(lba - PARTITION));
            seal(block);
        }
    }
    let said = refusal(&bytes);
    assert!(said.contains("it has more than 4096 extents"), "{said}");
}

#[test]
fn sizes_that_nothing_backs_are_refused() {
    let bytes = usual(PLAIN);
    let entries: Vec<usize> = (PARTITION..PARTITION + 300)
        .filter(|lba| bytes[lba * 2048..lba * 2048 + 2] == 261_u16.to_le_bytes())
        .collect();
    for size in [u64::MAX, 1 << 40, 9 << 20] {
        for lba in &entries {
            let mut bytes = bytes.clone();
            let block = &mut bytes[lba * 2048..(lba + 1) * 2048];
            put(block, 56, &size.to_le_bytes());
            seal(block);
            let said = refusal(&bytes);
            assert!(said.contains("has extents for") || said.contains("no install image"), "{said}");
        }
    }
}

proptest! {
    /// Sums are made good again, so that the change reaches what lies behind them.
    #[test]
    fn changed_descriptors_are_read_or_refused_but_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 1..6),
        chained in any::<bool>(),
    ) {
        let mut bytes = if chained { CHAINED.clone() } else { WHOLE.clone() };
        let used: Vec<usize> = (16..PARTITION + 300)
            .filter(|lba| bytes[lba * 2048..(lba + 1) * 2048].iter().any(|byte| *byte != 0))
            .collect();
        for (place, value) in changes {
            let place = place.index(used.len() * 512);
            let (lba, offset) = (used[place / 512], place % 512 * 4);
            let block = &mut bytes[lba * 2048..(lba + 1) * 2048];
            let tag = block[0];
            put(block, offset, &value.to_le_bytes());
            if lba >= 32 && (tag < 10 || block[1] == 1) {
                seal(block);
            }
        }
        within_budget(&bytes);
    }

    #[test]
    fn noise_behind_a_volume_descriptor_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let mut bytes = vec![0; 18 * 2048];
        put(&mut bytes, 16 * 2048, b"\x01CD001");
        bytes.extend(noise);
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn a_medium_cut_anywhere_is_refused_or_read(length in 0_usize..(PARTITION + 300) * 2048) {
        within_budget(&WHOLE[..length]);
    }
}
