//! What builds images is made of its own task alone: `nix/packages/builders.nix` leaves out
//! exactly the modules that the builder's features leave out.

use std::collections::{BTreeMap, BTreeSet};

use crate::source;

/// The crates' features that a feature switches on besides itself.
const MEANS: [(&str, &str); 6] = [
    ("inspect", "install"),
    ("layer", "script"),
    ("linux", "script"),
    ("run", "script"),
    ("run", "store-volume"),
    ("store-volume", "script"),
];
const ROOTS: [&str; 2] = ["crates/wfvm/src", "crates/wfvm-nix-builder/src"];

/// The modules below `crates` that have a condition, and the features of which one is enough
/// (`any`) or all are needed.
fn conditions() -> BTreeMap<String, (bool, Vec<String>)> {
    let mut found = BTreeMap::new();
    for file in ROOTS.iter().flat_map(|root| source::files(root)) {
        let text = source::text(&file);
        let mut condition: Option<String> = None;
        for line in text.lines() {
            let line = line.trim();
            if let Some(inside) = line.strip_prefix("#[cfg(").filter(|inside| inside.contains("feature")) {
                condition = Some(inside.to_owned());
                continue;
            }
            let name = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            let name = name.strip_prefix("mod ").and_then(|name| name.strip_suffix(';'));
            if let (Some(name), Some(condition)) = (name, condition.take()) {
                let features = source::literals(&condition).into_iter().map(str::to_owned).collect();
                found.insert(module(&file, name), (condition.starts_with("all("), features));
            }
        }
    }
    found
}

/// The file or folder of a module, from `crates`.
fn module(declared_in: &str, name: &str) -> String {
    let parent = match declared_in.strip_suffix(".rs").unwrap_or(declared_in) {
        root if root.ends_with("/lib") || root.ends_with("/main") || root.ends_with("/mod") => {
            root.rsplit_once('/').map_or("", |(directory, _)| directory)
        }
        own => own,
    };
    let folder = format!("{parent}/{name}");
    let path =
        if source::root().join(format!("{folder}.rs")).exists() { format!("{folder}.rs") } else { folder };
    path.trim_start_matches("crates/").to_owned()
}

fn list(builder: &str, name: &str) -> BTreeSet<String> {
    let inside = source::between(builder, &format!("{name} = ["), "]");
    source::literals(inside).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_builder_of_images_leaves_out_the_modules_of_other_tasks() {
    let conditions = conditions();
    assert!(conditions.len() > 20, "{conditions:#?}");
    let text = source::text("nix/packages/builders.nix");
    let mut wrong = Vec::new();
    for name in ["wfvm-nix-builder", "wfvm-install-builder", "wfvm-layer-builder"] {
        let builder = source::between(&text, &format!("  {name} = {{"), "\n  };");
        let mut features = list(builder, "features");
        for (feature, other) in MEANS {
            if features.contains(feature) {
                features.insert(other.to_owned());
            }
        }
        let has = |(all, wanted): &(bool, Vec<String>)| {
            let mut present = wanted.iter().map(|feature| features.contains(feature));
            if *all { present.all(|present| present) } else { present.any(|present| present) }
        };
        let left_out: BTreeSet<&String> =
            conditions.iter().filter(|(_, condition)| !has(condition)).map(|(module, _)| module).collect();
        // A module that is two files, x.rs and what is below x.
        let without = list(builder, "without");
        let files: BTreeSet<&String> =
            without.iter().filter(|path| !without.contains(&format!("{path}.rs"))).collect();
        for module in left_out.difference(&files) {
            wrong.push(format!("{name} has no {module}: name it in `without`"));
        }
        for module in files.difference(&left_out) {
            wrong.push(format!("{name} is made of {module}: take it out of `without`"));
        }
        for path in &without {
            if !source::root().join("crates").join(path).exists() {
                wrong.push(format!("{name}: there is no crates/{path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "nix/packages/builders.nix:\n{}\n", wrong.join("\n"));
}

#[test]
fn the_features_are_those_of_both_crates() {
    for manifest in ["crates/wfvm/Cargo.toml", "crates/wfvm-nix-builder/Cargo.toml"] {
        let text = source::text(manifest);
        let features = source::between(&text, "[features]\n", "\n[").to_owned();
        for (feature, other) in MEANS {
            let line = features.lines().find(|line| line.starts_with(&format!("{feature} = [")));
            assert!(
                line.is_some_and(|line| line.contains(&format!("\"{other}\""))),
                "{manifest}: {features}"
            );
        }
        assert!(
            features.contains(r#"default = ["install", "inspect", "layer", "run", "linux"]"#),
            "{manifest}: {features}"
        );
    }
}
