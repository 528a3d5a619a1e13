use std::collections::BTreeMap;

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
    /// An address of the guest's own network.
    pub listen_address: std::net::Ipv4Addr,
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

impl Network {
    pub(super) fn check(&self) -> Result<(), SpecError> {
        let wrong = |path, problem: String| Err(SpecError::Value { path, problem });
        for name in self.ports.keys() {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(fits) {
                return wrong("network.ports", format!("`{name}` has other characters than a-z, 0-9 and _"));
            }
        }
        for Reachable { host, .. } in &self.reachable {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            if host.is_empty() || !host.bytes().all(fits) || host.parse::<std::net::IpAddr>().is_ok() {
                return wrong(
                    "network.reachable",
                    format!("`{host}` is no host name; an address is opened by `forwards`"),
                );
            }
        }
        Ok(())
    }
}
