//! What stands on the screen. A page that stops Setup stays there for ever, as Windows' own do.

use std::io::Write as _;

use fs_err as fs;

use crate::{panther, wait};

// The oldest text screen; a frame buffer with a large font has fewer columns, and says so.
const DEFAULT_COLUMNS: usize = 80;
// White on blue, cleared, cursor hidden, no blanking: the Linux console's codes (console_codes(4)).
const CLEAR: &str = "\x1b[9;0]\x1b[14;0]\x1b[?25l\x1b[1;37;44m\x1b[2J\x1b[H";

/// A page on which Setup stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{title}: {message} ({cause})")]
pub(crate) struct Page {
    pub(crate) title: String,
    /// Microsoft's words.
    pub(crate) message: String,
    /// What exactly is wrong, in ours.
    pub(crate) cause: String,
    /// The part of Setup that found it.
    pub(crate) component: &'static str,
}

impl Page {
    pub(crate) fn new(title: &str, message: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { title: title.to_owned(), message: message.into(), cause: cause.into(), component: "SETUP" }
    }

    pub(crate) fn from(self, component: &'static str) -> Self {
        Self { component, ..self }
    }

    fn text(&self, width: usize) -> String {
        let rule = "=".repeat(width);
        format!(
            "{}\n{rule}\n\n{}\n\nCause:\n{}\n\n{rule}\n{}\n",
            folded(&self.title, width),
            folded(&self.message, width),
            folded(&self.cause, width),
            folded("Reference guest. Setup waits here; nothing more is written to the disk.", width)
        )
    }
}

/// Shows progress: a page that goes on by itself.
pub(crate) fn progress(title: &str, text: &str) {
    draw(|width| format!("{}\n{}\n\n{}\n", folded(title, width), "=".repeat(width), folded(text, width)));
}

/// Shows the page, logs it and never returns.
pub(crate) fn stop(page: &Page) -> ! {
    panther::error(
        page.component,
        format!("{} {}", page.message.replace('\n', " "), page.cause.replace('\n', " ")),
    );
    panther::error(page.component, format!("Setup stops at the page [{}]", page.title));
    draw(|width| page.text(width));
    rustix::fs::sync();
    wait::for_ever()
}

fn draw(text: impl Fn(usize) -> String) {
    if let Ok(mut console) = fs::OpenOptions::new().read(true).write(true).open("/dev/tty0") {
        let columns =
            rustix::termios::tcgetwinsize(console.file()).map_or(0, |size| usize::from(size.ws_col));
        // One column stays free: a full line would move the cursor to the next.
        let width = if columns < 20 { DEFAULT_COLUMNS } else { columns } - 1;
        let text = text(width).replace('\n', "\r\n");
        // Without a screen there is no one to tell.
        drop(console.write_all(format!("{CLEAR}{text}").as_bytes()));
    }
}

fn folded(text: &str, columns: usize) -> String {
    let mut folded = String::new();
    for line in text.lines() {
        let mut width = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > columns {
                folded.push('\n');
                width = 0;
            } else if width > 0 {
                folded.push(' ');
                width += 1;
            }
            folded.push_str(word);
            width += length;
        }
        folded.push('\n');
    }
    folded.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_at_words() {
        let text = folded(&"word ".repeat(40), 22);
        assert!(text.lines().all(|line| line.chars().count() <= 22 && line.starts_with("word")));
        assert_eq!(text.lines().count(), 10);
    }
}
