//! Which HTTP a connection without TLS begins with.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

/// Reads as far as needed to tell `PRI * HTTP/2.0` from every method that is served, and puts it back.
pub(crate) async fn detect_http2<IO: AsyncRead + AsyncWrite + Unpin>(
    mut io: IO,
) -> io::Result<(bool, Rewound<IO>)> {
    let mut start = [0; 3];
    let mut len = 0;
    while len < start.len() && b"PRI".starts_with(&start[..len]) {
        match io.read(&mut start[len..]).await? {
            0 => break,
            read => len += read,
        }
    }
    Ok((start == *b"PRI", Rewound { start, taken: 0, len, io }))
}

/// A stream with its first bytes put back.
pub(crate) struct Rewound<IO> {
    start: [u8; 3],
    taken: usize,
    len: usize,
    io: IO,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Rewound<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken == self.len {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let put = (self.len - self.taken).min(buf.remaining());
        buf.put_slice(&self.start[self.taken..self.taken + put]);
        self.taken += put;
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Rewound<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
