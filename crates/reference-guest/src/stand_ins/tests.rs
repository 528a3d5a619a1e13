use super::*;
use crate::power::End;

fn words(line: &str) -> Vec<String> {
    command_line::words(line)
}

#[test]
fn a_request_is_read() {
    let call =
        Call::parse("stand-in\0C:\\windows\\System32\\NET.EXE\0C:\\\0wfvm\0net user \"a b\"\0").unwrap();
    let expected = Call {
        name: "net".to_owned(),
        user: "wfvm".to_owned(),
        directory: "C:\\".to_owned(),
        words: words("user \"a b\""),
    };
    assert_eq!(call, expected);
    assert_eq!(Call::parse("stand-in\0x"), None);
}

#[test]
fn shutdown_understands_its_documented_options() {
    use shutdown::{Order, parse};
    assert_eq!(parse(&words("/s /t 0")), Some(Order::End { end: End::PowerOff, seconds: 0 }));
    assert_eq!(
        parse(&words("-r -f -t 5 -c \"a comment\" -d p:4:1")),
        Some(Order::End { end: End::Restart, seconds: 5 })
    );
    assert_eq!(parse(&words("/r")), Some(Order::End { end: End::Restart, seconds: 30 }));
    assert_eq!(parse(&words("/p /f")), Some(Order::End { end: End::PowerOff, seconds: 0 }));
    assert_eq!(parse(&words("/a")), Some(Order::Abort));
    for refused in ["", "/h", "/l", "/s /t", "/s /t x", "/m \\\\other /s", "now"] {
        assert_eq!(parse(&words(refused)), None, "{refused}");
    }
}

#[test]
fn netsh_rules_become_what_the_registry_holds() {
    use netsh::{Order, parse};
    assert_eq!(
        parse(&words(
            "advfirewall firewall add rule name=sshd dir=in action=allow protocol=TCP localport=22"
        )),
        Some(Order::AddRule(
            "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=22|Name=sshd|".to_owned()
        ))
    );
    assert_eq!(
        parse(&words("advfirewall set publicprofile state off")),
        Some(Order::State { profiles: vec!["PublicProfile"], on: false })
    );
    assert_eq!(
        parse(&words("advfirewall firewall add rule name=x dir=in action=allow security=notrequired")),
        None
    );
    assert_eq!(parse(&words("interface ip set dns")), None);
}

#[test]
fn powercfg_writes_seconds() {
    let (key, name, seconds) = powercfg::parse(&words("-x -monitor-timeout-ac 0")).unwrap();
    assert!(key.contains("PowerSchemes") && name == "ACSettingIndex" && seconds == 0);
    assert_eq!(powercfg::parse(&words("/change disk-timeout-dc 5")).unwrap().2, 300);
    assert_eq!(powercfg::parse(&words("/h off")).unwrap().1, "HibernateEnabled");
    assert_eq!(powercfg::parse(&words("/batteryreport")), None);
}

#[test]
fn net_accounts_takes_a_password_age() {
    use accounts_commands::{PasswordAge, parse_password_age};
    assert_eq!(parse_password_age(&words("/MAXPWAGE:unlimited")), Some(PasswordAge::Unlimited));
    assert_eq!(parse_password_age(&words("/maxpwage:30")), Some(PasswordAge::Days(30)));
    assert_eq!(parse_password_age(&words("/maxpwage:0")), None);
    assert_eq!(parse_password_age(&words("/minpwlen:3")), None);
}
