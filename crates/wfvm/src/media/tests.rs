use super::*;
use crate::windows_iso::CatalogPatch;

const KINDS: [AnswerMedium; 3] = [AnswerMedium::Iso, AnswerMedium::Floppy, AnswerMedium::Usb];

fn files() -> Vec<MediumFile<'static>> {
    vec![
        MediumFile { name: "Autounattend.xml", contents: b"<unattend/>" },
        MediumFile { name: "first-logon.cmd", contents: b"@echo off\r\n" },
        MediumFile { name: "wfvm-answer.tag", contents: b"" },
    ]
}

#[test]
fn the_same_files_give_the_same_bytes_and_others_do_not() {
    for kind in KINDS {
        let medium = answer_medium(kind, &files()).unwrap();
        assert_eq!(answer_medium(kind, &files()).unwrap(), medium);
        let mut others = files();
        others[0].contents = b"<unattend></unattend>";
        assert_ne!(answer_medium(kind, &others).unwrap(), medium);
    }
}

/// Bytes that must not change by themselves: a medium is an input of what Nix builds.
#[test]
fn media_are_those_of_yesterday() {
    use sha2::Digest;
    let digests = KINDS.map(|kind| {
        let mut hash = sha2::Sha256::new();
        for segment in answer_medium(kind, &files()).unwrap().segments {
            hash.update(segment.offset.to_le_bytes());
            hash.update(&segment.data);
        }
        hash.finalize().iter().take(8).fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte))
    });
    assert_eq!(
        digests.map(|digest| format!("{digest:016x}")),
        ["a0d38ec6b0c95898", "0d8ea3da833ce948", "0cdacd6f5004c32e"]
    );
}

#[test]
fn media_write_little_and_segments_do_not_touch() {
    for kind in KINDS {
        let medium = answer_medium(kind, &files()).unwrap();
        assert!(medium.written_bytes() < 1 << 20, "{kind:?}: {}", medium.written_bytes());
        let mut end = 0;
        for (at, segment) in medium.segments.iter().enumerate() {
            assert!(at == 0 || segment.offset > end, "{kind:?}");
            end = segment.offset + segment.data.len() as u64;
        }
        assert!(end <= medium.bytes);
    }
}

#[test]
fn names_that_some_medium_or_windows_cannot_hold_are_refused() {
    let long = "a".repeat(65);
    for name in ["", " a", "a ", "a.", "a//b", "/a", "a\\b", "a:b", "ä", "a\tb", "AUTOUNATTEND.XML", &long] {
        for kind in KINDS {
            let mut all = files();
            all.push(MediumFile { name, contents: b"" });
            let refused = answer_medium(kind, &all);
            assert!(matches!(refused, Err(MediaError::Name { .. })), "{kind:?}: `{name}`");
        }
    }
}

#[test]
fn a_folder_is_on_an_iso_alone() {
    let all =
        [MediumFile { name: "drivers/0/a.inf", contents: b"inf" }, MediumFile { name: "a", contents: b"" }];
    let iso = answer_medium(AnswerMedium::Iso, &all).unwrap();
    assert_eq!(iso, answer_medium(AnswerMedium::Iso, &all).unwrap());
    let wide: Vec<u8> = "a.inf".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let holds = |needle: &[u8]| {
        iso.segments.iter().any(|segment| segment.data.windows(needle.len()).any(|window| window == needle))
    };
    assert!(holds(&wide), "Joliet has the name");
    for kind in [AnswerMedium::Floppy, AnswerMedium::Usb] {
        assert!(matches!(answer_medium(kind, &all), Err(MediaError::Name { .. })), "{kind:?}");
    }
}

#[test]
fn a_payload_beyond_the_medium_is_refused_with_what_fits() {
    let payload = vec![1; 2 << 20];
    let refused = answer_medium(AnswerMedium::Floppy, &[MediumFile { name: "p", contents: &payload }]);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the files of the answer medium have 2097152 bytes, and a floppy has room for 1457664"
    );
    for kind in [AnswerMedium::Iso, AnswerMedium::Usb] {
        assert!(answer_medium(kind, &[MediumFile { name: "p", contents: &payload }]).is_ok());
    }
}

#[test]
fn an_overlay_needs_the_bytes_it_asks_for() {
    let patch = CatalogPatch { offset: 100_000, lba: 1 };
    assert_eq!(
        PromptFree::new(100_002, &patch),
        Err(PatchOutside::Offset { offset: 100_000, medium_bytes: 100_002 })
    );
    let change = PromptFree::new(110_000, &patch).unwrap();
    assert_eq!(change.original(), 65_536..110_000);
    assert_eq!(change.overlay("/iso", &[0; 3]), Err(PatchOutside::Cluster { given: 3, wanted: 44_464 }));
    let original = vec![0; 44_464];
    let long = "x".repeat(1024);
    assert_eq!(change.overlay(&long, &original), Err(PatchOutside::Path { length: 1024 }));
    assert_eq!(change.overlay("/iso", &original).unwrap().len(), 6 << 16);
}
