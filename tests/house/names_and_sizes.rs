//! A newcomer finds the room from the names, and a file fits into a head.

use crate::source;

const LONGEST: usize = 500;

/// Names that say nothing about what is inside.
const NAMELESS: [&str; 6] = ["utils", "common", "helpers", "core", "types", "misc"];

const ROOMS: [&str; 7] = ["crates", "nix", "tests", "scripts", "examples", "wfvm", ".ci"];

fn sources() -> Vec<String> {
    // Snapshots and other cases are data, made by the tests that own them.
    let data = ["snap", "xml", "json", "bin", "txt"];
    let is_data = |file: &String| data.iter().any(|extension| source::has_extension(file, extension));
    ROOMS.iter().flat_map(|room| source::files(room)).filter(|file| !is_data(file)).collect()
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let mut wrong = Vec::new();
    for file in sources() {
        let lines =
            fs_err::read(source::root().join(&file)).unwrap().split(|byte| *byte == b'\n').count() - 1;
        if lines > LONGEST {
            wrong.push(format!(
                "{file} has {lines} lines: make it a folder of the same name, a file per chapter"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_name_is_a_drawer_for_everything() {
    let mut wrong = Vec::new();
    // Named by WFVM, whose users import it.
    for file in sources().into_iter().filter(|file| file != "wfvm/utils.nix") {
        for part in file.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            if NAMELESS.contains(&stem) {
                wrong.push(format!("{file}: `{stem}` names no concept: which one is missing?"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
