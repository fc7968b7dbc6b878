//! One connection from its first request to its end.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderValue, header};
use hyper::{
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::sign::CertifiedKey;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep, timeout},
};
use wax_kernel::Rng;
use wax_telemetry::Tasks;

use crate::{
    Limits,
    answer::{Activity, Answer},
    edge::Shared,
    frames::Metered,
    framing::Framed,
    hygiene::Door,
    preface::detect_http2,
};

/// An HTTP/2 peer that was told to go away may take this long to notice.
const LINGER: Duration = Duration::from_secs(10);

/// Most bytes of an HTTP/1.1 connection that wait in memory; hyper's own maximum is six times this.
const HTTP1_BUFFER: usize = 64 * 1024;

/// Streams that an HTTP/2 peer opens and resets before anybody has looked at them (CVE-2023-44487): beyond it the
/// connection ends.
const UNSEEN_RESETS: usize = 20;

/// Streams of an HTTP/2 peer that we had to reset for a fault of its own (CVE-2025-8671), those beyond [`Limits::streams`]
/// among them, of which a client may open some before it has heard of the limit.
const FAULTS: usize = 128;

/// What an HTTP/2 peer may send before we have read it, on one stream and on all: in the receiver's memory, and in nobody's
/// budget. A text of 1 MiB in JSON takes eight journeys.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// What of an answer waits for an HTTP/2 peer's window, for one stream: a few of its pieces.
const SEND_BUFFER: usize = 64 * 1024;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Who is at the other end, and how they came in.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) address: std::net::IpAddr,
    pub(crate) door: Door,
    /// When the connection was.
    pub(crate) accepted: Instant,
    /// The certificate this connection was shown; `None` on a plain one.
    pub(crate) served: Option<Arc<CertifiedKey>>,
}

impl Peer {
    pub(crate) fn is_loopback(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

/// Serves a connection without TLS: HTTP/1.1, or HTTP/2 with prior knowledge (RFC 9113 §3.3).
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
    let life = Life::of(limits, http2, &*shared.rng);
    let stays = peer.door.stays();
    let answer = {
        let (shared, activity, peer) = (Arc::clone(&shared), activity.clone(), Arc::new(peer));
        service_fn(move |request: http::Request<Incoming>| {
            let exchange = activity.begin();
            let (shared, peer) = (Arc::clone(&shared), Arc::clone(&peer));
            // Boxed, because an HTTP/1.1 connection keeps room for it while there is no request.
            Box::pin(async move {
                let (mut response, held, line) = shared.answer(request, &peer).await;
                if exchange.is_last() && !http2 {
                    response.headers_mut().insert(header::CONNECTION, CLOSE);
                }
                let response =
                    response.map(|body| Body::new(Answer::new(body, exchange, held, Some(line))));
                Ok::<_, std::convert::Infallible>(response)
            })
        })
    };
    if http2 {
        let io = Metered::new(io, limits.head, shared.counts.refused.clone());
        let connection =
            http2_builder(limits, shared.tasks.clone()).serve_connection(TokioIo::new(io), answer);
        drive(Box::pin(connection), &activity, life, &shared.tasks).await;
    } else {
        let connection = http1_builder(limits)
            .keep_alive(stays)
            .serve_connection(TokioIo::new(Framed::new(io, limits.head)), answer);
        drive(Box::pin(connection), &activity, life, &shared.tasks).await;
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // hyper's timer also runs between requests; `Framed` has one that does not.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        .max_header_size(limits.head_bytes.into())
        .max_buf_size(HTTP1_BUFFER);
    builder
}

fn http2_builder(limits: &Limits, tasks: Tasks) -> http2::Builder<StreamTasks> {
    let mut builder = http2::Builder::new(StreamTasks(tasks));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.head_bytes.into())
        .max_pending_accept_reset_streams(UNSEEN_RESETS)
        .max_local_error_reset_streams(FAULTS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    builder
}

/// How long a connection may last.
#[derive(Debug, Clone, Copy)]
struct Life {
    /// Without a request.
    idle: Duration,
    /// Altogether, before it is told to end.
    age: Duration,
}

impl Life {
    fn of(limits: &Limits, http2: bool, rng: &dyn Rng) -> Self {
        let idle = if http2 { limits.idle_http2 } else { limits.idle_http1 };
        // Connections that came at once, after a start, must not all come back at once.
        let [drawn] = rng.bytes();
        let fifth = limits.age / 5;
        let shortest = limits.age.saturating_sub(fifth / 2);
        Self { idle, age: shortest + fifth * u32::from(drawn) / u32::from(u8::MAX) }
    }
}

/// Runs a connection until it ends, has been idle for too long, has lasted long enough, has had its number of requests, or
/// the server stops; in all cases but the first it is told so, finishes what it has begun, and takes nothing new. A peer
/// that does not read its answers is dropped at any time.
async fn drive<C: Connection>(
    mut connection: Pin<Box<C>>,
    activity: &Activity,
    life: Life,
    tasks: &Tasks,
) {
    let stopping = tasks.stopping();
    // In this order: a connection that is polled once more hands one more buffer over, which would look like reading.
    tokio::select! {
        biased;
        () = activity.unread() => return,
        () = connection.as_mut().run() => return,
        () = activity.idle_for(life.idle) => {}
        () = activity.used_up() => {}
        () = sleep(life.age) => {}
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

#[cfg(test)]
mod tests;
