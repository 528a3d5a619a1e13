//! The one session with a guest, opened anew when the guest restarted.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, watch};

use super::{Session, SessionError};
use crate::{
    spec::Login,
    wait::{self, Deadline, Signs, WaitError},
};

/// An SSH server that was lost while its guest did not restart is back within this time, or
/// it does not come back.
const SERVER_RETURNS: Duration = Duration::from_secs(60);
/// Without the half minute of grace that `shutdown` gives by default, and whatever a program wants to save.
const RESTART_COMMAND: &str = "shutdown /r /t 0 /f";
/// `ERROR_SHUTDOWN_IN_PROGRESS`, `ERROR_SHUTDOWN_IS_SCHEDULED`: an installer ordered it before.
const ORDERED_BEFORE: [u32; 2] = [1115, 1190];

/// How long a start of the guest may take, and the spec field that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootLimit {
    /// From a start or restart to the authenticated session.
    pub seconds: u64,
    /// The field.
    pub field: &'static str,
}

impl BootLimit {
    /// The point in time, counted from now.
    #[must_use]
    pub fn from_now(self) -> Deadline {
        Deadline::after(self.seconds, self.field)
    }
}

/// How a guest is reached, and the session as long as there is one.
#[derive(Debug)]
pub struct Connection {
    port: u16,
    login: Login,
    signs: watch::Receiver<Signs>,
    boot: BootLimit,
    /// The session, and how many restarts there had been when it was opened.
    current: Mutex<(u32, Arc<Session>)>,
    restarts: watch::Sender<u32>,
}

impl Connection {
    /// Connects as soon as the guest lets it.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn open(
        port: u16,
        login: &Login,
        signs: watch::Receiver<Signs>,
        boot: BootLimit,
        deadline: Deadline,
    ) -> Result<Result<Self, SessionError>, WaitError> {
        let session = Session::open(port, login, &signs, deadline).await?;
        Ok(session.map(|session| Self {
            port,
            login: login.clone(),
            signs,
            boot,
            current: Mutex::new((0, Arc::new(session))),
            restarts: watch::Sender::new(0),
        }))
    }

    /// Told by who observes the machine: the guest restarted, and the session went with it.
    pub fn restarted(&self) {
        self.restarts.send_modify(|restarts| *restarts += 1);
    }

    /// How often the guest restarted.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        *self.restarts.borrow()
    }

    /// Does something by the session, unless the guest restarts meanwhile.
    ///
    /// # Errors
    /// [`SessionError`]: that of the work, or why there is no session.
    pub async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Session) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        let (opened_after, session) = self.session().await?;
        let mut restarts = self.restarts.subscribe();
        tokio::select! {
            biased; // an answer that arrives together with the restart still counts
            done = work(&session) => done,
            _ = restarts.wait_for(|restarts| *restarts != opened_after) => Err(SessionError::Restarted),
        }
    }

    /// Runs a command without input and gives its exit code with both streams.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn run_to_end(&self, command: &str) -> Result<(u32, Vec<u8>, Vec<u8>), SessionError> {
        self.with(async |session| session.run_to_end(command).await).await
    }

    /// The same with the streams as one text, for who wants to tell what was said.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn answer(&self, command: &str) -> Result<(u32, String), SessionError> {
        let (code, stdout, stderr) = self.run_to_end(command).await?;
        Ok((code, String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()))
    }

    /// Ends the session. The guest hears of it; the next use opens another one.
    #[cfg(feature = "run")]
    pub async fn hang_up(&self) {
        self.current.lock().await.1.hang_up().await;
    }

    /// Waits until the guest takes commands.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn ready(&self) -> Result<(), SessionError> {
        self.session().await.map(drop)
    }

    /// Restarts the guest and waits until it takes commands.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn restart(&self) -> Result<(), SessionError> {
        let before = self.restarts();
        let order = self.run_to_end(RESTART_COMMAND).await;
        match order {
            Ok((code, _, stderr)) if code != 0 && !ORDERED_BEFORE.contains(&code) => {
                let said = String::from_utf8_lossy(&stderr).trim().to_owned();
                return Err(SessionError::NoRestart { code, said });
            }
            // The guest may be gone before it answers.
            Ok(_) | Err(_) => {}
        }
        self.restart_after(before).await
    }

    /// Waits for a restart that was ordered when there had been `before` of them, and then until
    /// the guest takes commands.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn restart_after(&self, before: u32) -> Result<(), SessionError> {
        let mut restarts = self.restarts.subscribe();
        let next = restarts.wait_for(|restarts| *restarts != before);
        // The sender is ours, so it cannot be gone.
        let _ = wait::race("the restart of the guest", next, &self.signs, self.boot.from_now()).await?;
        self.ready().await
    }

    async fn session(&self) -> Result<(u32, Arc<Session>), SessionError> {
        let mut current = self.current.lock().await;
        let restarts = self.restarts();
        let (opened_after, session) = &*current;
        let opened = if *opened_after != restarts {
            Session::open(self.port, &self.login, &self.signs, self.boot.from_now()).await
        } else if session.is_closed() {
            let opening = Session::open(self.port, &self.login, &self.signs, self.boot.from_now());
            let Some(opened) = wait::bounded(SERVER_RETURNS, opening).await else {
                let seconds = SERVER_RETURNS.as_secs();
                let problem = format!("it was lost, and nobody answers on its port for {seconds} s");
                return Err(SessionError::Connection(problem));
            };
            opened
        } else {
            return Ok(current.clone());
        };
        let session = opened.map_err(SessionError::Unreachable)??;
        *current = (restarts, Arc::new(session));
        Ok(current.clone())
    }
}
