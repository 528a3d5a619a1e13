//! The answer file in the eyes of xmllint.

use wfvm::answer_file;
use wfvm::guest_os::REFERENCE_GUEST;
use wfvm::spec::{self, Install};

use crate::program::{Place, output};

/// A spec whose texts hold everything that XML must escape.
fn spec(nasty: &str) -> Install {
    let document = serde_json::json!({
        "wfvmSpec": 1,
        "installationMedium": "/iso",
        "guestOs": "reference-guest",
        "image": { "name": nasty },
        "machine": { "firmware": "bios", "accelerator": "tcg", "cores": 2, "memoryMib": 1024 },
        "diskMib": 8192,
        "answerFile": {
            "fullName": nasty, "organization": nasty,
            "uiLanguage": "en-US", "inputLocale": "en-US", "userLocale": "en-US", "systemLocale": "en-US",
            "timeZone": "UTC", "autoLogon": "wfvm",
            "accounts": [
                { "name": "wfvm", "password": nasty, "description": nasty, "groups": [ "Administrators" ] }
            ],
            "specializeCommands": [ { "path": nasty } ],
            "driverPaths": [ nasty ]
        },
        "login": { "user": "wfvm", "password": nasty },
        "tools": { "qemu": "/q", "qemuImg": "/i" }
    });
    spec::parse(&document.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

/// The text at a place of the document, as xmllint reads it.
fn text(path: &str, element: &str) -> String {
    output("xmllint", &["--xpath", &format!("string(//*[local-name()='{element}'])"), path])
}

#[test]
fn xmllint_reads_every_text_as_it_was_meant() {
    for nasty in [
        "cmd /c a && b < c > d",
        "]]> <!-- --> <?x?> &amp; &#65;",
        "\"quotes\" and 'apostrophes'",
        "ä€中🦀 %PATH% ^& |",
    ] {
        let place = Place::new();
        let xml = answer_file::xml(&spec(nasty), &REFERENCE_GUEST, 0).unwrap();
        let path = place.put(answer_file::FILE_NAME, xml.as_bytes());
        output("xmllint", &["--noout", &path]);
        for element in ["FullName", "Organization", "Value", "Description"] {
            let found = text(&path, element);
            let expected = if element == "Description" { "Tell the host that this pass runs" } else { nasty };
            assert_eq!(found.trim_end_matches('\n'), expected, "{element}");
        }
        let paths = output("xmllint", &["--xpath", "count(//*[local-name()='Path'])", &path]);
        assert_eq!(paths.trim(), "4");
    }
}

#[test]
fn xmllint_reads_every_golden_answer_file() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/answer-file");
    let mut read = 0;
    for case in fs_err::read_dir(golden).unwrap().filter_map(Result::ok) {
        for name in [answer_file::FILE_NAME, "later.xml"] {
            let file = case.path().join(name);
            if file.exists() {
                output("xmllint", &["--noout", &file.to_string_lossy()]);
                read += 1;
            }
        }
    }
    assert!(read >= 42, "{read} files were read");
}
