//! Windows virtual machines: from a spec to an answer file, to media, to a
//! machine, to a session in the guest.
//!
//! The modules stand in the order in which data flows; each uses only those above it.

// Pure: no clock, no file, no process.
pub mod phase;
pub mod spec;
