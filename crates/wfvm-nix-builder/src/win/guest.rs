//! Who answers: the owner of the guest over its socket, or, where none is named, the SSH server
//! of a guest that listens on a port of this host.

use std::path::PathBuf;

use clap::Args;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::mpsc,
};
use wfvm::{
    blame::Blame,
    command_socket::{Answer, AskError, Request, ask, variable_of},
    session::{Output, Session, SessionError},
    spec::Login,
};

use super::terminal;
use crate::{
    nix_env::{self, GuestEnv, of_guest, socket_of},
    report::Failure,
};

/// As `ssh` ends when there is no connection.
const NO_CONNECTION: u8 = 255;
/// As `sshpass` ends when the password is wrong.
const REFUSED: u8 = 5;

/// How a request ended that got through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) exit_code: u32,
    /// The owner takes this exit code for a success.
    pub(super) accepted: bool,
}

/// A guest that takes requests.
pub(super) enum Guest {
    Owned { socket: PathBuf },
    Alone { session: Session, address: Address },
}

/// Where a guest that nobody of us owns listens, and who we are to it.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) port: u16,
    pub(super) login: Login,
}

/// Which of a run's guests is meant.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Which {
    /// Of several guests of a run this one, counted from 1. The default is `WFVM_MACHINE`, or 1.
    #[arg(long, value_name = "NUMBER")]
    machine: Option<u32>,
}

impl Which {
    /// The socket of its owner; without an owner there is one guest.
    pub(super) fn socket(self, env: &GuestEnv) -> Result<Option<PathBuf>, Failure> {
        let number = match (self.machine, &env.machine) {
            (Some(number), _) => number,
            (None, None) => 1,
            (None, Some(text)) => text.parse().map_err(|_| {
                let page = format!("WFVM_MACHINE is `{text}`, but it should be a number from 1");
                Failure::new(page, Blame::Input)
            })?,
        };
        match socket_of(number) {
            None if number != 1 => Err(Failure::new(
                format!(
                    "there is no guest {number}: {} is not set\n\n\
                     hint: `machines` says how many guests a run has",
                    variable_of(number)
                ),
                Blame::Input,
            )),
            socket => Ok(socket),
        }
    }
}

impl Guest {
    pub(super) async fn find(which: Which) -> Result<Self, Failure> {
        let env = of_guest();
        if let Some(socket) = which.socket(&env)? {
            return Ok(Self::Owned { socket });
        }
        let address = Address::of(&env)?;
        match Session::connect(address.port, &address.login).await {
            Ok(session) => Ok(Self::Alone { session, address }),
            Err(error) => Err(address.failure(&error)),
        }
    }

    /// Copies the streams of a command and gives how it ended.
    pub(super) async fn perform(&self, request: &Request, with_input: bool) -> Result<Ended, Failure> {
        if with_input {
            self.perform_with(request, tokio::io::stdin()).await
        } else {
            self.perform_with(request, tokio::io::empty()).await
        }
    }

    async fn perform_with(&self, request: &Request, input: impl AsyncRead + Unpin) -> Result<Ended, Failure> {
        match self {
            Self::Owned { socket } => {
                let gone = |error: std::io::Error| {
                    let page = format!("the owner of the guest at {} is gone: {error}", socket.display());
                    Failure::new(page, Blame::Host)
                };
                let connection = UnixStream::connect(socket).await.map_err(gone)?;
                let asked = ask(connection, request, input, terminal::stdout(), terminal::stderr()).await;
                match asked {
                    Ok(Answer::Ended { exit_code, accepted }) => Ok(Ended { exit_code, accepted }),
                    Ok(Answer::Failed { problem, status }) => Err(Failure { page: problem, status }),
                    Err(AskError::Owner(error)) => Err(gone(error)),
                    Err(error @ AskError::Stream { .. }) => Err(Failure::new(error, Blame::Host)),
                }
            }
            Self::Alone { session, address } => {
                let exit_code = match request {
                    Request::Exec { command } => execute(session, command, input, address).await?,
                    Request::Put { local, directory, name } => {
                        let put = session.put(local, directory, name.as_deref()).await;
                        put.map(|()| 0).map_err(|error| address.failure(&error))?
                    }
                    Request::Get { remote, directory, name } => {
                        let got = session.get(remote, directory, name.as_deref()).await;
                        got.map(|()| 0).map_err(|error| address.failure(&error))?
                    }
                    Request::Wait => 0,
                    Request::Restart => return Err(ownerless()),
                };
                Ok(Ended { exit_code, accepted: false })
            }
        }
    }
}

impl Address {
    pub(super) fn of(env: &GuestEnv) -> Result<Self, Failure> {
        let port = match &env.ssh_port {
            None => nix_env::SSH_PORT,
            Some(text) => text.parse().map_err(|_| {
                let page = format!("WFVM_SSH_PORT is `{text}`, but it should be a port number");
                Failure::new(page, Blame::Input)
            })?,
        };
        let password = match &env.ssh_password_file {
            None => nix_env::SSH_PASSWORD.to_owned(),
            // Editors and `echo` end a file with a line's end.
            Some(file) => fs_err::read_to_string(file)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| Failure::new(error, Blame::Input))?,
        };
        Ok(Self { port, login: Login { user: env.ssh_user.clone(), password, password_file: None } })
    }

    /// Ends as `ssh` and `sshpass` do, so that a script can tell it from a command's own end.
    pub(super) fn failure(&self, error: &SessionError) -> Failure {
        match error {
            SessionError::Connection(_) => Failure {
                page: format!(
                    "no guest takes commands on localhost:{}: {error}\n\n\
                     hint: no machine of ours is running this script (WFVM_SOCKET is not set), so its SSH \
                     server should be forwarded to that port, or to the one in WFVM_SSH_PORT; \
                     `win-wait` waits for it",
                    self.port
                ),
                status: NO_CONNECTION,
            },
            SessionError::Refused { .. } => Failure {
                page: format!(
                    "{error}\n\nhint: WFVM_SSH_USER and WFVM_SSH_PASSWORD_FILE name another account for \
                     localhost:{}",
                    self.port
                ),
                status: REFUSED,
            },
            SessionError::NoExitCode { .. }
            | SessionError::Restarted
            | SessionError::NoRestart { .. }
            | SessionError::Clock { .. }
            | SessionError::Unreachable(_)
            | SessionError::Abandoned
            | SessionError::GuestFile { .. }
            | SessionError::Secret(_)
            | SessionError::HostFile(_) => Failure::new(error, error.blame()),
        }
    }
}

/// Without an owner nobody sees whether the guest restarted.
pub(super) fn ownerless() -> Failure {
    let page = "`win-restart` works in a script of ours alone: WFVM_SOCKET is not set\n\n\
                hint: `win-exec 'shutdown /r /t 0'` and then `win-wait` restart a guest";
    Failure::new(page, Blame::Input)
}

/// Runs a command line with our streams.
async fn execute(
    session: &Session,
    command: &str,
    mut input: impl AsyncRead + Unpin,
    address: &Address,
) -> Result<u32, Failure> {
    let stream = |name: &'static str| {
        move |error: std::io::Error| Failure::new(format!("our {name}: {error}"), Blame::Host)
    };
    let (feed, typed) = mpsc::channel(16);
    let (output, mut written) = mpsc::channel(16);
    let feeding = async {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = input.read(&mut piece).await.map_err(stream("standard input"))?;
            let bytes = piece.get(..count).unwrap_or_default().to_vec();
            // The command may end without reading its input, and then its end counts.
            if count == 0 || feed.send(bytes).await.is_err() {
                drop(feed);
                return std::future::pending::<Result<(), Failure>>().await;
            }
        }
    };
    let copying = async {
        let (mut stdout, mut stderr) = (terminal::stdout(), terminal::stderr());
        while let Some(piece) = written.recv().await {
            match piece {
                Output::Stdout(bytes) => {
                    copy(&mut stdout, &bytes).await.map_err(stream("standard output"))?;
                }
                Output::Stderr(bytes) => copy(&mut stderr, &bytes).await.map_err(stream("standard error"))?,
            }
        }
        Ok(())
    };
    let running =
        async { session.run(command, typed, output).await.map_err(|error| address.failure(&error)) };
    tokio::select! {
        ended = async { tokio::try_join!(running, copying) } => ended.map(|(exit_code, ())| exit_code),
        Err(failure) = feeding => Err(failure),
    }
}

async fn copy(target: &mut (impl tokio::io::AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    target.write_all(bytes).await?;
    target.flush().await
}
