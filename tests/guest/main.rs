//! Ring 5: does the machine really do it? The product's own tasks on the reference
//! guest, in a translating QEMU. Each test takes a minute or two of one core.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what a person would want to read then"
)]

mod accelerator;
mod drives;
mod first_logon;
mod installation;
mod laboratory;
mod layers;
mod machine_state;
mod mistakes;
mod network;
mod restart;
mod revive;
mod settings;
mod several;
mod side_by_side;
mod store_volume;
mod verify;
mod windows_programs;
