use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SpecError;

/// What the guest can reach, and how it is reached. It is closed unless opened here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// Everything that the host reaches, the host itself included.
    pub open: bool,
    /// Single openings at addresses of the guest's own network.
    pub forwards: Vec<Forward>,
    /// Single openings by name: the guest finds the name in its hosts file.
    pub reachable: Vec<Reachable>,
    /// TCP ports of the guest by a name of lower-case letters, digits and `_`. Each gets a free
    /// loopback port of the host, which a script finds in `WFVM_PORT_NAME`, the name in upper case.
    pub ports: BTreeMap<String, u16>,
    /// A loopback port of the host that leads to the guest's SSH server, besides the free one
    /// that the owner uses.
    pub ssh_port: Option<u16>,
}

/// The guest connects to `listenAddress:port` and reaches `targetAddress:port`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Forward {
    /// An address of the guest's own network, 192.168.1.0/24, that stands for nothing else there:
    /// not .0, .2, .3, .15 or .255.
    pub listen_address: Ipv4Addr,
    /// A name or address that the host reaches.
    pub target_address: String,
    /// The TCP port on both sides.
    pub port: u16,
}

/// The guest connects to `host:port`, and so does the host for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reachable {
    /// A name that the host resolves; no address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// The guest's own network, written as QEMU wants it.
pub(crate) const GUEST_NETWORK: &str = "192.168.1.0/24";
/// Its addresses by what they are. QEMU refuses to forward from its own two; of the others
/// it takes some that no connection ever reaches.
const TAKEN: [(Ipv4Addr, &str); 5] = [
    (Ipv4Addr::new(192, 168, 1, 0), "the network itself"),
    (Ipv4Addr::new(192, 168, 1, 2), "the gateway"),
    (Ipv4Addr::new(192, 168, 1, 3), "the name server"),
    (Ipv4Addr::new(192, 168, 1, 15), "the guest itself"),
    (Ipv4Addr::new(192, 168, 1, 255), "the broadcast address"),
];

impl Network {
    pub(super) fn check(&self) -> Result<(), SpecError> {
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

    /// The names of [`Self::reachable`], each once.
    pub(crate) fn reachable_hosts(&self) -> BTreeSet<String> {
        self.reachable.iter().map(|reachable| reachable.host.to_ascii_lowercase()).collect()
    }

    /// Addresses of the guest's network that stand for nothing yet.
    pub(crate) fn free_addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let all = (100..255).map(|last| Ipv4Addr::new(192, 168, 1, last));
        all.filter(|address| self.forwards.iter().all(|forward| forward.listen_address != *address))
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
