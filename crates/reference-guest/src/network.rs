//! The first network card, configured by DHCP (RFC 2131): address, mask, router, name server.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

use crate::{block, panther, wait};

// include/uapi/linux/{netlink,rtnetlink,if_link,if_addr}.h
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_CREATE: u16 = 0x400;
const IFF_UP: u32 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const AF_INET: u8 = 2;
const NLMSG_ERROR: u16 = 2;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Sends one request to the kernel's routing tables and takes its answer.
fn netlink_request(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    // Protocol 0 of this family is NETLINK_ROUTE.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let length = u32::try_from(16 + body.len()).unwrap_or(0);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
    message.extend([0; 8]); // sequence, port
    message.extend(body);
    send(&socket, &message, SendFlags::empty())?;
    let mut answer = [0_u8; 4096];
    let (_, length) = recv(&socket, answer.as_mut_slice(), RecvFlags::empty())?;
    let answer = answer.get(..length).unwrap_or(&[]);
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    let error = answer.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, error) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(error)) => Err(io::Error::from_raw_os_error(-error)),
        _ => Err(io::Error::other("the kernel's answer makes no sense")),
    }
}

fn set_up(index: u32) -> io::Result<()> {
    let mut body = vec![0; 4];
    body.extend(index.to_ne_bytes());
    body.extend(IFF_UP.to_ne_bytes());
    body.extend(IFF_UP.to_ne_bytes());
    netlink_request(RTM_NEWLINK, 0, &body)
}

fn add_address(index: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    let mut body = vec![AF_INET, prefix, 0, 0];
    body.extend(index.to_ne_bytes());
    body.extend(attribute(IFA_LOCAL, &address.octets()));
    body.extend(attribute(IFA_ADDRESS, &address.octets()));
    netlink_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &body)
}

/// A default route, by a router or straight into the network.
fn add_default_route(index: u32, router: Option<Ipv4Addr>) -> io::Result<()> {
    // struct rtmsg: table main, protocol boot, scope universe or link, type unicast.
    let scope = if router.is_some() { 0 } else { 253 };
    let mut body = vec![AF_INET, 0, 0, 0, 254, 3, scope, 1, 0, 0, 0, 0];
    if let Some(router) = router {
        body.extend(attribute(RTA_GATEWAY, &router.octets()));
    }
    body.extend(attribute(RTA_OIF, &index.to_ne_bytes()));
    netlink_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body)
}

fn interface_index(name: &str) -> Option<u32> {
    fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).ok()?.trim().parse().ok()
}

/// Brings up the loopback interface, over which the Windows-side programs speak to this one.
pub(crate) fn start_loopback() -> io::Result<()> {
    let index = interface_index("lo").ok_or(io::ErrorKind::NotFound)?;
    set_up(index)
}

/// Configures the first network card, if there is one.
pub(crate) fn start() {
    // A card's `device` link tells it from lo and the like.
    let card = || {
        block::entries("/sys/class/net")
            .into_iter()
            .find(|name| Path::new("/sys/class/net").join(name).join("device").exists())
    };
    let Some(card) = wait::until(Duration::from_secs(3), card) else {
        panther::info("NET", "there is no network card");
        return;
    };
    // A cable or a DHCP server that comes late is taken as well, as Windows does.
    let lease = loop {
        match configure(&card) {
            Ok(lease) => break lease,
            Err(error) => panther::warning("NET", format!("{card} is not configured yet: {error}")),
        }
        wait::pause(Duration::from_secs(1));
    };
    panther::info("NET", format!("{card} has the address {}/{}", lease.address, lease.prefix));
}

fn configure(card: &str) -> io::Result<Lease> {
    let index = interface_index(card).ok_or(io::ErrorKind::NotFound)?;
    let hardware = fs::read_to_string(format!("/sys/class/net/{card}/address"))?;
    let hardware: Vec<u8> =
        hardware.trim().split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    set_up(index)?;
    let carrier = wait::until(Duration::from_secs(10), || {
        fs::read_to_string(format!("/sys/class/net/{card}/carrier"))
            .is_ok_and(|text| text.trim() == "1")
            .then_some(())
    });
    if carrier.is_none() {
        return Err(io::Error::other("there is no link"));
    }
    add_default_route(index, None)?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 68))?;
    socket.set_broadcast(true)?;
    let offer = exchange(&socket, &request(DISCOVER, &hardware, None), OFFER)?;
    let lease = exchange(&socket, &request(REQUEST, &hardware, Some(&offer)), ACK)?;
    add_address(index, lease.address, lease.prefix)?;
    if lease.router.is_some() {
        add_default_route(index, lease.router)?;
    }
    if let Some(name_server) = lease.name_server {
        fs::write("/etc/resolv.conf", format!("nameserver {name_server}\n"))?;
    }
    Ok(lease)
}

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const MAGIC: [u8; 4] = [99, 130, 83, 99];
// One transaction per start of the machine.
const TRANSACTION: [u8; 4] = *b"wfvm";
const FIXED_BYTES: usize = 236;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Lease {
    address: Ipv4Addr,
    prefix: u8,
    router: Option<Ipv4Addr>,
    name_server: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
}

fn exchange(socket: &UdpSocket, message: &[u8], wanted: u8) -> io::Result<Lease> {
    let mut buffer = [0_u8; 1500];
    // RFC 2131 asks for growing intervals; a link that has just come up may lose the first message.
    for seconds in [1, 1, 2, 4, 8] {
        socket.send_to(message, (Ipv4Addr::BROADCAST, 67))?;
        socket.set_read_timeout(Some(Duration::from_secs(seconds)))?;
        while let Ok((length, _)) = socket.recv_from(&mut buffer) {
            if let Some(lease) = buffer.get(..length).and_then(|answer| answer_of(answer, wanted)) {
                return Ok(lease);
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "no DHCP server answers"))
}

fn request(kind: u8, hardware: &[u8], offer: Option<&Lease>) -> Vec<u8> {
    let mut message = vec![0_u8; FIXED_BYTES];
    let fields: [(usize, &[u8]); 4] = [
        (0, &[1, 1, 6, 0]), // request, Ethernet, address length, hops
        (4, &TRANSACTION),
        (10, &[0x80, 0]), // the answer must be broadcast: there is no address to send it to
        (28, hardware),
    ];
    for (at, bytes) in fields {
        if let Some(target) = message.get_mut(at..at + bytes.len()) {
            target.copy_from_slice(bytes);
        }
    }
    message.extend(MAGIC);
    message.extend([53, 1, kind]);
    if let Some(offer) = offer {
        message.extend([50, 4]);
        message.extend(offer.address.octets());
        if let Some(server) = offer.server {
            message.extend([54, 4]);
            message.extend(server.octets());
        }
    }
    message.extend([55, 3, 1, 3, 6, 255]); // wanted: mask, router, name server
    message
}

fn answer_of(message: &[u8], wanted: u8) -> Option<Lease> {
    if message.get(4..8)? != TRANSACTION || message.get(FIXED_BYTES..FIXED_BYTES + 4)? != MAGIC {
        return None;
    }
    let address =
        |bytes: &[u8]| bytes.get(..4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(Ipv4Addr::from);
    let mut lease = Lease {
        address: address(message.get(16..20)?)?,
        prefix: 24,
        router: None,
        name_server: None,
        server: None,
    };
    let mut kind = None;
    let mut rest = message.get(FIXED_BYTES + 4..)?;
    while let [code, tail @ ..] = rest {
        match code {
            0 => rest = tail,
            255 => break,
            _ => {
                let length = usize::from(*tail.first()?);
                let value = tail.get(1..=length)?;
                match code {
                    53 => kind = value.first().copied(),
                    1 => {
                        lease.prefix = address(value)
                            .map_or(24, |mask| u8::try_from(mask.to_bits().count_ones()).unwrap_or(24));
                    }
                    3 => lease.router = address(value),
                    6 => lease.name_server = address(value),
                    54 => lease.server = address(value),
                    _ => {}
                }
                rest = tail.get(1 + length..)?;
            }
        }
    }
    (kind == Some(wanted)).then_some(lease)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_and_asked_for() {
        let mut offer = vec![0_u8; FIXED_BYTES];
        offer[4..8].copy_from_slice(&TRANSACTION);
        offer[16..20].copy_from_slice(&[10, 0, 2, 15]);
        offer.extend(MAGIC);
        offer.extend([
            53, 1, OFFER, 0, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 2, 2, 6, 4, 10, 0, 2, 3, 54, 4, 10, 0, 2,
            2, 255,
        ]);
        let lease = answer_of(&offer, OFFER).unwrap();
        assert_eq!(lease.address, Ipv4Addr::new(10, 0, 2, 15));
        assert_eq!((lease.prefix, lease.router), (24, Some(Ipv4Addr::new(10, 0, 2, 2))));
        assert_eq!(answer_of(&offer, ACK), None);
        let asked = request(REQUEST, &[1, 2, 3, 4, 5, 6], Some(&lease));
        assert!(asked.windows(6).any(|window| window == [50, 4, 10, 0, 2, 15]));
        for length in 0..offer.len() {
            assert_eq!(answer_of(&offer[..length], ACK), None);
        }
    }
}
