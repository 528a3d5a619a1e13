use super::*;

fn found(text: &str) -> Vec<&'static str> {
    lint(text.as_bytes(), &Target::default()).into_iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn identifiers_are_unique_and_readable() {
    let mut ids: Vec<&str> = rules().map(|rule| rule.id).collect();
    for id in &ids {
        assert!(
            id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{id}"
        );
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn what_is_only_inferred_refuses_nothing() {
    for rule in rules().filter(|rule| rule.basis == Basis::Inferred) {
        assert!(rule.severity < Severity::Error, "{}", rule.id);
    }
}

#[test]
fn a_rule_says_all_that_a_person_needs() {
    for rule in rules() {
        for text in [rule.says, rule.consequence, rule.advice] {
            assert!(text.ends_with(['.', ':']) || text.ends_with(".\""), "{}: {text}", rule.id);
        }
        assert!(!rule.source.is_empty() && !rule.source.ends_with('.'), "{}: {}", rule.id, rule.source);
    }
}

#[test]
fn entities_are_not_expanded() {
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><unattend>&b;</unattend>";
    assert_eq!(found(laughs), ["document-type"]);
}

#[test]
fn depth_and_size_have_bounds() {
    assert_eq!(found(&"<a>".repeat(1_000_000)), ["too-large"]);
    assert_eq!(found(&" ".repeat(5 << 20)), ["too-large"]);
    let deep = format!(
        "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">{}{}</unattend>",
        "<settings pass=\"specialize\">".repeat(100_000),
        "</settings>".repeat(100_000)
    );
    assert_eq!(found(&deep), ["too-large"]);
}

#[test]
fn a_file_of_mistakes_ends_at_a_bound() {
    let many = "<settings pass=\"x\"/>".repeat(10_000);
    let text = format!("<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">{many}</unattend>");
    assert_eq!(lint(text.as_bytes(), &Target::default()).len(), MOST_FINDINGS);
}

#[test]
fn a_file_made_to_be_read_slowly_is_refused() {
    let attributes = " a=\"\"".repeat(100_000);
    assert_eq!(found(&format!("<a{attributes}/>")), ["too-large"]);
    let component = "<component name=\"c\" processorArchitecture=\"amd64\"><x/></component>";
    let many = component.repeat(2000);
    let text = format!(
        "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\"><settings pass=\"specialize\">{many}</settings></unattend>"
    );
    assert_eq!(found(&text), ["too-large"]);
}

#[test]
fn a_terminal_obeys_nothing_that_stands_in_a_file() {
    let text = "<a xmlns=\"\u{9b}31m\"/>";
    let findings = lint(text.as_bytes(), &Target::default());
    assert!(!human(&[("x", findings)]).contains('\u{9b}'));
}

#[test]
fn no_damaged_file_makes_it_panic() {
    let text = include_str!("../../../../tests/golden/answer-file/windows-11-everything/Autounattend.xml");
    for at in (0..text.len()).step_by(7) {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 0x15;
        drop(lint(&bytes, &Target::default()));
        drop(lint(&text.as_bytes()[..at], &Target::default()));
    }
}

#[test]
fn utf_16_is_read_and_counted_in_characters() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n<!-- äöü --><settings pass=\"x\"/></unattend>";
    for (mark, big) in [([0xFF, 0xFE], false), ([0xFE, 0xFF], true)] {
        let units =
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
        let bytes: Vec<u8> = mark.into_iter().chain(units).collect();
        let findings = lint(&bytes, &Target::default());
        let places: Vec<_> =
            findings.iter().map(|finding| (finding.rule.id, finding.line, finding.column)).collect();
        assert_eq!(places, [("empty-element", 3, 13), ("unknown-pass", 3, 13)]);
    }
}
