//! A guest that takes commands, however it came to run.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::{
    GuestError, SHUTDOWN_COMMAND, clock,
    hosts::{RESTORE_HOSTS, append_to_hosts, change_hosts},
    power_off, tell_screen,
};
use crate::{
    accelerator::{self, NoKvm},
    guest::{Observer, PageReader, Sighting, Watching},
    machine::{Acceleration, Assembly, Display, Memory, Plugged, SystemDisk, hosts_lines},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    session::{BootLimit, Connection, SessionError},
    spec::{Accelerator, Login, Machine, Network, Tools},
    template::{Extent, Origin, Template},
    wait::{self, Deadline, Signs},
};

/// How long a guest that ended its SSH server may take until its machine ends, too.
const GOING_AWAY: Duration = Duration::from_secs(30);

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
    /// Where it begins.
    pub start: Start<'a>,
    /// The installed system, or that of the template.
    pub disk: SystemDisk,
    /// Further drives.
    pub plugged: Plugged,
    /// Who sees the screen.
    pub display: Display,
    /// How long it may take.
    pub limit: BootLimit,
    /// Sockets and scratch files; a short path.
    pub scratch: &'a Path,
    /// The program that carries a forwarded connection.
    pub forwarder: &'a Path,
}

/// Where a guest begins.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// With its firmware.
    Cold,
    /// With its firmware, and with a memory in this file, so that it can be frozen.
    ToFreeze(&'a Path),
    /// Where a template was frozen.
    Template(&'a Template),
}

/// A guest that takes commands. Its machine is kept by who started it.
#[derive(Debug)]
pub struct Guest {
    /// The way into it.
    pub connection: Arc<Connection>,
    /// From the start of its CPUs to the authenticated session.
    pub took: Duration,
    /// How its instructions are run.
    pub acceleration: Acceleration,
    /// When its CPUs began to run.
    pub running_at: SystemTime,
    /// When the session was authenticated.
    pub ready_at: SystemTime,
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

impl<'a> Start<'a> {
    fn template(self) -> Option<&'a Template> {
        match self {
            Self::Template(template) => Some(template),
            Self::Cold | Self::ToFreeze(_) => None,
        }
    }
}

impl<'a> From<&'a Origin> for Start<'a> {
    fn from(origin: &'a Origin) -> Self {
        origin.template().map_or(Self::Cold, Self::Template)
    }
}

impl Boot<'_> {
    /// How instructions are run: in a clone as in its template, but KVM is never trusted unseen.
    async fn acceleration(&self, progress: &Progress) -> Result<Acceleration, NoKvm> {
        let wanted = match self.start.template().map(|template| template.manifest.acceleration) {
            None => self.machine.accelerator,
            Some(Acceleration::Kvm) => Accelerator::Kvm,
            Some(Acceleration::Tcg) => Accelerator::Tcg,
        };
        accelerator::settle(wanted, self.tools, self.scratch, progress).await
    }
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
        // Checked while QEMU starts.
        let template = boot.start.template();
        let state = template
            .cloned()
            .map(|template| tokio::task::spawn_blocking(move || template.state(Extent::Sample)));
        let acceleration = boot.acceleration(progress).await?;
        let happening =
            if template.is_some() { "waking a clone of the template" } else { "starting the machine" };
        progress.phase(Phase::Boot, happening);
        let memory = match boot.start {
            Start::Cold => Memory::Anonymous,
            Start::ToFreeze(file) => Memory::Kept(file.into()),
            Start::Template(template) => template.memory(),
        };
        let assembly = Assembly {
            machine: boot.machine,
            tools: boot.tools,
            acceleration,
            memory,
            disk: boot.disk.clone(),
            installation_medium: None,
            answer_medium: None,
            plugged: boot.plugged.clone(),
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
        let thaw = async {
            if let Some(state) = state {
                let state = state.await.map_err(std::io::Error::other)??;
                machine.thaw(&state, scratch, deadline).await?;
                for (command, arguments) in boot.plugged.commands() {
                    machine.qmp().ask(command, &arguments).await?;
                }
            }
            Ok::<_, GuestError>(())
        };
        // QEMU answers each when it gets to it.
        let (ports, thawed) = tokio::join!(machine.host_ports(&boot.network.ports), thaw);
        thawed?;
        let (port, ports) = ports?;
        let since = Instant::now();
        machine.resume().await?;
        let running_at = SystemTime::now();
        let connection = Connection::open(port, boot.login, machine.signs(), boot.limit, deadline).await??;
        let took = since.elapsed();
        let ready_at = SystemTime::now();
        let names = hosts_lines(boot.network);
        let settings = async {
            if let Some(template) = template {
                let of_template = &template.manifest.machine.rtc_base;
                clock::set(&connection, &boot.machine.rtc_base, of_template, boot.disk.state.as_deref())
                    .await?;
            }
            if !names.is_empty() {
                change_hosts(&connection, &append_to_hosts(&names)).await?;
            }
            Ok::<_, SessionError>(())
        };
        wait::race("the guest's clock and names", settings, &machine.signs(), deadline).await??;
        // From here on the script judges the guest.
        observer.only_listen();
        let connection = Arc::new(connection);
        let (tell, shut_down) = watch::channel(false);
        let follower = tokio::spawn(follow(seen, connection.clone(), tell));
        Ok(Self {
            connection,
            took,
            acceleration,
            running_at,
            ready_at,
            signs: machine.signs(),
            ports,
            names: !names.is_empty(),
            shut_down,
            _observer: observer,
            follower,
        })
    }

    /// What a script finds in its environment, whose guests are counted from 1.
    #[must_use]
    pub fn variables(&self, number: u32) -> Vec<(String, String)> {
        let number = if number == 1 { String::new() } else { format!("{number}_") };
        let name = |name: &String| format!("WFVM_{number}PORT_{}", name.to_uppercase());
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
            let restored = change_hosts(&connection, RESTORE_HOSTS);
            wait::race("the guest's own names", restored, &machine.signs(), deadline).await??;
        }
        let order = connection.run_to_end(SHUTDOWN_COMMAND);
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
