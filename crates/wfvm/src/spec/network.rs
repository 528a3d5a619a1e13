#[cfg(feature = "script")]
mod check;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl Network {
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
