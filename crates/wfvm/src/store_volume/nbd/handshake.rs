//! What client and server agree upon before anything is read.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::LARGEST_READ;

const MAGIC: u64 = u64::from_be_bytes(*b"NBDMAGIC");
const OPTION_MAGIC: u64 = u64::from_be_bytes(*b"IHAVEOPT");
const REPLY_MAGIC: u64 = 0x0003_e889_0455_65a9;

/// Fixed newstyle, and no zeroes behind an export's description. The client answers in the same bits.
const HANDSHAKE_FLAGS: u16 = 0b11;
const NO_ZEROES: u32 = 0b10;

const EXPORT_NAME: u32 = 1;
const ABORT: u32 = 2;
const LIST: u32 = 3;
const INFO: u32 = 6;
const GO: u32 = 7;

const ACKNOWLEDGED: u32 = 1;
const SERVER: u32 = 2;
const INFORMATION: u32 = 3;
const UNSUPPORTED: u32 = (1 << 31) + 1;
const INVALID: u32 = (1 << 31) + 3;
const UNKNOWN: u32 = (1 << 31) + 6;

const INFORMATION_EXPORT: u16 = 0;
const INFORMATION_BLOCK_SIZE: u16 = 3;

/// What is there: flags at all, read-only, flush, several connections.
const TRANSMISSION_FLAGS: u16 = 1 | 1 << 1 | 1 << 2 | 1 << 8;

/// Options of a client before it reads; qemu sends five.
const MOST_OPTIONS: usize = 64;
/// A name of an export has 4096 bytes at most, and a few numbers stand around it.
const LONGEST_OPTION: u32 = 8192;

/// What a client wants after the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Read,
    Nothing,
}

/// Answers options until the client reads or goes.
pub(super) async fn shake_hands(
    read: &mut (impl AsyncRead + Unpin),
    write: &mut (impl AsyncWrite + Unpin),
    bytes: u64,
) -> io::Result<Wish> {
    let mut greeting = Vec::new();
    greeting.extend(MAGIC.to_be_bytes());
    greeting.extend(OPTION_MAGIC.to_be_bytes());
    greeting.extend(HANDSHAKE_FLAGS.to_be_bytes());
    write.write_all(&greeting).await?;
    let flags = read.read_u32().await?;
    if flags & !u32::from(HANDSHAKE_FLAGS) != 0 {
        return Err(broken("unknown flags"));
    }
    for _ in 0..MOST_OPTIONS {
        if read.read_u64().await? != OPTION_MAGIC {
            return Err(broken("no option"));
        }
        let (option, length) = (read.read_u32().await?, read.read_u32().await?);
        if length > LONGEST_OPTION {
            return Err(broken("a long option"));
        }
        let mut data = vec![0; usize::try_from(length).unwrap_or_default()];
        read.read_exact(&mut data).await?;
        match option {
            EXPORT_NAME => {
                // There is no other way to say no.
                if !data.is_empty() {
                    return Err(broken("another export"));
                }
                let mut export = description(bytes).to_vec();
                if flags & NO_ZEROES == 0 {
                    export.resize(export.len() + 124, 0);
                }
                write.write_all(&export).await?;
                return Ok(Wish::Read);
            }
            ABORT => {
                reply(write, option, ACKNOWLEDGED, &[]).await?;
                return Ok(Wish::Nothing);
            }
            LIST if data.is_empty() => {
                // The length of a name that has none.
                reply(write, option, SERVER, &[0; 4]).await?;
                reply(write, option, ACKNOWLEDGED, &[]).await?;
            }
            LIST => reply(write, option, INVALID, &[]).await?,
            INFO | GO => match named(&data) {
                Some(b"") => {
                    let mut export = INFORMATION_EXPORT.to_be_bytes().to_vec();
                    export.extend(description(bytes));
                    reply(write, option, INFORMATION, &export).await?;
                    let mut sizes = INFORMATION_BLOCK_SIZE.to_be_bytes().to_vec();
                    sizes.extend([1, 4096, LARGEST_READ].into_iter().flat_map(u32::to_be_bytes));
                    reply(write, option, INFORMATION, &sizes).await?;
                    reply(write, option, ACKNOWLEDGED, &[]).await?;
                    if option == GO {
                        return Ok(Wish::Read);
                    }
                }
                Some(_) => reply(write, option, UNKNOWN, &[]).await?,
                None => reply(write, option, INVALID, &[]).await?,
            },
            _ => reply(write, option, UNSUPPORTED, &[]).await?,
        }
    }
    Err(broken("too many options"))
}

/// The name in the data of `INFO` and `GO`: its length, itself, and a counted list of wishes.
fn named(data: &[u8]) -> Option<&[u8]> {
    let (length, rest) = data.split_first_chunk()?;
    let (name, wishes) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (count, wishes) = wishes.split_first_chunk()?;
    (wishes.len() == usize::from(u16::from_be_bytes(*count)) * 2).then_some(name)
}

/// The export's size and what can be done with it.
fn description(bytes: u64) -> [u8; 10] {
    let mut description = [0; 10];
    let fields = bytes.to_be_bytes().into_iter().chain(TRANSMISSION_FLAGS.to_be_bytes());
    description.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
    description
}

async fn reply(write: &mut (impl AsyncWrite + Unpin), option: u32, kind: u32, data: &[u8]) -> io::Result<()> {
    let mut reply = REPLY_MAGIC.to_be_bytes().to_vec();
    reply.extend(option.to_be_bytes());
    reply.extend(kind.to_be_bytes());
    reply.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    reply.extend(data);
    write.write_all(&reply).await
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
