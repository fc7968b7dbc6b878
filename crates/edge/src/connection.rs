//! One connection from its first request to its end.

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use hyper::{
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::sign::CertifiedKey;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    time::timeout,
};
use wax_telemetry::Tasks;

use crate::{
    answer::{Activity, Answer},
    edge::Shared,
    framing::Framed,
    hygiene::Door,
};

/// An HTTP/2 peer that was told to go away may take this long to notice.
const LINGER: Duration = Duration::from_secs(10);

/// Most bytes of an HTTP/1.1 connection that wait in memory; hyper's own maximum is six times this.
const HTTP1_BUFFER: usize = 64 * 1024;

/// Who is at the other end, and how they came in.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: std::net::IpAddr,
    pub(crate) door: Door,
    /// The certificate this connection was shown; `None` on a plain one.
    pub(crate) served: Option<Arc<CertifiedKey>>,
}

impl Peer {
    pub(crate) fn is_loopback(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

/// Serves a plain connection: HTTP/1.1, or HTTP/2 with prior knowledge (RFC 9113 §3.3).
pub(crate) async fn serve_plain<IO>(io: IO, peer: Peer, shared: Arc<Shared>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(Ok((http2, io))) = timeout(shared.limits.head, detect_http2(io)).await else { return };
    serve(io, http2, peer, shared).await;
}

/// Serves a connection whose protocol is known.
pub(crate) async fn serve<IO>(io: IO, http2: bool, peer: Peer, shared: Arc<Shared>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &shared.limits;
    let activity = Activity::new(limits);
    let idle = if http2 { limits.idle_http2 } else { limits.idle_http1 };
    let answer = {
        let (shared, activity, peer) = (Arc::clone(&shared), activity.clone(), Arc::new(peer));
        service_fn(move |request: http::Request<Incoming>| {
            let exchange = activity.begin();
            let (shared, peer) = (Arc::clone(&shared), Arc::clone(&peer));
            async move {
                let (response, held) = shared.answer(request, &peer).await;
                let response = response.map(|body| Body::new(Answer::new(body, exchange, held)));
                Ok::<_, std::convert::Infallible>(response)
            }
        })
    };
    if http2 {
        let connection = http2::Builder::new(StreamTasks(shared.tasks.clone()))
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(limits.head_bytes.into())
            .serve_connection(TokioIo::new(io), answer);
        drive(connection, &activity, idle, &shared.tasks).await;
    } else {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // hyper's timer also runs between requests; `Framed` has one that does not.
            .header_read_timeout(None)
            .max_headers(limits.headers)
            .max_header_size(limits.head_bytes.into())
            .max_buf_size(HTTP1_BUFFER)
            .serve_connection(TokioIo::new(Framed::new(io, limits.head)), answer);
        drive(connection, &activity, idle, &shared.tasks).await;
    }
}

/// Runs a connection until it ends, is idle for too long, or the server stops; in the latter two cases it is told so,
/// finishes what it has begun, and takes nothing new. A peer that does not read its answers is dropped at any time.
async fn drive<C: Connection>(connection: C, activity: &Activity, idle: Duration, tasks: &Tasks) {
    let mut connection = pin!(connection);
    let stopping = tasks.stopping();
    // In this order: a connection that is polled once more hands one more buffer over, which would look like reading.
    tokio::select! {
        biased;
        () = activity.unread() => return,
        () = connection.as_mut().run() => return,
        () = activity.idle_for(idle) => {}
        () = stopping.cancelled() => {}
    }
    connection.as_mut().go_away();
    tokio::select! {
        biased;
        () = activity.unread() => {}
        () = connection.as_mut().run() => {}
        () = activity.idle_for(LINGER) => {}
    }
}

/// What hyper's two kinds of connections have in common.
trait Connection {
    /// Serves to the end. How a connection ended is the peer's affair: its errors are broken pipes and bad requests.
    async fn run(self: Pin<&mut Self>);

    /// `Connection: close` or GOAWAY.
    fn go_away(self: Pin<&mut Self>);
}

impl<IO, S> Connection for http1::Connection<IO, S>
where
    IO: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn run(self: Pin<&mut Self>) {
        let _ = self.await;
    }

    fn go_away(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<IO, S> Connection for http2::Connection<IO, S, StreamTasks>
where
    IO: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    StreamTasks: hyper::rt::bounds::Http2ServerConnExec<S::Future, Body>,
{
    async fn run(self: Pin<&mut Self>) {
        let _ = self.await;
    }

    fn go_away(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// hyper's way to start a stream's task, which makes it one of ours.
#[derive(Debug, Clone)]
struct StreamTasks(Tasks);

impl<F> Executor<F> for StreamTasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        drop(self.0.spawn("stream", stream));
    }
}

/// Reads as far as needed to tell `PRI * HTTP/2.0` from every method that is served, and puts it back.
async fn detect_http2<IO: AsyncRead + AsyncWrite + Unpin>(
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
struct Rewound<IO> {
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

#[cfg(test)]
mod tests;
