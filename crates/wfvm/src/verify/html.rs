//! The report as a page that needs nothing besides itself. What stands in it may come from a medium of
//! anybody's, so all of it is text.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use quick_xml::escape::escape;

use super::report::{Failure, Outcome, Phase, Report};
use crate::{doctor::Verdict, inspect::Inspection, preflight::Finding};

const STYLE: &str = "body{font:15px/1.45 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;margin:.6em 0}\
td,th{text-align:left;vertical-align:top;padding:.2em .8em .2em 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}\
pre{background:#f4f4f4;padding:.7em;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}\
img{max-width:100%;border:1px solid #999}\
.passed,.good{color:#176417}.failed,.problem,.refused{color:#a11212;font-weight:bold}\
.skipped,.note{color:#666}.warning{color:#8a5a00}";

/// The page, also well-formed as XML.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = Page(String::new());
    page.0.push_str(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"/>\
         <title>wfvm: verification</title><style>",
    );
    page.0.push_str(STYLE);
    page.0.push_str("</style></head><body>\n");
    page.within("h1", "", |page| {
        page.text("Verification: ");
        page.worded(report.outcome.word());
    });
    versions(&mut page, report);
    phases(&mut page, &report.phases);
    for phase in &report.phases {
        detail(&mut page, phase);
    }
    host(&mut page, report);
    if let Some(medium) = &report.medium {
        inspection(&mut page, medium);
    }
    page.0.push_str("</body></html>\n");
    page.0
}

fn versions(page: &mut Page, report: &Report) {
    let mut rows = vec![
        ("wfvm", report.versions.wfvm.clone()),
        ("QEMU", report.versions.qemu.clone().unwrap_or_else(|| "unknown".into())),
        ("kernel", report.versions.kernel.clone()),
    ];
    if let Some(medium) = &report.medium {
        let release = medium.release.as_ref().map_or("unknown", |release| release.title.as_str());
        rows.push(("medium", format!("{release}, `{}`", medium.medium.volume_label)));
    }
    if let Some(machine) = &report.machine {
        // A machine was JSON before it was a machine.
        rows.push(("machine", serde_json::to_string(machine).unwrap_or_default()));
    }
    page.within("table", "", |page| {
        for (name, value) in &rows {
            page.row("th", &[name, value]);
        }
    });
}

fn phases(page: &mut Page, phases: &[Phase]) {
    page.element("h2", "Phases");
    page.within("table", "", |page| {
        for phase in phases {
            page.within("tr", "", |page| {
                page.element("td", phase.name.word());
                page.within("td", "", |page| page.worded(phase.outcome.word()));
                let time = match phase.outcome {
                    Outcome::Skipped => String::new(),
                    Outcome::Passed | Outcome::Failed => format!("{:.2} s", phase.seconds),
                };
                // One line, however much stands beside it.
                page.element("td", &time.replace(' ', "\u{a0}"));
                let parts = phase.parts.iter().map(|part| format!("{} {:.1} s", part.phase, part.seconds));
                let parts = parts.collect::<Vec<_>>().join(", ");
                let told = phase.because.iter().chain(&phase.facts).cloned();
                let told: Vec<String> = told.chain((!parts.is_empty()).then_some(parts)).collect();
                page.element("td", &told.join("; "));
            });
        }
    });
}

fn detail(page: &mut Page, phase: &Phase) {
    if phase.findings.is_empty() && phase.failure.is_none() {
        return;
    }
    page.element("h2", phase.name.word());
    findings(page, &phase.findings);
    if let Some(failure) = &phase.failure {
        failed(page, failure);
    }
}

fn findings(page: &mut Page, findings: &[Finding]) {
    page.within("table", "", |page| {
        for finding in findings {
            page.within("tr", "", |page| {
                page.within("td", "", |page| page.worded(finding.severity.word()));
                for text in [&finding.field, &finding.problem, &finding.advice] {
                    page.element("td", text);
                }
            });
        }
    });
}

fn failed(page: &mut Page, failure: &Failure) {
    let during = failure.during.as_ref().map(|during| format!(" in {during}")).unwrap_or_default();
    page.element("p", &format!("Failed with status {}{during}:", failure.status));
    page.element("pre", &failure.causes.join("\n"));
    if let Some(picture) = &failure.picture {
        page.element("p", "The guest's screen:");
        page.0.push_str("<img alt=\"the guest's screen\" src=\"data:image/png;base64,");
        BASE64_STANDARD.encode_string(picture, &mut page.0);
        page.0.push_str("\"/>\n");
    }
    if let Some(text) = &failure.screen_text {
        page.element("p", "It reads:");
        page.element("pre", text);
    }
    if let Some(log) = &failure.setup_log {
        page.element("p", &format!("{} ends with:", log.file));
        page.element("pre", &log.lines.join("\n"));
    }
    page.folded("What was told of it", &failure.page);
    if !failure.evidence.is_empty() {
        page.element("p", &format!("Files that were kept with --keep: {}", failure.evidence.join(", ")));
    }
}

fn host(page: &mut Page, report: &Report) {
    page.element("h2", "Host");
    page.within("table", "", |page| {
        for check in &report.host {
            page.within("tr", "", |page| {
                page.within("td", "", |page| {
                    page.worded(match check.verdict {
                        Verdict::Good => "good",
                        Verdict::Warning => "warning",
                        Verdict::Problem => "problem",
                    });
                });
                for text in [check.name, &check.found, &check.advice] {
                    page.element("td", text);
                }
            });
        }
    });
}

fn inspection(page: &mut Page, inspection: &Inspection) {
    page.element("h2", "Medium");
    page.element("pre", &inspection.page());
    page.folded("All that was read", &inspection.json());
}

/// Text between tags that are ours.
struct Page(String);

impl Page {
    fn within(&mut self, name: &str, class: &str, write: impl FnOnce(&mut Self)) {
        // A String takes everything.
        let _ = if class.is_empty() {
            write!(self.0, "<{name}>")
        } else {
            write!(self.0, "<{name} class=\"{class}\">")
        };
        write(self);
        let _ = writeln!(self.0, "</{name}>");
    }

    fn element(&mut self, name: &str, text: &str) {
        self.within(name, "", |page| page.text(text));
    }

    /// A word of ours, in its colour.
    fn worded(&mut self, word: &'static str) {
        self.within("span", word, |page| page.text(word));
    }

    fn row(&mut self, name: &str, texts: &[&str]) {
        self.within("tr", "", |page| {
            for (at, text) in texts.iter().enumerate() {
                page.element(if at == 0 { name } else { "td" }, text);
            }
        });
    }

    fn folded(&mut self, title: &str, text: &str) {
        self.within("details", "", |page| {
            page.element("summary", title);
            page.element("pre", text);
        });
    }

    fn text(&mut self, text: &str) {
        let shown: String = text.chars().map(|c| if is_shown(c) { c } else { '\u{fffd}' }).collect();
        self.0.push_str(&escape(&shown));
    }
}

/// What is a character of a document and does not change how others are shown: no controls, nothing that
/// turns the direction of what follows (Unicode, "Bidirectional Algorithm", 2), nothing without a meaning.
fn is_shown(c: char) -> bool {
    let breaks = matches!(c, '\n' | '\t');
    let turns =
        matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let none = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    breaks || !(c.is_control() || turns || none)
}
