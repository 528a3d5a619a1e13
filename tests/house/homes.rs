//! Each foreign crate has one home. A second one is a question about the design, not a detail.

use crate::source;

/// A crate, where it lives below `crates/`, and no other place.
const HOMES: &[(&str, &[&str])] = &[
    ("base64", &["wfvm/src/answer_file/", "wfvm/src/verify/"]),
    ("clap", &["wfvm-nix-builder/src/cli.rs", "wfvm-nix-builder/src/tasks/", "wfvm-nix-builder/src/win/"]),
    ("cpio", &["reference-guest/src/initramfs.rs", "wfvm/src/linux_guest/initramfs.rs"]),
    ("fatfs", &["wfvm/src/media/", "reference-guest/src/disk_configuration/"]),
    ("flate2", &["reference-guest/src/stand_ins/archives.rs"]),
    ("futures_util", &["wfvm/src/run/", "wfvm/src/script.rs"]),
    ("hadris_fs", &["wfvm/src/media/"]),
    ("hadris_iso", &["wfvm/src/media/"]),
    ("imago", &["wfvm/src/disk/"]),
    ("indicatif", &["wfvm/src/progress.rs"]),
    ("ntfs", &["wfvm/src/disk/"]),
    ("qapi", &["wfvm/src/qmp.rs", "wfvm/src/qemu", "wfvm/src/run/by_hand.rs"]),
    ("qapi_spec", &["wfvm/src/qmp.rs"]),
    (
        "quick_xml",
        &[
            "wfvm/src/answer_file/",
            "wfvm/src/windows_iso/",
            "wfvm/src/clones/junit.rs",
            "wfvm/src/verify/",
            "reference-guest/src/answer_file/",
        ],
    ),
    ("roxmltree", &["wfvm/src/lint/"]),
    ("russh", &["wfvm/src/session/", "reference-guest/src/openssh/"]),
    ("russh_sftp", &["wfvm/src/session/", "reference-guest/src/openssh/"]),
    (
        "schemars",
        &[
            "wfvm/src/doctor/",
            "wfvm/src/inspect/",
            "wfvm/src/preflight/",
            "wfvm/src/spec/",
            "wfvm/src/verify/",
            "wfvm/src/windows_iso/",
        ],
    ),
    ("serde_path_to_error", &["wfvm/src/spec/"]),
    ("sha1", &["reference-guest/src/stand_ins/certutil.rs"]),
    (
        "sha2",
        &[
            "wfvm/src/media/",
            "wfvm/src/template/",
            "reference-guest/src/accounts.rs",
            "reference-guest/src/stand_ins/",
        ],
    ),
    ("strsim", &["wfvm/src/lint/"]),
    ("tar", &["wfvm/src/outputs/", "reference-guest/src/stand_ins/archives.rs"]),
];

/// Crates that are a part of the language here.
const EVERYWHERE: &[&str] =
    &["fs_err", "rustix", "serde", "serde_json", "tempfile", "thiserror", "tokio", "wfvm"];

fn files_that_name(name: &str) -> Vec<String> {
    let names = |file: &String| {
        source::lines_without_comments(&source::text(file), "//").any(|(_, line)| {
            source::word(line, name).any(|(before, after)| {
                let of_ours = before.ends_with("::") && !before.trim_end_matches("::").trim_end().is_empty();
                let used = line.trim_start().starts_with("use ") && before.trim() == "use";
                !of_ours && (after.starts_with("::") || used)
            })
        })
    };
    let rust = source::files("crates").into_iter().filter(|file| source::has_extension(file, "rs"));
    rust.filter(|file| names(file)).collect()
}

#[test]
fn a_foreign_crate_is_used_in_its_home_alone() {
    let mut wrong = Vec::new();
    for (name, homes) in HOMES {
        let files = files_that_name(name);
        for file in &files {
            let inside = homes.iter().any(|home| file.starts_with(&format!("crates/{home}")));
            if !inside {
                wrong.push(format!("{file} uses `{name}`, whose home is {}", homes.join(", ")));
            }
        }
        for home in *homes {
            if !files.iter().any(|file| file.starts_with(&format!("crates/{home}"))) {
                wrong.push(format!("`{name}` is not used in its home {home}: take it out of the list"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_dependency_has_a_home() {
    let mut wrong = Vec::new();
    for manifest in ["crates/wfvm", "crates/wfvm-nix-builder", "crates/reference-guest"] {
        let text = source::text(&format!("{manifest}/Cargo.toml"));
        let dependencies = source::between(&format!("{text}\n["), "[dependencies]\n", "\n[").to_owned();
        for line in dependencies.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let name = line.split(['.', ' ', '=']).next().unwrap_or(line).replace('-', "_");
            if !EVERYWHERE.contains(&name.as_str()) && !HOMES.iter().any(|(known, _)| *known == name) {
                wrong.push(format!(
                    "{manifest} depends on `{name}`, which has no home: give it one in tests/house/homes.rs"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
