//! `first-logon.cmd`: everything that runs at the first logon, in order, checked.

use super::command_file::{self, Step};
use super::settings;
use crate::guest_os::GuestOs;
use crate::spec::Install;

/// The command file's name in the root of the answer medium.
pub const FILE_NAME: &str = "first-logon.cmd";

/// The one command of the answer file.
pub(super) fn command_line() -> String {
    command_file::start(FILE_NAME)
}

/// What a network from outside must reach.
const FIREWALL: &str =
    "netsh.exe advfirewall firewall add rule name=sshd dir=in action=allow protocol=TCP localport=22";

/// The text of `first-logon.cmd`.
#[must_use]
pub fn first_logon_cmd(spec: &Install, os: &GuestOs) -> String {
    // Passwords end after 42 days otherwise, and an image lives longer.
    let mut steps = vec![Step::own("net.exe accounts /maxpwage:unlimited")];
    steps.extend(settings::first_logon(&spec.answer_file.settings));
    steps.extend(os.sshd.commands.iter().map(|line| Step::own(*line)));
    steps.push(Step::own(FIREWALL));
    command_file::text(Some("firstLogon"), &steps, Some("ready"))
}
