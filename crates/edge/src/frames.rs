//! What an HTTP/2 client may send beside its requests.
//!
//! h2 bounds CONTINUATION frames, empty and tiny DATA frames, and streams that are reset before anybody has seen them. It
//! answers every PING and takes every SETTINGS, PRIORITY and `WINDOW_UPDATE`, as many as come, has no time limit for a
//! head in pieces, and for streams that are opened, seen and reset, over and over. So this wrapper reads the frames'
//! headers on their way in (RFC 9113 §4.1), changes nothing, and ends the stream when a connection's credit is used up, or
//! when a head stays incomplete.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};
use wax_telemetry::Counter;

/// `PRI * HTTP/2.0` and so on (RFC 9113 §3.4).
const PREFACE: u32 = 24;
const HEADER: usize = 9;

/// Kinds of frames, and a flag of two of them (RFC 9113 §6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 0x4;

/// Credit is counted in bytes of content: a frame is as dear as so many.
const FRAME: i64 = 64;
/// What a head brings: enough for a client that reports 2 MiB of an answer as read, KiB by KiB.
const HEAD: i64 = 256 * 1024;
/// What a stream costs that the client resets: it takes back what its head brought, and a little more, so that whoever
/// only opens and resets comes to an end, and whoever now and then changes his mind does not.
const RESET: i64 = HEAD + 8 * 1024;
/// What a connection begins with: 2,048 frames, or sixteen streams that are reset.
const START: i64 = 128 * 1024;
/// What it can save up.
const MOST: i64 = 1024 * 1024;

/// A byte stream whose HTTP/2 frames are counted, and whose heads must arrive in time.
#[derive(Debug)]
pub(crate) struct Metered<IO> {
    io: IO,
    meter: Meter,
    head_limit: Duration,
    head_deadline: Pin<Box<Sleep>>,
    refused: Counter,
    is_over: bool,
}

impl<IO> Metered<IO> {
    /// The preface, and each head, must be complete `head_limit` after it has begun. A connection whose credit is used up
    /// is counted in `refused`.
    pub(crate) fn new(io: IO, head_limit: Duration, refused: Counter) -> Self {
        let head_deadline = Box::pin(tokio::time::sleep(head_limit));
        let meter = Meter::default();
        Self { io, meter, head_limit, head_deadline, refused, is_over: false }
    }

    fn end(&mut self, kind: io::ErrorKind) -> Poll<io::Result<()>> {
        self.is_over = true;
        Poll::Ready(Err(kind.into()))
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Metered<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_over {
            return this.end(io::ErrorKind::ConnectionAborted);
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Pending if this.meter.in_head() => {
                ready!(this.head_deadline.as_mut().poll(cx));
                return this.end(io::ErrorKind::TimedOut);
            }
            read => ready!(read)?,
        }
        let heads = this.meter.heads;
        this.meter.watch(&buf.filled()[before..]);
        if this.meter.heads != heads {
            this.head_deadline.as_mut().reset(Instant::now() + this.head_limit);
        }
        if this.meter.credit < 0 {
            buf.set_filled(before);
            this.refused.add(&["http2_flood"], 1);
            return this.end(io::ErrorKind::ConnectionAborted);
        }
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Metered<IO> {
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

/// Reads frames' headers, and keeps the account.
#[derive(Debug)]
struct Meter {
    /// Bytes to go until the next frame's header: of the preface, or of a frame's content.
    skip: u32,
    header: [u8; HEADER],
    /// How much of `header` has come.
    len: usize,
    /// Whether `skip` counts bytes of a head, or of the preface.
    is_head: bool,
    /// Whether no more frames of that head follow.
    is_last: bool,
    /// Heads begun so far.
    heads: u64,
    credit: i64,
}

impl Default for Meter {
    fn default() -> Self {
        let (is_head, is_last, heads, credit) = (true, true, 0, START);
        Self { skip: PREFACE, header: [0; HEADER], len: 0, is_head, is_last, heads, credit }
    }
}

impl Meter {
    const fn in_head(&self) -> bool {
        self.is_head && (self.skip > 0 || !self.is_last)
    }

    fn watch(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.skip > 0 {
                let skipped = bytes.len().min(self.skip as usize);
                self.skip -= u32::try_from(skipped).expect("not more than was to be skipped");
                bytes = &bytes[skipped..];
                continue;
            }
            self.header[self.len] = *first;
            self.len += 1;
            bytes = rest;
            if self.len == HEADER {
                self.len = 0;
                self.frame();
            }
        }
    }

    /// Enters a frame whose header is complete (RFC 9113 §4.1, §6).
    fn frame(&mut self) {
        let [l1, l2, l3, kind, flags, ..] = self.header;
        self.skip = u32::from_be_bytes([0, l1, l2, l3]);
        self.is_head = matches!(kind, HEADERS | CONTINUATION);
        self.is_last = flags & END_HEADERS != 0;
        let brings = match kind {
            DATA => i64::from(self.skip),
            HEADERS => HEAD,
            RST_STREAM => -RESET,
            _ => 0,
        };
        self.heads += u64::from(kind == HEADERS);
        self.credit = (self.credit - FRAME + brings).min(MOST);
    }
}

#[cfg(test)]
mod tests;
