//! Every environment variable that is read, declared once.

#[cfg(feature = "script")]
mod guest;
#[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
mod person;

use std::{ffi::OsString, path::PathBuf};

#[cfg(feature = "script")]
pub(crate) use guest::{GuestEnv, SSH_PASSWORD, SSH_PORT, of_guest, socket_of};
#[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
pub(crate) use person::person;

/// What the environment says to a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct NixEnv {
    /// `NIX_BUILD_TOP`: set when Nix runs us as a builder or below one.
    pub(crate) build_top: Option<PathBuf>,
    /// `NIX_LOG_FD`: set beside it; Nix reads `@nix` lines from our standard error.
    pub(crate) log_fd: Option<OsString>,
    /// `NIX_ATTRS_JSON_FILE`: the derivation's structured attributes.
    pub(crate) attrs_json_file: Option<PathBuf>,
    /// `DISPLAY` or `WAYLAND_DISPLAY` is set: a window can be shown.
    pub(crate) desktop: bool,
}

/// Reads the environment.
pub(crate) fn read() -> NixEnv {
    NixEnv {
        build_top: path("NIX_BUILD_TOP"),
        log_fd: value("NIX_LOG_FD"),
        attrs_json_file: path("NIX_ATTRS_JSON_FILE"),
        desktop: ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| path(name).is_some()),
    }
}

/// All of them, for a builder in a guest.
#[cfg(any(feature = "run", feature = "linux"))]
pub(crate) fn whole() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

#[expect(clippy::disallowed_methods, reason = "the only reader of variables")]
fn value(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// An empty variable counts as one that is not set.
fn path(name: &str) -> Option<PathBuf> {
    value(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

impl NixEnv {
    /// The file of structured attributes. Nix 2.8 names one outside the sandbox, so the
    /// build's top comes first.
    pub(crate) fn attrs_json(&self) -> Option<PathBuf> {
        let in_top = self.build_top.as_ref().map(|top| top.join(".attrs.json"));
        in_top.filter(|file| file.exists()).or_else(|| self.attrs_json_file.clone())
    }
}
