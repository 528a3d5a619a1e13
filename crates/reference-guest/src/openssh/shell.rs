//! A command of an SSH client: `cmd.exe` through Wine, its three streams as they are, its exit code with 32 bits.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::Duration;

use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;

use crate::accounts::Account;
use crate::wine::Ended;
use crate::{panther, power, wait, wine};

pub(super) const SHELL: &str = "C:\\windows\\system32\\cmd.exe";
const CHUNK_BYTES: usize = 32 << 10;
// A program left in the background keeps the streams open; what the command itself wrote is in them when it ends.
const REST: Duration = Duration::from_millis(300);
const STDERR: u32 = 1; // SSH_EXTENDED_DATA_STDERR, RFC 4254

/// Runs a command line over a channel and closes it.
pub(super) async fn run(channel: Channel<Msg>, line: String, account: Account) {
    let (mut input, output) = channel.split();
    // A program that starts now would start Wine anew, and the machine's end would wait for it.
    if power::is_ending() {
        drop(output.close().await);
        return;
    }
    let ended = execute(&mut input, &output, &line, &account).await.unwrap_or_else(|error| {
        panther::warning("SSHD", format!("{line}: {error}"));
        Ended::Broken(error.to_string())
    });
    // Whom the machine's end has killed has no exit code of its own. A client that has gone is told nothing.
    if !(power::is_ending() && matches!(ended, Ended::Broken(_))) {
        drop(output.exit_status(ended.code()).await);
        drop(output.eof().await);
    }
    drop(output.close().await);
}

async fn execute(
    input: &mut ChannelReadHalf,
    output: &ChannelWriteHalf<Msg>,
    line: &str,
    account: &Account,
) -> std::io::Result<Ended> {
    let (mut command, report) = wine::prepare(line, &account.name, &account.profile());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = Command::from(command).kill_on_drop(true).spawn()?;
    let (over_tell, over) = watch::channel(false);
    let stdin = child.stdin.take();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let streams = async {
        tokio::join!(
            forward(stdout, over.clone(), |bytes| output.data_bytes(bytes)),
            forward(stderr, over.clone(), |bytes| output.extended_data_bytes(STDERR, bytes))
        );
    };
    let ending = async {
        let status = end(&mut child, input, stdin).await;
        // The streams are read on for a moment.
        let _ = over_tell.send(true);
        status
    };
    let (status, ()) = tokio::join!(ending, streams);
    Ok(report.ended(&status?.to_string()))
}

/// Feeds the command until it ends; a client that goes away takes it along.
async fn end(
    child: &mut Child,
    input: &mut ChannelReadHalf,
    mut stdin: Option<ChildStdin>,
) -> std::io::Result<std::process::ExitStatus> {
    let mut open = true;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            message = input.wait(), if open => match message {
                Some(ChannelMsg::Data { data }) => {
                    if let Some(pipe) = &mut stdin && pipe.write_all(&data).await.is_err() {
                        stdin = None;
                    }
                }
                Some(ChannelMsg::Eof) => stdin = None,
                Some(ChannelMsg::Close) | None => {
                    open = false;
                    stdin = None;
                    if let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
                        let _ = kill_process_group(group, Signal::KILL);
                    }
                }
                Some(_) => {}
            },
        }
    }
}

async fn forward<S, F>(stream: Option<S>, mut over: watch::Receiver<bool>, send: impl Fn(Vec<u8>) -> F)
where
    S: AsyncRead + Unpin,
    F: Future<Output = Result<(), russh::Error>>,
{
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0_u8; CHUNK_BYTES];
    loop {
        let read = if *over.borrow() {
            wait::at_most(REST, stream.read(&mut buffer)).await
        } else {
            tokio::select! {
                biased;
                read = stream.read(&mut buffer) => Some(read),
                _ = over.changed() => continue,
            }
        };
        let Some(Ok(count)) = read else { return };
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { return };
        if send(bytes.to_vec()).await.is_err() {
            return;
        }
    }
}
