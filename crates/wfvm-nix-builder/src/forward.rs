//! One connection out of the guest. QEMU's end of it is our standard input and output.

use std::{io, net::SocketAddr, os::fd::AsFd as _, process::ExitCode, time::Duration};

use tokio::net::TcpStream;
use wfvm::{blame::Blame, wait};

use crate::{
    report::{Failure, Outcome},
    tasks::block_on,
};

/// How long a target may take to answer at all; a guest gives up sooner.
const CONNECT: Duration = Duration::from_secs(60);
/// The kernel's IPv4 connections, proc(5).
const CONNECTIONS: &str = "/proc/net/tcp";

/// Carries bytes both ways until the target ends the connection, or QEMU is gone.
pub(crate) fn forward(address: &str, port: u16) -> Outcome {
    let carried = block_on(async {
        let qemu = qemus_end().map_err(|error| Failure::new(error, Blame::Host))?;
        Ok(carry(qemu, address, port).await)
    })?;
    // Standard error is QEMU's end, too: a word there would come to the guest as if the target said it.
    Ok(carried.map_or(ExitCode::from(Blame::Host.exit_status()), |()| ExitCode::SUCCESS))
}

fn qemus_end() -> io::Result<TcpStream> {
    let socket = std::net::TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    TcpStream::from_std(socket)
}

async fn carry(qemu: TcpStream, address: &str, port: u16) -> io::Result<()> {
    let (ours, its) = (qemu.local_addr()?, qemu.peer_addr()?);
    let target = wait::bounded(CONNECT, TcpStream::connect((address, port))).await;
    let (mut from_target, mut to_target) = target.ok_or(io::ErrorKind::TimedOut)??.into_split();
    let (mut from_guest, mut to_guest) = qemu.into_split();
    let outward = async {
        tokio::io::copy(&mut from_guest, &mut to_target).await?;
        drop(to_target);
        // A guest that said everything still waits for its answer, and so do we, unless this was the
        // end of QEMU. Both look the same from here until we write, which a silent target never makes us.
        while is_open(its, ours) {
            wait::poll_pause().await;
        }
        Ok(())
    };
    tokio::select! {
        copied = tokio::io::copy(&mut from_target, &mut to_guest) => copied.map(|_| ()),
        ended = outward => ended,
    }
}

/// Whether a process still has the socket at `local` that is connected to `remote`.
fn is_open(local: SocketAddr, remote: SocketAddr) -> bool {
    // Without the table nobody knows.
    fs_err::read_to_string(CONNECTIONS).map_or(true, |table| has_owner(&table, local, remote))
}

/// Reads rows of `sl local_address rem_address st tx:rx tr:when retransmits uid timeout inode …`.
/// A socket that every process has closed stays for a minute, without an inode.
fn has_owner(table: &str, local: SocketAddr, remote: SocketAddr) -> bool {
    let (local, remote) = (in_table(local), in_table(remote));
    table.lines().any(|row| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        fields.get(1) == Some(&&*local)
            && fields.get(2) == Some(&&*remote)
            && fields.get(9).is_some_and(|inode| *inode != "0")
    })
}

/// An address as the table has it: the four bytes as one number of this machine, then the port.
fn in_table(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => {
            format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
        }
        // QEMU makes none; another table has them.
        SocketAddr::V6(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_an_owner_while_its_row_has_an_inode() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   1: 0100007F:C1A3 0100007F:8F08 08 00000000:00000000 02:0000001F 00000000     0        0 624809 2 00000000970cf5f9 20 4 0 10 -1\n   2: 0100007F:E55A 0100007F:9C4B 06 00000000:00000000 03:00001192 00000000     0        0 0 3 000000008f305d51\n";
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        assert!(has_owner(table, at(0xc1a3), at(0x8f08)));
        assert!(!has_owner(table, at(0x8f08), at(0xc1a3)));
        assert!(!has_owner(table, at(0xe55a), at(0x9c4b)));
    }
}
