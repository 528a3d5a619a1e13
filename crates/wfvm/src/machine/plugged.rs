//! The closure and the exchange area as drives: a CD on SATA and a disk on USB, whose drivers Windows has
//! in the box. A machine starts with them; a revived one gets them before it goes on.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{comma_free, memory::STORE_DRIVE};

/// The drives of one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plugged {
    /// The socket of the closure's NBD server.
    pub store: Option<PathBuf>,
    /// The exchange area, a raw image.
    pub exchange: Option<PathBuf>,
}

/// The identifier of the exchange disk.
const EXCHANGE_DRIVE: &str = "exchange-drive";

impl Plugged {
    /// QEMU's words for a machine that starts with them.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut drive = |drive: String, device: &str| {
            words.extend(["-drive".to_owned(), drive, "-device".to_owned(), device.to_owned()]);
        };
        if let Some(socket) = &self.store {
            let server =
                format!("file.driver=nbd,file.server.type=unix,file.server.path={}", comma_free(socket));
            drive(
                format!("if=none,id=store,media=cdrom,readonly=on,format=raw,{server}"),
                &format!("ide-cd,id={STORE_DRIVE},bus=ide.3,drive=store"),
            );
        }
        // A fixed disk, which the removable flag would change: of removable media Windows takes no volume offline.
        if let Some(file) = &self.exchange {
            drive(
                format!("if=none,id=exchange,format=raw,discard=unmap,file={}", comma_free(file)),
                &format!("usb-storage,id={EXCHANGE_DRIVE},bus=usb.0,drive=exchange"),
            );
        }
        words
    }

    /// The commands of the machine protocol, with their arguments, for a machine that is there already.
    #[must_use]
    pub fn commands(&self) -> Vec<(&'static str, Value)> {
        let mut commands = Vec::new();
        if let Some(socket) = &self.store {
            let server = json!({ "type": "unix", "path": socket });
            commands.extend([
                (
                    "blockdev-add",
                    json!({
                        "driver": "raw", "node-name": "store", "read-only": true,
                        "file": { "driver": "nbd", "server": server, "read-only": true },
                    }),
                ),
                // The tray of a drive without a medium is opened for one all the same.
                ("blockdev-open-tray", json!({ "id": STORE_DRIVE, "force": true })),
                ("blockdev-insert-medium", json!({ "id": STORE_DRIVE, "node-name": "store" })),
                ("blockdev-close-tray", json!({ "id": STORE_DRIVE })),
            ]);
        }
        if let Some(file) = &self.exchange {
            commands.extend([
                (
                    "blockdev-add",
                    json!({
                        "driver": "raw", "node-name": "exchange", "discard": "unmap",
                        "file": { "driver": "file", "filename": file, "discard": "unmap" },
                    }),
                ),
                (
                    "device_add",
                    json!({
                        "driver": "usb-storage", "id": EXCHANGE_DRIVE, "bus": "usb.0", "drive": "exchange",
                    }),
                ),
            ]);
        }
        commands
    }

    /// The commands that take them out of a machine, in their order.
    #[must_use]
    pub fn removal(&self) -> Vec<(&'static str, Value)> {
        let mut commands = Vec::new();
        if self.store.is_some() {
            commands.extend([
                ("blockdev-open-tray", json!({ "id": STORE_DRIVE, "force": true })),
                ("blockdev-remove-medium", json!({ "id": STORE_DRIVE })),
                ("blockdev-close-tray", json!({ "id": STORE_DRIVE })),
                ("blockdev-del", json!({ "node-name": "store" })),
            ]);
        }
        if self.exchange.is_some() {
            commands.extend([
                ("device_del", json!({ "id": EXCHANGE_DRIVE })),
                ("blockdev-del", json!({ "node-name": "exchange" })),
            ]);
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_a_path_is_none_between_options() {
        let plugged = Plugged { store: Some("/a,b/s".into()), exchange: Some("/x".into()) };
        let words = plugged.words();
        assert!(words[1].ends_with("file.server.path=/a,,b/s"), "{words:?}");
        assert_eq!(Plugged { store: None, ..plugged }.words().len(), 4);
    }

    #[test]
    fn a_running_machine_gets_the_same_devices() {
        let plugged = Plugged { store: Some("/s".into()), exchange: Some("/x".into()) };
        let names: Vec<&str> = plugged.commands().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.iter().filter(|name| **name == "blockdev-add").count(), 2);
        let (_, device) = plugged.commands().pop().unwrap();
        let words = plugged.words().pop().unwrap();
        assert_eq!(
            words,
            format!("usb-storage,id={},bus=usb.0,drive=exchange", device["id"].as_str().unwrap())
        );
    }
}
