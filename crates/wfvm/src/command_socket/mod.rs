//! The unix socket on which the owner of a machine takes commands for its guest.
//!
//! `win-exec` and its siblings are small clients of it: the one authenticated
//! connection stays with the owner. Every frame is one byte that says what it is,
//! four bytes of length, little endian, and that many bytes.

mod owner;

use std::{fmt, io, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    task::JoinSet,
};

pub use owner::{Owner, Rule};

use crate::{
    session::{Output, SessionError},
    steps::{Begun, Outcome},
};

/// The environment variable that names the socket of a script's guest to its programs, and of several guests
/// that of one, counted from 1.
#[must_use]
pub fn variable_of(number: u32) -> String {
    if number == 1 { "WFVM_SOCKET".into() } else { format!("WFVM_{number}_SOCKET") }
}

const REQUEST: u8 = 0;
const STDIN: u8 = 1;
const STDOUT: u8 = 2;
const STDERR: u8 = 3;
const ANSWER: u8 = 4;

/// No frame is larger, whoever sends it.
const LARGEST_FRAME: u32 = 1 << 20;

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// Run a command line of the guest's shell.
    Exec {
        /// The command line, unchanged.
        command: String,
    },
    /// Put a file or directory of the host into a directory of the guest.
    Put {
        /// Absolute path on the host.
        local: PathBuf,
        /// Directory in the guest.
        directory: String,
        /// Its name there; absent: its own.
        name: Option<String>,
    },
    /// Get a file or directory of the guest into a directory of the host.
    Get {
        /// Path in the guest.
        remote: String,
        /// Absolute path on the host.
        directory: PathBuf,
        /// Its name there; absent: its own.
        name: Option<String>,
    },
    /// Nothing but an answer: the session is authenticated.
    Wait,
    /// Restart the guest and wait until it takes commands.
    Restart,
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec { command } => write!(formatter, "win-exec {command}"),
            Self::Put { local, directory, name } => {
                write!(formatter, "win-put {} {directory}", local.display())?;
                name.as_ref().map_or(Ok(()), |name| write!(formatter, " --as {name}"))
            }
            Self::Get { remote, name, .. } => {
                write!(formatter, "win-get {remote}")?;
                name.as_ref().map_or(Ok(()), |name| write!(formatter, " --as {name}"))
            }
            Self::Wait => formatter.write_str("win-wait"),
            Self::Restart => formatter.write_str("win-restart"),
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Answer {
    /// The command's own 32 bits, 0 for files.
    Ended {
        /// The exit code.
        exit_code: u32,
        /// Whether the owner takes a code other than 0 for a success.
        accepted: bool,
    },
    /// It did not get through.
    Failed {
        /// Why.
        problem: String,
        /// The exit status that says whose move it is.
        status: u8,
    },
}

/// Takes requests until it is dropped; each connection carries one. It ends by itself only
/// when the listener fails, as it does on a host that is out of descriptors.
pub async fn serve(listener: UnixListener, owner: Arc<Owner>) -> io::Error {
    let mut connections = JoinSet::new();
    loop {
        let connection = match listener.accept().await {
            Ok((connection, _)) => connection,
            Err(error) => return error,
        };
        let owner = owner.clone();
        connections.spawn(async move { answer(connection, &owner).await });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(connection: UnixStream, owner: &Owner) -> io::Result<()> {
    let (mut read, mut write) = connection.into_split();
    let Some((REQUEST, request)) = receive(&mut read).await? else { return Ok(()) };
    let request: Request = serde_json::from_slice(&request).map_err(io::Error::other)?;
    let is_command = matches!(request, Request::Exec { .. });
    let mut step = owner.steps.begin(request.to_string());
    let (input, typed) = mpsc::channel(16);
    let (output, written) = mpsc::channel(16);
    let work = owner.perform(request, typed, output);
    let client = async {
        tokio::select! {
            forwarded = forward(written, &mut write, &mut step) => forwarded,
            gone = feed(&mut read, input) => Err(gone),
        }
    };
    // A client that goes away takes its request with it: nobody has `written` then.
    let (performed, client) = tokio::join!(work, client);
    let (outcome, failed, answer) = match performed {
        Ok((exit_code, accepted)) => {
            let outcome = if is_command { Outcome::Ended(exit_code) } else { Outcome::Done };
            (outcome, exit_code != 0 && !accepted, Answer::Ended { exit_code, accepted })
        }
        Err(error) => {
            let problem = error.to_string();
            let status = error.blame().exit_status();
            // A client that was ended by the script asked for nothing any more.
            let failed = !matches!(error, SessionError::Abandoned);
            (Outcome::Lost(problem.clone()), failed, Answer::Failed { problem, status })
        }
    };
    let step = step.end(outcome, failed);
    if failed {
        owner.tell(&format!("  step {}: {step}", step.number));
    }
    client?;
    send(&mut write, ANSWER, &serde_json::to_vec(&answer).map_err(io::Error::other)?).await
}

/// Sends the client what its command writes, to the end.
async fn forward(
    mut written: mpsc::Receiver<Output>,
    write: &mut (impl AsyncWrite + Unpin),
    step: &mut Begun,
) -> io::Result<()> {
    while let Some(piece) = written.recv().await {
        step.wrote(&piece);
        match piece {
            Output::Stdout(bytes) => send(write, STDOUT, &bytes).await?,
            Output::Stderr(bytes) => send(write, STDERR, &bytes).await?,
        }
    }
    Ok(())
}

/// Hands on the client's input, up to the empty piece that is its end, and ends when the client is gone.
async fn feed(read: &mut (impl AsyncRead + Unpin), input: mpsc::Sender<Vec<u8>>) -> io::Error {
    let mut input = Some(input);
    loop {
        match receive(read).await {
            Ok(Some((STDIN, bytes))) => {
                let open = match &input {
                    Some(input) if !bytes.is_empty() => input.send(bytes).await.is_ok(),
                    _ => false,
                };
                if !open {
                    input = None;
                }
            }
            Ok(_) => return io::ErrorKind::UnexpectedEof.into(),
            Err(error) => return error,
        }
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The owner of the guest is gone.
    #[error("the owner of the guest is gone: {0}")]
    Owner(#[from] io::Error),
    /// One of our own streams failed.
    #[error("our {stream}: {source}")]
    Stream {
        /// Which.
        stream: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// Sends a request and copies the command's streams, until the answer comes.
///
/// # Errors
/// [`AskError`], by the side that failed.
pub async fn ask(
    connection: UnixStream,
    request: &Request,
    mut input: impl AsyncRead + Unpin,
    mut stdout: impl AsyncWrite + Unpin,
    mut stderr: impl AsyncWrite + Unpin,
) -> Result<Answer, AskError> {
    let (mut read, mut write) = connection.into_split();
    send(&mut write, REQUEST, &serde_json::to_vec(request).map_err(io::Error::other)?).await?;
    let feed = async {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = match input.read(&mut piece).await {
                Ok(count) => count,
                Err(source) => return AskError::Stream { stream: "standard input", source },
            };
            let sent = send(&mut write, STDIN, piece.get(..count).unwrap_or_default()).await;
            // The command may end without reading its input, and then the answer counts.
            if count == 0 || sent.is_err() {
                return std::future::pending().await;
            }
        }
    };
    let listen = async {
        loop {
            match receive(&mut read).await? {
                Some((STDOUT, bytes)) => copy(&mut stdout, "standard output", &bytes).await?,
                Some((STDERR, bytes)) => copy(&mut stderr, "standard error", &bytes).await?,
                Some((ANSWER, bytes)) => {
                    return serde_json::from_slice(&bytes).map_err(|error| io::Error::other(error).into());
                }
                Some(_) | None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            }
        }
    };
    tokio::select! {
        answer = listen => answer,
        failed = feed => Err(failed),
    }
}

async fn copy(
    target: &mut (impl AsyncWrite + Unpin),
    stream: &'static str,
    bytes: &[u8],
) -> Result<(), AskError> {
    let copied = async {
        target.write_all(bytes).await?;
        target.flush().await
    };
    copied.await.map_err(|source| AskError::Stream { stream, source })
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), kind: u8, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_u8(kind).await?;
    stream.write_u32_le(length).await?;
    stream.write_all(bytes).await
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<(u8, Vec<u8>)>> {
    let kind = match stream.read_u8().await {
        Ok(kind) => kind,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = stream.read_u32_le().await?;
    if length > LARGEST_FRAME {
        return Err(io::Error::other(format!("a frame of {length} bytes")));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    stream.read_exact(&mut bytes).await?;
    Ok(Some((kind, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_without_a_guest_reaches_the_client_with_its_streams() {
        let (client, owner) = UnixStream::pair().unwrap();
        let serve = async {
            let (mut read, mut write) = owner.into_split();
            let (kind, request) = receive(&mut read).await.unwrap().unwrap();
            assert_eq!(kind, REQUEST);
            assert_eq!(
                serde_json::from_slice::<Request>(&request).unwrap(),
                Request::Exec { command: "ver".into() }
            );
            assert_eq!(receive(&mut read).await.unwrap(), Some((STDIN, b"in".to_vec())));
            assert_eq!(receive(&mut read).await.unwrap(), Some((STDIN, Vec::new())));
            send(&mut write, STDOUT, b"out").await.unwrap();
            send(&mut write, STDERR, b"err").await.unwrap();
            let answer = serde_json::to_vec(&Answer::Ended { exit_code: 3010, accepted: false }).unwrap();
            send(&mut write, ANSWER, &answer).await.unwrap();
            read // kept open until the answer is read
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let request = Request::Exec { command: "ver".into() };
        let (_read, answer) =
            tokio::join!(serve, ask(client, &request, &b"in"[..], &mut stdout, &mut stderr));
        assert_eq!(answer.unwrap(), Answer::Ended { exit_code: 3010, accepted: false });
        assert_eq!((&stdout[..], &stderr[..]), (&b"out"[..], &b"err"[..]));
    }

    #[tokio::test]
    async fn an_owner_that_dies_is_an_error_and_no_success() {
        let (client, owner) = UnixStream::pair().unwrap();
        drop(owner);
        let answer = ask(client, &Request::Wait, tokio::io::empty(), Vec::new(), Vec::new()).await;
        assert!(answer.is_err(), "{answer:?}");
    }

    #[tokio::test]
    async fn a_frame_that_claims_gigabytes_is_refused() {
        let frame = [STDIN, 0xff, 0xff, 0xff, 0xff];
        assert!(receive(&mut &frame[..]).await.is_err());
    }
}
