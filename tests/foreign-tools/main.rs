//! Ring 4: other people's programs judge the bytes that we write, and we read what they write.
#![expect(clippy::disallowed_methods, reason = "this ring's subject is other programs")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "what cannot go on fails its test by saying why")]

mod answer_file;
mod builders;
#[path = "../golden/case.rs"]
mod case;
mod damage;
mod exchange;
mod linux_initramfs;
mod media;
mod nix;
mod offline_disk;
mod outputs;
mod program;
mod rehearsal;
mod prompt_free;
mod store_volume;
mod surgery;
mod synthetic;
mod virtio_win;
mod windows_iso;
mod wrong_media;
