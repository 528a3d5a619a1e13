//! A guest's SSH server without a guest: commands with exit codes of 32 bits, separate
//! streams, files below a directory of the stage, and bad manners on request.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use russh::{
    Channel, ChannelId, Disconnect,
    keys::{PrivateKey, ssh_key::private::Ed25519Keypair},
    server::{Auth, ChannelOpenHandle, Config, Handle, Handler, Msg, Server as _, Session},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    sftp_server::Files,
    stage::{PASSWORD, Stage, USER},
};

/// How a server differs from a well-behaved one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Character {
    /// As `sshd` on Windows.
    Plain,
    /// A logon takes longer than a look at the drives.
    Slow,
    /// No password is right.
    RefusesPasswords,
    /// `shutdown` ends with 5, access denied.
    RefusesShutdown,
}

/// A server on a loopback port, until it is dropped.
pub(crate) struct SshServer {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SshServer {
    pub(crate) fn start(stage: &Stage, character: Character) -> Self {
        Self::start_at(stage, character, 0)
    }

    /// On a port of one's choice; 0 is any.
    pub(crate) fn start_at(stage: &Stage, character: Character, port: u16) -> Self {
        let connections = Arc::new(AtomicUsize::new(0));
        let mut guest = Guest {
            character,
            stage: stage.path(""),
            connections: connections.clone(),
            channels: HashMap::new(),
            inputs: HashMap::new(),
        };
        let (end, ended) = oneshot::channel();
        let (tell_port, told_port) = std::sync::mpsc::channel();
        // On a thread of its own, since tests wait for processes without a runtime.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
                tell_port.send(listener.local_addr().unwrap().port()).unwrap();
                let config = Config {
                    auth_rejection_time: std::time::Duration::ZERO,
                    keys: vec![PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]))],
                    ..Config::default()
                };
                tokio::select! {
                    _ = guest.run_on_socket(Arc::new(config), &listener) => {}
                    _ = ended => {}
                }
            });
        });
        Self { port: told_port.recv().unwrap(), connections, end: Some(end), thread: Some(thread) }
    }

    /// How many there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Guest {
    character: Character,
    stage: PathBuf,
    connections: Arc<AtomicUsize>,
    channels: HashMap<ChannelId, Channel<Msg>>,
    inputs: HashMap<ChannelId, mpsc::UnboundedSender<Vec<u8>>>,
}

impl russh::server::Server for Guest {
    type Handler = Self;

    fn new_client(&mut self, _: Option<std::net::SocketAddr>) -> Self {
        self.connections.fetch_add(1, Ordering::SeqCst);
        Self {
            character: self.character,
            stage: self.stage.clone(),
            connections: self.connections.clone(),
            channels: HashMap::new(),
            inputs: HashMap::new(),
        }
    }
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        if self.character == Character::Slow {
            tokio::time::sleep(4 * wfvm::wait::POLL_INTERVAL).await;
        }
        let right = user == USER && password == PASSWORD && self.character != Character::RefusesPasswords;
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match self.channels.remove(&id) {
            Some(channel) if name == "sftp" => {
                session.channel_success(id)?;
                russh_sftp::server::run(channel.into_stream(), Files::below(self.stage.join("guest"))).await;
                Ok(())
            }
            _ => session.channel_failure(id),
        }
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        // Unread, it would hold up the connection.
        self.channels.remove(&id);
        session.channel_success(id)?;
        let (feed, input) = mpsc::unbounded_channel();
        self.inputs.insert(id, feed);
        let program =
            Program { id, handle: session.handle(), character: self.character, stage: self.stage.clone() };
        let command = String::from_utf8_lossy(command).into_owned();
        tokio::spawn(async move { program.run(&command, input).await });
        Ok(())
    }

    async fn data(&mut self, id: ChannelId, data: &[u8], _: &mut Session) -> Result<(), Self::Error> {
        if let Some(input) = self.inputs.get(&id) {
            // A program that ended reads nothing.
            let _ = input.send(data.to_vec());
        }
        Ok(())
    }

    async fn channel_eof(&mut self, id: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.inputs.remove(&id);
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.inputs.remove(&id);
        fs_err::write(self.stage.join("channel-closed"), b"").unwrap();
        Ok(())
    }
}

/// A program of the guest, which knows a few words.
struct Program {
    id: ChannelId,
    handle: Handle,
    character: Character,
    stage: PathBuf,
}

impl Program {
    /// Does what the words say. Whoever asked may be gone: then the rest is unheard.
    async fn run(self, command: &str, mut input: mpsc::UnboundedReceiver<Vec<u8>>) {
        // What a build starts is said by the test.
        let command = match command {
            r"X:\run.cmd" => fs_err::read_to_string(self.stage.join("run.cmd")).unwrap(),
            command => command.to_owned(),
        };
        let (word, argument) = command.split_once(' ').unwrap_or((&command, ""));
        let code = match word {
            "exit" => argument.parse().unwrap(),
            "streams" => {
                self.says("to stdout\r\n").await;
                let _ = self.handle.extended_data(self.id, 1, b"to stderr\r\n".to_vec()).await;
                0
            }
            "echo" => {
                self.says(argument).await;
                0
            }
            "cat" => {
                while let Some(bytes) = input.recv().await {
                    let _ = self.handle.data(self.id, bytes).await;
                }
                0
            }
            // A search for drives, which have their letters already.
            "for" => {
                let drives = fs_err::read_to_string(self.stage.join("drives"));
                self.says(&drives.unwrap_or_else(|_| "store S\r\nexchange X\r\n".into())).await;
                0
            }
            "dir" => {
                self.says("               2 Dir(s)        1024 bytes free\r\n").await;
                0
            }
            "mountvol" => 0,
            "tasklist" => {
                self.says("sshd.exe                      1234 Services                   0      9,876 K\r\n")
                    .await;
                0
            }
            "flood" => {
                for _ in 0..argument.parse::<u32>().unwrap() * 32 {
                    let _ = self.handle.data(self.id, vec![b'x'; 32 << 10]).await;
                }
                0
            }
            "hang" => {
                fs_err::write(self.stage.join("hangs"), b"").unwrap();
                return std::future::pending().await;
            }
            "no-code" => {
                self.says("so far").await;
                let _ = self.handle.close(self.id).await;
                return;
            }
            "cut" => {
                self.says("so far").await;
                let goodbye = (String::from("cut"), String::from("en"));
                let _ = self.handle.disconnect(Disconnect::ByApplication, goodbye.0, goodbye.1).await;
                return;
            }
            "shutdown" => {
                let cue = if argument.starts_with("/r") { "restart" } else { "shutdown" };
                fs_err::write(self.stage.join(cue), argument).unwrap();
                if self.character == Character::RefusesShutdown { 5 } else { 0 }
            }
            _ => {
                let words = format!("'{word}' is not recognized as an internal or external command\r\n");
                let _ = self.handle.extended_data(self.id, 1, words.into_bytes()).await;
                9009
            }
        };
        // In sshd's order: end of file, exit status, close.
        let _ = self.handle.eof(self.id).await;
        let _ = self.handle.exit_status_request(self.id, code).await;
        let _ = self.handle.close(self.id).await;
    }

    async fn says(&self, words: &str) {
        let _ = self.handle.data(self.id, words.to_owned().into_bytes()).await;
    }
}
