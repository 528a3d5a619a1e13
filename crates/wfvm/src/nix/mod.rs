//! Nix's own formats, as far as the product meets them: store paths, their alphabet,
//! structured attributes, log lines.
//!
//! Names and shapes are those of the crate nix-compat, whose published version is empty
//! (docs/decisions/0001-nix-compat.md); it can replace this module when it is not.

pub mod log;
pub mod nixbase32;
pub mod store_path;
pub mod structured_attrs;

#[cfg(test)]
mod tests;
