//! What the kernel tells of disks and media that come, change and go, as it happens: each is one message of
//! the netlink family `NETLINK_KOBJECT_UEVENT`, a line `ACTION@PATH` and then `NAME=VALUE`, all ended by NUL.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

/// The group that the kernel itself speaks to.
const KERNEL: u32 = 1;
/// `UEVENT_BUFFER_SIZE` of include/linux/kobject.h and the line before it.
const LONGEST_MESSAGE: usize = 8192;

/// News of one disk, drive or partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Something is there that was not, or is not what it was.
    Came,
    Gone(PathBuf),
    MediumChanged(PathBuf),
}

/// Everything that the kernel says from now on.
pub(crate) struct Listener(OwnedFd);

impl Listener {
    pub(crate) fn new() -> io::Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::KOBJECT_UEVENT),
        )?;
        bind(&socket, &SocketAddrNetlink::new(0, KERNEL))?;
        Ok(Self(socket))
    }

    /// Waits for news.
    pub(crate) fn next(&self) -> io::Result<Event> {
        let mut message = vec![0; LONGEST_MESSAGE];
        loop {
            match recv(&self.0, &mut message[..], RecvFlags::empty()) {
                Ok((length, _)) => {
                    if let Some(event) = parse(message.get(..length).unwrap_or_default()) {
                        return Ok(event);
                    }
                }
                // More came than there was room for: whoever looks at everything misses nothing.
                Err(Errno::NOBUFS) => return Ok(Event::Came),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The news in a message, if it is about a block device.
fn parse(message: &[u8]) -> Option<Event> {
    let text = String::from_utf8_lossy(message);
    let value = |name: &str| {
        text.split('\0')
            .find_map(|line| line.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, it)| it)
    };
    if value("SUBSYSTEM")? != "block" {
        return None;
    }
    let device = Path::new("/dev").join(value("DEVNAME")?);
    match value("ACTION")? {
        "remove" => Some(Event::Gone(device)),
        "change" if value("DISK_MEDIA_CHANGE") == Some("1") => Some(Event::MediumChanged(device)),
        "add" | "change" => Some(Event::Came),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(first: &str, lines: &[&str]) -> Vec<u8> {
        [&[first], lines].concat().iter().flat_map(|line| [line.as_bytes(), b"\0"].concat()).collect()
    }

    #[test]
    fn messages_about_disks_are_news_and_others_are_not() {
        let disk = ["SUBSYSTEM=block", "MAJOR=8", "DEVNAME=sdb1", "DEVTYPE=partition"];
        let of = |action: &str, more: &[&str]| {
            let action = format!("ACTION={action}");
            parse(&message("x@/devices/y", &[&[action.as_str()], &disk[..], more].concat()))
        };
        assert_eq!(of("add", &[]), Some(Event::Came));
        assert_eq!(of("remove", &[]), Some(Event::Gone("/dev/sdb1".into())));
        assert_eq!(of("change", &["DISK_MEDIA_CHANGE=1"]), Some(Event::MediumChanged("/dev/sdb1".into())));
        assert_eq!(of("change", &["DISK_EJECT_REQUEST=1"]), Some(Event::Came));
        assert_eq!(of("bind", &[]), None);
        assert_eq!(parse(&message("add@/x", &["ACTION=add", "SUBSYSTEM=usb", "DEVNAME=bus/usb/1/2"])), None);
        assert_eq!(parse(b"no message"), None);
    }
}
