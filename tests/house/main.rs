//! Ring 2: the plan of the house. Each check reads this repository's own files, and its
//! message says what to do.
#![expect(clippy::panic, reason = "a check that cannot read its subject fails by saying so")]

mod builders;
mod documents;
mod homes;
mod hydra;
mod module_order;
mod names_and_sizes;
mod reference;
mod source;
mod waiting;
