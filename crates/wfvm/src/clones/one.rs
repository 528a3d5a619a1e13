//! One command, from the start of its guest to its end.

use std::{
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{Problem, Told, lines::Lines};
use crate::{
    boot::{Boot, Guest, Start},
    build::ExitCode,
    evidence::{self, Replay},
    machine::{Plugged, SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::Surroundings,
    session::{BootLimit, Output, SessionError},
    spec::{CloneCommand, Clones},
    steps::Tail,
    template::Origin,
    wait::{self, Cause, Deadline, WaitError},
};

/// How much of what a command wrote is told, in lines.
const TOLD: usize = 100;
/// As above, in bytes.
const TAIL: usize = 8 << 10;
const FIELD: &str = "timeouts.bootSeconds";

/// A command and what it is run with.
pub(super) struct One<'a> {
    pub(super) spec: &'a Clones,
    pub(super) origin: &'a Origin,
    pub(super) command: &'a CloneCommand,
    /// With places of its own.
    pub(super) around: Surroundings<'a>,
    pub(super) progress: Progress,
    /// Where its streams are kept; it exists.
    pub(super) directory: &'a Path,
}

impl One<'_> {
    /// Runs it. Its machine is gone then.
    pub(super) async fn run(&self) -> Told {
        let mut machine = None;
        let mut tail = Tail::of(TAIL);
        let mut took = Took { since: Instant::now(), ended: None };
        let problem = self.story(&mut machine, &mut tail, &mut took).await.err();
        let took = took.ended.unwrap_or_else(|| took.since.elapsed());
        let evidence = match (&problem, machine) {
            (Some(_), machine) => {
                let replay = Replay::clone_of(self.spec, self.command);
                self.around.collect(machine, &self.spec.tools, &replay).await
            }
            (None, machine) => {
                if let Some(machine) = machine {
                    machine.kill().await;
                }
                None
            }
        };
        let end = problem.as_ref().map_or("it ended with exit code 0".into(), ToString::to_string);
        let first = end.lines().next().unwrap_or_default();
        self.progress.line(&format!("[{first}, after {:.1} s]", took.as_secs_f64()));
        Told {
            name: self.command.name.clone(),
            start: Some(if self.origin.template().is_some() { "revived" } else { "cold" }),
            took,
            problem,
            last_lines: evidence::last_lines(tail.bytes(), TOLD),
            evidence,
        }
    }

    fn boot(&self) -> Boot<'_> {
        Boot {
            machine: &self.spec.machine,
            tools: &self.spec.tools,
            login: &self.spec.login,
            network: &self.spec.network,
            start: Start::from(self.origin),
            disk: SystemDisk {
                file: self.origin.disk(),
                writes: Writes::Discarded,
                state: self.origin.state(),
            },
            plugged: Plugged::default(),
            display: self.around.display,
            limit: BootLimit { seconds: self.spec.timeouts.boot_seconds, field: FIELD },
            scratch: self.around.scratch,
            forwarder: &self.around.builder,
        }
    }

    async fn story(
        &self,
        running: &mut Option<Qemu>,
        tail: &mut Tail,
        took: &mut Took,
    ) -> Result<(), Problem> {
        let mut guest = Box::pin(Guest::boot(&self.boot(), &self.progress, running)).await?;
        if !self.spec.files.is_empty() {
            let put = guest.connection.with(async |session| {
                for file in &self.spec.files {
                    session.put(&file.source, ".", Some(&file.name)).await?;
                }
                Ok(())
            });
            let deadline = Deadline::after(self.spec.timeouts.boot_seconds, FIELD);
            wait::race("the files' arrival in the guest", put, &guest.signs, deadline).await??;
        }
        self.progress.phase(Phase::Script, &self.command.command);
        took.since = Instant::now();
        let ended = self.command(&mut guest, tail).await;
        took.ended = Some(took.since.elapsed());
        match ended? {
            ExitCode(0) => Ok(()),
            code => Err(Problem::ExitCode(code)),
        }
    }

    async fn command(&self, guest: &mut Guest, tail: &mut Tail) -> Result<ExitCode, Problem> {
        let deadline = Deadline::after(self.spec.timeouts.command_seconds, "timeouts.commandSeconds");
        let (connection, signs) = (guest.connection.clone(), guest.signs.clone());
        let mut streams = Streams::new(self.directory)?;
        let work = async {
            let (_, no_input) = mpsc::channel(1);
            let (sender, mut pieces) = mpsc::channel(16);
            let keep = async {
                while let Some(piece) = pieces.recv().await {
                    tail.add(&piece);
                    streams.add(&piece, &self.progress)?;
                }
                Ok::<_, std::io::Error>(())
            };
            let command = &self.command.command;
            let run = connection.with(async |session| session.run(command, no_input, sender).await);
            tokio::pin!(run, keep);
            tokio::select! {
                biased; // what cannot be kept ends the command; all that came before its end is kept
                kept = &mut keep => match kept {
                    Ok(()) => Ok((&mut run).await),
                    Err(unkept) => Err(unkept),
                },
                code = &mut run => (&mut keep).await.map(|()| code),
            }
        };
        let ended = wait::race("the end of the command", work, &signs, deadline).await;
        streams.end(&self.progress);
        match ended {
            Ok(Ok(Ok(code))) => Ok(ExitCode(code)),
            Ok(Err(unkept)) => Err(unkept.into()),
            Ok(Ok(Err(lost))) => {
                // A server says farewell before its machine ends.
                let gone = matches!(lost, SessionError::Connection(_) | SessionError::NoExitCode { .. });
                match gone && guest.goes_away().await {
                    true => Err(Problem::ShutDown),
                    // The news of a restart may come after the end of the session.
                    false if guest.connection.restarts() > 0 => Err(Problem::Restarted),
                    false => Err(lost.into()),
                }
            }
            Err(error @ WaitError { cause: Cause::QemuExited(_), .. }) => {
                guest.heard_out().await;
                Err(if guest.has_shut_down() { Problem::ShutDown } else { error.into() })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// How long a command takes.
struct Took {
    since: Instant,
    ended: Option<Duration>,
}

/// What a command writes: kept byte for byte, and told as lines.
struct Streams {
    files: [fs_err::File; 2],
    lines: [Lines; 2],
}

impl Streams {
    fn new(directory: &Path) -> std::io::Result<Self> {
        let file = |name: &str| fs_err::File::create(directory.join(name));
        Ok(Self { files: [file("stdout")?, file("stderr")?], lines: Default::default() })
    }

    fn add(&mut self, piece: &Output, progress: &Progress) -> std::io::Result<()> {
        let ([stdout, stderr], [out_lines, err_lines]) = (&mut self.files, &mut self.lines);
        let (file, lines, bytes) = match piece {
            Output::Stdout(bytes) => (stdout, out_lines, bytes),
            Output::Stderr(bytes) => (stderr, err_lines, bytes),
        };
        lines.add(bytes, |line| progress.line(line));
        file.write_all(bytes)
    }

    fn end(self, progress: &Progress) {
        for lines in self.lines {
            lines.end_of_file(|line| progress.line(line));
        }
    }
}
