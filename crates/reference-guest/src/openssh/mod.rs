//! OpenSSH for Windows as far as programs see it: port 22, accounts and keys
//! where Windows has them, `cmd.exe` as the shell, SFTP with Windows' paths.

mod keys;
mod session;
mod sftp;
mod shell;

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use russh::server::Config;
use russh::{MethodKind, MethodSet};
use tokio::runtime::Runtime;

use crate::{panther, power};
use session::Session;

const PORT: u16 = 22;
// One round trip more than this much data is in flight never stalls on a loopback link.
const WINDOW_BYTES: u32 = 16 << 20;
const MAXIMUM_PACKET_BYTES: u32 = 64 << 10;

static COUNTER: AtomicU64 = AtomicU64::new(0);
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Listens for as long as the service's connection is open. The service is told
/// first, so that it is `SERVICE_RUNNING` only when the port is.
pub(crate) fn serve_while_open(mut service: &TcpStream) -> io::Result<()> {
    let config = Arc::new(Config {
        methods: MethodSet::from([MethodKind::PublicKey, MethodKind::Password].as_slice()),
        keys: vec![keys::host_key()?],
        auth_rejection_time: Duration::from_millis(200),
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout: None,
        window_size: WINDOW_BYTES,
        maximum_packet_size: MAXIMUM_PACKET_BYTES,
        nodelay: true,
        ..Config::default()
    });
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT))?;
    listener.set_nonblocking(true)?;
    let accepting = runtime()?.spawn(accept(listener, config));
    service.write_all(&1_u32.to_le_bytes())?;
    panther::info("SSHD", format!("listening on port {PORT}"));
    // A stopped service says one byte before its connection ends; a killed one says nothing.
    let stopped = matches!(service.read(&mut [0]), Ok(count) if count > 0);
    accepting.abort();
    if stopped || power::is_ending() {
        panther::info("SSHD", "no longer listening");
    } else {
        // On Windows each session is a process of the same name.
        let cut = std::mem::take(&mut *connections());
        panther::info("SSHD", format!("killed, with {} connections", cut.len()));
        for connection in cut.values() {
            // One that has just ended is what is wanted.
            let _ = rustix::net::shutdown(connection, rustix::net::Shutdown::Both);
        }
    }
    Ok(())
}

/// The open connections, by the number of their coming.
static CONNECTIONS: Mutex<BTreeMap<u64, OwnedFd>> = Mutex::new(BTreeMap::new());

fn connections() -> MutexGuard<'static, BTreeMap<u64, OwnedFd>> {
    CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime() -> io::Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

async fn accept(listener: TcpListener, config: Arc<Config>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return panther::error("SSHD", error),
    };
    loop {
        let Ok((stream, peer)) = listener.accept().await else { continue };
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        if let Ok(connection) = stream.as_fd().try_clone_to_owned() {
            connections().insert(number, connection);
        }
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            // Without it every small answer waits for an acknowledgement.
            drop(stream.set_nodelay(true));
            let ended = match russh::server::run_stream(config, stream, Session::default()).await {
                Ok(running) => running.await,
                Err(error) => Err(error),
            };
            connections().remove(&number);
            if let Err(error) = ended {
                panther::info("SSHD", format!("{peer}: {error}"));
            }
        });
    }
}
