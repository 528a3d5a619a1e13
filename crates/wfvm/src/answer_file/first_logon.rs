//! `first-logon.cmd`: everything that runs at the first logon, in order, checked.

use crate::guest_os::GuestOs;

/// The command file's name in the root of the answer medium.
pub const FILE_NAME: &str = "first-logon.cmd";
/// The file by which the answer medium is known among all drives.
pub const TAG_FILE_NAME: &str = "wfvm-answer.tag";

/// The one command of the answer file. The letter of the medium differs between machines.
pub(super) const COMMAND_LINE: &str =
    r"cmd.exe /c for %d in (A C D E F G H I J K) do if exist %d:\wfvm-answer.tag call %d:\first-logon.cmd";

/// What a network from outside must reach.
const FIREWALL: &str =
    "netsh.exe advfirewall firewall add rule name=sshd dir=in action=allow protocol=TCP localport=22";

/// The text of `first-logon.cmd`: ASCII, lines ending in CR LF.
///
/// The guest says on COM1 where it is. A command that does not end with 0 ends the
/// file with `WFVM:error=CODE COMMAND`, so that the host need not wait for a deadline.
#[must_use]
pub fn first_logon_cmd(os: &GuestOs) -> String {
    // Passwords end after 42 days otherwise, and an image lives longer.
    let commands = std::iter::once("net.exe accounts /maxpwage:unlimited")
        .chain(os.sshd.commands.iter().copied())
        .chain([FIREWALL]);
    let mut lines: Vec<String> = vec!["@echo off".into(), "echo WFVM:phase=firstLogon> COM1".into()];
    for command in commands {
        lines.push(format!("set \"step={command}\""));
        lines.push(command.into());
        lines.push("if not \"%errorlevel%\"==\"0\" goto failed".into());
    }
    lines.push("echo WFVM:phase=ready> COM1".into());
    lines.push("exit /b 0".into());
    lines.push(":failed".into());
    lines.push("set \"code=%errorlevel%\"".into());
    // In front, because a digit before `>` would be taken for a handle.
    lines.push("> COM1 echo WFVM:error=%code% %step%".into());
    lines.push("exit /b %code%".into());
    lines.into_iter().flat_map(|line| [line, "\r\n".into()]).collect()
}
