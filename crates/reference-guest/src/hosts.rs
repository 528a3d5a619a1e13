//! `C:\Windows\System32\drivers\etc\hosts`: what it says is what names mean, at once. Linux reads a file of
//! its own, which also has the names that Windows knows without any file.

use std::io;
use std::mem::MaybeUninit;
use std::thread;

use fs_err as fs;
use rustix::fs::inotify;

use crate::{panther, system_files};

const DIRECTORY: &str = "Windows/System32/drivers/etc";
const LINUX_FILE: &str = "/etc/hosts";

/// Follows the file for as long as the machine runs.
pub(crate) fn follow() -> io::Result<()> {
    let directory = system_files::place(DIRECTORY);
    fs::create_dir_all(&directory)?;
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    let changes = inotify::WatchFlags::MODIFY
        | inotify::WatchFlags::CLOSE_WRITE
        | inotify::WatchFlags::MOVE
        | inotify::WatchFlags::DELETE;
    inotify::add_watch(&watch, &directory, changes)?;
    take_over()?;
    thread::spawn(move || {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        let mut events = inotify::Reader::new(&watch, &mut buffer);
        while events.next().is_ok() {
            if let Err(error) = take_over() {
                panther::warning("NET", format!("the hosts file: {error}"));
            }
        }
    });
    Ok(())
}

/// Tells Linux what the file says now, and the computer's name.
pub(crate) fn take_over() -> io::Result<()> {
    let text = match fs::read(system_files::place(&format!("{DIRECTORY}/hosts"))) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        // Windows does without.
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    fs::create_dir_all("/etc")?;
    fs::write(LINUX_FILE, combined(&text, &name))
}

/// The file's own lines come first: the first line of a name counts.
fn combined(text: &str, computer_name: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    format!("{text}\n127.0.0.1 localhost\n127.0.1.1 {computer_name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_file_precede_what_windows_knows_by_itself() {
        assert_eq!(
            combined("\u{feff}# a comment\r\n10.0.2.2 cache\r\n10.0.2.3 localhost", "VM"),
            "# a comment\n10.0.2.2 cache\n10.0.2.3 localhost\n127.0.0.1 localhost\n127.0.1.1 VM\n"
        );
    }
}
