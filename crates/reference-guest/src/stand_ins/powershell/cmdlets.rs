//! The cmdlets that there are, with those of their parameters that mean something here.

/// A cmdlet's name and parameters, all in lower case.
pub(super) struct Cmdlet {
    pub(super) name: &'static str,
    /// Other names of the same.
    aliases: &'static [&'static str],
    /// Parameters that may stand without their name, in this order.
    pub(super) positional: &'static [&'static str],
    /// Further parameters with a value, and those without.
    values: &'static [&'static str],
    switches: &'static [&'static str],
}

// What every cmdlet takes.
const COMMON_VALUES: [&str; 1] = ["erroraction"];
const COMMON_SWITCHES: [&str; 4] = ["force", "verbose", "confirm", "passthru"];

impl Cmdlet {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// The parameter that a name means, which may be its beginning; and whether it is a switch.
    pub(super) fn parameter(&self, given: &str) -> Option<(&'static str, bool)> {
        let given = given.to_ascii_lowercase();
        let values =
            self.positional.iter().chain(self.values).chain(&COMMON_VALUES).map(|name| (*name, false));
        let switches = self.switches.iter().chain(&COMMON_SWITCHES).map(|name| (*name, true));
        let all: Vec<(&'static str, bool)> = values.chain(switches).collect();
        if let Some(exact) = all.iter().find(|(name, _)| *name == given) {
            return Some(*exact);
        }
        let mut beginnings = all.iter().filter(|(name, _)| name.starts_with(&given));
        match (beginnings.next(), beginnings.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

const fn cmdlet(
    name: &'static str,
    positional: &'static [&'static str],
    values: &'static [&'static str],
    switches: &'static [&'static str],
) -> Cmdlet {
    Cmdlet { name, aliases: &[], positional, values, switches }
}

pub(super) static CMDLETS: [Cmdlet; 34] = [
    cmdlet("set-executionpolicy", &["executionpolicy", "scope"], &[], &[]),
    cmdlet("set-service", &["name"], &["startuptype", "status"], &[]),
    cmdlet("start-service", &["name"], &[], &[]),
    cmdlet("stop-service", &["name"], &[], &[]),
    cmdlet("restart-service", &["name"], &[], &[]),
    cmdlet("get-service", &["name"], &[], &[]),
    cmdlet("set-localuser", &["name"], &["passwordneverexpires", "fullname", "description"], &[]),
    cmdlet("enable-localuser", &["name"], &[], &[]),
    cmdlet("disable-localuser", &["name"], &[], &[]),
    Cmdlet { aliases: &["ni"], ..cmdlet("new-item", &["path"], &["itemtype"], &[]) },
    Cmdlet {
        aliases: &["ri", "rm", "del"],
        ..cmdlet("remove-item", &["path"], &["literalpath"], &["recurse"])
    },
    cmdlet("test-path", &["path"], &["literalpath"], &[]),
    cmdlet("new-itemproperty", &["path", "name"], &["value", "propertytype"], &[]),
    Cmdlet { aliases: &["sp"], ..cmdlet("set-itemproperty", &["path", "name", "value"], &["type"], &[]) },
    Cmdlet { aliases: &["rp"], ..cmdlet("remove-itemproperty", &["path", "name"], &[], &[]) },
    cmdlet("get-itempropertyvalue", &["path", "name"], &[], &[]),
    // -Adjust takes a length of time, and there is none here.
    cmdlet("set-date", &["date"], &[], &[]),
    cmdlet("get-date", &[], &["format"], &[]),
    cmdlet("set-tpmownerauth", &["ownerauthorization"], &["newownerauthorization"], &[]),
    cmdlet("confirm-securebootuefi", &[], &[], &[]),
    cmdlet("restart-computer", &[], &[], &[]),
    cmdlet("stop-computer", &[], &[], &[]),
    cmdlet("expand-archive", &["path", "destinationpath"], &["literalpath"], &[]),
    cmdlet("optimize-volume", &["driveletter"], &[], &["retrim"]),
    Cmdlet {
        aliases: &["start", "saps"],
        ..cmdlet("start-process", &["filepath", "argumentlist"], &[], &["wait", "nonewwindow"])
    },
    cmdlet("enable-scheduledtask", &["taskname", "taskpath"], &[], &[]),
    cmdlet("disable-scheduledtask", &["taskname", "taskpath"], &[], &[]),
    cmdlet("set-netfirewallprofile", &["profile"], &["enabled"], &["all"]),
    cmdlet("import-certificate", &["filepath", "certstorelocation"], &[], &[]),
    Cmdlet {
        aliases: &["iwr", "curl", "wget"],
        ..cmdlet("invoke-webrequest", &["uri"], &["outfile"], &["usebasicparsing"])
    },
    Cmdlet { aliases: &["echo", "write"], ..cmdlet("write-output", &["inputobject"], &[], &[]) },
    cmdlet("write-host", &["object"], &["foregroundcolor"], &[]),
    Cmdlet { aliases: &["sleep"], ..cmdlet("start-sleep", &["seconds"], &["milliseconds"], &[]) },
    Cmdlet { aliases: &["md"], ..cmdlet("mkdir", &["path"], &[], &[]) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_known_by_an_unambiguous_beginning() {
        let of = |cmdlet: &str, name: &str| {
            CMDLETS.iter().find(|one| one.is_called(cmdlet)).unwrap().parameter(name)
        };
        assert_eq!(of("Set-Service", "Startup"), Some(("startuptype", false)));
        assert_eq!(of("Set-Service", "s"), None);
        assert_eq!(of("SP", "Force"), Some(("force", true)));
        assert_eq!(of("Restart-Computer", "ComputerName"), None);
    }
}
