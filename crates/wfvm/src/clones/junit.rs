//! `report.xml`: a suite with a test case for each command, as programs read it that read `JUnit`.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{Problem, Told};

/// The document.
pub(super) fn document(suite: &str, told: &[Told]) -> io::Result<Vec<u8>> {
    let count = |what: fn(&Told) -> bool| told.iter().filter(|told| what(told)).count().to_string();
    let seconds: f64 = told.iter().map(|told| told.took.as_secs_f64()).sum();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    let attributes = [
        ("name", text(suite)),
        ("tests", told.len().to_string()),
        ("failures", count(|told| matches!(told.problem, Some(Problem::ExitCode(_))))),
        ("errors", count(Told::is_error)),
        ("skipped", count(|told| matches!(told.problem, Some(Problem::NotBegun)))),
        ("time", format!("{seconds:.3}")),
    ];
    let suite_element = writer
        .create_element("testsuite")
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())));
    suite_element.write_inner_content(|writer| told.iter().try_for_each(|told| case(writer, suite, told)))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn case(writer: &mut Writer<Vec<u8>>, suite: &str, told: &Told) -> io::Result<()> {
    let (suite, time) = (text(suite), format!("{:.3}", told.took.as_secs_f64()));
    let attributes = [("classname", suite.as_str()), ("name", &told.name), ("time", &time)];
    let lines = text(&told.last_lines.join("\n"));
    let element = writer.create_element("testcase").with_attributes(attributes);
    element.write_inner_content(|writer| {
        if let Some(problem) = &told.problem {
            let what = match problem {
                Problem::ExitCode(_) => "failure",
                Problem::NotBegun => "skipped",
                Problem::ShutDown | Problem::Restarted | Problem::Guest(_) => "error",
            };
            let message = text(&problem.to_string());
            writer.create_element(what).with_attribute(("message", message.as_str())).write_empty()?;
        }
        if !lines.is_empty() {
            writer.create_element("system-out").write_text_content(BytesText::new(&lines))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// XML 1.0 has no way to write other characters (section 2.2, `Char`).
fn text(text: &str) -> String {
    let has = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if has(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quick_xml::{Reader, events::Event};

    use super::*;
    use crate::build::ExitCode;

    fn told(name: &str, problem: Option<Problem>, lines: &[&str]) -> Told {
        Told {
            name: name.into(),
            start: Some("revived"),
            took: Duration::from_millis(1500),
            problem,
            last_lines: lines.iter().map(|&line| line.to_owned()).collect(),
            evidence: None,
        }
    }

    /// The names of all elements, by a reader that checks the ends and every reference.
    fn elements(document: &[u8]) -> Vec<String> {
        let text = std::str::from_utf8(document).unwrap();
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        let mut reader = Reader::from_str(text);
        let mut names = Vec::new();
        loop {
            let event = reader.read_event().unwrap();
            if let Event::Start(start) | Event::Empty(start) = &event {
                for attribute in start.attributes() {
                    attribute.unwrap();
                }
                names.push(start.name().as_ref().to_owned());
            }
            if event == Event::Eof {
                return names;
            }
        }
    }

    #[test]
    fn each_command_is_a_case_and_its_end_an_element() {
        let all = [
            told("good", None, &["fine"]),
            told("bad", Some(Problem::ExitCode(ExitCode(7))), &[]),
            told("gone", Some(Problem::ShutDown), &[]),
            told("later", Some(Problem::NotBegun), &[]),
        ];
        let document = document("tests", &all).unwrap();
        let wanted = [
            "testsuite",
            "testcase",
            "system-out",
            "testcase",
            "failure",
            "testcase",
            "error",
            "testcase",
            "skipped",
        ];
        assert_eq!(elements(&document), wanted);
        let text = String::from_utf8(document).unwrap();
        let head = r#"<testsuite name="tests" tests="4" failures="1" errors="1" skipped="1" time="6.000">"#;
        assert!(text.contains(head), "{text}");
        assert!(text.contains(r#"<testcase classname="tests" name="bad" time="1.500">"#), "{text}");
        assert!(text.contains(r#"<failure message="it ended with exit code 7"/>"#), "{text}");
    }

    #[test]
    fn what_xml_cannot_say_leaves_it_well_formed() {
        let lines = ["\u{1b}[1m<b>&amp;]]>\0\u{7}", "\u{fffe}\"'\u{1f600}"];
        let document = document("a\u{1}<\"b\">", &[told("x", None, &lines)]).unwrap();
        assert_eq!(elements(&document), ["testsuite", "testcase", "system-out"]);
        let text = String::from_utf8(document).unwrap();
        assert!(text.contains("\u{fffd}[1m&lt;b&gt;&amp;amp;]]&gt;\u{fffd}\u{fffd}\n\u{fffd}"), "{text}");
    }
}
