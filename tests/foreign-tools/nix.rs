//! Nix's formats in the eyes of Nix itself.

use std::path::Path;
use std::process::Command;

use wfvm::nix::log::{LogMessage, VerbosityLevel};
use wfvm::nix::nixbase32;
use wfvm::nix::store_path::StorePath;
use wfvm::nix::structured_attrs::StructuredAttrs;

use crate::program::{Place, ended, output};

const DIGESTS: [&str; 3] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "0000000000000000000000000000000000000000000000000000000000000001",
    "ffeeddccbbaa99887766554433221100ffeeddccbbaa998877665544332211ff",
];

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len() / 2)
        .filter_map(|at| u8::from_str_radix(hexadecimal.get(2 * at..2 * at + 2)?, 16).ok())
        .collect()
}

#[test]
fn nix_hash_writes_the_same_digits() {
    for digest in DIGESTS {
        let text = output("nix-hash", &["--type", "sha256", "--to-base32", digest]);
        assert_eq!(nixbase32::encode(&bytes(digest)), text.trim());
        assert_eq!(nixbase32::decode(text.trim()), Ok(bytes(digest)));
        // The length of a store path's digest.
        let short = digest.get(..40).unwrap();
        let text = output("nix-hash", &["--type", "sha1", "--to-base32", short]);
        assert_eq!(nixbase32::decode(text.trim()), Ok(bytes(short)));
    }
}

#[test]
fn nix_store_accepts_and_refuses_the_same_names() {
    let long = "a".repeat(211);
    let too_long = "a".repeat(212);
    for name in
        ["a", "hello-2.12", "+-._?=", ".a", "...", "a b", ".", "..", ".-a", "..-a", "a~b", &long, &too_long]
    {
        let printed =
            ended(Command::new("nix-store").args(["--print-fixed-path", "sha256", DIGESTS[0], name]));
        let path = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
        let digits = "0".repeat(32);
        let ours = if printed.status.success() {
            StorePath::from_absolute_path(path.as_bytes())
        } else {
            StorePath::from_absolute_path(format!("/nix/store/{digits}-{name}").as_bytes())
        };
        assert_eq!(ours.is_ok(), printed.status.success(), "{name}: {ours:?}");
        if let Ok(ours) = ours {
            assert_eq!((ours.name(), ours.to_absolute_path()), (name, path));
        }
    }
}

#[test]
fn paths_that_nix_instantiate_computes_are_taken_apart() {
    let expression =
        "(derivation { name = \"a-b.img\"; system = \"x86_64-linux\"; builder = \"/b\"; }).outPath";
    let printed = output("nix-instantiate", &["--eval", "--expr", expression]);
    let printed = printed.lines().find(|line| line.starts_with('"')).unwrap_or_default().trim_matches('"');
    let path = StorePath::from_absolute_path(printed.as_bytes()).unwrap();
    assert_eq!((path.name(), path.to_absolute_path().as_str()), ("a-b.img", printed));
}

/// Builds in a store of its own, outside any sandbox: only what Nix reads and writes is of interest.
fn build(place: &Place, expression: &str) -> String {
    let root = fs_err::canonicalize(place.path(".")).unwrap_or_else(|error| panic!("{error}"));
    let below = |name: &str| root.join(name).display().to_string();
    let built = ended(
        Command::new("nix-build")
            .args(["--no-out-link", "--log-format", "internal-json", "--expr", expression])
            .env("NIX_STORE_DIR", below("store"))
            .env("NIX_STATE_DIR", below("state"))
            .env("NIX_LOG_DIR", below("log"))
            .env("NIX_CONFIG", "sandbox = false\nbuild-users-group =\nsubstituters =\n")
            .env("NIX_REMOTE", ""),
    );
    let log = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success(), "{log}");
    log
}

fn derivation(script: &Path, more: &str) -> String {
    format!(
        "derivation {{ name = \"x\"; system = builtins.currentSystem; builder = \"/bin/sh\"; \
         args = [ \"-e\" {} ]; {more} }}",
        script.display()
    )
}

#[test]
fn nix_obeys_the_lines_of_a_builder() {
    let place = Place::new();
    let lines = [
        LogMessage::SetPhase { phase: "windowsPE".into() },
        LogMessage::Msg { level: VerbosityLevel::Warn, msg: "a 'warning' of \"ours\"".into() },
    ];
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let script = format!("/bin/cat >&2 <<'EOF'\n{}\nEOF\necho > $out\n", lines.join("\n"));
    place.put("script", script.as_bytes());
    let log = build(&place, &derivation(&place.path("script"), ""));
    assert!(log.contains(r#""fields":["windowsPE"]"#) && log.contains(r#""type":104"#), "{log}");
    let message = log.lines().filter_map(|line| LogMessage::from_json_str(line).ok()).find(
        |message| matches!(message, LogMessage::Msg { msg, .. } if msg.contains("a 'warning' of \"ours\"")),
    );
    assert!(message.is_some(), "{log}");
}

#[test]
fn the_file_of_structured_attributes_is_read() {
    let place = Place::new();
    let copy = place.text("copy.json");
    let script = format!("/bin/cp .attrs.json {copy}\n. ./.attrs.sh\necho > ${{outputs[out]}}\n");
    place.put("script", script.as_bytes());
    let expression = derivation(&place.path("script"), "__structuredAttrs = true; spec = { wfvmSpec = 1; };")
        .replace("/bin/sh", "/bin/bash");
    build(&place, &expression);
    let json = fs_err::read_to_string(&copy).unwrap();
    // The store of this test lies elsewhere; the constant is nix-compat's.
    let elsewhere = place.path("store").canonicalize().unwrap().display().to_string();
    let attributes = StructuredAttrs::from_json_str(&json.replace(&elsewhere, "/nix/store")).unwrap();
    assert_eq!(attributes.outputs().keys().collect::<Vec<_>>(), ["out"]);
    assert_eq!(attributes.get("spec").unwrap()["wfvmSpec"], 1);
}
