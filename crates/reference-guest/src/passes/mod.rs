//! The configuration passes as a story: windowsPE on the medium, the others on the installed system, each once.

pub(crate) mod drivers;
pub(crate) mod offline_servicing;
pub(crate) mod oobe_system;
pub(crate) mod specialize;
pub(crate) mod windows_pe;

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::answer_file::{AnswerFile, Fault, Pass, Product};
use crate::answer_search::{self, Found, Outcome};
use crate::drive_letters::Drive;
use crate::page::Page;
use crate::registry::Hive;

const CACHED: &str = "/c/Windows/Panther/unattend.xml";

/// The page for a mistake in an answer file, in the words that Setup uses for its kind.
pub(crate) fn parse_page(path: &str, pass: Pass, fault: &Fault) -> Page {
    let reason = match fault.rule {
        "L08" => "A component or non-list setting is specified more than once in the answer file.".to_owned(),
        "L09" | "L10" | "L11" | "L12" => {
            "A component or setting specified in the answer file does not exist.".to_owned()
        }
        "L01" | "L02" | "L04" | "L07" => "The answer file is invalid.".to_owned(),
        _ => format!(
            "The settings specified in the answer file cannot be applied. The error was detected while processing settings for component [{}].",
            fault.component.as_deref().unwrap_or("")
        ),
    };
    let message = format!(
        "Windows could not parse or process the unattend answer file [{path}] for pass [{}]. {reason}",
        pass.name()
    );
    Page::new("Windows Setup", message, fault.to_string()).from("SETUP")
}

/// What Windows shows when it cannot go on after the first restart.
pub(crate) fn unexpected(cause: impl Into<String>) -> Page {
    Page::new(
        "Install Windows",
        "The computer restarted unexpectedly or encountered an unexpected error. Windows installation cannot proceed. To install Windows, click \"OK\" to restart the computer, and then restart the installation.",
        cause,
    )
    .from("IBSLIB")
}

pub(crate) fn disk_trouble(error: &io::Error) -> Page {
    unexpected(format!("the disk: {error}"))
}

/// The answer file for a pass on the installed system: the cached one, or one on a medium where the cached one has nothing to say.
pub(crate) fn for_pass(pass: Pass, drives: &[Drive]) -> Result<Option<Found>, Page> {
    let cached_path = "C:\\Windows\\Panther\\unattend.xml";
    if let Ok(bytes) = fs::read(CACHED) {
        let file = AnswerFile::parse(&bytes).map_err(|fault| parse_page(cached_path, pass, &fault))?;
        if file.has_pass(pass) {
            return Ok(Some(Found { file, windows_path: cached_path.to_owned() }));
        }
    }
    match answer_search::search(drives, None, pass) {
        Outcome::Found(found) => Ok(Some(found)),
        Outcome::Nothing { .. } => Ok(None),
        Outcome::Wrong(wrong) => Err(parse_page(&wrong.windows_path, pass, &wrong.fault)),
    }
}

/// Caches an answer file as Windows does after a pass: marked as processed, without its secrets.
pub(crate) fn cache_after(file: &AnswerFile, pass: Pass) -> io::Result<()> {
    let target = Path::new(CACHED);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let text = file.after(pass);
    // The text is UTF-8 now, whatever the file was.
    let text = text.replacen("encoding=\"utf-16\"", "encoding=\"utf-8\"", 1).replacen(
        "encoding=\"UTF-16\"",
        "encoding=\"utf-8\"",
        1,
    );
    fs::write(target, text)
}

pub(crate) const CURRENT_VERSION: &str = "Software\\Microsoft\\Windows NT\\CurrentVersion";

/// What the installed system is for, by its registry.
pub(crate) fn product(system: &Hive) -> Product {
    Product::of(&system.text(CURRENT_VERSION, "InstallationType").unwrap_or_default())
}

/// Where commands of SYSTEM run.
pub(crate) fn system_directory() -> PathBuf {
    PathBuf::from("/c/Windows/system32")
}
