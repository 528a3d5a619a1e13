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
#[cfg(feature = "install")]
pub mod virtio_win;
#[cfg(feature = "install")]
pub mod answer_schema;
#[cfg(feature = "install")]
pub mod answer_file;
#[cfg(feature = "install")]
pub mod windows_iso;
#[cfg(feature = "install")]
pub mod driver_medium;
#[cfg(feature = "install")]
pub mod lint;
#[cfg(feature = "install")]
pub mod preflight;
#[cfg(feature = "inspect")]
pub mod inspect;
#[cfg(feature = "install")]
pub mod media;
pub mod machine;

// Effects.
pub mod wait;
pub mod tool;
pub mod unfinished;
#[cfg(any(feature = "run", feature = "linux"))]
pub mod nonce;
pub mod progress;
pub mod accelerator;
pub mod disk;
pub mod qmp;
pub mod qemu;
pub mod guest;
pub mod session;
#[cfg(feature = "store-volume")]
pub mod store_volume;
#[cfg(feature = "run")]
pub mod exchange;
#[cfg(feature = "run")]
pub mod outputs;
#[cfg(feature = "script")]
pub mod steps;
#[cfg(feature = "script")]
pub mod command_socket;
pub mod evidence;
#[cfg(feature = "script")]
pub mod template;
pub mod boot;
#[cfg(feature = "script")]
pub mod script;
#[cfg(feature = "install")]
pub mod install;
#[cfg(feature = "layer")]
pub mod layer;
#[cfg(feature = "run")]
pub mod run;
#[cfg(feature = "run")]
pub mod drives;
#[cfg(feature = "run")]
pub mod freeze;
#[cfg(feature = "run")]
pub mod build;
#[cfg(feature = "run")]
pub mod clones;
#[cfg(feature = "linux")]
pub mod linux_guest;
#[cfg(feature = "run")]
pub mod doctor;
#[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
pub mod verify;
