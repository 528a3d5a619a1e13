//! The product's own answer files break no rule.

use wfvm::lint::{self, Severity, Target};

use crate::case::cases;

#[test]
fn reviewed_answer_files_are_free_of_findings() {
    for case in cases("answer-file") {
        let bytes = fs_err::read(case.join("Autounattend.xml")).unwrap_or_else(|error| panic!("{error}"));
        let target = Target { file_name: Some("Autounattend.xml"), ..Target::default() };
        let found: Vec<String> = lint::lint(&bytes, &target)
            .iter()
            .filter(|finding| finding.rule.severity > Severity::Note)
            .map(|finding| format!("{}:{} {}", finding.rule.id, finding.line, finding.problem))
            .collect();
        assert!(found.is_empty(), "{}: {found:#?}", case.display());
    }
}
