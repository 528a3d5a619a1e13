//! What test binaries and the programs that they start have in common.

pub mod scenario;
