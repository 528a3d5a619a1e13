//! Ring 5: does the machine really do it? The product's own tasks on the reference
//! guest, in a translating QEMU. Each test takes a minute or two of one core.

mod installation;
mod laboratory;
mod mistakes;
