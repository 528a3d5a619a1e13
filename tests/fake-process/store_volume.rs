//! The server of a volume as a program: how it ends, what it tells, and what it leaves behind.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::stage::{Stage, until};

fn server(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.command("wfvm-nix-builder");
    command.args(["store-volume", "--socket", "socket"]).args(arguments).stdin(Stdio::null());
    command.stderr(Stdio::piped());
    command
}

/// A closure of one store path, with a link that is not on the volume.
fn closure(stage: &Stage) -> String {
    let path = stage.path("hash-name");
    fs_err::create_dir(&path).unwrap();
    fs_err::write(path.join("file"), b"contents").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", path.join("link")).unwrap();
    path.display().to_string()
}

/// A reader: connected, and past the handshake.
fn reader(socket: &Path) -> UnixStream {
    // Who only connects is no reader yet.
    until(|| UnixStream::connect(socket).is_ok(), || "there is no server".into());
    let mut reader = UnixStream::connect(socket).unwrap();
    let mut greeting = [0; 18];
    reader.read_exact(&mut greeting).unwrap();
    // `EXPORT_NAME` without a name, and without zeroes behind the answer.
    reader.write_all(b"\0\0\0\x03IHAVEOPT\0\0\0\x01\0\0\0\0").unwrap();
    let mut export = [0; 10];
    reader.read_exact(&mut export).unwrap();
    assert_eq!(export[8..], [1, 7]);
    reader
}

fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn it_ends_with_its_last_reader_and_told_what_is_not_there() {
    let stage = Stage::new();
    let closure = closure(&stage);
    let child = server(&stage, &[&closure]).spawn().unwrap();
    let (one, other) = (reader(&stage.path("socket")), reader(&stage.path("socket")));
    drop(one);
    let third = reader(&stage.path("socket"));
    drop((other, third));
    let (status, page) = ended(child);
    assert_eq!(
        (status, page),
        (Some(0), format!("not on the volume: {closure}/link leads out of the closure\n"))
    );
    assert!(!stage.path("socket").exists());
}

#[test]
fn sigterm_ends_it_well_whoever_reads() {
    let stage = Stage::new();
    let closure = closure(&stage);
    let child = server(&stage, &["--persistent", &closure]).spawn().unwrap();
    drop(reader(&stage.path("socket")));
    let reader = reader(&stage.path("socket"));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(ended(child).0, Some(0));
    drop(reader);
    assert!(!stage.path("socket").exists());
}

#[test]
fn what_cannot_be_served_is_refused_with_its_name() {
    let stage = Stage::new();
    let closure = closure(&stage);
    for (path, status, words) in
        [("name", 2, "`name` is not an absolute path"), ("/no/such/path", 2, "/no/such/path")]
    {
        let (ended, page) = ended(server(&stage, &[path]).spawn().unwrap());
        assert_eq!(ended, Some(status), "{page}");
        assert!(page.contains(words), "{page}");
    }
    fs_err::write(stage.path("socket"), b"of somebody else").unwrap();
    let (status, page) = ended(server(&stage, &[&closure]).spawn().unwrap());
    assert_eq!(status, Some(3), "{page}");
    assert!(page.contains("error: socket: "), "{page}");
    assert!(stage.path("socket").exists());
}
