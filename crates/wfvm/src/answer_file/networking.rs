//! Cards, names, the firewall and Remote Desktop.

use super::Component;
use super::element::{Element, flag, group, number, text};
use crate::spec::{Interface, Settings};

pub(super) fn components(settings: &Settings) -> Vec<Component> {
    let networking = &settings.networking;
    let mut components = Vec::new();
    let mut add = |name, settings: Vec<Element>| {
        if !settings.is_empty() {
            components.push(Component { name, settings });
        }
    };
    let cards: Vec<Element> = networking.interfaces.iter().map(card).collect();
    add("Microsoft-Windows-TCPIP", if cards.is_empty() { vec![] } else { vec![group("Interfaces", cards)] });
    add("Microsoft-Windows-DNS-Client", dns(settings));
    if let Some(workgroup) = &networking.workgroup {
        let identification = group("Identification", [text("JoinWorkgroup", workgroup)]);
        add("Microsoft-Windows-UnattendedJoin", vec![identification]);
    }
    if let Some(on) = settings.remote_desktop {
        let session_manager = "Microsoft-Windows-TerminalServices-LocalSessionManager";
        add(session_manager, vec![flag("fDenyTSConnections", !on)]);
    }
    add("Networking-MPSSVC-Svc", firewall(settings));
    components
}

fn card(card: &Interface) -> Element {
    let dynamic = card.addresses.is_empty();
    let mut settings =
        vec![text("Identifier", &card.identifier), group("Ipv4Settings", [flag("DhcpEnabled", dynamic)])];
    if !dynamic {
        settings.push(group("UnicastIpAddresses", keyed("IpAddress", &card.addresses)));
    }
    if let Some(gateway) = &card.gateway {
        // All that no other route is for.
        let everything = if gateway.contains(':') { "::/0" } else { "0.0.0.0/0" };
        let route = group(
            "Route",
            [
                text("Identifier", "1"),
                number("Metric", 10_u64),
                text("NextHopAddress", gateway),
                text("Prefix", everything),
            ],
        );
        settings.push(group("Routes", [route.added()]));
    }
    group("Interface", settings).added()
}

fn dns(settings: &Settings) -> Vec<Element> {
    let networking = &settings.networking;
    let mut elements = Vec::new();
    if let Some(domain) = &networking.dns_domain {
        elements.push(text("DNSDomain", domain));
    }
    if !networking.dns_suffixes.is_empty() {
        elements.push(group("DNSSuffixSearchOrder", keyed("DomainName", &networking.dns_suffixes)));
    }
    let cards: Vec<Element> = networking
        .interfaces
        .iter()
        .filter(|card| !card.dns.is_empty())
        .map(|card| {
            let servers = group("DNSServerSearchOrder", keyed("IpAddress", &card.dns));
            group("Interface", [text("Identifier", &card.identifier), servers]).added()
        })
        .collect();
    if !cards.is_empty() {
        elements.push(group("Interfaces", cards));
    }
    elements
}

/// Texts in their order: the key of an item is its place.
fn keyed(name: &'static str, texts: &[String]) -> Vec<Element> {
    let item = |(key, value): (u64, &String)| text(name, value).added().with("wcm:keyValue", key.to_string());
    (1_u64..).zip(texts).map(item).collect()
}

fn firewall(settings: &Settings) -> Vec<Element> {
    let mut elements = Vec::new();
    if let Some(on) = settings.firewall {
        let profiles =
            ["DomainProfile_EnableFirewall", "PrivateProfile_EnableFirewall", "PublicProfile_EnableFirewall"];
        elements.extend(profiles.map(|profile| flag(profile, on)));
    }
    if settings.remote_desktop == Some(true) {
        // By its number in the library: its name is another in each language.
        let rules = [flag("Active", true), text("Group", "@FirewallAPI.dll,-28752"), text("Profile", "all")];
        let rules = group("FirewallGroup", rules).added().with("wcm:keyValue", "RemoteDesktop");
        elements.push(group("FirewallGroups", [rules]));
    }
    elements
}
