//! Is this host fit for guests? Nothing is changed, and one guest of one sector runs.

mod judgement;
mod seen;
#[cfg(test)]
mod tests;

pub use judgement::{Check, Verdict, checks, page};
pub use seen::{Nix, STORE, Seen};
