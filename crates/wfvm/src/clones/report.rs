//! How all commands ended: the files of the result that say so, and the last lines of the log.

use std::{fmt::Write as _, io, path::Path, time::Duration};

use serde_json::json;

use super::{Problem, junit};
use crate::{blame::Blame, evidence::Evidence};

/// The report for programs.
pub(super) const REPORT_JSON: &str = "report.json";
/// The same for programs that read `JUnit`.
pub(super) const REPORT_XML: &str = "report.xml";
/// What Hydra reads.
const NIX_SUPPORT: &str = "nix-support";
/// How many lines of what commands wrote a failure tells in all; Nix shows so many of a log's end by default.
const TOLD: usize = 25;
/// And how many of each command at least.
const LEAST: usize = 3;

/// How a command ended.
#[derive(Debug)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Whether its guest was `revived` or `cold`; none if it has none.
    pub start: Option<&'static str>,
    /// How long it took; without a guest that took commands, how long that took.
    pub took: Duration,
    /// Why it is no success.
    pub problem: Option<Problem>,
    /// The end of what it wrote.
    pub last_lines: Vec<String>,
    /// What is left of its machine.
    pub evidence: Option<Evidence>,
}

impl Told {
    /// Whether it ended, but without an exit code.
    pub(super) fn is_error(&self) -> bool {
        matches!(self.problem, Some(Problem::ShutDown | Problem::Restarted | Problem::Guest(_)))
    }

    /// Whether it was begun and is no success.
    pub(super) fn has_failed(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| !matches!(problem, Problem::NotBegun))
    }

    fn exit_code(&self) -> Option<u32> {
        match &self.problem {
            None => Some(0),
            Some(Problem::ExitCode(code)) => Some(code.0),
            Some(Problem::NotBegun | Problem::ShutDown | Problem::Restarted | Problem::Guest(_)) => None,
        }
    }
}

/// Whose move it is: whose all failures are, or else the guest's.
pub(super) fn blame(told: &[Told]) -> Blame {
    let mut blames =
        told.iter().filter(|told| told.has_failed()).filter_map(|told| Some(told.problem.as_ref()?.blame()));
    let first = blames.next().unwrap_or(Blame::Guest);
    if blames.all(|blame| blame == first) { first } else { Blame::Guest }
}

/// Whether what failed is what the commands found, and not the host around them.
pub(super) fn is_result(told: &[Told]) -> bool {
    let of_command = |problem: &Problem| matches!(problem.blame(), Blame::Guest | Blame::Deadline);
    told.iter().filter(|told| told.has_failed()).all(|told| told.problem.as_ref().is_some_and(of_command))
}

/// Writes what is about all commands into `directory`, which becomes `out`.
pub(super) fn write(suite: &str, told: &[Told], directory: &Path, out: &Path) -> io::Result<()> {
    for told in told {
        if let Some(code) = told.exit_code() {
            fs_err::write(directory.join(&told.name).join("exit-code"), format!("{code}\n"))?;
        }
    }
    fs_err::write(directory.join(REPORT_JSON), json(suite, told))?;
    fs_err::write(directory.join(REPORT_XML), junit::document(suite, told)?)?;
    let support = directory.join(NIX_SUPPORT);
    fs_err::create_dir(&support)?;
    let product = |kind: &str, name: &str| format!("file {kind} {}\n", out.join(name).display());
    let products = [product("json", REPORT_JSON), product("junit", REPORT_XML)].concat();
    fs_err::write(support.join("hydra-build-products"), products)?;
    if told.iter().any(Told::has_failed) {
        fs_err::write(support.join("failed"), "")?;
    }
    Ok(())
}

fn json(suite: &str, told: &[Told]) -> String {
    let commands: Vec<_> = told
        .iter()
        .map(|told| {
            json!({
                "name": told.name,
                "exitCode": told.exit_code(),
                "problem": told.problem.as_ref().map(ToString::to_string),
                "seconds": told.took.as_secs_f64(),
                "start": told.start,
            })
        })
        .collect();
    format!("{:#}\n", json!({ "name": suite, "commands": commands }))
}

/// What failed, in words.
pub(super) fn page(suite: &str, told: &[Told]) -> String {
    let failed: Vec<&Told> = told.iter().filter(|told| told.has_failed()).collect();
    let later = told.iter().filter(|told| matches!(told.problem, Some(Problem::NotBegun))).count();
    let mut page = format!("{} of {} commands of {suite} failed", failed.len(), told.len());
    if later > 0 {
        // Writing to a String cannot fail, here and below.
        let _ = write!(page, ", and {later} were not begun (`keepGoing`)");
    }
    let most = (TOLD / failed.len().max(1)).max(LEAST);
    for told in &failed {
        let Some(problem) = &told.problem else { continue };
        let _ = write!(page, "\n  {}: {problem}, after {:.1} s", told.name, told.took.as_secs_f64());
        let from = told.last_lines.len().saturating_sub(most);
        for line in told.last_lines.iter().skip(from) {
            let _ = write!(page, "\n    | {line}");
        }
        match &told.evidence {
            // A command that says why it failed needs no picture of it.
            Some(evidence) if !told.is_error() => {
                let _ = write!(page, "\n  evidence  {}", evidence.directory.display());
            }
            Some(evidence) => {
                let _ = write!(page, "\n{evidence}");
            }
            None => {}
        }
    }
    let hint = failed.iter().find_map(|told| told.problem.as_ref()?.hint());
    if let Some(hint) = hint {
        let _ = write!(page, "\n\nhint: {hint}");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        build::ExitCode,
        wait::{Cause, Deadline, WaitError},
    };

    fn told(name: &str, problem: Option<Problem>) -> Told {
        let last_lines = (1..=40).map(|number| format!("line {number}")).collect();
        let took = Duration::from_millis(1250);
        Told { name: name.into(), start: Some("cold"), took, problem, last_lines, evidence: None }
    }

    fn code(code: u32) -> Problem {
        Problem::ExitCode(ExitCode(code))
    }

    fn wait(cause: Cause) -> Problem {
        let last_seen = "x".into();
        WaitError { awaited: "the end of the command", cause, last_seen }.into()
    }

    fn late() -> Problem {
        wait(Cause::Deadline(Deadline::after(3, "timeouts.commandSeconds")))
    }

    fn killed() -> Problem {
        wait(Cause::QemuExited("signal 9".into()))
    }

    #[test]
    fn deadlines_alone_are_the_deadlines_and_everything_mixed_the_guests() {
        // Beside one that is well.
        let blame = |problems: Vec<Problem>| {
            let problems = std::iter::once(None).chain(problems.into_iter().map(Some));
            let told: Vec<Told> = problems.map(|problem| told("x", problem)).collect();
            (blame(&told).exit_status(), is_result(&told))
        };
        assert_eq!(blame(vec![late(), late(), Problem::NotBegun]), (5, true));
        assert_eq!(blame(vec![late(), code(7)]), (4, true));
        assert_eq!(blame(vec![code(7)]), (4, true));
        assert_eq!(blame(vec![killed()]), (3, false));
        assert_eq!(blame(vec![killed(), code(7)]), (4, false));
    }

    #[test]
    fn the_page_has_each_failure_with_its_last_lines() {
        let all = [
            told("good", None),
            told("bad", Some(code(7))),
            told("late", Some(late())),
            told("x", Some(Problem::NotBegun)),
        ];
        let page = page("tests", &all);
        let head = "2 of 4 commands of tests failed, and 1 were not begun (`keepGoing`)\n  bad: it ended with exit code 7, after 1.2 s\n    | line 29\n";
        assert!(page.starts_with(head), "{page}");
        assert!(page.contains("\n    | line 40\n  late: the end of the command did not happen: 3 s were over (`timeouts.commandSeconds`)"), "{page}");
        assert!(!page.contains("good"), "{page}");
        assert!(page.lines().count() < 40, "{page}");
    }

    #[test]
    fn the_result_has_every_code_and_says_that_it_failed() {
        let directory = tempfile::tempdir().unwrap();
        let all = [told("good", None), told("bad", Some(code(0xC000_0005))), told("late", Some(late()))];
        for told in &all {
            fs_err::create_dir(directory.path().join(&told.name)).unwrap();
        }
        write("tests", &all, directory.path(), Path::new("/out")).unwrap();
        let read = |name: &str| fs_err::read_to_string(directory.path().join(name));
        assert_eq!(read("good/exit-code").unwrap(), "0\n");
        assert_eq!(read("bad/exit-code").unwrap(), "3221225477\n");
        assert!(read("late/exit-code").is_err());
        assert_eq!(read("nix-support/failed").unwrap(), "");
        let products = "file json /out/report.json\nfile junit /out/report.xml\n";
        assert_eq!(read("nix-support/hydra-build-products").unwrap(), products);
        let report: serde_json::Value = serde_json::from_str(&read("report.json").unwrap()).unwrap();
        let command = |number: usize| report["commands"][number].clone();
        let wanted =
            json!({ "name": "good", "exitCode": 0, "problem": null, "seconds": 1.25, "start": "cold" });
        assert_eq!(command(0), wanted);
        assert_eq!(command(1)["exitCode"], json!(0xC000_0005_u32));
        assert_eq!((command(2)["exitCode"].clone(), command(2)["problem"].is_string()), (json!(null), true));
    }

    #[test]
    fn a_result_without_failures_has_not_failed() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir(directory.path().join("good")).unwrap();
        write("tests", &[told("good", None)], directory.path(), Path::new("/out")).unwrap();
        assert!(!directory.path().join("nix-support/failed").exists());
    }
}
