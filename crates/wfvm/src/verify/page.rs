//! The report for whoever waited for it.

use std::fmt::Write as _;

use super::report::{Outcome, Report};
use crate::doctor::Verdict;

/// A line for each phase, and below one that failed what happened.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    // A String takes everything.
    for check in report.host.iter().filter(|check| check.verdict == Verdict::Problem) {
        let _ = writeln!(page, "host     {:<14} {}\n{:<23} {}", check.name, check.found, "", check.advice);
    }
    for phase in &report.phases {
        let detail = match (&phase.because, phase.outcome) {
            (Some(because), _) => because.clone(),
            (None, Outcome::Skipped) => String::new(),
            (None, Outcome::Passed | Outcome::Failed) => format!("{:8.2} s", phase.seconds),
        };
        let _ = writeln!(page, "{:<8} {:<14} {detail}", phase.outcome.word(), phase.name.word());
        for finding in &phase.findings {
            let _ = writeln!(page, "{:<23} {}: {finding}", "", finding.severity.word());
        }
        for cause in phase.failure.iter().flat_map(|failure| &failure.causes) {
            for line in cause.lines() {
                let _ = writeln!(page, "{:<23} {line}", "");
            }
        }
    }
    let _ = writeln!(page, "{}", report.outcome.word());
    page
}
