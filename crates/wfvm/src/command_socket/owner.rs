//! The owner's side of a request: the guest, and what is made of its answers.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::Request;
use crate::{
    progress::Progress,
    session::{Connection, Output, SessionError},
    steps::Steps,
};

/// What the exit codes of a guest's commands mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing to the owner: the script judges them.
    Verbatim,
    /// 3010 and 1641 want a restart, which happens before the answer.
    Installers {
        /// Whether such a code is a success to the script as well.
        accepted: bool,
    },
}

/// `ERROR_SUCCESS_REBOOT_REQUIRED`, `ERROR_SUCCESS_REBOOT_INITIATED` (Windows Installer's error codes).
const RESTART_CODES: [u32; 2] = [3010, 1641];

/// The owner's side: the guest, and what is made of the requests for it.
#[derive(Debug)]
pub struct Owner {
    connection: Arc<Connection>,
    rule: Rule,
    pub(super) steps: Steps,
    /// Told of each failure, where the script's own words do not suffice.
    progress: Option<Progress>,
    /// A command ordered a restart when there had been so many.
    ordered: Mutex<Option<u32>>,
}

impl Owner {
    /// For a guest whose script judges all that happens.
    #[must_use]
    pub fn new(connection: Arc<Connection>, rule: Rule, steps: Steps) -> Self {
        Self { connection, rule, steps, progress: None, ordered: Mutex::new(None) }
    }

    /// Tells of failures as they happen.
    #[must_use]
    pub fn telling(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    pub(super) fn tell(&self, text: &str) {
        if let Some(progress) = &self.progress {
            progress.line(text);
        }
    }

    /// Performs a request; its exit code, and whether the rule takes that for a success.
    pub(super) async fn perform(
        &self,
        request: Request,
        input: mpsc::Receiver<Vec<u8>>,
        output: mpsc::Sender<Output>,
    ) -> Result<(u32, bool), SessionError> {
        let connection = &self.connection;
        match request {
            Request::Exec { command } => {
                let before = connection.restarts();
                let code =
                    connection.with(async |session| session.run(&command, input, output).await).await?;
                self.note_order(&command, code, before);
                let restart = self.rule != Rule::Verbatim && RESTART_CODES.contains(&code);
                if restart {
                    self.tell(&format!(
                        "  `{command}` wants a restart (exit code {code}): the guest restarts"
                    ));
                    connection.restart().await?;
                }
                return Ok((code, restart && self.rule == Rule::Installers { accepted: true }));
            }
            Request::Wait => {
                let ordered = self.ordered().take();
                match ordered {
                    Some(before) => connection.restart_after(before).await?,
                    None => connection.ready().await?,
                }
            }
            Request::Restart => connection.restart().await?,
            Request::Put { local, directory, name } => {
                let put =
                    connection.with(async |session| session.put(&local, &directory, name.as_deref()).await);
                unless_abandoned(put, &output).await?;
            }
            Request::Get { remote, directory, name } => {
                let get =
                    connection.with(async |session| session.get(&remote, &directory, name.as_deref()).await);
                unless_abandoned(get, &output).await?;
            }
        }
        Ok((0, true))
    }

    fn ordered(&self) -> std::sync::MutexGuard<'_, Option<u32>> {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that a command of the script's own restarts the guest, for whoever waits next.
    fn note_order(&self, command: &str, code: u32, before: u32) {
        let Some(order) = (code == 0).then(|| restart_order(command)).flatten() else { return };
        *self.ordered() = match order {
            Order::Restart => Some(before),
            Order::Abort => None,
        };
    }
}

async fn unless_abandoned<T>(
    work: impl Future<Output = Result<T, SessionError>>,
    output: &mpsc::Sender<Output>,
) -> Result<T, SessionError> {
    tokio::select! {
        done = work => done,
        () = output.closed() => Err(SessionError::Abandoned),
    }
}

/// What a command line orders by `shutdown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Restart,
    Abort,
}

fn restart_order(command: &str) -> Option<Order> {
    let lower = command.to_ascii_lowercase();
    let mut words =
        lower.split(|c: char| c.is_whitespace() || c == '&' || c == '"').filter(|word| !word.is_empty());
    words.find(|word| {
        word.rsplit(['\\', '/']).next().is_some_and(|name| name.trim_end_matches(".exe") == "shutdown")
    })?;
    words.find_map(|word| match word.trim_start_matches(['/', '-']) {
        "r" | "g" => Some(Order::Restart),
        "a" => Some(Order::Abort),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_to_restart_is_known_in_any_form() {
        for restart in
            ["shutdown /r", r"C:\Windows\System32\SHUTDOWN.EXE -r -t 0", "echo x&shutdown /t 5 /r /f"]
        {
            assert_eq!(restart_order(restart), Some(Order::Restart), "{restart}");
        }
        assert_eq!(restart_order("shutdown -a"), Some(Order::Abort));
        for other in ["shutdown -s -t 600", "ver", "echo shutdownx /r", "reg add x /r"] {
            assert_eq!(restart_order(other), None, "{other}");
        }
    }
}
