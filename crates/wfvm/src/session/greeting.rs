//! The first sign of an SSH server: its greeting, as early as the guest can give it.
//!
//! QEMU takes a connection for the guest at once and knocks at the guest's port. A guest that
//! boots does not hear that, and QEMU knocks again after pauses that double (RFC 6298), when the guest
//! may have been there for long. So a new knock follows soon.

use std::{collections::VecDeque, io, time::Duration};

use tokio::{
    net::TcpStream,
    task::{AbortHandle, JoinSet},
};

use crate::wait;

/// How long a knock stays alone.
const NEXT_KNOCK: Duration = Duration::from_secs(1);
/// Older ones are given up. A guest that is slow to greet has this many times the pause to do so,
/// and OpenSSH refuses nobody below ten (`MaxStartups`).
const KNOCKS: usize = 8;

/// A connection on which the server has greeted. What goes wrong until then is told in `problem`.
pub(super) async fn first(port: u16, problem: &mut Option<String>) -> TcpStream {
    let mut knocks = JoinSet::new();
    let mut order: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        order.push_back(knocks.spawn(greeted(port)));
        if order.len() > KNOCKS
            && let Some(oldest) = order.pop_front()
        {
            oldest.abort();
        }
        match wait::bounded(NEXT_KNOCK, knocks.join_next()).await {
            Some(Some(Ok(Ok(stream)))) => return stream,
            Some(Some(Ok(Err(error)))) => {
                *problem = Some(format!("the SSH connection to the guest failed: {error}"));
                // A guest that refuses does so at once.
                wait::poll_pause().await;
            }
            // One that was given up, or a second without any news.
            Some(Some(Err(_)) | None) | None => {
                problem.get_or_insert_with(|| "the SSH server has not greeted yet".into());
            }
        }
    }
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
        let (_held, stream) = tokio::join!(server, first(port, &mut problem));
        let mut greeting = [0; 3];
        stream.peek(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"SSH");
        assert_eq!(problem.as_deref(), Some("the SSH server has not greeted yet"));
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
        let (_held, _stream) = tokio::join!(server, first(port, &mut problem));
        assert!(problem.unwrap().contains("the SSH connection to the guest failed"));
    }
}
