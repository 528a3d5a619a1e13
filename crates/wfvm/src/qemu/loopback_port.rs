//! A loopback port that was asked for by its number: is it free, and if not, who has it?

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// A port that was asked for is in use.
#[derive(Debug, thiserror::Error)]
#[error(
    "127.0.0.1:{port}, which `sshPort` asks for, is taken by {holder}\n\n\
     hint: end that, or ask for another port; with `ports = {{ ssh = 22; }}` each run has a free one, \
     which its script finds in WFVM_PORT_SSH"
)]
pub struct PortTaken {
    /// The port.
    pub port: u16,
    /// Who has it, as far as this account may see.
    pub holder: String,
}

/// Makes sure that the port can be listened at.
///
/// # Errors
/// [`PortTaken`].
pub(super) fn check_free(port: u16) -> Result<(), PortTaken> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(PortTaken { port, holder: holder(port, &error) }),
    }
}

fn holder(port: u16, error: &io::Error) -> String {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let mut tables = tables.iter().filter_map(|table| fs_err::read_to_string(table).ok());
    match tables.find_map(|table| socket_at(&table, port)) {
        // No table, or a port that only an administrator may listen at.
        None => format!("nobody who can be seen: {error}"),
        Some(socket) => process_with(&socket.inode)
            .unwrap_or_else(|| format!("a process of the account with the number {}", socket.user)),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Socket {
    user: String,
    inode: String,
}

/// The socket with this local port in a table of the kernel's, proc(5): a heading, then rows of
/// `sl local_address rem_address st tx:rx tr:when retransmits uid timeout inode …`.
fn socket_at(table: &str, port: u16) -> Option<Socket> {
    table.lines().skip(1).find_map(|row| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let (_, local) = fields.get(1)?.rsplit_once(':')?;
        let (user, inode) = (fields.get(7)?, fields.get(9)?);
        // A connection whose process is gone waits its time out without an inode.
        (u16::from_str_radix(local, 16) == Ok(port) && *inode != "0")
            .then(|| Socket { user: (*user).into(), inode: (*inode).into() })
    })
}

/// The process that has the socket open: its name and number.
fn process_with(inode: &str) -> Option<String> {
    let socket = format!("socket:[{inode}]");
    let processes = fs_err::read_dir("/proc").ok()?.flatten();
    let mut numbered = processes
        .filter(|process| process.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()));
    let process = numbered.find(|process| {
        // Other accounts' processes do not show what they have open.
        let open = fs_err::read_dir(process.path().join("fd"));
        open.is_ok_and(|open| {
            open.flatten().any(|file| {
                fs_err::read_link(file.path()).is_ok_and(|target| target.as_os_str() == socket.as_str())
            })
        })
    })?;
    let name = fs_err::read_to_string(process.path().join("comm")).ok()?;
    Some(format!("`{}`, process {}", name.trim_end(), process.file_name().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_the_process_that_has_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let words = check_free(port).unwrap_err().to_string();
        let this = format!("process {}\n", std::process::id());
        assert!(words.starts_with(&format!("127.0.0.1:{port}, which")) && words.contains(&this), "{words}");
        drop(listener);
        assert!(check_free(port).is_ok());
    }

    #[test]
    fn a_listener_on_every_address_takes_the_port_too() {
        let listener = TcpListener::bind("[::]:0").unwrap();
        let words = check_free(listener.local_addr().unwrap().port()).unwrap_err().to_string();
        assert!(words.contains(&format!("process {}\n", std::process::id())), "{words}");
    }

    #[test]
    fn a_row_of_the_kernels_table_is_found_by_its_local_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:B3F2 0100007F:07E6 06 00000000:00000000 03:00001234 00000000     0        0 0 3\n   1: 00000000:07E6 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 97134 1\n";
        assert_eq!(socket_at(table, 2022), Some(Socket { user: "1000".into(), inode: "97134".into() }));
        assert_eq!(socket_at(table, 0xb3f2), None);
        assert_eq!(socket_at(table, 22), None);
    }
}
