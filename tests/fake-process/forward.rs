//! The program that QEMU starts for each connection out of the guest, with one end of a pair
//! of sockets as its standard input, output and error.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::Child,
};

use crate::stage::{Stage, is_running, until};

/// As QEMU's user network makes it.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

/// The forwarder to a port, and QEMU's end of its connection.
fn forwarder(stage: &Stage, port: u16) -> (Child, TcpStream) {
    let (qemus, its) = pair();
    let its = || OwnedFd::from(its.try_clone().unwrap());
    let mut command = stage.command("wfvm-nix-builder");
    command.args(["forward", "localhost", &port.to_string()]).stdin(its()).stdout(its()).stderr(its());
    (command.spawn().unwrap(), qemus)
}

fn target() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn ends(child: &mut Child) {
    until(|| !is_running(child.id()), || "the forwarder is still there".into());
    child.wait().unwrap();
}

#[test]
fn a_guest_that_said_everything_still_gets_its_answer() {
    let stage = Stage::new();
    let (listener, port) = target();
    let (mut child, mut guest) = forwarder(&stage, port);
    let (mut server, _) = listener.accept().unwrap();
    guest.write_all(b"question").unwrap();
    guest.shutdown(Shutdown::Write).unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).unwrap();
    assert_eq!(question, "question");
    // Longer than the forwarder takes to see that QEMU is gone, if it took this for that.
    std::thread::sleep(4 * wfvm::wait::POLL_INTERVAL);
    server.write_all(b"answer").unwrap();
    drop(server);
    let mut answer = String::new();
    guest.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
    ends(&mut child);
}

#[test]
fn the_forwarder_ends_with_qemu_while_its_target_stays_silent() {
    let stage = Stage::new();
    let (listener, port) = target();
    let (mut child, qemu) = forwarder(&stage, port);
    let (_silent, _) = listener.accept().unwrap();
    drop(qemu);
    ends(&mut child);
}

#[test]
fn a_target_that_is_not_there_closes_the_connection_without_a_word_to_the_guest() {
    let stage = Stage::new();
    let (listener, port) = target();
    drop(listener);
    let (mut child, mut guest) = forwarder(&stage, port);
    let mut heard = String::new();
    guest.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "");
    ends(&mut child);
}
