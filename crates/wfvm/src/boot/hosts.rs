//! Names in the guest's hosts file, for as long as it runs.

use std::net::Ipv4Addr;

use crate::session::{Connection, SessionError};

/// Where Windows looks for a name before it asks a server.
const HOSTS: &str = r"%SystemRoot%\System32\drivers\etc\hosts";
/// What was there before.
pub(super) const RESTORE_HOSTS: &str = r#"move /y "%SystemRoot%\System32\drivers\etc\hosts.wfvm" "%SystemRoot%\System32\drivers\etc\hosts" >nul"#;

/// Lines for the hosts file, after a copy of it was made.
pub(super) fn append_to_hosts(names: &[(Ipv4Addr, String)]) -> String {
    // The redirection comes first: a digit before it would be a handle. Windows' own file may
    // lack the end of its last line.
    let lines: Vec<String> = names.iter().map(|(address, name)| format!("&echo {address} {name}")).collect();
    format!(r#"copy /y "{HOSTS}" "{HOSTS}.wfvm" >nul && >>"{HOSTS}" (echo.{})"#, lines.concat())
}

/// Runs one of these.
pub(super) async fn change_hosts(connection: &Connection, command: &str) -> Result<(), SessionError> {
    match connection.answer(command).await? {
        (0, _) => Ok(()),
        (code, said) => {
            let problem = format!("exit code {code}: {}", said.trim());
            Err(SessionError::GuestFile { path: HOSTS.into(), problem })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_appended_behind_a_redirection_that_takes_no_digit_for_a_handle() {
        let names = [
            (Ipv4Addr::new(192, 168, 1, 100), "a.example".into()),
            (Ipv4Addr::new(192, 168, 1, 101), "b2".into()),
        ];
        let hosts = r"%SystemRoot%\System32\drivers\etc\hosts";
        let wanted = format!(
            r#"copy /y "{hosts}" "{hosts}.wfvm" >nul && >>"{hosts}" (echo.&echo 192.168.1.100 a.example&echo 192.168.1.101 b2)"#
        );
        assert_eq!(append_to_hosts(&names), wanted);
    }
}
