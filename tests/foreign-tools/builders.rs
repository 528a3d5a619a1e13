//! Of what the programs that build images were really made, by cargo's own record.

use std::path::PathBuf;

/// Where `scripts/nix` leaves its programs and the record of each.
fn record(builder: &str) -> String {
    let repository = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(repository.join("target"), PathBuf::from);
    let file = target.join(format!("nix/{builder}.d"));
    fs_err::read_to_string(file)
        .unwrap_or_else(|error| panic!("{error}; `scripts/nix build -f tests/tools.nix` writes it"))
}

/// The sources below `crates` that a builder is made of and that have one of these parts in their path.
fn sources_with(builder: &str, parts: &[&str]) -> Vec<String> {
    let record = record(builder);
    let sources = record.split_whitespace().filter_map(|file| file.split("/crates/").nth(1));
    sources.filter(|file| parts.iter().any(|part| file.contains(part))).map(str::to_owned).collect()
}

#[test]
fn an_installation_of_windows_is_made_of_nothing_that_happens_after_it() {
    let later =
        ["/run/", "/run.rs", "/layer", "/win/", "/script.rs", "/command_socket/", "/files.rs", "/tests"];
    assert_eq!(sources_with("wfvm-install-builder", &later), [""; 0]);
    assert!(!sources_with("wfvm-install-builder", &["wfvm/src/install/mod.rs"]).is_empty());
}

#[test]
fn a_layer_is_made_of_no_run_and_no_installation() {
    let others = ["/run/", "/run.rs", "src/install/", "src/answer_file/", "/windows_iso/", "/tests"];
    assert_eq!(sources_with("wfvm-layer-builder", &others), [""; 0]);
    assert!(!sources_with("wfvm-layer-builder", &["wfvm/src/layer/mod.rs"]).is_empty());
}
