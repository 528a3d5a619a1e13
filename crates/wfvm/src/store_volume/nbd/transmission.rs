//! Requests and their replies, in whatever order these are ready.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use super::{LARGEST_READ, StoreVolume};

const REQUEST_MAGIC: u32 = 0x2560_9513;
const REPLY_MAGIC: u32 = 0x6744_6698;

const READ: u16 = 0;
const WRITE: u16 = 1;
const DISCONNECT: u16 = 2;
const FLUSH: u16 = 3;
const TRIM: u16 = 4;
const WRITE_ZEROES: u16 = 6;

const NOT_PERMITTED: u32 = 1;
const INPUT_OUTPUT: u32 = 5;
const INVALID: u32 = 22;

/// Requests of one client that are worked on at once; the next one is not read.
const MOST_REQUESTS: usize = 16;

/// An answer that is copied behind its head, since that is less than a second call of the system.
const LITTLE: usize = 64 << 10;

type Writer<W> = Arc<Mutex<W>>;

struct Request {
    kind: u16,
    flags: u16,
    cookie: [u8; 8],
    offset: u64,
    length: u32,
}

/// Answers requests until the client says that it goes, or is gone.
pub(super) async fn transmit(
    mut read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin + Send + 'static,
    volume: Arc<StoreVolume>,
    room: Arc<Semaphore>,
) -> io::Result<()> {
    let write = Arc::new(Mutex::new(write));
    let mut pending: JoinSet<io::Result<()>> = JoinSet::new();
    loop {
        while pending.len() >= MOST_REQUESTS {
            finished(pending.join_next().await)?;
        }
        while let Some(ended) = pending.try_join_next() {
            finished(Some(ended))?;
        }
        let request = request(&mut read).await?;
        let error = match request.kind {
            DISCONNECT => {
                while let Some(ended) = pending.join_next().await {
                    finished(Some(ended))?;
                }
                return Ok(());
            }
            WRITE => {
                skip(&mut read, request.length).await?;
                NOT_PERMITTED
            }
            TRIM | WRITE_ZEROES => NOT_PERMITTED,
            FLUSH if request.flags == 0 => 0,
            READ if is_readable(&request, volume.bytes()) => {
                let (volume, write) = (Arc::clone(&volume), Arc::clone(&write));
                let room = reserve(&room, request.length).await?;
                let length = usize::try_from(request.length).unwrap_or_default();
                if volume.is_in_memory(request.offset, length) {
                    reply_read(&write, request.cookie, volume.read(request.offset, length)).await?;
                } else {
                    pending.spawn(read_files(volume, request, length, write, room));
                }
                continue;
            }
            _ => INVALID,
        };
        reply(&write, error, request.cookie, &[]).await?;
    }
}

fn finished(ended: Option<Result<io::Result<()>, tokio::task::JoinError>>) -> io::Result<()> {
    ended.map_or(Ok(()), |ended| ended.map_err(io::Error::other)?)
}

async fn request(read: &mut (impl AsyncRead + Unpin)) -> io::Result<Request> {
    if read.read_u32().await? != REQUEST_MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no request"));
    }
    let (flags, kind) = (read.read_u16().await?, read.read_u16().await?);
    let mut cookie = [0; 8];
    read.read_exact(&mut cookie).await?;
    Ok(Request { kind, flags, cookie, offset: read.read_u64().await?, length: read.read_u32().await? })
}

/// Without a flag, since none was offered, and within the export.
fn is_readable(request: &Request, bytes: u64) -> bool {
    let end = request.offset.checked_add(u64::from(request.length));
    request.flags == 0 && request.length <= LARGEST_READ && end.is_some_and(|end| end <= bytes)
}

/// Passes by what a client wants written.
async fn skip(read: &mut (impl AsyncRead + Unpin), length: u32) -> io::Result<()> {
    let skipped = tokio::io::copy(&mut read.take(u64::from(length)), &mut tokio::io::sink()).await?;
    if skipped == u64::from(length) { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Waits until there is room for an answer in memory.
async fn reserve(room: &Arc<Semaphore>, length: u32) -> io::Result<OwnedSemaphorePermit> {
    Arc::clone(room).acquire_many_owned(length.div_ceil(1024)).await.map_err(io::Error::other)
}

/// Reads on a thread of its own: a disk may be slow.
async fn read_files(
    volume: Arc<StoreVolume>,
    request: Request,
    length: usize,
    write: Writer<impl AsyncWrite + Unpin>,
    room: OwnedSemaphorePermit,
) -> io::Result<()> {
    let read = tokio::task::spawn_blocking(move || volume.read(request.offset, length)).await;
    let replied = reply_read(&write, request.cookie, read.map_err(io::Error::other)?).await;
    drop(room);
    replied
}

/// A file that cannot be read is an error of that read alone.
async fn reply_read(
    write: &Writer<impl AsyncWrite + Unpin>,
    cookie: [u8; 8],
    read: io::Result<Vec<u8>>,
) -> io::Result<()> {
    match read {
        Ok(bytes) => reply(write, 0, cookie, &bytes).await,
        Err(_) => reply(write, INPUT_OUTPUT, cookie, &[]).await,
    }
}

async fn reply(
    write: &Writer<impl AsyncWrite + Unpin>,
    error: u32,
    cookie: [u8; 8],
    bytes: &[u8],
) -> io::Result<()> {
    let mut head = REPLY_MAGIC.to_be_bytes().to_vec();
    head.extend(error.to_be_bytes());
    head.extend(cookie);
    let mut write = write.lock().await;
    if bytes.len() <= LITTLE {
        head.extend(bytes);
        return write.write_all(&head).await;
    }
    write.write_all(&head).await?;
    write.write_all(bytes).await
}
