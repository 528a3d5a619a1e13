//! Variables of a script, and of the programs in it that talk to a guest.

use std::{ffi::OsString, path::PathBuf};

use super::{path, value};

/// What the environment says about a guest.
#[derive(Debug, Clone)]
pub(crate) struct GuestEnv {
    /// `PATH`, for scripts.
    pub(crate) path: OsString,
    /// `WFVM_MACHINE`: which of a run's guests, where no option says it.
    pub(crate) machine: Option<String>,
    /// `WFVM_SSH_PORT`: where the guest listens that no one of us owns.
    pub(crate) ssh_port: Option<String>,
    /// `WFVM_SSH_USER`, else `SSHUSER`: its account.
    pub(crate) ssh_user: String,
    /// `WFVM_SSH_PASSWORD_FILE`: the file of the account's password.
    pub(crate) ssh_password_file: Option<PathBuf>,
    /// `WFVM_WAIT_SECONDS`: how long `win-wait` waits for it.
    pub(crate) wait_seconds: Option<String>,
}

/// What stands for variables that are not set, as WFVM has it.
pub(crate) const SSH_PORT: u16 = 2022;
/// As above.
const SSH_USER: &str = "wfvm";
/// As above.
pub(crate) const SSH_PASSWORD: &str = "1234";

/// Reads the environment.
pub(crate) fn of_guest() -> GuestEnv {
    GuestEnv {
        path: value("PATH").unwrap_or_default(),
        machine: text("WFVM_MACHINE"),
        ssh_port: text("WFVM_SSH_PORT"),
        ssh_user: text("WFVM_SSH_USER").or_else(|| text("SSHUSER")).unwrap_or_else(|| SSH_USER.to_owned()),
        ssh_password_file: path("WFVM_SSH_PASSWORD_FILE"),
        wait_seconds: text("WFVM_WAIT_SECONDS"),
    }
}

/// The owner of the guest that `win-exec` and its siblings talk to; of a run's guests, counted from 1, that one's.
pub(crate) fn socket_of(machine: u32) -> Option<PathBuf> {
    path(&wfvm::command_socket::variable_of(machine))
}

/// What is not UTF-8 is none of the words that are looked for, and the refusal of it says so.
fn text(name: &str) -> Option<String> {
    path(name).map(|value| value.to_string_lossy().into_owned())
}
