//! One authenticated connection into a guest: commands with exact exit codes and
//! separate streams, and files.

#[cfg(feature = "script")]
mod command_line;
mod connection;
#[cfg(feature = "script")]
pub(crate) mod file_name;
#[cfg(feature = "script")]
mod files;
mod greeting;
#[cfg(feature = "script")]
mod pattern;
mod secret;

use std::{borrow::Cow, sync::Arc, time::Duration};

use russh::{ChannelMsg, Preferred, client, kex};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
};

#[cfg(feature = "script")]
pub use command_line::{join_words, remote_path};
pub use connection::{BootLimit, Connection};
#[cfg(feature = "script")]
pub use pattern::{has_wildcards, matches};
#[cfg(feature = "install")]
pub(crate) use secret::read as read_secret;

use crate::{
    blame::Blame,
    spec::Login,
    wait::{self, Deadline, Signs, WaitError},
};

/// How long one attempt may take. A translated guest needs many seconds for a key exchange
/// under load; one that does not listen yet refuses at once.
const ATTEMPT: Duration = Duration::from_secs(60);
/// A guest that answers nothing for this long, although asked every ten seconds, is gone.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Unanswered questions until then.
const KEEPALIVES: usize = 30;
/// Flow control's window: a smaller one is most of the cost of a large file.
const WINDOW: u32 = 16 << 20;

/// The cheap ones first: a translated guest computes ML-KEM for a seventh of a second, and what
/// it would protect from does not listen to the loopback of the host.
const KEY_EXCHANGES: &[kex::Name] = &[
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::MLKEM768X25519_SHA256,
    kex::DH_G14_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_GEX_SHA256,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

/// Why a command or a file did not get through.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No connection, or it was lost.
    #[error("the SSH connection to the guest failed: {0}")]
    Connection(String),
    /// The guest refused the account.
    #[error("the guest refuses the account `{user}` with its password")]
    Refused {
        /// The account.
        user: String,
    },
    /// The file of the account's password cannot be read.
    #[error("login.passwordFile: {0}")]
    Secret(std::io::Error),
    /// The guest ended the command without an exit code.
    #[error("the guest ended `{command}` without an exit code")]
    NoExitCode {
        /// The command.
        command: String,
    },
    /// The guest restarted in the middle.
    #[error("the guest restarted before the answer")]
    Restarted,
    /// The guest was told to restart and refused.
    #[error("the guest refuses to restart: exit code {code}{}", if .said.is_empty() { String::new() } else { format!(", {said}") })]
    NoRestart {
        /// The exit code of `shutdown`.
        code: u32,
        /// What it said.
        said: String,
    },
    /// The guest's clock cannot be set.
    #[error("the guest refuses to set its clock: exit code {code}{}", if .said.is_empty() { String::new() } else { format!(", {said}") })]
    Clock {
        /// The exit code of PowerShell.
        code: u32,
        /// What it said.
        said: String,
    },
    /// There was no new session after a restart or a loss.
    #[error(transparent)]
    Unreachable(#[from] WaitError),
    /// Whoever asked does not wait any more.
    #[error("nobody waits for the answer any more")]
    Abandoned,
    /// The guest's side of a file failed.
    #[error("{path} in the guest: {problem}")]
    GuestFile {
        /// The path as the guest knows it.
        path: String,
        /// What the guest said.
        problem: String,
    },
    /// The host's side of a file failed.
    #[error(transparent)]
    HostFile(#[from] std::io::Error),
}

impl SessionError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Connection(_)
            | Self::NoExitCode { .. }
            | Self::Restarted
            | Self::NoRestart { .. }
            | Self::Clock { .. }
            | Self::GuestFile { .. } => Blame::Guest,
            Self::Unreachable(error) => error.cause.blame(),
            Self::Refused { .. } | Self::Secret(_) | Self::HostFile(_) => Blame::Input,
            Self::Abandoned => Blame::Host,
        }
    }
}

impl From<russh::Error> for SessionError {
    fn from(error: russh::Error) -> Self {
        Self::Connection(error.to_string())
    }
}

/// A piece of what a command writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// From its standard output.
    Stdout(Vec<u8>),
    /// From its standard error.
    Stderr(Vec<u8>),
}

struct Guest;

impl client::Handler for Guest {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        // The port belongs to our own QEMU on loopback, and a guest makes its key at its first start.
        Ok(true)
    }
}

/// An authenticated connection. Commands and files share it.
pub struct Session {
    handle: client::Handle<Guest>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// Connects as soon as the guest lets it.
    ///
    /// # Errors
    /// The inner [`SessionError::Refused`]: an account that is refused now is refused later, too.
    /// The outer [`WaitError`] tells how the last attempt failed.
    pub async fn open(
        port: u16,
        login: &Login,
        signs: &watch::Receiver<Signs>,
        deadline: Deadline,
    ) -> Result<Result<Self, SessionError>, WaitError> {
        let mut problem = None;
        let opened =
            wait::race("the logon", Self::attempts(port, login, &mut problem), signs, deadline).await;
        opened.map_err(|error| match problem {
            Some(problem) => WaitError { last_seen: format!("{}; {problem}", error.last_seen), ..error },
            None => error,
        })
    }

    /// Whether the connection is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    #[cfg(feature = "run")]
    async fn hang_up(&self) {
        // One that is gone has ended.
        let _ = self.handle.disconnect(russh::Disconnect::ByApplication, "", "").await;
    }

    async fn attempts(port: u16, login: &Login, problem: &mut Option<String>) -> Result<Self, SessionError> {
        loop {
            match Self::first(port, login, |now| *problem = Some(now)).await {
                Ok(session) => return Ok(session),
                Err(refused @ SessionError::Refused { .. }) => return Err(refused),
                Err(error) => *problem = Some(error.to_string()),
            }
            wait::poll_pause().await;
        }
    }

    /// Logs on at the first greeting of a guest that may still be starting. What goes wrong until it
    /// greets is told meanwhile.
    ///
    /// # Errors
    /// [`SessionError::Connection`] and [`SessionError::Refused`], of the guest that greeted.
    pub async fn first(port: u16, login: &Login, tell: impl FnMut(String)) -> Result<Self, SessionError> {
        Self::log_on(greeting::first(port, tell).await, login).await
    }

    /// Connects once, and gives a guest that answers as long as a slow one needs.
    ///
    /// # Errors
    /// [`SessionError::Connection`] and [`SessionError::Refused`].
    pub async fn connect(port: u16, login: &Login) -> Result<Self, SessionError> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(russh::Error::from)?;
        Self::log_on(stream, login).await
    }

    async fn log_on(stream: TcpStream, login: &Login) -> Result<Self, SessionError> {
        let attempt = wait::bounded(ATTEMPT, Box::pin(Self::attempt(stream, login))).await;
        attempt.unwrap_or_else(|| {
            let problem = format!("the SSH server did not answer within {} s", ATTEMPT.as_secs());
            Err(SessionError::Connection(problem))
        })
    }

    async fn attempt(stream: TcpStream, login: &Login) -> Result<Self, SessionError> {
        let config = client::Config {
            window_size: WINDOW,
            keepalive_interval: Some(KEEPALIVE),
            keepalive_max: KEEPALIVES,
            preferred: Preferred { kex: Cow::Borrowed(KEY_EXCHANGES), ..Preferred::DEFAULT },
            ..client::Config::default()
        };
        // Small answers are not worth waiting for company.
        stream.set_nodelay(true).map_err(russh::Error::from)?;
        let mut handle = client::connect_stream(Arc::new(config), stream, Guest).await?;
        let answer = handle
            .authenticate_password(&login.user, secret::password(login).map_err(SessionError::Secret)?)
            .await?;
        if answer.success() {
            Ok(Self { handle })
        } else {
            Err(SessionError::Refused { user: login.user.clone() })
        }
    }

    /// Runs a command line of the guest's shell and gives its 32-bit exit code.
    ///
    /// `input` is its standard input, which ends when the sender is dropped; `output`
    /// gets what it writes, as it comes. Closing the other end of `output` gives the command up.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn run(
        &self,
        command: &str,
        mut input: mpsc::Receiver<Vec<u8>>,
        output: mpsc::Sender<Output>,
    ) -> Result<u32, SessionError> {
        let channel = self.handle.channel_open_session().await?;
        channel.exec(true, command).await?;
        let (mut from_guest, to_guest) = channel.split();
        let feed = async {
            while let Some(bytes) = input.recv().await {
                if to_guest.data(&bytes[..]).await.is_err() {
                    break; // the command does not read any more
                }
            }
            // A command that ended has closed its input itself.
            let _ = to_guest.eof().await;
            std::future::pending::<()>().await;
        };
        let listen = async {
            let mut code = None;
            // End of file, exit status and close come in any order.
            while let Some(message) = from_guest.wait().await {
                #[expect(clippy::wildcard_enum_match_arm, reason = "russh's messages are an open set")]
                let piece = match message {
                    ChannelMsg::Data { data } => Output::Stdout(data.to_vec()),
                    ChannelMsg::ExtendedData { data, .. } => Output::Stderr(data.to_vec()),
                    ChannelMsg::ExitStatus { exit_status } => {
                        code = Some(exit_status);
                        continue;
                    }
                    ChannelMsg::Failure => {
                        return Err(SessionError::Connection("the guest refuses to run commands".into()));
                    }
                    _ => continue,
                };
                if output.send(piece).await.is_err() {
                    return Err(SessionError::Abandoned);
                }
            }
            code.ok_or_else(|| SessionError::NoExitCode { command: command.to_owned() })
        };
        let ended = tokio::select! {
            code = listen => code,
            () = output.closed() => Err(SessionError::Abandoned),
            () = feed => Err(SessionError::NoExitCode { command: command.to_owned() }),
        };
        if matches!(ended, Err(SessionError::Abandoned)) {
            // A connection that is gone has given it up already.
            let _ = to_guest.close().await;
        }
        ended
    }

    /// Runs a command without input and gives its exit code with both streams.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn run_to_end(&self, command: &str) -> Result<(u32, Vec<u8>, Vec<u8>), SessionError> {
        let (_, no_input) = mpsc::channel(1);
        let (sender, mut output) = mpsc::channel(16);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let collect = async {
            while let Some(piece) = output.recv().await {
                match piece {
                    Output::Stdout(bytes) => stdout.extend(bytes),
                    Output::Stderr(bytes) => stderr.extend(bytes),
                }
            }
        };
        let (code, ()) = tokio::join!(self.run(command, no_input, sender), collect);
        Ok((code?, stdout, stderr))
    }
}
