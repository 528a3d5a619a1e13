//! The server's side of NBD, as the protocol's document `doc/proto.md` has it: fixed newstyle,
//! one export without a name, simple replies, nothing that writes.

mod handshake;
mod transmission;

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixListener,
    sync::Semaphore,
    task::JoinSet,
};

use super::StoreVolume;

/// Connections at once; the next one waits.
const MOST_CONNECTIONS: usize = 16;

/// The largest read, which the protocol expects of every server.
const LARGEST_READ: u32 = 32 << 20;

/// Kibibytes that answers may take in memory, over all connections.
const ROOM_KIB: u32 = 64 << 10;

/// How long a volume is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until the last of its readers is gone.
    Unused,
    /// Until the future is dropped.
    Dropped,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It only asked what there is.
    Asked,
    /// It read, or could have.
    Used,
}

/// Serves the volume to everybody who connects.
pub(super) async fn serve(
    listener: &UnixListener,
    volume: &Arc<StoreVolume>,
    until: Until,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(usize::try_from(ROOM_KIB).unwrap_or_default()));
    let mut connections: JoinSet<Ended> = JoinSet::new();
    let mut used = false;
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                let (stream, _) = accepted?;
                let (volume, room) = (Arc::clone(volume), Arc::clone(&room));
                let (read, write) = stream.into_split();
                connections.spawn(connection(read, write, volume, room));
            }
            Some(ended) = connections.join_next() => {
                used |= ended.is_ok_and(|ended| ended == Ended::Used);
                if used && connections.is_empty() && until == Until::Unused {
                    return Ok(());
                }
            }
        }
    }
}

/// What one client wants. One that breaks the protocol, or goes away, ends its connection alone.
pub(super) async fn connection(
    mut read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin + Send + 'static,
    volume: Arc<StoreVolume>,
    room: Arc<Semaphore>,
) -> Ended {
    match handshake::shake_hands(&mut read, &mut write, volume.bytes()).await {
        Ok(handshake::Wish::Read) => {
            // The connection is over however it ended.
            let _ = transmission::transmit(read, write, volume, room).await;
            Ended::Used
        }
        Ok(handshake::Wish::Nothing) | Err(_) => Ended::Asked,
    }
}
