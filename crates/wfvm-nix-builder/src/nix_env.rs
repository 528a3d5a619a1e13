//! Every environment variable that is read, declared once.

use std::{ffi::OsString, path::PathBuf};

/// What the environment says.
#[derive(Debug, Clone, Default)]
pub(crate) struct NixEnv {
    /// `NIX_BUILD_TOP`: set when Nix runs us as a builder or below one.
    pub(crate) build_top: Option<PathBuf>,
    /// `NIX_LOG_FD`: set beside it; Nix reads `@nix` lines from our standard error.
    pub(crate) log_fd: Option<OsString>,
    /// `NIX_ATTRS_JSON_FILE`: the derivation's structured attributes.
    pub(crate) attrs_json_file: Option<PathBuf>,
    /// `PATH`, for scripts.
    pub(crate) path: OsString,
    /// `DISPLAY` or `WAYLAND_DISPLAY` is set: a window can be shown.
    pub(crate) desktop: bool,
    /// `WFVM_SOCKET`: the owner of the guest that `win-exec` and its siblings talk to.
    pub(crate) socket: Option<PathBuf>,
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
#[expect(clippy::disallowed_methods, reason = "the only reader of variables")]
pub(crate) fn read() -> NixEnv {
    let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    NixEnv {
        build_top: path("NIX_BUILD_TOP"),
        log_fd: std::env::var_os("NIX_LOG_FD"),
        attrs_json_file: path("NIX_ATTRS_JSON_FILE"),
        path: std::env::var_os("PATH").unwrap_or_default(),
        desktop: ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| path(name).is_some()),
        socket: path(wfvm::command_socket::SOCKET_VARIABLE),
        ssh_port: text("WFVM_SSH_PORT"),
        ssh_user: text("WFVM_SSH_USER").or_else(|| text("SSHUSER")).unwrap_or_else(|| SSH_USER.to_owned()),
        ssh_password_file: path("WFVM_SSH_PASSWORD_FILE"),
        wait_seconds: text("WFVM_WAIT_SECONDS"),
    }
}

impl NixEnv {
    /// The file of structured attributes. Nix 2.8 names one outside the sandbox, so the
    /// build's top comes first.
    pub(crate) fn attrs_json(&self) -> Option<PathBuf> {
        let in_top = self.build_top.as_ref().map(|top| top.join(".attrs.json"));
        in_top.filter(|file| file.exists()).or_else(|| self.attrs_json_file.clone())
    }
}
