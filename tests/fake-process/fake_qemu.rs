//! A QEMU without a machine: it takes QEMU's command line, connects to the sockets named
//! there, speaks the machine protocol, and otherwise follows a scenario.
#![expect(
    clippy::disallowed_methods,
    reason = "a peer of the product is not bound by the product's architecture"
)]

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::net::UnixStream,
    path::Path,
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use wfvm_tests::scenario::{Act, Drives, Manner, OPTION, Scenario, Ssh, Start};

fn main() -> ExitCode {
    match perform() {
        Ok(status) => status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "fake-qemu: {error}");
            ExitCode::from(70)
        }
    }
}

fn perform() -> io::Result<ExitCode> {
    let words: Vec<String> = std::env::args().collect();
    let scenario = words.iter().skip_while(|word| *word != OPTION).nth(1);
    let scenario = scenario.ok_or_else(|| io::Error::other("no scenario"))?;
    let scenario: Scenario = serde_json::from_str(scenario)?;
    fs_err::write(scenario.stage.join("fake-qemu.pid"), std::process::id().to_string())?;
    match &scenario.start {
        Start::Dies { words, status } => return leave(words, *status),
        Start::NeverConnects => park(),
        Start::Ready | Start::DiesConnected { .. } | Start::NeverGreets => {}
    }
    let chardevs = sockets(&words);
    let connect = |id: &str| {
        let path = chardevs.get(id).ok_or_else(|| io::Error::other(format!("no chardev {id}")))?;
        UnixStream::connect(path)
    };
    let (qmp, com1, firmware) = (connect("qmp")?, connect("com1")?, connect("firmware")?);
    match &scenario.start {
        Start::DiesConnected { words, status } => leave(words, *status),
        Start::NeverGreets => park(),
        Start::Ready | Start::Dies { .. } | Start::NeverConnects => {
            let machine = Arc::new(Machine::new(scenario, qmp.try_clone()?, com1, firmware)?);
            machine.greet()?;
            machine.serve(qmp)
        }
    }
}

fn leave(words: &str, status: i32) -> io::Result<ExitCode> {
    writeln!(io::stderr(), "{words}")?;
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
}

/// For ever: only a signal ends it, as with a QEMU that hangs.
fn park() -> ! {
    loop {
        thread::park();
    }
}

/// The paths of `-chardev socket,id=ID,path=PATH`, by id.
fn sockets(words: &[String]) -> HashMap<String, String> {
    let mut sockets = HashMap::new();
    for pair in words.windows(2) {
        let [option, value] = pair else { continue };
        if option != "-chardev" {
            continue;
        }
        let field = |name: &str| value.split(',').find_map(|part| part.strip_prefix(name).map(str::to_owned));
        if let (Some(id), Some(path)) = (field("id="), field("path=")) {
            sockets.insert(id, path);
        }
    }
    sockets
}

struct Machine {
    scenario: Scenario,
    qmp: Mutex<UnixStream>,
    com1: Mutex<UnixStream>,
    firmware: Mutex<UnixStream>,
    ssh: Option<TcpListener>,
    silent: AtomicBool,
    moved: AtomicU64,
}

impl Machine {
    fn new(scenario: Scenario, qmp: UnixStream, com1: UnixStream, firmware: UnixStream) -> io::Result<Self> {
        let ssh = (scenario.ssh == Ssh::Mute).then(|| TcpListener::bind(("127.0.0.1", 0))).transpose()?;
        Ok(Self {
            scenario,
            qmp: Mutex::new(qmp),
            com1: Mutex::new(com1),
            firmware: Mutex::new(firmware),
            ssh,
            silent: AtomicBool::new(false),
            moved: AtomicU64::new(0),
        })
    }

    fn greet(&self) -> io::Result<()> {
        if self.scenario.manner == Manner::Confused {
            self.confuse()?;
        }
        self.tell(&json!({ "QMP": { "version": { "qemu": { "micro": 0, "minor": 0, "major": 10 } }, "capabilities": [] } }))
    }

    /// Answers commands for as long as the other side sends them, and longer: QEMU does not end with its monitor.
    fn serve(self: Arc<Self>, qmp: UnixStream) -> io::Result<ExitCode> {
        for line in BufReader::new(qmp).lines() {
            let Ok(line) = line else { break };
            let command: Value = serde_json::from_str(&line)?;
            let name = command.get("execute").and_then(Value::as_str).unwrap_or_default().to_owned();
            if self.silent.load(Ordering::Acquire) {
                continue;
            }
            let id = command.get("id").cloned().unwrap_or_default();
            let mut answer = self.answer(&name, &command)?;
            if let Some(fields) = answer.as_object_mut() {
                fields.insert("id".into(), id);
            }
            if self.scenario.manner == Manner::Confused && name == "query-blockstats" {
                let machine = self.clone();
                // Whatever is asked meanwhile is answered first.
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(40));
                    let _ = machine.tell(&answer);
                });
            } else {
                if self.scenario.manner == Manner::Confused {
                    self.confuse()?;
                }
                self.tell(&answer)?;
            }
            fs_err::write(self.scenario.stage.join(&name), b"")?;
            if name == "cont" {
                let machine = self.clone();
                thread::spawn(move || machine.follow_the_story());
            }
        }
        park()
    }

    fn answer(&self, name: &str, command: &Value) -> io::Result<Value> {
        let refused = |words: &str| json!({ "error": { "class": "GenericError", "desc": words } });
        Ok(match name {
            "query-blockstats" => json!({ "return": self.counters() }),
            "human-monitor-command" => json!({ "return": self.usernet()? }),
            "screendump" => match &self.scenario.screen {
                None => refused("no console to be seen"),
                Some(picture) => {
                    let file = command.pointer("/arguments/filename").and_then(Value::as_str);
                    fs_err::copy(picture, Path::new(file.unwrap_or_default()))?;
                    json!({ "return": {} })
                }
            },
            "qmp_capabilities" | "cont" | "send-key" | "system_powerdown" => json!({ "return": {} }),
            _ => refused("the fake does not know this command"),
        })
    }

    fn counters(&self) -> Value {
        let bytes = match self.scenario.drives {
            Drives::Still => 0,
            Drives::Moving => self.moved.fetch_add(65536, Ordering::Relaxed) + 65536,
        };
        // Fields that the product does not know stand in QEMU's answers, too.
        let drive = |name: &str, bytes: u64| {
            json!({ "device": name, "qdev": "/machine/peripheral-anon/device[3]",
            "stats": { "rd_bytes": bytes, "wr_bytes": bytes, "flush_operations": 0, "timed_stats": [] } })
        };
        json!([drive("system", bytes), drive("answer", 0), { "stats": { "rd_bytes": 0, "wr_bytes": 0 } }])
    }

    fn usernet(&self) -> io::Result<String> {
        let head = "Hub -1 (network):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n";
        let port = match (self.scenario.ssh, &self.ssh) {
            (Ssh::Port(port), _) => Some(port),
            (Ssh::Mute, Some(listener)) => Some(listener.local_addr()?.port()),
            (Ssh::None | Ssh::Mute, _) => None,
        };
        Ok(match port {
            Some(port) => format!(
                "{head}  TCP[HOST_FORWARD]  11       127.0.0.1 {port}    192.168.1.15    22     0     0\r\n"
            ),
            None => head.to_owned(),
        })
    }

    fn confuse(&self) -> io::Result<()> {
        let mut qmp = lock(&self.qmp);
        qmp.write_all(
            b"this is not JSON\n\n[]\n7\n\xff\xfe\n{\"return\": {}}\n{\"return\": 1, \"id\": 424242}\n",
        )?;
        let reset = json!({ "event": "RESET", "timestamp": { "seconds": 1, "microseconds": 2 },
            "data": { "guest": false, "reason": "a-reason-of-tomorrow" } });
        writeln!(qmp, "{reset}\n{}", json!({ "event": "AN_EVENT_OF_TOMORROW", "data": [1, 2] }))
    }

    fn tell(&self, message: &Value) -> io::Result<()> {
        // One write, so that messages of two threads do not mix.
        lock(&self.qmp).write_all(format!("{message}\r\n").as_bytes())
    }

    fn follow_the_story(&self) {
        let mut connections = Vec::new();
        for act in &self.scenario.story {
            // Whoever listened may be gone: then the story goes on unheard.
            let _ = self.act(act, &mut connections);
        }
        park();
    }

    fn act(&self, act: &Act, connections: &mut Vec<std::net::TcpStream>) -> io::Result<()> {
        match act {
            Act::Com1(words) => say(&self.com1, words.as_bytes()),
            Act::Firmware(words) => say(&self.firmware, words.as_bytes()),
            Act::Event { name, data } => {
                let event = json!({ "event": name,
                    "timestamp": { "seconds": 1, "microseconds": 2 }, "data": data });
                say(&self.qmp, format!("{event}\r\n").as_bytes())
            }
            Act::Flood(mib) => {
                let piece = vec![b'x'; 1 << 20];
                (0..*mib).try_for_each(|_| say(&self.com1, &piece))
            }
            Act::AwaitCue(name) => {
                while !self.scenario.stage.join(name).exists() {
                    thread::sleep(Duration::from_millis(10));
                }
                Ok(())
            }
            Act::AwaitSsh => {
                if let Some(listener) = &self.ssh {
                    connections.push(listener.accept()?.0);
                }
                Ok(())
            }
            Act::FallSilent => {
                self.silent.store(true, Ordering::Release);
                Ok(())
            }
            Act::Exit(status) => std::process::exit(*status),
            Act::Die => {
                let this = rustix::process::getpid();
                rustix::process::kill_process(this, rustix::process::Signal::KILL)?;
                park()
            }
        }
    }
}

/// Writes, and returns when the other side has read it: channels are not ordered among
/// each other, and between two acts of a guest lies more time than between two of a fake.
fn say(channel: &Mutex<UnixStream>, bytes: &[u8]) -> io::Result<()> {
    let mut channel = lock(channel);
    channel.write_all(bytes)?;
    while unread_bytes(&channel)? > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// What the peer of a unix socket has not read yet (`unix(7)`, `SIOCOUTQ`, which is `TIOCOUTQ`).
#[expect(unsafe_code, reason = "rustix has no function for this ioctl")]
fn unread_bytes(channel: &UnixStream) -> io::Result<i32> {
    const SIOCOUTQ: u32 = 0x5411;
    // SAFETY: the kernel writes one int for this opcode.
    let unread = unsafe { rustix::ioctl::ioctl(channel, rustix::ioctl::Getter::<SIOCOUTQ, i32>::new()) };
    Ok(unread?)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
