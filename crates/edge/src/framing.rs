//! A second reader of HTTP/1.1 framing, in front of hyper.
//!
//! hyper reads a request with both Content-Length and Transfer-Encoding by quietly dropping the former (RFC 9112 §6.3
//! allows it), and takes a bare LF for a line end (§2.2). Above hyper neither can be seen any more, and both are how
//! requests are smuggled past a server that reads them differently. So this wrapper watches the bytes on their way in.
//! It never changes a message: at the first byte that breaks its rules it ends the stream with `STOP` instead. That is
//! valid nowhere in a head or in chunk framing, so hyper answers 400 (or fails the body) and closes, and nothing after
//! that byte is ever read as a request. See docs/adr/0010.

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

/// A NUL, which no parser takes, and the end of a head, for which hyper waits before it parses again.
const STOP: &[u8] = b"\0\r\n\r\n";

/// A byte stream whose HTTP/1.1 framing is watched, and whose heads must arrive in time.
#[derive(Debug)]
pub(crate) struct Framed<IO> {
    io: IO,
    framing: Framing,
    head_limit: Duration,
    head_deadline: Pin<Box<Sleep>>,
    /// What of [`STOP`] is still to be read; `None` until something is refused.
    stop: Option<&'static [u8]>,
}

impl<IO> Framed<IO> {
    /// The first head must be complete `head_limit` from now, every later one that long after its first byte.
    pub(crate) fn new(io: IO, head_limit: Duration) -> Self {
        let head_deadline = Box::pin(tokio::time::sleep(head_limit));
        Self { io, framing: Framing::default(), head_limit, head_deadline, stop: None }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Framed<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(stop) = &mut this.stop {
            put(stop, buf);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Pending if this.framing.in_head() => {
                ready!(this.head_deadline.as_mut().poll(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            read => ready!(read)?,
        }
        let heads = this.framing.heads;
        if let Err(Refused { at }) = this.framing.watch(&buf.filled()[before..]) {
            buf.set_filled(before + at);
            put(this.stop.insert(STOP), buf);
        }
        if this.framing.heads != heads {
            this.head_deadline.as_mut().reset(Instant::now() + this.head_limit);
        }
        Poll::Ready(Ok(()))
    }
}

/// Moves as much as fits.
fn put(from: &mut &'static [u8], to: &mut ReadBuf<'_>) {
    let (now, later) = from.split_at(from.len().min(to.remaining()));
    to.put_slice(now);
    *from = later;
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Framed<IO> {
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

/// The byte at this place breaks the framing rules.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    at: usize,
}

/// Where in the stream of messages the reader stands.
#[derive(Debug, Default)]
struct Framing {
    state: State,
    line: Line,
    /// Heads begun so far.
    heads: u64,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Before a request line. Empty lines are skipped (RFC 9112 §2.2).
    #[default]
    Start,
    /// In the request line, or between two header fields.
    Fields(Declared),
    /// In a body or chunk with this many bytes to go; what follows it.
    Data(u64, After),
    /// In a chunk-size line.
    ChunkSize,
    /// In the line end after a chunk's data.
    ChunkEnd,
    /// In the trailer section.
    Trailers,
}

#[derive(Debug, Clone, Copy)]
enum After {
    Message,
    Chunk,
}

/// What the fields read so far say about the body.
#[derive(Debug, Clone, Copy, Default)]
struct Declared {
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    fn in_head(&self) -> bool {
        matches!(self.state, State::Fields(_)) || self.heads == 0 || !self.line.is_empty()
    }

    fn watch(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut at = 0;
        while at < bytes.len() {
            if let State::Data(left, after) = self.state {
                let taken = left.min((bytes.len() - at) as u64);
                at += usize::try_from(taken).expect("not more than the bytes at hand");
                self.state = match (left - taken, after) {
                    (0, After::Message) => State::Start,
                    (0, After::Chunk) => State::ChunkEnd,
                    (left, after) => State::Data(left, after),
                };
            } else {
                self.byte(bytes[at]).ok_or(Refused { at })?;
                at += 1;
            }
        }
        Ok(())
    }

    /// Takes one byte of a line, and moves on when the line is complete. `None`: the byte breaks the rules.
    fn byte(&mut self, byte: u8) -> Option<()> {
        if matches!(self.state, State::Start)
            && self.line.is_empty()
            && byte != b'\r'
            && byte != b'\n'
        {
            self.heads += 1;
        }
        if self.line.push(byte)? {
            self.state = self.state.after_line(&self.line)?;
            self.line.clear();
        }
        Some(())
    }
}

impl State {
    fn after_line(self, line: &Line) -> Option<Self> {
        Some(match self {
            Self::Start | Self::Trailers if line.is_empty_line() => Self::Start,
            Self::Start => Self::Fields(Declared::default()),
            Self::Fields(declared) if line.is_empty_line() => declared.body()?,
            Self::Fields(declared) => Self::Fields(declared.with(line)?),
            Self::ChunkSize => match chunk_size(line.start())? {
                0 => Self::Trailers,
                size => Self::Data(size, After::Chunk),
            },
            Self::ChunkEnd => line.is_empty_line().then_some(Self::ChunkSize)?,
            Self::Trailers => Self::Trailers,
            Self::Data(..) => unreachable!("data is not read as lines"),
        })
    }
}

impl Declared {
    /// Adds one header field. Only the two that frame the body matter; each may stand once, in its plainest form.
    fn with(mut self, line: &Line) -> Option<Self> {
        let colon = line.start().iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            Some(colon) => (&line.start()[..colon], line.start()[colon + 1..].trim_ascii()),
            // A name longer than what is kept of a line is none of the two.
            None => return Some(self),
        };
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = (line.is_whole() && self.length.is_none()).then(|| decimal(value))??;
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            (line.is_whole() && !self.chunked && value.eq_ignore_ascii_case(b"chunked"))
                .then_some(())?;
            self.chunked = true;
        }
        Some(self)
    }

    /// The head is complete: what comes next.
    fn body(self) -> Option<State> {
        match self {
            Self { length: Some(_), chunked: true } => None,
            Self { chunked: true, .. } => Some(State::ChunkSize),
            Self { length: None | Some(0), .. } => Some(State::Start),
            Self { length: Some(length), .. } => Some(State::Data(length, After::Message)),
        }
    }
}

/// 1*DIGIT, and nothing else: no sign, no list (RFC 9110 §8.6).
fn decimal(text: &[u8]) -> Option<u64> {
    text.iter().all(u8::is_ascii_digit).then_some(())?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// 1*HEXDIG, then nothing or an extension (RFC 9112 §7.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// One line as it arrives. Ends with CR LF; either of them alone is refused.
#[derive(Debug, Default)]
struct Line {
    start: Vec<u8>,
    len: usize,
    cr: bool,
}

impl Line {
    /// So much of a line is kept: the two framing fields and a chunk size fit many times over.
    const KEPT: usize = 128;

    /// Takes one byte and tells whether the line is complete. `None`: a CR or LF stands alone.
    fn push(&mut self, byte: u8) -> Option<bool> {
        match byte {
            b'\n' => self.cr.then_some(true),
            _ if self.cr => None,
            b'\r' => {
                self.cr = true;
                Some(false)
            }
            _ => {
                self.len += 1;
                if self.start.len() < Self::KEPT {
                    self.start.push(byte);
                }
                Some(false)
            }
        }
    }

    fn clear(&mut self) {
        self.start.clear();
        self.len = 0;
        self.cr = false;
    }

    fn start(&self) -> &[u8] {
        &self.start
    }

    /// Nothing of a next line has arrived.
    const fn is_empty(&self) -> bool {
        self.len == 0 && !self.cr
    }

    const fn is_empty_line(&self) -> bool {
        self.len == 0
    }

    const fn is_whole(&self) -> bool {
        self.len <= Self::KEPT
    }
}

#[cfg(test)]
mod tests;
