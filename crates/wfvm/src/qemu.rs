//! The one owner of a machine: QEMU's process, its TPM, its machine protocol.
//!
//! QEMU connects to sockets that exist before it starts, so nothing that it
//! says can be missed and nobody asks again and again whether it is there yet.

mod loopback_port;
#[cfg(feature = "script")]
mod migration;
mod state;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use qapi::qmp::{self, QmpCommand};
use tokio::{
    net::{UnixListener, UnixStream},
    process::Child,
    sync::{mpsc, watch},
    task::JoinHandle,
};

pub use loopback_port::PortTaken;
#[cfg(feature = "run")]
pub(crate) use state::copy_files;

use state::RunningClock;

use crate::{
    blame::Blame,
    machine::{Assembly, COM1_SOCKET, Display, FIRMWARE_SOCKET, QMP_SOCKET, SSH, TPM_SOCKET, TPM_STATE},
    qmp::{Event, Qmp, QmpError},
    spec::Machine,
    tool::{Tool, ToolError, status_in_words, tail},
    wait::{self, Deadline, Signs, WaitError},
};

/// How long what QEMU said before its end may take to be heard.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long a killed QEMU may take to be gone.
const END: Duration = Duration::from_secs(30);
/// How long QEMU may take to list what it can do.
const LIST: Duration = Duration::from_secs(20);

/// Why there is no machine.
#[derive(Debug, thiserror::Error)]
pub enum QemuError {
    /// QEMU or swtpm could not be started.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// QEMU ended before the machine existed.
    #[error("{command}: {problem}")]
    Start {
        /// The command line, ready to paste.
        command: String,
        /// What happened, with QEMU's last words.
        problem: String,
    },
    /// QEMU was not ready in time.
    #[error(transparent)]
    Late(#[from] WaitError),
    /// A file of the machine could not be made.
    #[error("the machine's files could not be made: {0}")]
    Files(#[from] io::Error),
    /// The firmware would start whatever it finds.
    #[error(
        "machine.secureBoot: {} has no platform key, so that the firmware would start whatever it finds",
        variables.display()
    )]
    NoKeys {
        /// The UEFI variables: the image's, or those of a new machine.
        variables: PathBuf,
    },
    /// The machine protocol failed.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// A frozen guest cannot be made, or does not go on.
    #[error("the state of the devices could not be {what}: {problem}")]
    State {
        /// Saved or loaded.
        what: &'static str,
        /// QEMU's words.
        problem: String,
    },
    /// A port that was asked for by its number is in use.
    #[error(transparent)]
    PortTaken(#[from] PortTaken),
    /// QEMU does not tell a forwarded port.
    #[error("QEMU forwards no port to port {guest_port} of the guest; `info usernet` said:\n{said}")]
    NoPort {
        /// The guest's port.
        guest_port: u16,
        /// QEMU's words.
        said: String,
    },
}

impl QemuError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Tool(_)
            | Self::Start { .. }
            | Self::Files(_)
            | Self::Qmp(_)
            | Self::State { .. }
            | Self::PortTaken(_) => Blame::Host,
            Self::NoKeys { .. } => Blame::Input,
            Self::Late(error) => error.cause.blame(),
            Self::NoPort { .. } => Blame::Bug,
        }
    }
}

/// What a machine says, for the one who listens to it.
#[derive(Debug)]
pub struct Channels {
    /// COM1; OVMF writes here as well.
    pub com1: UnixStream,
    /// SeaBIOS' debug port.
    pub firmware: UnixStream,
    /// QEMU's events.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// For everyone who listens to one of them.
    pub listening: Listening,
}

/// Held by a listener until its channel has ended, so that QEMU's end is told only after
/// everything that QEMU said before it.
#[derive(Debug, Clone)]
pub struct Listening {
    _open: mpsc::Sender<()>,
}

/// A machine. Dropping it kills it.
#[derive(Debug)]
pub struct Qemu {
    qmp: Qmp,
    signs: watch::Sender<Signs>,
    owner: JoinHandle<()>,
    kill: mpsc::Sender<()>,
    tpm: Option<Child>,
    clock: RunningClock,
}

impl Qemu {
    /// Makes the machine's files and starts it, its CPUs still stopped.
    ///
    /// # Errors
    /// [`QemuError`]; nothing is left running then.
    pub async fn start(assembly: &Assembly<'_>, deadline: Deadline) -> Result<(Self, Channels), QemuError> {
        if let Some(port) = assembly.network.ssh_port {
            loopback_port::check_free(port)?;
        }
        let directory = assembly.directory;
        let machine = Machine { rtc_base: state::clock(assembly), ..assembly.machine.clone() };
        let assembly = &Assembly { machine: &machine, ..assembly.clone() };
        state::bring(assembly)?;
        let tpm = start_tpm(assembly, deadline).await?;
        let listen = |name: &str| UnixListener::bind(directory.join(name));
        let (qmp, com1, firmware) = (listen(QMP_SOCKET)?, listen(COM1_SOCKET)?, listen(FIRMWARE_SOCKET)?);
        let said = directory.join("qemu.log");
        let log = fs_err::File::create(&said)?.into_parts().0;
        let tool = Tool::new(&assembly.tools.qemu).words(assembly.arguments());
        let command_line = tool.command_line();
        let clock = RunningClock::start(&machine.rtc_base);
        let mut child = tool.spawn(Stdio::null(), Stdio::from(log.try_clone()?), Stdio::from(log))?;
        let problem = |problem: String| QemuError::Start { command: command_line.clone(), problem };
        let connections = async {
            let (qmp, com1, firmware) = tokio::join!(qmp.accept(), com1.accept(), firmware.accept());
            io::Result::Ok((qmp?.0, com1?.0, firmware?.0))
        };
        let ready = async {
            let (qmp, com1, firmware) = tokio::select! {
                biased;
                connections = connections => connections.map_err(|error| problem(error.to_string()))?,
                status = child.wait() => return Err(problem(ended(status, &said))),
            };
            match Qmp::negotiate(qmp, directory.join("qmp.jsonl")).await {
                Ok((qmp, events)) => Ok((qmp, events, com1, firmware)),
                // Its end explains why a connection was lost.
                Err(error) => match wait::bounded(LAST_WORDS, child.wait()).await {
                    Some(status) => Err(problem(ended(status, &said))),
                    None => Err(problem(error.to_string())),
                },
            }
        };
        let (signs, seen) = watch::channel(Signs { last_seen: "QEMU's start".into(), ..Signs::default() });
        let (qmp, events, com1, firmware) =
            match wait::race("QEMU's first answer", ready, &seen, deadline).await {
                Ok(ready) => ready?,
                Err(late) => {
                    return Err(WaitError { last_seen: with_words(&late.last_seen, &said), ..late }.into());
                }
            };
        let (kill, killed) = mpsc::channel(1);
        let (listening, listened) = mpsc::channel(1);
        let owner = tokio::spawn(own(child, said, signs.clone(), killed, listened));
        let machine = Self { qmp, signs, owner, kill, tpm, clock };
        let listening = Listening { _open: listening };
        Ok((machine, Channels { com1, firmware, events, listening }))
    }

    /// What became of the machine; for waits.
    #[must_use]
    pub fn signs(&self) -> watch::Receiver<Signs> {
        self.signs.subscribe()
    }

    /// Where the observer publishes what it sees.
    #[must_use]
    pub fn publisher(&self) -> watch::Sender<Signs> {
        self.signs.clone()
    }

    /// Lets the CPUs run.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn resume(&self) -> Result<(), QmpError> {
        self.ask(qmp::cont {}).await.map(|_| ())
    }

    /// Stops the CPUs. What the images' formats keep in memory has been written then, whatever their caches.
    ///
    /// # Errors
    /// [`QmpError`].
    #[cfg(feature = "run")]
    pub async fn pause(&self) -> Result<(), QmpError> {
        self.ask(qmp::stop {}).await.map(|_| ())
    }

    /// The loopback port of the host that leads to the guest's SSH server.
    ///
    /// # Errors
    /// [`QemuError::NoPort`] if QEMU made none.
    pub async fn ssh_port(&self) -> Result<u16, QemuError> {
        port_to(SSH, &self.forwarded_ports().await?)
    }

    /// The loopback ports of the host that lead to the guest's SSH server, and to those by their names in the spec.
    ///
    /// # Errors
    /// [`QemuError::NoPort`] for the first that QEMU did not make.
    pub async fn host_ports(
        &self,
        guest_ports: &BTreeMap<String, u16>,
    ) -> Result<(u16, BTreeMap<String, u16>), QemuError> {
        let said = self.forwarded_ports().await?;
        let named = guest_ports.iter().map(|(name, &port)| Ok((name.clone(), port_to(port, &said)?)));
        Ok((port_to(SSH, &said)?, named.collect::<Result<_, QemuError>>()?))
    }

    async fn forwarded_ports(&self) -> Result<String, QmpError> {
        self.ask(qmp::human_monitor_command { cpu_index: None, command_line: "info usernet".into() }).await
    }

    /// Address and port of the screen, if it is shown by VNC.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn vnc_address(&self) -> Result<Option<String>, QmpError> {
        let told = self.ask(qmp::query_vnc {}).await?;
        Ok(told.host.zip(told.service).map(|(host, port)| format!("{host}:{port}")))
    }

    /// Presses and releases Enter.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn press_enter(&self) -> Result<(), QmpError> {
        let keys = vec![qmp::KeyValue::qcode(qmp::QKeyCode::ret.into())];
        self.ask(qmp::send_key { hold_time: None, keys }).await.map(|_| ())
    }

    /// Presses the power button.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn power_button(&self) -> Result<(), QmpError> {
        self.ask(qmp::system_powerdown {}).await.map(|_| ())
    }

    /// A command whose lost answer is explained by QEMU's end, if that is why.
    async fn ask<C: QmpCommand>(&self, command: C) -> Result<C::Ok, QmpError> {
        let answer = self.qmp.execute(command).await;
        match answer {
            Err(QmpError::Connection { command, problem }) => {
                let ended = wait::bounded(LAST_WORDS, self.ended()).await;
                let how = ended.and_then(|()| self.signs.borrow().exited.clone());
                let problem = how.map_or(problem, |how| format!("QEMU ended: {how}"));
                Err(QmpError::Connection { command, problem })
            }
            answer => answer,
        }
    }

    /// Another end of the machine protocol.
    #[must_use]
    pub fn qmp(&self) -> Qmp {
        self.qmp.clone()
    }

    /// Waits until QEMU ended by itself.
    pub async fn ended(&self) {
        let mut signs = self.signs.subscribe();
        // The owner publishes the end before it goes away.
        let _ = signs.wait_for(|signs| signs.exited.is_some()).await;
    }

    /// Keeps what the guest's clock shows now at the latest in a directory, as QEMU's `-rtc base=` takes it.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn keep_time(&self, directory: &Path) -> io::Result<()> {
        state::keep_time(directory, &self.last_time())
    }

    fn last_time(&self) -> String {
        self.clock.now(self.signs.borrow().clock_set)
    }

    /// Keeps what a machine that has ended leaves besides its disk, as the directory `out`, which appears
    /// only when it is whole.
    ///
    /// # Errors
    /// The host's.
    pub async fn keep_state(mut self, directory: &Path, out: &Path) -> io::Result<()> {
        if let Some(tpm) = &mut self.tpm {
            // It ends with its machine, and has written everything then.
            let _ = wait::bounded(END, tpm.wait()).await;
        }
        state::keep(directory, out, &self.last_time())
    }

    /// Ends QEMU at once and waits until it is gone.
    pub async fn kill(mut self) {
        let _ = self.kill.send(()).await;
        let _ = wait::bounded(END, &mut self.owner).await;
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // The task owns the child, and the child dies with it.
        self.owner.abort();
    }
}

/// As many CPUs as Nix gives a build by `NIX_BUILD_CORES`, as far as QEMU's q35 takes them; without a number, or
/// with 0, all of the host.
#[cfg(any(feature = "run", feature = "linux"))]
#[must_use]
pub fn cpus(build_cores: Option<&str>) -> u32 {
    /// Also vmTools' limit.
    const MOST: u32 = 255;
    let given = build_cores.and_then(|cores| cores.parse().ok()).filter(|cores| *cores > 0);
    let all =
        || std::thread::available_parallelism().map_or(1, |all| u32::try_from(all.get()).unwrap_or(MOST));
    given.unwrap_or_else(all).min(MOST)
}

/// How a person is shown the screen: in a window where there is a `desktop` and this QEMU
/// can open one, else by VNC.
pub async fn display_for_a_person(qemu: &Path, desktop: bool) -> Display {
    // One type per line, after a heading.
    let lists_gtk = |list: Vec<u8>| String::from_utf8_lossy(&list).lines().any(|line| line.trim() == "gtk");
    let asked = Tool::new(qemu).words(["-display", "help"]);
    if desktop && asked.run(LIST).await.is_ok_and(lists_gtk) { Display::Window } else { Display::Vnc }
}

/// Waits for QEMU's end, which may be ordered, and publishes it.
async fn own(
    mut child: Child,
    said: PathBuf,
    signs: watch::Sender<Signs>,
    mut killed: mpsc::Receiver<()>,
    mut listened: mpsc::Receiver<()>,
) {
    let status = tokio::select! {
        status = child.wait() => {
            // A guest's last words explain the end, so they are heard first.
            let _ = wait::bounded(LAST_WORDS, listened.recv()).await;
            status
        }
        _ = killed.recv() => {
            // It may have ended in this very moment.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    let how = ended(status, &said);
    signs.send_modify(|signs| signs.exited = Some(how));
}

fn ended(status: io::Result<std::process::ExitStatus>, said: &Path) -> String {
    let how = match status {
        Ok(status) => status_in_words(status),
        Err(error) => format!("its status could not be read: {error}"),
    };
    with_words(&how, said)
}

fn with_words(text: &str, said: &Path) -> String {
    match &last_words(said)[..] {
        "" => text.to_owned(),
        words => format!("{text}\n{words}"),
    }
}

fn last_words(said: &Path) -> String {
    fs_err::read(said).map(|bytes| tail(&bytes)).unwrap_or_default()
}

/// Starts the TPM emulator. QEMU closes its control connection at the end, which ends it too.
async fn start_tpm(assembly: &Assembly<'_>, deadline: Deadline) -> Result<Option<Child>, QemuError> {
    let Some(swtpm) = assembly.tools.swtpm.as_deref().filter(|_| assembly.machine.tpm) else {
        return Ok(None);
    };
    let state = assembly.directory.join(TPM_STATE);
    let socket = assembly.directory.join(TPM_SOCKET);
    let tool = Tool::new(swtpm).words(["socket", "--tpm2", "--terminate"]).words([
        "--tpmstate".to_owned(),
        format!("dir={}", state.display()),
        "--ctrl".to_owned(),
        format!("type=unixio,path={}", socket.display()),
    ]);
    let said = assembly.directory.join("swtpm.log");
    let log = fs_err::File::create(&said)?.into_parts().0;
    let mut child = tool.spawn(Stdio::null(), Stdio::from(log.try_clone()?), Stdio::from(log))?;
    let ready = async {
        // swtpm has no way to tell that it listens but the socket itself.
        while !socket.exists() {
            if let Ok(Some(status)) = child.try_wait() {
                let problem = ended(Ok(status), &said);
                return Err(QemuError::Start { command: tool.command_line(), problem });
            }
            wait::poll_pause().await;
        }
        Ok(())
    };
    let (_alone, seen) = watch::channel(Signs { last_seen: "swtpm's start".into(), ..Signs::default() });
    match wait::race("the TPM's socket", ready, &seen, deadline).await {
        Ok(ready) => ready.map(|()| Some(child)),
        Err(late) => Err(WaitError { last_seen: with_words(&late.last_seen, &said), ..late }.into()),
    }
}

/// Finds the host's port that leads to the guest's in the table of `info usernet`, whose rows are
/// `TCP[HOST_FORWARD]  11  127.0.0.1  45123  192.168.1.15  22  0  0`.
fn port_to(guest_port: u16, said: &str) -> Result<u16, QemuError> {
    let host_port = said.lines().filter(|line| line.contains("HOST_FORWARD")).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(5)?.parse() == Ok(guest_port)).then(|| fields.get(3)?.parse().ok())?
    });
    host_port.ok_or_else(|| QemuError::NoPort { guest_port, said: said.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_port_is_read_from_qemus_table_by_where_it_leads() {
        let text = "Hub -1 (network):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n  TCP[ESTABLISHED]    9       127.0.0.1    80    192.168.1.15    80     0     0\r\n  TCP[HOST_FORWARD]  12       127.0.0.1 40080    192.168.1.15    80     0     0\r\n  TCP[HOST_FORWARD]  11       127.0.0.1 45123    192.168.1.15    22     0     0\r\n";
        assert_eq!(port_to(22, text).unwrap(), 45123);
        assert_eq!(port_to(80, text).unwrap(), 40080);
        let error = port_to(443, text).unwrap_err();
        assert!(matches!(error, QemuError::NoPort { guest_port: 443, .. }), "{error}");
    }
}
