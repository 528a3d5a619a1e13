//! The reference pages say what the code says, word for word where there are words.

use std::collections::BTreeSet;

use wfvm::{
    blame::Blame,
    spec::{self, BuildTimeouts, ClonesTimeouts, InstallTimeouts, LayerTimeouts, RunTimeouts},
};

use crate::source;

const BUILDER: &str = "crates/wfvm-nix-builder/src";

/// The first code span of each row of the tables of a page.
fn rows(page: &str) -> BTreeSet<String> {
    let text = source::text(page);
    let first = |line: &str| line.strip_prefix("| `")?.split('`').next().map(str::to_owned);
    text.lines().filter_map(first).collect()
}

fn assert_same(page: &str, what: &str, actual: &BTreeSet<String>) {
    let documented = rows(page);
    let missing: Vec<_> = actual.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(actual).collect();
    assert!(missing.is_empty(), "{page} does not list these {what}: {missing:?}");
    assert!(invented.is_empty(), "{page} lists {what} that the code does not have: {invented:?}");
}

fn assert_schema(subcommand: &str, schema: &str) {
    let file = format!("docs/reference/spec-{subcommand}.json");
    let documented = fs_err::read_to_string(source::root().join(&file)).unwrap_or_default();
    assert!(
        documented == format!("{schema}\n"),
        "{file} is not the schema of the code; this repairs it:\n\n  \
         cargo run --package wfvm-nix-builder -- schema {subcommand} > {file}\n"
    );
}

fn assert_told(name: &str, schema: &str) {
    let file = format!("docs/reference/{name}.json");
    let documented = fs_err::read_to_string(source::root().join(&file)).unwrap_or_default();
    assert!(
        documented == format!("{schema}\n"),
        "{file} is not the schema of the code; this repairs it:\n\n  \
         cargo run --package wfvm-nix-builder -- schema {name} > {file}\n"
    );
}

#[test]
fn the_schema_of_an_inspection_is_that_of_the_code() {
    assert_told("inspection", &wfvm::inspect::schema());
}

#[test]
fn the_schema_of_a_preflight_is_that_of_the_code() {
    assert_told("preflight", &wfvm::preflight::schema());
}

#[test]
fn the_schema_of_a_verification_is_that_of_the_code() {
    assert_told("verification", &wfvm::verify::schema());
}

#[test]
fn the_schema_of_build_is_that_of_the_code() {
    assert_schema("build", &spec::schema::<spec::Build>());
}

#[test]
fn the_schema_of_clones_is_that_of_the_code() {
    assert_schema("clones", &spec::schema::<spec::Clones>());
}

#[test]
fn the_schema_of_install_is_that_of_the_code() {
    assert_schema("install", &spec::schema::<spec::Install>());
}

#[test]
fn the_schema_of_layer_is_that_of_the_code() {
    assert_schema("layer", &spec::schema::<spec::Layer>());
}

#[test]
fn the_schema_of_run_is_that_of_the_code() {
    assert_schema("run", &spec::schema::<spec::Run>());
}

#[test]
fn the_schema_of_linux_is_that_of_the_code() {
    assert_schema("linux", &spec::schema::<spec::Linux>());
}

#[test]
fn the_schema_of_template_is_that_of_the_code() {
    assert_schema("template", &spec::schema::<spec::Template>());
}

#[test]
fn the_phases_are_those_of_the_code() {
    let text = source::text("crates/wfvm/src/phase.rs");
    let words = source::literals(source::between(&text, "fn word(self)", "\n    }\n"));
    assert_same("docs/reference/phases.md", "phases", &words.iter().map(ToString::to_string).collect());
}

#[test]
fn the_exit_statuses_are_those_of_the_code() {
    let all = [Blame::Bug, Blame::Input, Blame::Host, Blame::Guest, Blame::Deadline];
    let statuses: BTreeSet<String> =
        std::iter::once(0).chain(all.map(Blame::exit_status)).map(|status| status.to_string()).collect();
    // A new kind of blame fails here until it stands in the list above.
    let text = source::text("crates/wfvm/src/blame.rs");
    let arms = source::between(&text, "fn exit_status(self)", "\n    }\n").matches("=>").count();
    assert_eq!(arms, all.len(), "the list of this test is not complete");
    assert_same("docs/reference/exit-statuses.md", "exit statuses", &statuses);
}

/// Names of variables in a text: capitals after `mark`.
fn variables_after(text: &str, mark: &str) -> BTreeSet<String> {
    let names = text.split(mark).skip(1).map(|rest| {
        rest.chars()
            .take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_')
            .collect::<String>()
    });
    names.filter(|name| name.len() > 3).collect()
}

#[test]
fn the_environment_variables_are_those_of_the_code() {
    let tasks = source::text(&format!("{BUILDER}/nix_env/mod.rs"));
    let guests = source::text(&format!("{BUILDER}/nix_env/guest.rs"));
    let persons = source::text(&format!("{BUILDER}/nix_env/person.rs"));
    let readers = [
        source::between(&tasks, "fn read()", "\n}\n"),
        source::between(&guests, "fn of_guest()", "\n}\n"),
        source::between(&persons, "fn person()", "\n}\n"),
    ];
    let reader = readers.join("\n");
    let is_name = |literal: &&str| literal.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let mut names: BTreeSet<String> =
        source::literals(&reader).into_iter().filter(is_name).map(str::to_owned).collect();
    names.insert(wfvm::command_socket::variable_of(1));
    assert!(names.len() > 3, "{names:?}");
    for file in ["scripts", "nix", "tests", ".ci"].iter().flat_map(|room| source::files(room)) {
        if file.starts_with("tests/house/") {
            continue;
        }
        let text = source::text(&file);
        // In Rust a label may begin in the same way.
        let mark = if source::has_extension(&file, "rs") { "WFVM_TEST_" } else { "WFVM_" };
        names.extend(variables_after(&text, mark).iter().map(|rest| format!("{mark}{rest}")));
        // Shell's `${NAME-…}` and `${NAME:-…}`: a variable that may be set outside.
        for name in variables_after(&text, "${") {
            if text.contains(&format!("${{{name}-")) || text.contains(&format!("${{{name}:-")) {
                names.insert(name);
            }
        }
    }
    assert_same("docs/reference/environment.md", "variables", &names);
}

#[test]
fn every_option_of_the_binary_is_documented() {
    let page = source::text("docs/reference/commands.md");
    let mut wrong = Vec::new();
    let mut options = 0;
    for file in source::files(BUILDER) {
        let text = source::text(&file);
        for rest in text.split("#[arg(long").skip(1) {
            let own = rest.strip_prefix(" = \"").and_then(|rest| rest.split('"').next());
            let field = rest.split_once(")]").map(|(_, field)| field.trim_start()).unwrap_or_default();
            // A field may be seen from the whole program.
            let field = field.trim_start_matches("pub(crate) ").split(':').next().unwrap_or(field);
            let name = own.map_or_else(|| field.replace('_', "-"), str::to_owned);
            options += 1;
            if !page.contains(&format!("--{name}")) {
                wrong.push(format!("docs/reference/commands.md does not know `--{name}` of {file}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(options > 4, "{options}");
}

#[test]
fn the_files_of_the_evidence_are_those_of_the_code() {
    let text = source::text("crates/wfvm/src/evidence.rs");
    let mut names: BTreeSet<String> = BTreeSet::from(["screen.png".to_owned()]);
    for list in ["const MACHINE_LOGS", "const SETUP_LOGS", "const REPLAY"] {
        names.extend(
            source::literals(source::between(&text, list, "];")).iter().map(|name| name.replace('/', "-")),
        );
    }
    assert_same("docs/reference/evidence.md", "files", &names);
}

#[test]
fn the_deadlines_are_those_of_the_code() {
    let page = source::text("docs/reference/deadlines.md");
    let mut wrong = Vec::new();
    let install = serde_json::to_value(InstallTimeouts::default()).unwrap();
    let run = serde_json::to_value(RunTimeouts::default()).unwrap();
    let layer = serde_json::to_value(LayerTimeouts::default()).unwrap();
    let linux = serde_json::json!({ "bootTimeoutSeconds": spec::LINUX_BOOT_TIMEOUT_SECONDS });
    let build = serde_json::to_value(BuildTimeouts::default()).unwrap();
    let clones = serde_json::to_value(ClonesTimeouts::default()).unwrap();
    for timeouts in [install, layer, run, linux, build, clones] {
        for (field, seconds) in timeouts.as_object().unwrap() {
            if !page.contains(&format!("| `{field}` | {seconds} |")) {
                wrong.push(format!("docs/reference/deadlines.md has no row `{field}` | {seconds}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
