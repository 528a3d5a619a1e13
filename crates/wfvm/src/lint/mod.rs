//! What Windows Setup would stop at, ignore or misread in an answer file, found without Windows.
//!
//! The file may be anybody's, so nothing in it is believed: its size and its depth have bounds, no
//! entity is expanded, and a file that is not XML gives a finding like any other. What is judged from
//! the file alone, from the file beside a medium, or beside a machine, is each rule's own; a rule that
//! lacks what it needs keeps silent.

mod accounts;
mod bounds;
mod commands;
mod components;
mod disks;
mod document;
mod encoding;
mod first_run;
mod images;
mod installation;
mod locales;
mod machines;
mod names;
#[cfg(feature = "inspect")]
mod pages;
mod partitions;
mod passwords;
#[cfg(feature = "inspect")]
mod report;
mod rule;
#[cfg(feature = "inspect")]
mod sarif;
mod similar;
mod settings;
mod target;
mod tree;
mod values;

#[cfg(feature = "inspect")]
pub use pages::{index_page, page};
#[cfg(feature = "inspect")]
pub use report::{human, json};
pub use rule::{Basis, Needs, Rule, Severity};
#[cfg(feature = "inspect")]
pub use sarif::sarif;
pub use target::{Machine, Target};

use tree::{Answers, Node};

/// Something that is wrong in the file, or that may be meant otherwise than it will be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that the file breaks.
    pub rule: &'static Rule,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1 in characters.
    pub column: u32,
    /// Where in the answer file: pass, component and path, as far as there are any.
    pub place: String,
    /// What is wrong, with names and values. Passwords and keys do not stand in it.
    pub problem: String,
    /// What would be right here, where more can be said than by the rule.
    pub hint: Option<String>,
}

/// All rules, in the order of the documents.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let all: [&'static [&'static Rule]; 14] = [
        document::RULES,
        components::RULES,
        settings::RULES,
        values::RULES,
        commands::RULES,
        disks::RULES,
        partitions::RULES,
        images::RULES,
        locales::RULES,
        names::RULES,
        accounts::RULES,
        passwords::RULES,
        first_run::RULES,
        machines::RULES,
    ];
    all.into_iter().flatten().copied()
}

/// The rule of an identifier.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// Everything that is found in an answer file, in its order.
#[must_use]
pub fn lint(bytes: &[u8], target: &Target) -> Vec<Finding> {
    let mut findings = Findings::default();
    let text = document::text(bytes, &mut findings);
    document::with_answers(&text, &mut findings, |answers, findings| judge(answers, target, findings));
    findings.finished(&text)
}

/// The worst severity of some findings.
#[must_use]
pub fn worst(findings: &[Finding]) -> Option<Severity> {
    findings.iter().map(|finding| finding.rule.severity).max()
}

fn judge(answers: &Answers, target: &Target, findings: &mut Findings) {
    components::check(answers, target, findings);
    settings::check(answers, findings);
    for installation in installation::installations(answers) {
        commands::check(&installation, findings);
        disks::check(&installation, target, findings);
        partitions::check(&installation, target, findings);
        images::check(&installation, target, findings);
        locales::check(&installation, target, findings);
        names::check(&installation, findings);
        accounts::check(&installation, findings);
        passwords::check(&installation, findings);
        first_run::check(&installation, target, findings);
        machines::check(&installation, target, findings);
    }
}

/// The findings so far, by the bytes of the decoded text at which they stand.
#[derive(Debug, Default)]
struct Findings(Vec<(usize, Finding)>);

/// More than a person reads; a file made to be judged slowly ends here.
const MOST_FINDINGS: usize = 1000;

impl Findings {
    fn add(&mut self, rule: &'static Rule, node: Node<'_>, problem: impl Into<String>) {
        self.push(rule, node.range().start, tree::place(node), problem.into(), None);
    }

    fn add_with_hint(
        &mut self,
        rule: &'static Rule,
        node: Node<'_>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(rule, node.range().start, tree::place(node), problem.into(), Some(hint.into()));
    }

    /// A finding about the document, at a byte of its text.
    fn add_at(&mut self, rule: &'static Rule, offset: usize, problem: impl Into<String>) {
        self.push(rule, offset, String::new(), problem.into(), None);
    }

    fn push(
        &mut self,
        rule: &'static Rule,
        offset: usize,
        place: String,
        problem: String,
        hint: Option<String>,
    ) {
        if self.0.len() < MOST_FINDINGS {
            self.0.push((offset, Finding { rule, line: 1, column: 1, place, problem, hint }));
        }
    }

    /// In the order of the file, with lines and columns, which one walk over the text gives to all.
    fn finished(mut self, text: &str) -> Vec<Finding> {
        self.0.sort_by(|(one, first), (other, second)| (one, first.rule.id).cmp(&(other, second.rule.id)));
        // Components for several architectures say the same of what they share.
        self.0.dedup();
        let (mut line, mut column) = (1, 1);
        let mut characters = text.char_indices().peekable();
        for (offset, finding) in &mut self.0 {
            while let Some((_, character)) = characters.next_if(|(at, _)| at < offset) {
                (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            (finding.line, finding.column) = (line, column);
        }
        self.0.into_iter().map(|(_, finding)| finding).collect()
    }
}

#[cfg(test)]
mod tests;
