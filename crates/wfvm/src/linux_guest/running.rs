//! A guest from its start to its end.

use std::{io, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    process::Child,
    sync::watch,
    task::JoinHandle,
};

use super::{
    LinuxError, console,
    machine::{Assembly, CONSOLE_LOG, CONTROL_SOCKET, OUTPUT_SOCKET},
    order::{LONGEST_LINE, Word},
};
use crate::{
    phase::Phase,
    progress::Progress,
    spec::Linux,
    tool::{Tool, status_in_words, tail},
    wait::{self, Cause, Deadline, Signs, WaitError},
};

/// How long a guest that told its end may take to be off, and its last output to come.
const END: Duration = Duration::from_secs(60);
/// In the evidence: what QEMU itself says.
pub(super) const QEMU_LOG: &str = "qemu.log";

/// Runs the guest until its builder has ended with 0.
pub(super) async fn run(
    spec: &Linux,
    assembly: &Assembly<'_>,
    nonce: &str,
    evidence: &Path,
    progress: &Progress,
) -> Result<(), LinuxError> {
    let listen = |name: &str| UnixListener::bind(assembly.scratch.join(name));
    let (output, control) = (listen(OUTPUT_SOCKET)?, listen(CONTROL_SOCKET)?);
    let said = evidence.join(QEMU_LOG);
    let tool = Tool::new(&spec.tools.qemu).words(assembly.arguments());
    let child = if spec.interactive {
        tool.sharing_the_terminal().spawn(Stdio::inherit(), Stdio::inherit(), Stdio::inherit())?
    } else {
        let log = fs_err::File::create(&said)?.into_parts().0;
        tool.spawn(Stdio::null(), Stdio::from(log.try_clone()?), Stdio::from(log))?
    };
    let (signs, seen) = watch::channel(Signs { last_seen: "QEMU's start".into(), ..Signs::default() });
    let machine = Machine(tokio::spawn(own(child, said, signs.clone())));
    let relay = tokio::spawn(relay(output));
    let mut words = Words::new(control);

    let limit = Deadline::after(spec.boot_timeout_seconds, "bootTimeoutSeconds");
    let limit = if spec.interactive { Deadline::after(0, "") } else { limit };
    let mut word = ask("the start of the builder", &mut words, &seen, limit, evidence).await?;
    if word == Word::Started {
        progress.phase(Phase::Script, &format!("{} in the guest", spec.builder));
        signs.send_modify(|signs| signs.last_seen = "the start of the builder".into());
        let limit = Deadline::after(spec.timeout_seconds, "timeoutSeconds");
        word = ask("the end of the builder", &mut words, &seen, limit, evidence).await?;
    }
    // A guest that is not off by then is ended.
    let _ = wait::bounded(END, async {
        let mut seen = seen.clone();
        let _ = seen.wait_for(|signs| signs.exited.is_some()).await;
        let _ = relay.await;
    })
    .await;
    drop(machine);
    match word {
        Word::Exit { nonce: told, .. } if told != nonce => Err(LinuxError::NoExitCode),
        Word::Exit { code: 0, .. } => Ok(()),
        Word::Exit { .. } if spec.interactive => Ok(()),
        Word::Exit { code, .. } => Err(LinuxError::Builder { code }),
        Word::NoBuilder(why) => Err(LinuxError::NoBuilder { why }),
        Word::Failed(why) => Err(LinuxError::SetUp { why }),
        Word::Started => Err(LinuxError::NoExitCode),
    }
}

/// The task that owns QEMU; QEMU ends with it.
struct Machine(JoinHandle<()>);

impl Drop for Machine {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn own(mut child: Child, said: std::path::PathBuf, signs: watch::Sender<Signs>) {
    let how = match child.wait().await {
        Ok(status) => status_in_words(status),
        Err(error) => error.to_string(),
    };
    let words = fs_err::read(&said).map(|bytes| tail(&bytes)).unwrap_or_default();
    let how = if words.is_empty() { how } else { format!("{how}\n{words}") };
    signs.send_modify(|signs| signs.exited = Some(how));
}

/// The guest's next word.
async fn ask(
    awaited: &'static str,
    words: &mut Words,
    seen: &watch::Receiver<Signs>,
    limit: Deadline,
    evidence: &Path,
) -> Result<Word, LinuxError> {
    match wait::race(awaited, words.next(), seen, limit).await {
        Ok(word) => Ok(word),
        Err(error) => Err(explained(error, evidence)),
    }
}

/// QEMU ends by itself, with status 0, when the guest does: the console says why.
fn explained(error: WaitError, evidence: &Path) -> LinuxError {
    let Cause::QemuExited(how) = &error.cause else { return error.into() };
    let bytes = fs_err::read(evidence.join(CONSOLE_LOG)).unwrap_or_default();
    match console::end(&String::from_utf8_lossy(&bytes)) {
        console::End::Panic(words) => LinuxError::Panic { words },
        console::End::Unknown if how.starts_with("exit status 0") => LinuxError::NoExitCode,
        console::End::Unknown => error.into(),
    }
}

/// Copies the builder's output as it comes.
async fn relay(listener: UnixListener) -> io::Result<()> {
    let (mut output, _) = listener.accept().await?;
    let mut stdout = tokio::io::stdout();
    let mut piece = vec![0; 64 << 10];
    loop {
        let length = output.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        stdout.write_all(piece.get(..length).unwrap_or_default()).await?;
        stdout.flush().await?;
    }
}

/// The guest's words, from the port that it has for them.
struct Words {
    listener: UnixListener,
    lines: Option<BufReader<tokio::io::Take<UnixStream>>>,
}

impl Words {
    fn new(listener: UnixListener) -> Self {
        Self { listener, lines: None }
    }

    /// Waits for ever where there is none: the end of QEMU says why.
    async fn next(&mut self) -> Word {
        match self.read().await {
            Ok(Some(word)) => word,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    async fn read(&mut self) -> io::Result<Option<Word>> {
        if self.lines.is_none() {
            let (stream, _) = self.listener.accept().await?;
            // A guest that talks without an end is not listened to.
            self.lines = Some(BufReader::new(stream.take(16 * LONGEST_LINE as u64)));
        }
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).await? > 0 {
            if let Some(word) = Word::parse(&String::from_utf8_lossy(&line)) {
                return Ok(Some(word));
            }
            line.clear();
        }
        Ok(None)
    }
}
