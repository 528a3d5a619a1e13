//! A guest seen from outside: what its firmware and COM1 say, QEMU's events,
//! how much its drives move, and what stands on its screen. Nothing here asks
//! the guest for anything.

mod lines;
mod page;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::AsyncReadExt as _,
    net::UnixStream,
    sync::{mpsc, watch},
    task::{AbortHandle, JoinSet},
    time::Instant,
};

pub use lines::Sighting;
pub use page::{PageReader, Recognised, read as read_picture};

use crate::{
    machine::{ANSWER_DRIVE, INSTALLATION_DRIVE, SYSTEM_DRIVE},
    progress::Progress,
    qemu::{Channels, Listening, Qemu},
    qmp::{BlockStats, Event, Qmp, query_blockstats},
    wait::{self, Signs},
};

use lines::{Lines, Speaker};

/// What the observer needs besides the machine.
#[derive(Debug)]
pub struct Watching {
    /// Silence of every channel for this long is a stall; zero is never.
    pub stall: Duration,
    /// The spec field of that duration.
    pub stall_field: &'static str,
    /// Reads the text of a still screen.
    pub pages: Option<PageReader>,
    /// Where the raw text of the channels is kept.
    pub logs: PathBuf,
    /// Told how much was written.
    pub progress: Progress,
}

/// How long all must be quiet before the screen is looked at. Setup shows a
/// page for a moment also when the answer file fills it in.
const STILL: Duration = Duration::from_secs(8);
/// How long after a look at the screen the next one comes: a blinking cursor makes each picture a new one.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// What is kept of a channel, in bytes. Nothing that a person would read is longer.
const LOG_LIMIT: usize = 8 << 20;

/// Observes a machine until it is dropped.
#[derive(Debug)]
pub struct Observer {
    _tasks: JoinSet<()>,
    look: AbortHandle,
}

impl Observer {
    /// Starts to observe; sightings arrive in the order in which they were made.
    #[must_use]
    pub fn start(
        machine: &Qemu,
        channels: Channels,
        watching: Watching,
    ) -> (Self, mpsc::UnboundedReceiver<Sighting>) {
        let (sightings, seen) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            signs: machine.publisher(),
            sightings,
            moved: watch::Sender::new(Instant::now()),
        });
        let mut tasks = JoinSet::new();
        let com1 = watching.logs.join("com1.log");
        let listening = || channels.listening.clone();
        tasks.spawn(listen(channels.com1, Speaker::Com1, com1, shared.clone(), listening()));
        let firmware = watching.logs.join("firmware.log");
        tasks.spawn(listen(channels.firmware, Speaker::SeaBios, firmware, shared.clone(), listening()));
        tasks.spawn(follow(channels.events, shared.clone(), listening()));
        let look = tasks.spawn(measure(machine.qmp(), watching, shared));
        (Self { _tasks: tasks, look }, seen)
    }

    /// From here on only what is said counts: a guest at work may stand still and show what it likes.
    pub fn only_listen(&self) {
        self.look.abort();
    }
}

struct Shared {
    signs: watch::Sender<Signs>,
    sightings: mpsc::UnboundedSender<Sighting>,
    moved: watch::Sender<Instant>,
}

impl Shared {
    fn alive(&self, what: String) {
        self.moved.send_replace(Instant::now());
        self.signs.send_modify(|signs| signs.last_seen = what);
    }

    fn sight(&self, sighting: Sighting) {
        self.alive(sighting.to_string());
        if let Some(failure) = sighting.failure() {
            self.signs.send_modify(|signs| {
                signs.failed.get_or_insert(failure);
            });
        }
        // The task may have seen enough.
        let _ = self.sightings.send(sighting);
    }
}

/// Splits a channel into lines and keeps the beginning of its raw text.
async fn listen(
    mut channel: UnixStream,
    speaker: Speaker,
    log: PathBuf,
    shared: Arc<Shared>,
    _listening: Listening,
) {
    let mut lines = Lines::new(speaker);
    let mut buffer = vec![0; 64 << 10];
    let mut log = fs_err::File::create(log).ok();
    let mut room = LOG_LIMIT;
    while let Ok(count @ 1..) = channel.read(&mut buffer).await {
        let bytes = buffer.get(..count).unwrap_or_default();
        if let Some(log) = &mut log {
            // Evidence only: a full disk shows itself elsewhere.
            let kept = bytes.get(..room.min(count)).unwrap_or_default();
            let _ = std::io::Write::write_all(log, kept);
            room -= kept.len();
        }
        for sighting in lines.take(bytes) {
            shared.sight(sighting);
        }
    }
}

async fn follow(mut events: mpsc::UnboundedReceiver<Event>, shared: Arc<Shared>, _listening: Listening) {
    while let Some(event) = events.recv().await {
        match event {
            Event::Reset { by_guest: true } => shared.sight(Sighting::Reset),
            Event::Shutdown { by_guest } => shared.sight(Sighting::Shutdown { by_guest }),
            Event::Panicked => shared.sight(Sighting::Panicked),
            // A full disk stops the guest without a word of its own.
            Event::DriveFailed { what } => shared.signs.send_modify(|signs| {
                signs.broken.get_or_insert(format!("the host's storage failed: {what}"));
            }),
            Event::ClockSet { seconds } => shared.signs.send_modify(|signs| signs.clock_set = seconds),
            Event::Migration(status) => shared.signs.send_modify(|signs| signs.migration = Some(status)),
            Event::Reset { by_guest: false } | Event::Other(_) => {}
        }
    }
}

/// Looks at the drives' counters and, when all is still, at the screen.
async fn measure(qmp: Qmp, mut watching: Watching, shared: Arc<Shared>) {
    let mut before = Counters::default();
    let mut moved = shared.moved.subscribe();
    let mut looked = Instant::now();
    let patience = if watching.stall.is_zero() { Duration::MAX } else { watching.stall };
    loop {
        wait::poll_pause().await;
        // A QEMU that answers nothing for so long stands as still as a guest that does nothing.
        match wait::bounded(patience, qmp.execute(query_blockstats {})).await {
            Some(Ok(stats)) => {
                let now = Counters::of(&stats);
                if now != before {
                    shared.alive(now.since(&before));
                    watching.progress.moving(&now.told());
                    before = now;
                    continue;
                }
            }
            // QEMU's end has its own way to be known.
            Some(Err(_)) if qmp.is_closed() => return,
            Some(Err(_)) | None => {}
        }
        let still = moved.borrow_and_update().elapsed();
        if still >= STILL
            && looked.elapsed() >= LOOK_AGAIN
            && let Some(pages) = &mut watching.pages
        {
            if let Some(page) = pages.look(&qmp).await {
                shared.sight(Sighting::Page(page));
            }
            looked = Instant::now();
        }
        if still >= patience {
            let silence =
                format!("no sign of life for {} s (`{}`)", watching.stall.as_secs(), watching.stall_field);
            shared.signs.send_modify(|signs| {
                signs.stalled.get_or_insert(silence);
            });
            return;
        }
    }
}

/// What the drives moved, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counters {
    written: u64,
    read: u64,
    from_medium: u64,
    from_answer: u64,
}

impl Counters {
    fn of(stats: &[BlockStats]) -> Self {
        let drive = |name: &str| {
            stats.iter().find(|drive| drive.device == name).map(|drive| drive.stats).unwrap_or_default()
        };
        Self {
            written: drive(SYSTEM_DRIVE).wr_bytes,
            read: drive(SYSTEM_DRIVE).rd_bytes,
            from_medium: drive(INSTALLATION_DRIVE).rd_bytes,
            from_answer: drive(ANSWER_DRIVE).rd_bytes,
        }
    }

    fn told(&self) -> String {
        format!("{} MiB written", self.written >> 20)
    }

    fn since(&self, before: &Self) -> String {
        if self.written != before.written {
            format!("the disk was written, {} KiB in all", self.written >> 10)
        } else if self.from_answer != before.from_answer {
            format!("the answer medium was read, {} KiB in all", self.from_answer >> 10)
        } else if self.from_medium != before.from_medium {
            format!("the installation medium was read, {} MiB in all", self.from_medium >> 20)
        } else {
            format!("the disk was read, {} MiB in all", self.read >> 20)
        }
    }
}
