//! Whom the guest reaches, and at which ports it is reached.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _, // to a String, which cannot fail
    net::Ipv4Addr,
    path::Path,
};

use super::comma_free;
use crate::spec::{GUEST_NETWORK, Network};

/// The port of the guest's SSH server.
pub(crate) const SSH: u16 = 22;

/// The names that the guest finds in its hosts file, and the addresses that stand for them in its network.
#[must_use]
pub fn hosts_lines(network: &Network) -> Vec<(Ipv4Addr, String)> {
    network.free_addresses().zip(network.reachable_hosts()).collect()
}

/// QEMU's user network as the value of `-netdev`.
pub(super) fn user_network(network: &Network, forwarder: Option<&Path>) -> String {
    let mut option = format!("user,net={GUEST_NETWORK}");
    if !network.open {
        // What cannot be opened singly is not there at all.
        option.push_str(",restrict=on,ipv6=off");
    }
    let guest_ports: BTreeSet<u16> = network.ports.values().copied().chain([SSH]).collect();
    for port in guest_ports {
        // Port 0: the host chooses a free one, on loopback alone.
        let _ = write!(option, ",hostfwd=tcp:127.0.0.1:0-:{port}");
    }
    if let Some(port) = network.ssh_port {
        let _ = write!(option, ",hostfwd=tcp:127.0.0.1:{port}-:{SSH}");
    }
    let program = forwarder.map(comma_free).unwrap_or_default();
    for ((address, port), target) in openings(network) {
        // QEMU splits the command into words; names and addresses have been checked to be one each.
        let _ = write!(option, ",guestfwd=tcp:{address}:{port}-cmd:{program} forward {target} {port}");
    }
    option
}

/// What stands behind each address and port of the guest's network.
fn openings(network: &Network) -> BTreeMap<(Ipv4Addr, u16), String> {
    let forwards = network.forwards.iter();
    let mut openings: BTreeMap<_, _> = forwards
        .map(|forward| ((forward.listen_address, forward.port), forward.target_address.clone()))
        .collect();
    for (address, host) in hosts_lines(network) {
        let same = network.reachable.iter().filter(|reachable| reachable.host.eq_ignore_ascii_case(&host));
        openings.extend(same.map(|reachable| ((address, reachable.port), host.clone())));
    }
    openings
}
