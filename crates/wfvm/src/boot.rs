//! From an installed image to a guest that takes commands, and back to a machine that is off.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    accelerator::{self, NoKvm},
    blame::Blame,
    guest::{Observer, PageReader, Sighting, Watching},
    machine::{Assembly, Display, SystemDisk, hosts_lines},
    phase::Phase,
    progress::Progress,
    qemu::{Qemu, QemuError},
    qmp::QmpError,
    session::{BootLimit, Connection, SessionError},
    spec::{Login, Machine, Network, Tools},
    wait::{self, Cause, Deadline, Signs, WaitError},
};

/// What ends the guest, without the half minute of grace that `shutdown` gives by default.
pub const SHUTDOWN_COMMAND: &str = "shutdown /s /t 0 /f";

/// How long a guest that ended its SSH server may take until its machine ends, too.
const GOING_AWAY: Duration = Duration::from_secs(30);

/// Where Windows looks for a name before it asks a server.
const HOSTS: &str = r"%SystemRoot%\System32\drivers\etc\hosts";
const RESTORE_HOSTS: &str = r#"move /y "%SystemRoot%\System32\drivers\etc\hosts.wfvm" "%SystemRoot%\System32\drivers\etc\hosts" >nul"#;

/// What is started.
#[derive(Debug)]
pub struct Boot<'a> {
    /// What the guest runs on.
    pub machine: &'a Machine,
    /// Programs and firmware.
    pub tools: &'a Tools,
    /// The account that commands run as.
    pub login: &'a Login,
    /// What the guest can reach.
    pub network: &'a Network,
    /// The installed system.
    pub disk: SystemDisk,
    /// Who sees the screen.
    pub display: Display,
    /// How long it may take.
    pub limit: BootLimit,
    /// Sockets and scratch files; a short path.
    pub scratch: &'a Path,
    /// The program that carries a forwarded connection.
    pub forwarder: &'a Path,
}

/// Why there is no guest that takes commands, or no clean end of it.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// KVM was asked for.
    #[error(transparent)]
    Accelerator(#[from] NoKvm),
    /// A file of the host failed.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// No machine.
    #[error(transparent)]
    Machine(#[from] QemuError),
    /// The machine protocol failed.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// What was waited for cannot come.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The logon failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// QEMU ended, but not because the guest did.
    #[error("QEMU ended ({how}) although the guest had not shut down, so the disk may be incomplete")]
    Killed {
        /// How.
        how: String,
    },
}

impl GuestError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Accelerator(_) | Self::File(_) | Self::Qmp(_) | Self::Killed { .. } => Blame::Host,
            Self::Machine(error) => error.blame(),
            Self::Wait(error) => error.cause.blame(),
            Self::Session(error) => error.blame(),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Accelerator(_) => Some(
                "`accelerator = \"tcg\"` translates instead, some twenty times slower; \
                 for KVM in a virtual machine, nested virtualisation must work",
            ),
            Self::Wait(WaitError { cause: Cause::Deadline(_), .. }) => {
                Some("a loaded or slow host may need a longer deadline in `timeouts`")
            }
            Self::Wait(_)
            | Self::File(_)
            | Self::Machine(_)
            | Self::Qmp(_)
            | Self::Session(_)
            | Self::Killed { .. } => None,
        }
    }
}

/// A guest that takes commands. Its machine is kept by who started it.
#[derive(Debug)]
pub struct Guest {
    /// The way into it.
    pub connection: Arc<Connection>,
    /// From the start of its CPUs to the authenticated session.
    pub took: Duration,
    /// What became of its machine.
    pub signs: watch::Receiver<Signs>,
    /// Loopback ports of the host that lead to the guest's named ones.
    ports: BTreeMap<String, u16>,
    /// Whether its hosts file has lines that are not to be kept.
    names: bool,
    shut_down: watch::Receiver<bool>,
    _observer: Observer,
    follower: JoinHandle<()>,
}

impl Guest {
    /// Starts the machine, puts it into `running` and logs on.
    ///
    /// # Errors
    /// [`GuestError`].
    pub async fn boot(
        boot: &Boot<'_>,
        progress: &Progress,
        running: &mut Option<Qemu>,
    ) -> Result<Self, GuestError> {
        let scratch = boot.scratch;
        let acceleration =
            accelerator::settle(boot.machine.accelerator, boot.tools, scratch, progress).await?;
        progress.phase(Phase::Boot, "starting the machine");
        let assembly = Assembly {
            machine: boot.machine,
            tools: boot.tools,
            acceleration,
            disk: boot.disk.clone(),
            installation_medium: None,
            answer_medium: None,
            network: boot.network,
            forwarder: Some(boot.forwarder.into()),
            display: boot.display,
            directory: scratch,
        };
        let deadline = boot.limit.from_now();
        let (machine, channels) = Qemu::start(&assembly, deadline).await?;
        let machine = running.insert(machine);
        let screens = std::path::absolute(scratch)?.join("screens");
        fs_err::create_dir_all(&screens)?;
        let watching = Watching {
            // The boot's own deadline comes before any stall of it.
            stall: Duration::ZERO,
            stall_field: boot.limit.field,
            pages: boot.tools.tesseract.as_deref().map(|tesseract| PageReader::new(tesseract, &screens)),
            logs: scratch.into(),
            progress: progress.clone(),
        };
        let (observer, seen) = Observer::start(machine, channels, watching);
        if boot.display == Display::Vnc {
            tell_screen(machine, progress).await?;
        }
        let ports = machine.host_ports(&boot.network.ports).await?;
        let port = machine.ssh_port().await?;
        let since = Instant::now();
        machine.resume().await?;
        let connection = Connection::open(port, boot.login, machine.signs(), boot.limit, deadline).await??;
        let took = since.elapsed();
        let names = hosts_lines(boot.network);
        if !names.is_empty() {
            change_hosts(&connection, &append_to_hosts(&names)).await?;
        }
        // From here on the script judges the guest.
        observer.only_listen();
        let connection = Arc::new(connection);
        let (tell, shut_down) = watch::channel(false);
        let follower = tokio::spawn(follow(seen, connection.clone(), tell));
        Ok(Self {
            connection,
            took,
            signs: machine.signs(),
            ports,
            names: !names.is_empty(),
            shut_down,
            _observer: observer,
            follower,
        })
    }

    /// What a script finds in its environment.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let name = |name: &String| format!("WFVM_PORT_{}", name.to_uppercase());
        self.ports.iter().map(|(port, number)| (name(port), number.to_string())).collect()
    }

    /// Whether the guest ended the machine. What QEMU said before its end has been seen when its end is known.
    #[must_use]
    pub fn has_shut_down(&self) -> bool {
        *self.shut_down.borrow()
    }

    /// Whether the guest shuts down now, after it let a request fail.
    pub async fn goes_away(&mut self) -> bool {
        let mut signs = self.signs.clone();
        let ended = signs.wait_for(|signs| signs.exited.is_some());
        if wait::bounded(GOING_AWAY, ended).await.is_some() {
            self.heard_out().await;
        }
        self.has_shut_down()
    }

    /// Waits until everything that the machine said before its end was heard.
    pub async fn heard_out(&mut self) {
        // The follower ends when the last channel of the machine has ended.
        let _ = (&mut self.follower).await;
    }

    /// Shuts the guest down and waits for the end of its machine.
    ///
    /// # Errors
    /// [`GuestError`] if the guest did not end by itself.
    pub async fn shut_down(mut self, machine: &Qemu, deadline: Deadline) -> Result<(), GuestError> {
        let connection = self.connection.clone();
        if self.names {
            change_hosts(&connection, RESTORE_HOSTS).await?;
        }
        let order = connection.with(async |session| session.run_to_end(SHUTDOWN_COMMAND).await);
        let order = async { order.await.map(|(code, ..)| code) };
        power_off(machine, Box::pin(order), deadline).await?;
        self.heard_out().await;
        if self.has_shut_down() {
            return Ok(());
        }
        let how = self.signs.borrow().exited.clone().unwrap_or_default();
        Err(GuestError::Killed { how })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

async fn follow(
    mut seen: mpsc::UnboundedReceiver<Sighting>,
    connection: Arc<Connection>,
    shut_down: watch::Sender<bool>,
) {
    while let Some(sighting) = seen.recv().await {
        if sighting == Sighting::Reset {
            connection.restarted();
        } else if let Sighting::Shutdown { by_guest } = sighting {
            shut_down.send_replace(by_guest);
        }
    }
}

/// Where a person finds the screen of a machine that shows it by VNC.
///
/// # Errors
/// [`QmpError`].
pub async fn tell_screen(machine: &Qemu, progress: &Progress) -> Result<(), QmpError> {
    let address = machine.vnc_address().await?.unwrap_or_else(|| "no address".into());
    progress.line(&format!("  the screen is shown by VNC at {address}"));
    Ok(())
}

/// Lines for the hosts file, after a copy of it was made.
fn append_to_hosts(names: &[(Ipv4Addr, String)]) -> String {
    // The redirection comes first: a digit before it would be a handle. Windows' own file may
    // lack the end of its last line.
    let lines: Vec<String> = names.iter().map(|(address, name)| format!("&echo {address} {name}")).collect();
    format!(r#"copy /y "{HOSTS}" "{HOSTS}.wfvm" >nul && >>"{HOSTS}" (echo.{})"#, lines.concat())
}

async fn change_hosts(connection: &Connection, command: &str) -> Result<(), SessionError> {
    let (code, stdout, stderr) = connection.with(async |session| session.run_to_end(command).await).await?;
    if code == 0 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).trim().to_owned();
    Err(SessionError::GuestFile { path: HOSTS.into(), problem: format!("exit code {code}: {said}") })
}

/// Ends the guest by `order`, or by the power button if that is refused or lost, and waits for
/// QEMU's end.
///
/// # Errors
/// [`GuestError`].
pub async fn power_off(
    machine: &Qemu,
    order: impl Future<Output = Result<u32, SessionError>>,
    deadline: Deadline,
) -> Result<(), GuestError> {
    let signs = machine.signs();
    let order = async {
        // The guest may be gone before it answers; a refusal leaves the power button.
        match order.await {
            Ok(0) | Err(SessionError::NoExitCode { .. } | SessionError::Restarted) => Ok(()),
            Ok(_) | Err(_) => machine.power_button().await,
        }
    };
    let ended = async {
        let (ordered, ()) = tokio::join!(order, machine.ended());
        ordered
    };
    match wait::race("the end of the guest", ended, &signs, deadline).await {
        // QEMU's end is what was waited for.
        Ok(_) | Err(WaitError { cause: Cause::QemuExited(_), .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_appended_behind_a_redirection_that_takes_no_digit_for_a_handle() {
        let names = [
            (Ipv4Addr::new(192, 168, 1, 100), "a.example".into()),
            (Ipv4Addr::new(192, 168, 1, 101), "b2".into()),
        ];
        let hosts = r"%SystemRoot%\System32\drivers\etc\hosts";
        let wanted = format!(
            r#"copy /y "{hosts}" "{hosts}.wfvm" >nul && >>"{hosts}" (echo.&echo 192.168.1.100 a.example&echo 192.168.1.101 b2)"#
        );
        assert_eq!(append_to_hosts(&names), wanted);
    }
}
