//! One edge's connection.

use std::{convert::Infallible, future::Future, pin::pin, sync::Arc, time::Duration};

use http::Request;
use hyper::{body::Incoming, rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use wax_telemetry::Tasks;

use crate::answer::Door;

/// Every reader of every receipt that an edge serves may hold one.
const STREAMS: u32 = 8_192;
/// What a context, a target and a client's own headers take, with room.
const HEAD_BYTES: u32 = 32 * 1024;
/// A body arrives in one go.
const WINDOW: u32 = 4 * 1024 * 1024;
/// An edge that vanished without a word is noticed after at most two of these.
const PING: Duration = Duration::from_secs(10);

/// Serves HTTP/2 with prior knowledge (RFC 9113 §3.3) until the connection ends or the server stops; then it says so,
/// finishes what it has begun, and takes nothing new.
pub(crate) async fn serve<IO>(io: IO, door: Arc<Door>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (tasks, stopping) = (door.tasks.clone(), door.tasks.stopping());
    let answer = service_fn(move |request: Request<Incoming>| {
        let door = Arc::clone(&door);
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let connection = http2::Builder::new(StreamTasks(tasks))
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .serve_connection(TokioIo::new(io), answer);
    let mut connection = pin!(connection);
    // How a connection ended is the peer's affair: its errors are broken pipes.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
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
