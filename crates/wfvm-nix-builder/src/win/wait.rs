//! `win-wait` and `win-restart`.

use std::{cell::RefCell, io::Write as _, process::ExitCode, time::Duration};

use clap::Parser;
use wfvm::{
    blame::Blame,
    command_socket::Request,
    session::Session,
    wait::{bounded, poll_pause},
};

use super::guest::{Address, Guest, Which, ownerless};
use crate::{
    nix_env,
    report::{Failure, Outcome},
    tasks::{block_on, interruptible},
};

/// How long a guest without an owner is waited for; a first boot may need most of it.
const PATIENCE_SECONDS: u64 = 20 * 60;

/// Wait until the guest takes commands.
#[derive(Debug, Parser)]
#[command(name = "win-wait")]
pub(crate) struct Wait {
    #[command(flatten)]
    which: Which,
    /// End after so many seconds with status 5. The default is `WFVM_WAIT_SECONDS`, or 1200; in a
    /// script of ours the owner of the guest has a deadline of its own.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// Restart the guest and wait until it takes commands.
#[derive(Debug, Parser)]
#[command(name = "win-restart")]
pub(crate) struct Restart {
    #[command(flatten)]
    which: Which,
    /// End after so many seconds with status 5.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

impl Restart {
    pub(crate) fn perform(self) -> Outcome {
        if self.which.socket(&nix_env::of_guest())?.is_none() {
            return Err(ownerless());
        }
        super::perform("the restart", self.timeout, async {
            Guest::find(self.which).await?.perform(&Request::Restart, false).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Wait {
    pub(crate) fn perform(self) -> Outcome {
        let env = nix_env::of_guest();
        if self.which.socket(&env)?.is_some() {
            return super::perform("waiting for the guest", self.timeout, async {
                Guest::find(self.which).await?.perform(&Request::Wait, false).await?;
                Ok(ExitCode::SUCCESS)
            });
        }
        let address = Address::of(&env)?;
        let from_environment = env.wait_seconds.as_ref().map(|text| {
            text.parse().map_err(|_| {
                let page = format!("WFVM_WAIT_SECONDS is `{text}`, but it should be a number of seconds");
                Failure::new(page, Blame::Input)
            })
        });
        let seconds = self.timeout.or(from_environment.transpose()?).unwrap_or(PATIENCE_SECONDS);
        let seen = RefCell::new("nothing yet".to_owned());
        block_on(interruptible(async {
            let session = bounded(Duration::from_secs(seconds), attempts(&address, &seen)).await;
            session.map(|_| ExitCode::SUCCESS).ok_or_else(|| {
                let port = address.port;
                let page = format!(
                    "no guest took commands on localhost:{port} within {seconds} s: {}",
                    seen.borrow()
                );
                Failure::new(page, Blame::Deadline)
            })
        }))
    }
}

/// Tries until there is a session. An account that is refused may be made later in the first boot.
async fn attempts(address: &Address, seen: &RefCell<String>) -> Session {
    let tell = |now: String| {
        // Told when there is news alone: a line is taken for a sign of life.
        if *seen.borrow() != now {
            let _ = writeln!(std::io::stderr(), "win-wait: localhost:{}: {now}", address.port);
            seen.replace(now);
        }
    };
    loop {
        match Session::first(address.port, &address.login, tell).await {
            Ok(session) => return session,
            Err(error) => tell(error.to_string()),
        }
        poll_pause().await;
    }
}
