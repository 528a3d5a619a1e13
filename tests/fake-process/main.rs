//! Ring 3: every wait ends, with the right blame. The peers are real processes and real
//! servers that die, hang, flood and lie; deadlines are short and real.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this ring starts processes, looks for what is left of them, and fails by panicking"
)]

mod build;
mod builder;
mod clones;
mod doctor;
mod forward;
mod installation;
mod layer;
mod lint;
mod linux;
mod medium;
mod preflight;
mod script;
mod session;
mod sftp_server;
mod ssh_server;
mod stage;
mod standalone;
mod store_volume;
mod verify;
