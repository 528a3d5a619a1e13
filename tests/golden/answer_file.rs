//! Answer files and first-logon files of whole specs, and the words of refusals.

use wfvm::{answer_file, guest_os};

use crate::case::{assert_golden, cases, spec};

#[test]
fn answer_files_are_as_reviewed() {
    for case in cases("answer-file") {
        let spec = spec(&case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let os = guest_os::data(spec.guest_os);
        let xml =
            answer_file::xml(&spec, os, 0).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        assert_golden(&case, answer_file::FILE_NAME, &xml);
        assert_golden(&case, answer_file::FIRST_LOGON_FILE_NAME, &answer_file::first_logon_cmd(os));
    }
}

#[test]
fn refusals_read_as_reviewed() {
    for case in cases("refused-specs") {
        let message = match spec(&case) {
            Err(error) => error.to_string(),
            Ok(spec) => {
                let problems = answer_file::problems(&spec, guest_os::data(spec.guest_os));
                problems.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
            }
        };
        assert!(!message.is_empty(), "{} is not refused", case.display());
        assert_golden(&case, "message", &format!("{message}\n"));
    }
}
