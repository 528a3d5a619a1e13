//! The answer file that Setup will be given, by the rules of `lint`.

use super::Finding;
use crate::answer_file;
use crate::lint::{self, Machine, Severity, Target};
use crate::spec::{AnswerMedium, Install};
use crate::windows_iso::WindowsIso;

/// What is wrong in answer files, given by the names under which Windows finds them: errors refuse, but for the rules
/// that the spec allows to be broken.
#[must_use]
pub fn of_answer_files(
    field: &str,
    files: &[(&str, Vec<u8>)],
    spec: &Install,
    iso: &WindowsIso,
) -> Vec<Finding> {
    let each = files.iter().flat_map(|(name, xml)| of_answer_file(field, name, xml, spec, iso));
    unknown_rules(spec).into_iter().chain(each).collect()
}

fn of_answer_file(field: &str, name: &str, xml: &[u8], spec: &Install, iso: &WindowsIso) -> Vec<Finding> {
    let target = Target { file_name: Some(name), iso: Some(iso), machine: machine(spec) };
    let mut findings = Vec::new();
    // The one that Setup reads needs no name.
    let place = if name == answer_file::FILE_NAME { String::new() } else { format!("{name}, ") };
    for finding in lint::lint(xml, &target) {
        let rule = finding.rule;
        // The medium has told of its own answer file.
        let told = rule.id == "other-answer-file";
        if told || spec.allowed_answer_file_rules.iter().any(|allowed| allowed == rule.id) {
            continue;
        }
        let problem = format!("{place}line {}: {} [{}]", finding.line, finding.problem, rule.id);
        let advice = finding.hint.unwrap_or_else(|| rule.advice.to_owned());
        match rule.severity {
            Severity::Error => findings.push(Finding::refusal(field, "", problem, advice)),
            Severity::Warning => findings.push(Finding::warning(field, "", problem, advice)),
            Severity::Note => {}
        }
    }
    findings
}

fn unknown_rules(spec: &Install) -> Vec<Finding> {
    let given = spec.allowed_answer_file_rules.iter();
    let unknown = given.filter(|id| lint::rule(id).is_none()).map(|id| {
        Finding::refusal(
            "allowedAnswerFileRules",
            id,
            format!("there is no rule `{id}`"),
            "`wfvm-nix-builder lint --rules` lists them".into(),
        )
    });
    unknown.collect()
}

/// The machine of an installation, whose disk is new.
fn machine(spec: &Install) -> Machine {
    Machine {
        firmware: Some(spec.machine.firmware),
        disk_bus: Some(spec.machine.disk_bus),
        disk_mib: Some(spec.disk_mib),
        disks: Some(if spec.answer_medium == AnswerMedium::Usb { 2 } else { 1 }),
        answer_medium: Some(spec.answer_medium),
        memory_mib: Some(spec.machine.memory_mib),
        tpm: Some(spec.machine.tpm),
        secure_boot: Some(spec.machine.secure_boot),
        network: Some(false),
    }
}
