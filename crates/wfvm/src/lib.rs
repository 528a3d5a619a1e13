//! Windows virtual machines: from a spec to an answer file, to media, to a
//! machine, to a session in the guest.
//!
//! The modules stand in the order in which data flows; each uses only those above it.

// Pure: no clock, no file, no process.
pub mod blame;
pub mod spec;
pub mod nix;
pub mod phase;
pub mod guest_os;
pub mod answer_file;
pub mod windows_iso;
pub mod preflight;
pub mod media;
pub mod machine;

// Effects.
pub mod wait;
pub mod tool;
pub mod unfinished;
pub mod progress;
pub mod accelerator;
pub mod disk;
pub mod qmp;
pub mod qemu;
pub mod guest;
pub mod session;
pub mod steps;
pub mod command_socket;
pub mod evidence;
pub mod boot;
pub mod script;
pub mod install;
pub mod layer;
pub mod run;
