use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use super::{Forward, GUEST_NETWORK, Network, Reachable};
use crate::spec::SpecError;

/// Addresses of the guest's network by what they are. QEMU refuses to forward from its own two; of the others
/// it takes some that no connection ever reaches.
const TAKEN: [(Ipv4Addr, &str); 5] = [
    (Ipv4Addr::new(192, 168, 1, 0), "the network itself"),
    (Ipv4Addr::new(192, 168, 1, 2), "the gateway"),
    (Ipv4Addr::new(192, 168, 1, 3), "the name server"),
    (Ipv4Addr::new(192, 168, 1, 15), "the guest itself"),
    (Ipv4Addr::new(192, 168, 1, 255), "the broadcast address"),
];

impl Network {
    pub(in crate::spec) fn check(&self) -> Result<(), SpecError> {
        self.check_ports()?;
        self.check_forwards()?;
        self.check_reachable()
    }

    fn check_ports(&self) -> Result<(), SpecError> {
        for (name, &port) in &self.ports {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(fits) {
                return wrong("network.ports", format!("`{name}` has other characters than a-z, 0-9 and _"));
            }
            check_port("network.ports", port)?;
        }
        self.ssh_port.map_or(Ok(()), |port| check_port("network.sshPort", port))
    }

    fn check_forwards(&self) -> Result<(), SpecError> {
        const LISTEN: &str = "network.forwards.listenAddress";
        let mut taken = BTreeSet::new();
        for Forward { listen_address, target_address, port } in &self.forwards {
            if listen_address.octets()[..3] != [192, 168, 1] {
                return wrong(
                    LISTEN,
                    format!("{listen_address} is not in the guest's network {GUEST_NETWORK}"),
                );
            }
            if let Some((_, what)) = TAKEN.iter().find(|(address, _)| address == listen_address) {
                return wrong(LISTEN, format!("{listen_address} is {what}; 192.168.1.50 is free"));
            }
            if !is_host_name(target_address) && target_address.parse::<IpAddr>().is_err() {
                let problem = format!("`{target_address}` is neither a host name nor an address");
                return wrong("network.forwards.targetAddress", problem);
            }
            check_port("network.forwards.port", *port)?;
            if !taken.insert((listen_address, port)) {
                return wrong("network.forwards", format!("{listen_address}:{port} is opened twice"));
            }
        }
        Ok(())
    }

    fn check_reachable(&self) -> Result<(), SpecError> {
        const PATH: &str = "network.reachable";
        for Reachable { host, port } in &self.reachable {
            if !is_host_name(host) {
                return wrong(PATH, format!("`{host}` is no host name; an address is opened by `forwards`"));
            }
            if host.eq_ignore_ascii_case("localhost") {
                let problem = "`localhost` is the guest itself there; what listens on the host is opened by \
                               `forwards` to 127.0.0.1";
                return wrong(PATH, problem.into());
            }
            check_port(PATH, *port)?;
        }
        let (hosts, addresses) = (self.reachable_hosts().len(), self.free_addresses().count());
        if hosts > addresses {
            return wrong(
                PATH,
                format!("{hosts} hosts, but the guest's network has addresses for {addresses}"),
            );
        }
        Ok(())
    }
}

fn wrong(path: &'static str, problem: String) -> Result<(), SpecError> {
    Err(SpecError::Value { path, problem })
}

fn check_port(path: &'static str, port: u16) -> Result<(), SpecError> {
    if port == 0 { wrong(path, "0 is no port".into()) } else { Ok(()) }
}

/// Whether a text is the name of a host. It becomes a word of a command and of a hosts file.
fn is_host_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && label.bytes().all(fits);
    // A name that ends in a number is an address to every resolver.
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(is_label) && !text.rsplit('.').next().is_some_and(is_number)
}
