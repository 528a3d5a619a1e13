//! The first sign of an SSH server: its greeting, as early as the guest can give it.
//!
//! QEMU takes a connection for the guest at once and knocks at the guest's port. A guest that
//! boots does not hear that, and QEMU knocks again after pauses that double (RFC 6298), when the guest
//! may have been there for long. So a new knock follows soon.

use std::{io, time::Duration};

use tokio::{net::TcpStream, task::JoinSet};

use crate::wait;

/// How often is knocked, and for how long a knock may stay without an answer.
struct Knocking {
    next: Duration,
    given_up: Duration,
}

/// A guest that is slow to greet has eight seconds to do so. No more than eight knocks stand side by side:
/// OpenSSH refuses nobody below ten (`MaxStartups`).
const KNOCKING: Knocking = Knocking { next: Duration::from_secs(1), given_up: Duration::from_secs(8) };

/// A connection on which the server has greeted. What goes wrong until then is told.
pub(super) async fn first(port: u16, tell: impl FnMut(String)) -> TcpStream {
    KNOCKING.first(port, tell).await
}

impl Knocking {
    async fn first(&self, port: u16, mut tell: impl FnMut(String)) -> TcpStream {
        let mut knocks = JoinSet::new();
        let mut told = false;
        loop {
            knocks.spawn(wait::bounded(self.given_up, greeted(port)));
            match wait::bounded(self.next, answer(&mut knocks)).await {
                Some(Ok(stream)) => return stream,
                Some(Err(error)) => {
                    tell(format!("the SSH connection to the guest failed: {error}"));
                    told = true;
                    // A guest that refuses does so at once.
                    wait::poll_pause().await;
                }
                // A refusal says more.
                None if told => {}
                None => tell("the SSH server has not greeted yet".into()),
            }
        }
    }
}

/// The first knock that is answered. One that was given up is no reason to knock again before it is time.
async fn answer(knocks: &mut JoinSet<Option<io::Result<TcpStream>>>) -> io::Result<TcpStream> {
    while let Some(ended) = knocks.join_next().await {
        if let Ok(Some(answered)) = ended {
            return answered;
        }
    }
    std::future::pending().await
}

async fn greeted(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    match stream.peek(&mut [0]).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(stream),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt as _, net::TcpListener};

    use super::*;

    #[tokio::test]
    async fn a_knock_that_is_never_heard_does_not_hold_up_the_next() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = async {
            let (deaf, _) = listener.accept().await.unwrap();
            let (mut second, _) = listener.accept().await.unwrap();
            second.write_all(b"SSH-2.0-test\r\n").await.unwrap();
            (deaf, second)
        };
        let mut problem = None;
        let (_held, stream) = tokio::join!(server, first(port, |now| problem = Some(now)));
        let mut greeting = [0; 3];
        stream.peek(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"SSH");
        assert_eq!(problem.as_deref(), Some("the SSH server has not greeted yet"));
    }

    #[tokio::test]
    async fn knocks_that_are_given_up_do_not_multiply() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let knocking = Knocking { next: Duration::from_millis(20), given_up: Duration::from_millis(60) };
        let deaf = async {
            let mut held = Vec::new();
            while held.len() < 20 {
                held.push(listener.accept().await.unwrap());
            }
        };
        let started = std::time::Instant::now();
        tokio::select! {
            () = deaf => {}
            _ = knocking.first(port, drop) => panic!("nobody has greeted"),
        }
        assert!(started.elapsed() >= knocking.next * 19, "20 knocks in {:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_server_that_hangs_up_is_asked_again() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = async {
            drop(listener.accept().await.unwrap());
            let (mut second, _) = listener.accept().await.unwrap();
            second.write_all(b"SSH-2.0-test\r\n").await.unwrap();
            second
        };
        let mut problem = None;
        let (_held, _stream) = tokio::join!(server, first(port, |now| problem = Some(now)));
        assert!(problem.unwrap().contains("the SSH connection to the guest failed"));
    }
}
