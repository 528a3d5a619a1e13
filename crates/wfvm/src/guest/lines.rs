//! What the firmware and the guest say, line by line.

use std::{collections::VecDeque, fmt};

use super::Recognised;

/// The marker that our commands in the guest write to COM1.
const MARKER: &str = "WFVM:";
/// No line is longer in memory than this, whatever the guest sends.
const LONGEST_LINE: usize = 4096;

/// Something worth knowing that was seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// The firmware starts the installation medium.
    MediumStarted(String),
    /// The firmware starts the disk.
    DiskStarted(String),
    /// The medium asks for a key before it starts.
    KeyAwaited,
    /// The firmware does not start a program: no key of its variables has signed it.
    Refused(String),
    /// The firmware found nothing to start.
    NothingToStart(String),
    /// Our command in the guest reached this phase.
    Marker(String),
    /// Our command in the guest failed: exit code and command.
    CommandFailed(String),
    /// The guest restarted the machine.
    Reset,
    /// The machine is about to end.
    Shutdown {
        /// Whether the guest wanted it.
        by_guest: bool,
    },
    /// The guest crashed and said so.
    Panicked,
    /// A page on which Setup waits for a person.
    Page(Recognised),
    /// Any other line.
    Line(String),
}

impl Sighting {
    /// The failure that this is, in words.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::Refused(line) => Some(format!(
                "the firmware refused to start what none of its Secure Boot keys has signed, or what is revoked: {line}"
            )),
            Self::NothingToStart(line) => Some(format!("the firmware found nothing to start: {line}")),
            Self::CommandFailed(what) => Some(format!("a command of the first logon failed: {what}")),
            Self::Panicked => Some("the guest crashed (GUEST_PANICKED)".into()),
            Self::Page(page) => Some(page.to_string()),
            Self::MediumStarted(_)
            | Self::DiskStarted(_)
            | Self::KeyAwaited
            | Self::Marker(_)
            | Self::Reset
            | Self::Shutdown { .. }
            | Self::Line(_) => None,
        }
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MediumStarted(line)
            | Self::DiskStarted(line)
            | Self::Refused(line)
            | Self::NothingToStart(line)
            | Self::Line(line) => write!(formatter, "`{line}`"),
            Self::KeyAwaited => formatter.write_str("the medium's question for a key"),
            Self::Marker(phase) => write!(formatter, "the guest's word that {phase} begins"),
            Self::CommandFailed(what) => write!(formatter, "a failed command: {what}"),
            Self::Reset => formatter.write_str("a restart by the guest"),
            Self::Shutdown { by_guest: true } => formatter.write_str("a shutdown by the guest"),
            Self::Shutdown { by_guest: false } => formatter.write_str("a shutdown from outside"),
            Self::Panicked => formatter.write_str("a crash of the guest"),
            Self::Page(page) => write!(formatter, "{page}"),
        }
    }
}

/// Who writes to a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// OVMF, boot loaders, and commands in the guest.
    Com1,
    /// SeaBIOS.
    SeaBios,
}

/// Cuts a channel into lines, over whatever borders its reads have.
#[derive(Debug)]
pub(super) struct Lines {
    speaker: Speaker,
    line: Vec<u8>,
    key_awaited: bool,
}

impl Lines {
    pub(super) fn new(speaker: Speaker) -> Self {
        Self { speaker, line: Vec::new(), key_awaited: false }
    }

    /// The sightings in what was read.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Sighting> {
        let mut sightings = VecDeque::new();
        for &byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                sightings.extend(self.sighting());
                self.line.clear();
                self.key_awaited = false;
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(byte);
            }
        }
        // This question has no end of line until it is answered. A line that is cut is no question.
        if !self.key_awaited
            && self.line.len() < LONGEST_LINE
            && clean(&self.line).contains("Press any key to boot from CD")
        {
            self.key_awaited = true;
            sightings.push_back(Sighting::KeyAwaited);
        }
        sightings.into()
    }

    fn sighting(&self) -> Option<Sighting> {
        let line = clean(&self.line);
        let line = line.trim();
        if line.is_empty() {
            return None;
        }
        let owned = || line.to_owned();
        Some(match self.speaker {
            Speaker::Com1 => {
                if let Some(word) = line.find(MARKER).and_then(|at| line.get(at + MARKER.len()..)) {
                    match word.split_once('=') {
                        Some(("phase", phase)) => Sighting::Marker(phase.trim().to_owned()),
                        Some(("error", what)) => Sighting::CommandFailed(what.trim().to_owned()),
                        _ => Sighting::Line(owned()),
                    }
                } else if line.contains("BdsDxe: starting") {
                    // OVMF names drives by QEMU's model names.
                    if line.contains("DVD-ROM") || line.contains("CDROM") {
                        Sighting::MediumStarted(owned())
                    } else {
                        Sighting::DiskStarted(owned())
                    }
                } else if line.contains("BdsDxe: failed to")
                    && (line.ends_with(": Access Denied") || line.ends_with(": Security Violation"))
                {
                    // What EFI_BOOT_SERVICES.LoadImage says of an image that is not authenticated
                    // (UEFI specification 2.10, 7.4.1); without Secure Boot it never does.
                    Sighting::Refused(owned())
                } else if line.contains("No bootable option or device was found")
                    || line.contains("UEFI Interactive Shell")
                {
                    Sighting::NothingToStart(owned())
                } else {
                    Sighting::Line(owned())
                }
            }
            Speaker::SeaBios => {
                if line.starts_with("Booting from DVD/CD") {
                    Sighting::MediumStarted(owned())
                } else if line.starts_with("Booting from Hard Disk") {
                    Sighting::DiskStarted(owned())
                } else if line.starts_with("No bootable device") {
                    Sighting::NothingToStart(owned())
                } else {
                    return None; // its tables of devices are no news
                }
            }
        })
    }
}

/// The text without a terminal's escape sequences and control characters.
fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut cleaned = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            if characters.next_if_eq(&'[').is_some() {
                // A control sequence ends with a byte from `@` to `~` (ECMA-48 §5.4).
                for parameter in characters.by_ref() {
                    if ('@'..='~').contains(&parameter) {
                        break;
                    }
                }
            }
        } else if !character.is_control() {
            cleaned.push(character);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn com1(text: &str) -> Vec<Sighting> {
        Lines::new(Speaker::Com1).take(text.as_bytes())
    }

    #[test]
    fn a_marker_is_found_across_reads_and_escape_sequences() {
        let mut lines = Lines::new(Speaker::Com1);
        assert_eq!(lines.take(b"\x1b[2J\x1b[01;01HWFVM:ph"), []);
        assert_eq!(lines.take(b"ase=firstLogon\r\n"), [Sighting::Marker("firstLogon".into())]);
    }

    #[test]
    fn a_failed_command_is_a_failure_with_its_words() {
        let seen = com1("WFVM:error=1 net start sshd\r\n");
        assert_eq!(seen, [Sighting::CommandFailed("1 net start sshd".into())]);
        assert!(seen[0].failure().unwrap().contains("net start sshd"));
    }

    #[test]
    fn the_firmware_tells_what_it_starts() {
        let medium = "BdsDxe: starting Boot0001 \"UEFI QEMU DVD-ROM QM00003 \" from PciRoot(0x0)\n";
        assert!(matches!(&com1(medium)[..], [Sighting::MediumStarted(_)]));
        let disk = "BdsDxe: starting Boot0004 \"Windows Boot Manager\" from HD(1,GPT)\n";
        assert!(matches!(&com1(disk)[..], [Sighting::DiskStarted(_)]));
        let none = "BdsDxe: No bootable option or device was found.\n";
        assert!(com1(none)[0].failure().is_some());
        let seen = Lines::new(Speaker::SeaBios).take(b"Booting from DVD/CD...\nBooting from 0000:7c00\n");
        assert!(matches!(&seen[..], [Sighting::MediumStarted(_)]));
    }

    #[test]
    fn what_the_firmware_does_not_trust_is_a_failure_and_an_empty_disk_is_none() {
        let empty =
            "BdsDxe: failed to load Boot0001 \"UEFI QEMU HARDDISK \" from Sata(0x0,0xFFFF,0x0): Not Found\n";
        assert!(matches!(&com1(empty)[..], [Sighting::Line(_)]));
        for why in ["load", "start"] {
            let refused = format!("BdsDxe: failed to {why} Boot0002 \"UEFI QEMU DVD-ROM \": Access Denied\n");
            let seen = com1(&refused);
            assert!(matches!(&seen[..], [Sighting::Refused(_)]), "{seen:?}");
            assert!(seen[0].failure().unwrap().contains("Secure Boot"));
        }
    }

    #[test]
    fn the_question_for_a_key_is_seen_once_although_its_line_does_not_end() {
        let mut lines = Lines::new(Speaker::Com1);
        assert_eq!(lines.take(b"Press any key to boot from CD or DVD."), [Sighting::KeyAwaited]);
        assert_eq!(lines.take(b"."), []);
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_its_limit() {
        let mut lines = Lines::new(Speaker::Com1);
        for _ in 0..100 {
            assert_eq!(lines.take(&[b'x'; 1000]), []);
        }
        assert_eq!(lines.line.len(), LONGEST_LINE);
    }
}
