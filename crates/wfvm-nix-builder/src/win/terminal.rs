//! What a guest prints, on a terminal: its lines end in CR LF.

use std::{
    io::{self, IsTerminal},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

/// A stream that gets every byte as it is, unless it is a terminal: that gets no CR before LF.
///
/// The log of a Nix build is a terminal, and for Nix a CR means that the line begins anew: of a line
/// that ends in CR LF the newer ones show nothing.
pub(crate) struct Lines<W> {
    stream: W,
    ends_change: bool,
    /// The last byte was a CR, which waits for what follows.
    held_back: bool,
    buffer: Vec<u8>,
}

/// Standard output.
pub(super) fn stdout() -> Lines<tokio::io::Stdout> {
    Lines::to(tokio::io::stdout(), io::stdout().is_terminal())
}

/// Standard error.
pub(super) fn stderr() -> Lines<tokio::io::Stderr> {
    Lines::to(tokio::io::stderr(), io::stderr().is_terminal())
}

/// Standard output and standard error as a log, whose lines end in LF wherever they go.
#[cfg(feature = "run")]
pub(crate) fn log() -> (Lines<tokio::io::Stdout>, Lines<tokio::io::Stderr>) {
    (Lines::to(tokio::io::stdout(), true), Lines::to(tokio::io::stderr(), true))
}

impl<W: AsyncWrite + Unpin> Lines<W> {
    fn to(stream: W, ends_change: bool) -> Self {
        Self { stream, ends_change, held_back: false, buffer: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if std::mem::take(&mut self.held_back) && *byte != b'\n' {
                self.buffer.push(b'\r');
            }
            if *byte == b'\r' {
                self.held_back = true;
            } else {
                self.buffer.push(*byte);
            }
        }
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, &self.buffer))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.buffer.drain(..count);
        }
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Lines<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.ends_change {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        ready!(self.poll_drain(context))?;
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn written(ends_change: bool, pieces: &[&[u8]]) -> Vec<u8> {
        let mut lines = Lines::to(Vec::new(), ends_change);
        for piece in pieces {
            lines.write_all(piece).await.unwrap();
            lines.flush().await.unwrap();
        }
        lines.stream
    }

    #[tokio::test]
    async fn only_a_terminal_gets_other_line_ends() {
        let pieces: [&[u8]; 4] = [b"one\r\ntwo\r", b"\n50 %\r", b"60 %\r\r\n", b"\0\xff"];
        assert_eq!(written(false, &pieces).await, pieces.concat());
        assert_eq!(written(true, &pieces).await, b"one\ntwo\n50 %\r60 %\r\n\0\xff");
    }
}
