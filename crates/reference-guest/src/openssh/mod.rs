//! OpenSSH for Windows as far as programs see it: port 22, accounts and keys
//! where Windows has them, `cmd.exe` as the shell, SFTP with Windows' paths.

mod keys;
mod session;
mod sftp;
mod shell;

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::server::Config;
use russh::{MethodKind, MethodSet};
use tokio::runtime::Runtime;

use crate::panther;
use session::Session;

const PORT: u16 = 22;
// One round trip more than this much data is in flight never stalls on a loopback link.
const WINDOW_BYTES: u32 = 16 << 20;
const MAXIMUM_PACKET_BYTES: u32 = 64 << 10;

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
    // Nothing more is said on this connection; its end is the service's.
    let mut rest = [0_u8; 1];
    while matches!(service.read(&mut rest), Ok(count) if count > 0) {}
    accepting.abort();
    panther::info("SSHD", "no longer listening");
    Ok(())
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
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            // Without it every small answer waits for an acknowledgement.
            drop(stream.set_nodelay(true));
            let ended = match russh::server::run_stream(config, stream, Session::default()).await {
                Ok(running) => running.await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                panther::info("SSHD", format!("{peer}: {error}"));
            }
        });
    }
}
