//! The loopback service behind the stand-ins: programs that Windows has and
//! Wine only pretends to have ask here what their command line does. Each
//! effect is small, real and where Windows keeps it; all else is refused loudly.

mod accounts_commands;
mod archives;
pub(crate) mod bcdedit;
mod certutil;
pub(crate) mod command_line;
mod defrag;
mod download;
mod live_registry;
mod mountvol;
pub(crate) mod netsh;
mod permissions;
pub(crate) mod pnputil;
mod powercfg;
mod powershell;
pub(crate) mod preinstallation;
mod schtasks;
mod services;
mod shutdown;

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fs_err as fs;

use crate::boot::SYSTEM_VOLUME;
use crate::drive_letters::Drive;
use crate::{openssh, panther, wait, windows_path};

// windows/init-protocol.h
const PORT: u16 = 4750;
const LONGEST_REQUEST: u32 = 1 << 20;
const LOG_DIRECTORY: &str = "Windows/Logs";

/// What every refusal ends with: no Windows program means anything by it.
pub(crate) const REFUSED: u32 = 50;

/// One start of a stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The program's name, in lower case and without `.exe`.
    pub(crate) name: String,
    pub(crate) user: String,
    /// Where it was started, in Windows' form.
    pub(crate) directory: String,
    pub(crate) words: Vec<String>,
}

impl Call {
    fn parse(request: &str) -> Option<Self> {
        let mut fields = request.split('\0');
        let (_kind, program, directory, user, line) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let name = program.rsplit(['\\', '/']).next()?.to_ascii_lowercase();
        let words = command_line::words(line).into_iter().skip(1).collect();
        Some(Self {
            name: name.strip_suffix(".exe").unwrap_or(&name).to_owned(),
            user: user.to_owned(),
            directory: directory.to_owned(),
            words,
        })
    }

    /// A file as the program names it, where the guest has it.
    pub(crate) fn place(&self, file: &str) -> PathBuf {
        windows_path::place(file, &self.directory)
    }

    /// The words in lower case, for options that Windows compares so.
    pub(crate) fn lower(&self) -> Vec<String> {
        self.words.iter().map(|word| word.to_ascii_lowercase()).collect()
    }
}

/// The program at the other end, which does what it is told.
pub(crate) struct Program<'a> {
    stream: &'a TcpStream,
}

/// How a call ends.
#[derive(Debug)]
pub(crate) enum Answer {
    Exit(u32),
    /// The command line asks for something that this guest does not have.
    Refused,
}

impl Program<'_> {
    fn frame(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        let mut frame = vec![kind];
        frame.extend(length.to_le_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame)
    }

    fn ask(&mut self, kind: u8, payload: &[u8]) -> io::Result<u32> {
        self.frame(kind, payload)?;
        let mut answer = [0; 4];
        self.stream.read_exact(&mut answer)?;
        Ok(u32::from_le_bytes(answer))
    }

    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.write(format!("{text}\r\n").as_bytes())
    }

    /// Bytes for standard output, as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.frame(b'o', bytes)
    }

    pub(crate) fn complain(&mut self, text: &str) -> io::Result<()> {
        self.frame(b'e', format!("{text}\r\n").as_bytes())
    }

    /// Runs a command line to its end.
    pub(crate) fn run(&mut self, line: &str) -> io::Result<u32> {
        self.ask(b'r', line.as_bytes())
    }

    pub(crate) fn start_service(&mut self, name: &str) -> io::Result<u32> {
        self.ask(b's', name.as_bytes())
    }

    pub(crate) fn stop_service(&mut self, name: &str) -> io::Result<u32> {
        self.ask(b't', name.as_bytes())
    }

    pub(crate) fn delete_service(&mut self, name: &str) -> io::Result<u32> {
        self.ask(b'd', name.as_bytes())
    }

    /// The service's dwCurrentState; 0 if there is no such service.
    pub(crate) fn service_state(&mut self, name: &str) -> io::Result<u32> {
        self.ask(b'q', name.as_bytes())
    }

    /// Tells Wine where a drive's files and device are; without them the letter is none any more.
    pub(crate) fn define_drive(&mut self, letter: char, place: Option<&Drive>) -> io::Result<u32> {
        let text = |path: &Path| path.display().to_string();
        let (kind, mount, device) = match place {
            None => ('1', String::new(), String::new()),
            Some(drive) => (drive.kind.drive_type(), text(&drive.mount), text(&drive.device)),
        };
        self.ask(b'm', format!("{letter}{kind}{mount}\0{device}").as_bytes())
    }

    pub(crate) fn configure_service(&mut self, name: &str, start: services::Start) -> io::Result<u32> {
        self.ask(b'c', format!("{name}\0{}", start.digit()).as_bytes())
    }

    pub(crate) fn make_service(
        &mut self,
        name: &str,
        start: services::Start,
        display: &str,
        program: &str,
    ) -> io::Result<u32> {
        self.ask(b'n', format!("{name}\0{}{display}\0{program}", start.digit()).as_bytes())
    }
}

/// Listens for the Windows-side programs.
pub(crate) fn serve() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT))?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                if let Err(error) = converse(&stream) {
                    panther::info("STANDIN", format!("a program went away: {error}"));
                }
            });
        }
    });
    Ok(())
}

fn converse(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut length = [0; 4];
    (&mut &*stream).read_exact(&mut length)?;
    let length = u32::from_le_bytes(length).min(LONGEST_REQUEST);
    let mut request = vec![0; length as usize];
    (&mut &*stream).read_exact(&mut request)?;
    let request = String::from_utf8_lossy(&request).into_owned();
    if request.starts_with("sshd\0") {
        return openssh::serve_while_open(stream);
    }
    let call = Call::parse(&request).ok_or_else(|| io::Error::other("a request makes no sense"))?;
    let mut program = Program { stream };
    let code = match answer(&call, &mut program)? {
        Answer::Exit(code) => code,
        Answer::Refused => {
            program.complain(&format!(
                "{}: not available in the reference guest: {}",
                call.name,
                call.words.join(" ")
            ))?;
            log_refusal(&call);
            REFUSED
        }
    };
    panther::info("STANDIN", format!("{}: {} {} -> {code}", call.user, call.name, call.words.join(" ")));
    program.frame(b'x', &code.to_le_bytes())
}

fn answer(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    match call.name.as_str() {
        "shutdown" => shutdown::run(call, program),
        "net" | "net1" => accounts_commands::run(call, program),
        "sc" => services::run(call, program),
        "netsh" => netsh::run(call, program),
        "powercfg" => powercfg::run(call, program),
        "powershell" => powershell::run(call, program),
        "schtasks" => schtasks::run(call, program),
        "bcdedit" => bcdedit::run(call, program),
        "pnputil" => pnputil::run(call, program),
        "defrag" => defrag::run(call, program),
        "certutil" => certutil::run(call, program),
        "icacls" => permissions::icacls(call, program),
        "takeown" => permissions::takeown(call, program),
        "tar" => archives::run(call, program),
        "curl" => download::run(call, program),
        "mountvol" => mountvol::run(call, program),
        "diskpart" | "dism" | "bcdboot" | "wpeutil" | "drvload" => preinstallation::run(call, program),
        "timeout" => Ok(timeout(call)),
        _ => Ok(Answer::Refused),
    }
}

/// `timeout /t SECONDS [/nobreak]` really waits.
fn timeout(call: &Call) -> Answer {
    let words = call.lower();
    let seconds = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["/t", seconds]
        | ["/t", seconds, "/nobreak"]
        | [seconds]
        | ["/nobreak", "/t", seconds]
        | [seconds, "/nobreak"] => seconds.parse::<u32>().ok(),
        _ => None,
    };
    match seconds.filter(|seconds| *seconds <= 99_999) {
        Some(seconds) => {
            wait::pause(Duration::from_secs(u64::from(seconds)));
            Answer::Exit(0)
        }
        None => Answer::Refused,
    }
}

fn log_refusal(call: &Call) {
    let line = format!("{}: {} {}\r\n", call.user, call.name, call.words.join(" "));
    let directory = windows_path::resolve(Path::new(SYSTEM_VOLUME), LOG_DIRECTORY);
    let logged = fs::create_dir_all(&directory)
        .and_then(|()| fs::OpenOptions::new().create(true).append(true).open(directory.join("stand-ins.log")))
        .and_then(|mut log| log.write_all(line.as_bytes()));
    if let Err(error) = logged {
        panther::warning("STANDIN", format!("the refusal of {} is not logged: {error}", call.name));
    }
}

#[cfg(test)]
mod tests;
