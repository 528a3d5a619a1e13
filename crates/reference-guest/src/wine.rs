//! Wine: its environment, its server, and command lines run through it with exact exit codes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, RwLock};

use fs_err as fs;

use crate::{child, panther};

const WINE: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver64";
const RUNNER: &str = "C:\\windows\\system32\\wshell.exe";
const RUN_DIRECTORY: &str = "/run/commands";

/// The account that Setup's own commands run as.
pub(crate) const SYSTEM_USER: &str = "SYSTEM";

static PREFIX: OnceLock<PathBuf> = OnceLock::new();
static TIME_ZONE: RwLock<Option<String>> = RwLock::new(None);
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// How a command line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    Exit(u32),
    /// No program was started, for this Win32 error.
    NotStarted(u32),
    /// Wine itself failed.
    Broken(String),
}

impl Ended {
    /// The exit code that Windows would give.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::Exit(code) | Self::NotStarted(code) => *code,
            Self::Broken(_) => 1,
        }
    }

    fn read(report: &Path, status: &str) -> Self {
        let text = fs::read_to_string(report).unwrap_or_default();
        let parsed =
            text.trim().split_once(' ').and_then(|(word, code)| Some((word, code.parse::<u32>().ok()?)));
        match parsed {
            Some(("exit", code)) => Self::Exit(code),
            Some(("start", code)) => Self::NotStarted(code),
            _ => Self::Broken(format!("Wine ended with {status} and no report")),
        }
    }
}

/// Sets the prefix for the life of this process.
pub(crate) fn use_prefix(path: &Path) {
    // A second call would be a second Setup in one start of the machine.
    drop(PREFIX.set(path.to_owned()));
}

/// Sets the clock that programs see, in the form of the variable TZ.
pub(crate) fn use_time_zone(posix: Option<String>) {
    if let Ok(mut zone) = TIME_ZONE.write() {
        *zone = posix;
    }
}

/// The clock that programs see, if Setup has set one.
pub(crate) fn time_zone() -> Option<String> {
    TIME_ZONE.read().ok().and_then(|zone| zone.clone())
}

fn environment(user: &str) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("WINEPREFIX", PREFIX.get().map_or_else(String::new, |path| path.display().to_string())),
        ("WINESERVER", SERVER.to_owned()),
        ("WINEDEBUG", "-all".to_owned()),
        ("HOME", "/root".to_owned()),
        ("PATH", "/usr/sbin:/usr/bin".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("USER", user.to_owned()),
        ("LOGNAME", user.to_owned()),
    ];
    if let Some(zone) = time_zone() {
        variables.push(("TZ", zone));
    }
    variables
}

/// Starts the server and Windows' services. The first program pays for both,
/// so it is one of ours, with no pipe of anyone's that services could inherit.
pub(crate) fn start() -> io::Result<()> {
    fs::create_dir_all(RUN_DIRECTORY)?;
    fs::create_dir_all("/root")?;
    let quiet = |command: &mut Command| {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    quiet(&mut child::in_environment(Path::new(SERVER), ["-p"], environment(SYSTEM_USER)))?;
    panther::info("WINE", "the server is up");
    quiet(child::in_environment(Path::new(WINE), [RUNNER], environment(SYSTEM_USER)).current_dir("/"))?;
    panther::info("WINE", "the services are up");
    Ok(())
}

/// Ends all Windows programs and saves the registry.
pub(crate) fn stop() {
    for argument in ["-k", "-w"] {
        let ended = child::in_environment(Path::new(SERVER), [argument], environment(SYSTEM_USER)).status();
        if let Err(error) = ended {
            panther::warning("WINE", format!("the server does not stop: {error}"));
        }
    }
}

/// Where the end of a command line will be reported.
pub(crate) struct Report(PathBuf);

impl Report {
    /// What the report says once the command has ended.
    pub(crate) fn ended(&self, status: &str) -> Ended {
        let ended = Ended::read(&self.0, status);
        drop(fs::remove_file(&self.0));
        ended
    }
}

/// What Windows sets for a user, and what only Linux has. SYSTEM's profile is no one's in `C:\Users`.
fn user_environment(user: &str) -> String {
    let home = if user == SYSTEM_USER {
        "\\Windows\\system32\\config\\systemprofile".to_owned()
    } else {
        format!("\\Users\\{user}")
    };
    let temporary = if user == SYSTEM_USER {
        "C:\\Windows\\TEMP".to_owned()
    } else {
        format!("C:{home}\\AppData\\Local\\Temp")
    };
    let changes = [
        format!("USERNAME={user}"),
        "HOMEDRIVE=C:".to_owned(),
        format!("HOMEPATH={home}"),
        format!("USERPROFILE=C:{home}"),
        format!("APPDATA=C:{home}\\AppData\\Roaming"),
        format!("LOCALAPPDATA=C:{home}\\AppData\\Local"),
        format!("TEMP={temporary}"),
        format!("TMP={temporary}"),
        "USER".to_owned(),
        "LOGNAME".to_owned(),
        "LANG".to_owned(),
        "TZ".to_owned(),
    ];
    changes.join("|")
}

/// Prepares a Windows command line, run as `CreateProcess` would run it.
pub(crate) fn prepare(line: &str, user: &str, directory: &Path) -> (Command, Report) {
    let report = Path::new(RUN_DIRECTORY).join(COUNTER.fetch_add(1, Ordering::Relaxed).to_string());
    let mut command = child::in_environment(Path::new(WINE), [RUNNER], environment(user));
    command.env("REFERENCE_GUEST_COMMAND", line);
    command.env("REFERENCE_GUEST_ENVIRONMENT", user_environment(user));
    command.env("REFERENCE_GUEST_REPORT", format!("\\\\?\\unix{}", report.display()));
    command.current_dir(if directory.is_dir() { directory } else { Path::new("/") });
    (command, Report(report))
}

/// Runs a command line to its end. What it prints goes to the log: Setup has no console for it.
pub(crate) fn run(line: &str, user: &str, directory: &Path) -> Ended {
    let (mut command, report) = prepare(line, user, directory);
    let output_path = report.0.with_extension("output");
    let ended = fs::File::create(&output_path)
        .and_then(|output| {
            let (first, second) = (output.file().try_clone()?, output.into_parts().0);
            command.stdin(Stdio::null()).stdout(first).stderr(second).status()
        })
        .map_or_else(|error| Ended::Broken(error.to_string()), |status| report.ended(&status.to_string()));
    let printed = fs::read(&output_path).unwrap_or_default();
    for line in String::from_utf8_lossy(&printed).lines().filter(|line| !line.trim().is_empty()) {
        panther::info("SETUP", format!("  {}", line.trim_end()));
    }
    drop(fs::remove_file(&output_path));
    ended
}

/// Runs a command line that nobody waits for.
pub(crate) fn start_in_background(line: &str, user: &str) {
    let (line, user) = (line.to_owned(), user.to_owned());
    std::thread::spawn(move || {
        let ended = run(&line, &user, &crate::accounts::profile(&user));
        panther::info("TASK", format!("[{line}] {ended:?}"));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_keeps_all_32_bits() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, ended) in [
            ("exit 4294967295\n", Ended::Exit(u32::MAX)),
            ("start 2\n", Ended::NotStarted(2)),
            ("", Ended::Broken("Wine ended with x and no report".to_owned())),
        ] {
            io::Write::write_all(&mut fs::File::create(file.path()).unwrap(), text.as_bytes()).unwrap();
            assert_eq!(Ended::read(file.path(), "x"), ended);
        }
    }
}
