//! `netsh advfirewall`: states and rules, recorded where Windows keeps them. No packet is filtered.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Answer, Call, Program};

/// Where Windows keeps its firewall's policy, below `HKEY_LOCAL_MACHINE` in the text hive.
pub(crate) const FIREWALL_POLICY: &str =
    "System\\ControlSet001\\Services\\SharedAccess\\Parameters\\FirewallPolicy";

static RULES: AtomicU32 = AtomicU32::new(0);

/// One order that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    State {
        profiles: Vec<&'static str>,
        on: bool,
    },
    /// The text of a rule as the registry holds it.
    AddRule(String),
}

pub(super) fn parse(words: &[String]) -> Option<Order> {
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    match lower.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["advfirewall", "set", profile, "state", state] => {
            let profiles = match *profile {
                "allprofiles" => vec!["DomainProfile", "StandardProfile", "PublicProfile"],
                "domainprofile" => vec!["DomainProfile"],
                "privateprofile" => vec!["StandardProfile"],
                "publicprofile" | "currentprofile" => vec!["PublicProfile"],
                _ => return None,
            };
            match *state {
                "on" | "off" => Some(Order::State { profiles, on: *state == "on" }),
                _ => None,
            }
        }
        ["advfirewall", "firewall", "add", "rule", ..] => rule(words.get(4..)?).map(Order::AddRule),
        _ => None,
    }
}

fn rule(options: &[String]) -> Option<String> {
    let (mut name, mut direction, mut action) = (None, None, None);
    let mut details: Vec<String> = Vec::new();
    for option in options {
        let (key, value) = option.split_once('=')?;
        match (key.to_ascii_lowercase().as_str(), value.to_ascii_lowercase().as_str()) {
            ("name", _) => name = Some(value),
            ("dir", "in") => direction = Some("In"),
            ("dir", "out") => direction = Some("Out"),
            ("action", "allow") => action = Some("Allow"),
            ("action", "block") => action = Some("Block"),
            ("protocol", "tcp") => details.push("Protocol=6".to_owned()),
            ("protocol", "udp") => details.push("Protocol=17".to_owned()),
            ("protocol" | "profile", "any") | ("enable", "yes") => {}
            ("localport", _) => details.push(format!("LPort={value}")),
            ("remoteport", _) => details.push(format!("RPort={value}")),
            ("program", _) => details.push(format!("App={value}")),
            ("profile", profiles) => {
                profiles.split(',').for_each(|profile| details.push(format!("Profile={profile}")));
            }
            _ => return None,
        }
    }
    details.push(format!("Name={}", name?));
    Some(format!("v2.31|Action={}|Active=TRUE|Dir={}|{}|", action?, direction?, details.join("|")))
}

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(order) = parse(&call.words) else { return Ok(Answer::Refused) };
    apply(order, program)?;
    program.print("Ok.\r\n")?;
    Ok(Answer::Exit(0))
}

/// Records an order.
pub(super) fn apply(order: Order, program: &mut Program<'_>) -> io::Result<()> {
    match order {
        Order::State { profiles, on } => {
            for profile in profiles {
                program.set_number(
                    &format!("{FIREWALL_POLICY}\\{profile}"),
                    "EnableFirewall",
                    u32::from(on),
                )?;
            }
        }
        Order::AddRule(text) => {
            let number = RULES.fetch_add(1, Ordering::Relaxed);
            let key = format!("{FIREWALL_POLICY}\\FirewallRules");
            // Windows names a rule by a GUID; a hash of its text makes this one the same for the same command.
            let name = format!(
                "{{{:08X}-0000-4000-8000-{number:012X}}}",
                text.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
            );
            program.set_text(&key, &name, &text)?;
        }
    }
    Ok(())
}
