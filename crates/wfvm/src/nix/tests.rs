use proptest::prelude::*;

use super::log::{LogMessage, VerbosityLevel};
use super::nixbase32::{self, DecodeError};
use super::store_path::{ParseStorePathError, StorePath};
use super::structured_attrs::StructuredAttrs;

#[test]
fn nixbase32_agrees_with_the_manual() {
    // The empty string's SHA-256, as `nix-hash --to-base32` writes it.
    let digest: Vec<u8> = (0..32)
        .map(|at| {
            let hexadecimal = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
            u8::from_str_radix(&hexadecimal[2 * at..2 * at + 2], 16).unwrap()
        })
        .collect();
    let text = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
    assert_eq!(nixbase32::encode(&digest), text);
    assert_eq!(nixbase32::decode(text), Ok(digest));
}

#[test]
fn what_is_not_nixbase32_is_refused_by_its_fault() {
    assert_eq!(nixbase32::decode("0e"), Err(DecodeError::Symbol { character: 'e', position: 1 }));
    assert_eq!(nixbase32::decode("0"), Err(DecodeError::Length { digits: 1 }));
    // Two digits have ten bits, of which a byte uses eight.
    assert_eq!(nixbase32::decode("zz"), Err(DecodeError::Trailing));
    assert_eq!(nixbase32::decode("7z"), Ok(vec![255]));
}

#[test]
fn store_paths_are_taken_apart() {
    let text = "/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-net-tools-1.60_p20170221182432";
    let path = StorePath::from_absolute_path(text.as_bytes()).unwrap();
    assert_eq!(path.name(), "net-tools-1.60_p20170221182432");
    assert_eq!(path.to_absolute_path(), text);
    let inside = format!("{text}/bin/arp");
    assert_eq!(StorePath::from_absolute_path_full(&inside), Ok((path, "bin/arp")));
}

#[test]
fn other_paths_are_refused_by_the_part_that_is_wrong() {
    let digits = "00bgd045z0d4icpbc2yyz4gx48ak44la";
    let parse = |path: String| StorePath::from_absolute_path(path.as_bytes());
    assert_eq!(parse(format!("/gnu/store/{digits}-a")), Err(ParseStorePathError::MissingStoreDir));
    assert_eq!(parse(format!("/nix/store/{digits}")), Err(ParseStorePathError::MissingDash));
    assert_eq!(parse(format!("/nix/store/{digits}_a")), Err(ParseStorePathError::MissingDash));
    assert!(matches!(
        parse(format!("/nix/store/{}-a", digits.replace('b', "e"))),
        Err(ParseStorePathError::InvalidHashEncoding(_))
    ));
    for name in ["", ".", "..", ".-a", "..-a", "a b", "a/b", "ä", &"a".repeat(212)] {
        let refused = parse(format!("/nix/store/{digits}-{name}"));
        assert_eq!(refused, Err(ParseStorePathError::InvalidName { name: name.into() }));
    }
    for name in [".a", "...", "+-._?=Az09", &"a".repeat(211)] {
        assert_eq!(parse(format!("/nix/store/{digits}-{name}")).unwrap().name(), name);
    }
}

#[test]
fn log_lines_are_what_nix_reads() {
    let phase = LogMessage::SetPhase { phase: "windowsPE".into() };
    assert_eq!(phase.to_string(), r#"@nix {"action":"setPhase","phase":"windowsPE"}"#);
    let message = LogMessage::Msg { level: VerbosityLevel::Warn, msg: "a \"b\"\n".into() };
    let line = message.to_string();
    assert_eq!(line, r#"@nix {"action":"msg","level":1,"msg":"a \"b\"\n"}"#);
    assert_eq!(LogMessage::from_json_str(&line).unwrap(), message);
    assert!(LogMessage::from_json_str("hello").is_err());
    assert!(LogMessage::from_json_str("@nix {\"action\":\"dance\"}").is_err());
}

#[test]
fn outputs_come_from_structured_attributes() {
    let out = "/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-image";
    let json = serde_json::json!({ "outputs": { "out": out }, "spec": { "wfvmSpec": 1 } }).to_string();
    let attributes = StructuredAttrs::from_json_str(&json).unwrap();
    assert_eq!(attributes.outputs().get("out").unwrap().display().to_string(), out);
    assert_eq!(attributes.get("spec").unwrap()["wfvmSpec"], 1);
    let refusal = |json: &str| StructuredAttrs::from_json_str(json).unwrap_err().to_string();
    assert_eq!(refusal("{}"), "the structured attributes have no `outputs` that map names to paths");
    assert_eq!(
        refusal(r#"{"outputs":{"out":"/tmp/x"}}"#),
        "the output `out` is not a store path (/tmp/x): it does not begin with `/nix/store/`"
    );
}

proptest! {
    #[test]
    fn nixbase32_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let text = nixbase32::encode(&bytes);
        prop_assert_eq!(text.len(), nixbase32::encode_len(bytes.len()));
        prop_assert_eq!(nixbase32::decode(&text), Ok(bytes));
    }

    #[test]
    fn no_text_has_two_values(text in "[0-9a-df-np-sv-z]{0,40}") {
        if let Ok(bytes) = nixbase32::decode(&text) {
            prop_assert_eq!(nixbase32::encode(&bytes), text);
        }
    }
}
