//! Ring 2: no byte and no word changes unseen.
//!
//! A case is a folder. Its `spec.json` holds what differs from `base.json`; the other
//! files are what must come out. `UPDATE_GOLDEN=1` writes them anew, for review by `git diff`.
#![expect(clippy::disallowed_methods, reason = "`UPDATE_GOLDEN` is read here and nowhere else")]
#![expect(clippy::panic, reason = "what cannot go on fails its test by saying why")]

mod answer_file;
mod case;
mod lint_corpus;
mod lint_own_output;
mod lint_pages;
mod lint_sarif;
mod pure_modules;
mod releases;
mod settings_reference;
mod wfvm_contract;
