//! QEMU's machine protocol. Commands and events have `qapi`'s types; the
//! connection is our own task, because a wait of ours may be given up at any
//! time, and because other QEMU versions have events that `qapi` does not know.

use std::{
    collections::HashMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use qapi::qmp::{self, QmpCommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixStream, unix::OwnedReadHalf},
    sync::{mpsc, oneshot},
};

use crate::wait;

/// How long QEMU may take to answer a command: its main loop answers in
/// milliseconds, on a loaded host in seconds.
const ANSWER: Duration = Duration::from_secs(60);

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QmpError {
    /// QEMU refused the command.
    #[error("QMP `{command}`: {description}")]
    Refused {
        /// The command.
        command: String,
        /// QEMU's words.
        description: String,
    },
    /// The connection is gone, or QEMU does not answer.
    #[error("QMP `{command}`: {problem}")]
    Connection {
        /// The command.
        command: String,
        /// What happened.
        problem: String,
    },
    /// The answer has another shape than expected.
    #[error("QMP `{command}` answered something unexpected")]
    Answer {
        /// The command.
        command: String,
        /// What serde found.
        source: serde_json::Error,
    },
}

/// Something that QEMU told by itself.
#[derive(Debug, Clone)]
pub enum Event {
    /// The guest or the host restarted the machine.
    Reset {
        /// Whether the guest did.
        by_guest: bool,
    },
    /// The machine is about to end.
    Shutdown {
        /// Whether the guest did.
        by_guest: bool,
    },
    /// The guest told of a crash.
    Panicked,
    /// The state of the devices is on its way, in QEMU's word for how far it is.
    Migration(String),
    /// The guest has set its clock, so many seconds from what it showed.
    ClockSet {
        /// How far forwards.
        seconds: i64,
    },
    /// A file of the host failed under a drive.
    DriveFailed {
        /// The drive, what was done with it, and why it failed.
        what: String,
    },
    /// Anything else, by name.
    Other(String),
}

#[derive(Debug)]
struct Request {
    command: &'static str,
    line: Vec<u8>,
    id: u64,
    answer: oneshot::Sender<Result<Value, String>>,
}

impl Request {
    /// The counters are looked at four times a second: in the log they would bury everything else.
    fn is_a_look(&self) -> bool {
        self.command == <query_blockstats as qapi_spec::Command>::NAME
    }
}

/// The commanding end of a connection. Clones share it.
#[derive(Debug, Clone)]
pub struct Qmp {
    requests: mpsc::Sender<Request>,
    next_id: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Qmp {
    /// Negotiates with the QEMU at the other end of `stream`. All lines but those about the
    /// drives' counters are written to `log`.
    ///
    /// # Errors
    /// When the other side does not speak QMP.
    pub async fn negotiate(
        stream: UnixStream,
        log: PathBuf,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        let (read, write) = stream.into_split();
        let (requests, received) = mpsc::channel(16);
        let (events, told) = mpsc::unbounded_channel();
        let log = fs_err::File::create(log)?;
        tokio::spawn(serve(BufReader::new(read), write, received, events, log));
        let connection = Self { requests, next_id: std::sync::Arc::default() };
        connection.execute(qmp::qmp_capabilities { enable: None }).await.map_err(io::Error::other)?;
        Ok((connection, told))
    }

    /// Whether QEMU closed the connection.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// Writes the screen into a PNG file, whose path QEMU takes from its own directory.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn screenshot(&self, file: &Path) -> Result<(), QmpError> {
        let filename = file.to_string_lossy().into_owned();
        let format = Some(qmp::ImageFormat::png);
        self.execute(qmp::screendump { device: None, format, head: None, filename }).await.map(|_| ())
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn execute<C: QmpCommand>(&self, command: C) -> Result<C::Ok, QmpError> {
        let name = C::NAME;
        let unexpected = |source| QmpError::Answer { command: name.into(), source };
        let arguments = serde_json::to_value(&command).map_err(unexpected)?;
        serde_json::from_value(self.ask(name, &arguments).await?).map_err(unexpected)
    }

    /// Sends a command whose arguments have more shapes than a type is worth.
    ///
    /// # Errors
    /// [`QmpError`].
    pub async fn ask(&self, name: &'static str, arguments: &Value) -> Result<Value, QmpError> {
        let id = self.next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut line = json!({ "execute": name, "arguments": arguments, "id": id }).to_string().into_bytes();
        line.push(b'\n');
        let lost = |problem: &str| QmpError::Connection { command: name.into(), problem: problem.into() };
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            self.requests
                .send(Request { command: name, line, id, answer })
                .await
                .map_err(|_| lost("the connection is closed"))?;
            answered.await.map_err(|_| lost("the connection was closed before the answer"))
        };
        let Some(reply) = wait::bounded(ANSWER, exchange).await else {
            return Err(lost(&format!("no answer within {} s", ANSWER.as_secs())));
        };
        reply?.map_err(|description| QmpError::Refused { command: name.into(), description })
    }
}

/// Reads answers and events, writes requests, until QEMU closes the connection.
async fn serve(
    mut read: BufReader<OwnedReadHalf>,
    mut write: tokio::net::unix::OwnedWriteHalf,
    mut requests: mpsc::Receiver<Request>,
    events: mpsc::UnboundedSender<Event>,
    mut log: fs_err::File,
) {
    let mut pending: HashMap<u64, Request> = HashMap::new();
    let mut line = Vec::new();
    loop {
        tokio::select! {
            // Cancelled reads keep what they have read in `line`.
            end = read.read_until(b'\n', &mut line) => {
                if !matches!(end, Ok(1..)) { return }
                let message = serde_json::from_slice::<Value>(&line).unwrap_or_default();
                let id = message.get("id").and_then(Value::as_u64);
                let request = id.and_then(|id| pending.remove(&id));
                if !request.as_ref().is_some_and(Request::is_a_look) {
                    note(&mut log, "<", &line);
                }
                if message.get("event").is_some() {
                    // Nobody listens any more at the end of a machine.
                    let _ = events.send(event(&message));
                } else if let Some(request) = request {
                    let _ = request.answer.send(outcome(message));
                }
                line.clear();
            }
            request = requests.recv() => {
                let Some(request) = request else { return };
                if !request.is_a_look() {
                    note(&mut log, ">", &request.line);
                }
                if write.write_all(&request.line).await.is_err() { return }
                pending.insert(request.id, request);
            }
        }
    }
}

fn note(log: &mut fs_err::File, direction: &str, line: &[u8]) {
    // Evidence only: a log that cannot be written must not end the machine.
    let _ = log.write_all(direction.as_bytes()).and_then(|()| log.write_all(line));
}

fn outcome(mut message: Value) -> Result<Value, String> {
    if let Some(error) = message.get("error") {
        return Err(error.get("desc").and_then(Value::as_str).unwrap_or("no description").to_owned());
    }
    Ok(message.get_mut("return").map(Value::take).unwrap_or_default())
}

fn event(message: &Value) -> Event {
    let by_guest = || message.pointer("/data/guest").and_then(Value::as_bool).unwrap_or(false);
    match serde_json::from_value::<qmp::Event>(message.clone()) {
        Ok(qmp::Event::RESET { data, .. }) => Event::Reset { by_guest: data.guest },
        Ok(qmp::Event::SHUTDOWN { data, .. }) => Event::Shutdown { by_guest: data.guest },
        Ok(qmp::Event::GUEST_PANICKED { .. } | qmp::Event::GUEST_CRASHLOADED { .. }) => Event::Panicked,
        // `qapi` reads values strictly: a reason that a newer QEMU invented must not hide the event.
        _ => match message.get("event").and_then(Value::as_str) {
            Some("RESET") => Event::Reset { by_guest: by_guest() },
            Some("SHUTDOWN") => Event::Shutdown { by_guest: by_guest() },
            Some("GUEST_PANICKED" | "GUEST_CRASHLOADED") => Event::Panicked,
            Some("MIGRATION") => {
                let status = message.pointer("/data/status").and_then(Value::as_str);
                Event::Migration(status.unwrap_or_default().to_owned())
            }
            Some("RTC_CHANGE") => Event::ClockSet {
                seconds: message.pointer("/data/offset").and_then(Value::as_i64).unwrap_or_default(),
            },
            Some("BLOCK_IO_ERROR") => {
                let field = |name| message.pointer(name).and_then(Value::as_str).unwrap_or("?");
                let (operation, reason) = (field("/data/operation"), field("/data/reason"));
                Event::DriveFailed {
                    what: format!("{operation} of drive `{}`: {reason}", field("/data/device")),
                }
            }
            name => Event::Other(name.unwrap_or_default().to_owned()),
        },
    }
}

/// `query-blockstats`, of which only three counters are wanted: `qapi`'s strict
/// type refuses the answers of QEMU versions other than its own.
#[derive(Debug, Clone, Serialize)]
#[expect(non_camel_case_types, reason = "named as qapi names its commands")]
pub struct query_blockstats {}

/// What one device did since its start.
#[derive(Debug, Clone, Deserialize)]
pub struct BlockStats {
    /// The name of the drive.
    #[serde(default)]
    pub device: String,
    /// Its counters.
    pub stats: BlockCounters,
}

/// Counters in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct BlockCounters {
    /// Read by the guest.
    pub rd_bytes: u64,
    /// Written by the guest.
    pub wr_bytes: u64,
}

impl qapi_spec::Command for query_blockstats {
    type Ok = Vec<BlockStats>;
    const NAME: &'static str = "query-blockstats";
    const ALLOW_OOB: bool = false;
}

impl QmpCommand for query_blockstats {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_with_a_reason_of_a_newer_qemu_is_still_understood() {
        let message = json!({ "event": "RESET", "timestamp": { "seconds": 1, "microseconds": 2 },
            "data": { "guest": true, "reason": "a-reason-of-tomorrow" } });
        assert!(matches!(event(&message), Event::Reset { by_guest: true }));
    }

    #[test]
    fn an_unknown_event_keeps_its_name() {
        let message = json!({ "event": "NETDEV_VHOST_USER_CONNECTED", "data": {} });
        assert!(matches!(event(&message), Event::Other(name) if name == "NETDEV_VHOST_USER_CONNECTED"));
    }
}
