//! Answer files and first-logon files of whole specs, and the words of refusals.

use wfvm::answer_file;
use wfvm::guest_os::{self, GuestOs};
use wfvm::spec::Install;

use crate::case::{assert_golden, cases, spec};

/// The newest release of the name that the case has.
fn release(spec: &Install) -> &'static GuestOs {
    let os = spec.guest_os.and_then(|name| guest_os::named(name).last());
    os.unwrap_or_else(|| panic!("a case names its guest"))
}

/// UTF-16 with its mark is compared as UTF-8, so that a difference can be read.
fn text_of(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks(2)
        .map(|pair| pair.iter().rev().fold(0, |unit, byte| unit << 8 | u16::from(*byte)))
        .collect();
    match units.split_first() {
        Some((0xFEFF, units)) => String::from_utf16_lossy(units),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[test]
fn answer_files_are_as_reviewed() {
    for case in cases("answer-file") {
        let spec = spec(&case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let os = release(&spec);
        let xml =
            answer_file::xml(&spec, os, 0).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        assert_golden(&case, answer_file::FILE_NAME, &xml);
        assert_golden(&case, answer_file::FIRST_LOGON_FILE_NAME, &answer_file::first_logon_cmd(&spec, os));
        let files = answer_file::medium_files(&spec, os, 0);
        for file in files.unwrap_or_else(|error| panic!("{}: {error}", case.display())) {
            assert_golden(&case, &file.name, &text_of(&file.contents));
        }
    }
}

#[test]
fn refusals_read_as_reviewed() {
    for case in cases("refused-specs") {
        let message = match spec(&case) {
            Err(error) => error.to_string(),
            Ok(spec) => {
                let problems = answer_file::problems(&spec, release(&spec));
                problems.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
            }
        };
        assert!(!message.is_empty(), "{} is not refused", case.display());
        assert_golden(&case, "message", &format!("{message}\n"));
    }
}
