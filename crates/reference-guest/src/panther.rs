//! Setup's logs, in the shape of Windows' own: everything in `setupact.log`, faults also in `setuperr.log`.
//!
//! Before C: exists the lines are only in memory, as Windows PE keeps them on
//! its RAM disk. The second serial port repeats them for people who work on
//! the guest; the first one belongs to the commands of an answer file.

use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs_err as fs;

use crate::calendar::{Civil, civil};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

struct Log {
    directory: Option<PathBuf>,
    before_disk: Vec<(Level, String)>,
    debug: Option<fs::File>,
}

static LOG: Mutex<Log> = Mutex::new(Log { directory: None, before_disk: Vec::new(), debug: None });

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn info(component: &str, text: impl Display) {
    write(Level::Info, component, &text.to_string());
}

pub(crate) fn warning(component: &str, text: impl Display) {
    write(Level::Warning, component, &text.to_string());
}

pub(crate) fn error(component: &str, text: impl Display) {
    write(Level::Error, component, &text.to_string());
}

/// Repeats the log on a serial port.
pub(crate) fn debug_on(device: &Path) {
    log().debug = fs::OpenOptions::new().write(true).open(device).ok();
}

/// From now on the log is in a directory; what was said before is written there first.
pub(crate) fn attach(directory: &Path) {
    if fs::create_dir_all(directory).is_err() {
        return;
    }
    let mut log = log();
    for (level, line) in std::mem::take(&mut log.before_disk) {
        append(directory, level, &line);
    }
    log.directory = Some(directory.to_owned());
}

/// Lets go of the directory, so that its volume can be unmounted.
pub(crate) fn detach() {
    log().directory = None;
}

fn write(level: Level, component: &str, text: &str) {
    let line = format!("{}, {:<10} {component:<6} {text}\r\n", timestamp(now()), level.word());
    let mut log = log();
    if let Some(debug) = &mut log.debug {
        let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
        let uptime = uptime.split(' ').next().unwrap_or("?");
        // A developer's convenience: its loss must not stop Setup. A port that is not there opens all the same.
        if write!(debug, "[{uptime}] {line}").is_err() {
            log.debug = None;
        }
    }
    match &log.directory {
        Some(directory) => append(directory, level, &line),
        None => log.before_disk.push((level, line)),
    }
}

fn append(directory: &Path, level: Level, line: &str) {
    let files: &[&str] =
        if level == Level::Error { &["setupact.log", "setuperr.log"] } else { &["setupact.log"] };
    for name in files {
        let opened = fs::OpenOptions::new().create(true).append(true).open(directory.join(name));
        if let Ok(mut file) = opened {
            // There is no better place to report a full disk to.
            drop(file.write_all(line.as_bytes()));
        }
    }
}

fn now() -> i64 {
    rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec
}

fn timestamp(seconds: i64) -> String {
    let Civil { year, month, day, hour, minute, second, .. } = civil(seconds);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_in_windows_shape() {
        assert_eq!(timestamp(0), "1970-01-01 00:00:00");
        assert_eq!(timestamp(1_709_210_096), "2024-02-29 12:34:56");
        assert_eq!(timestamp(1_767_225_599), "2025-12-31 23:59:59");
    }

    #[test]
    fn lines_said_before_the_disk_exists_come_first() {
        let directory = tempfile::tempdir().unwrap();
        info("TEST", "early");
        error("TEST", "wrong");
        attach(directory.path());
        info("TEST", "late");
        let all = fs::read_to_string(directory.path().join("setupact.log")).unwrap();
        let words: Vec<&str> =
            all.lines().filter_map(|line| line.split("TEST").nth(1)).map(str::trim).collect();
        assert_eq!(words, ["early", "wrong", "late"]);
        let errors = fs::read_to_string(directory.path().join("setuperr.log")).unwrap();
        assert!(errors.contains(", Error      TEST   wrong"), "{errors}");
        detach();
    }
}
