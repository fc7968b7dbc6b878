//! One endpoint: its connection, and whether it is worth trying.

use std::{
    error::Error as _,
    fmt,
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
    rt::Executor,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, timeout},
};
use wax_telemetry::Tasks;

use super::Place;

/// From the name to the end of the HTTP/2 handshake.
const CONNECT: Duration = Duration::from_secs(2);
/// Until the head of an answer. Longer than a service waits for its database, shorter than clients wait for us.
const ANSWER: Duration = Duration::from_secs(25);
/// After a failure the others come first for so long.
const DOWN: Duration = Duration::from_secs(1);
/// A node that vanished without a word is noticed after at most two of these.
const PING: Duration = Duration::from_secs(5);
/// As clients may send, so services may answer.
const HEAD_BYTES: u32 = 16 * 1024;
const WINDOW: u32 = 4 * 1024 * 1024;

/// A node that serves services. One connection carries everything.
#[derive(Debug)]
pub(super) struct Endpoint {
    place: Place,
    /// Locked while connecting, so that one connects and the others wait.
    connection: AsyncMutex<Option<SendRequest<Full<Bytes>>>>,
    down_until: Mutex<Option<Instant>>,
    tasks: Tasks,
}

/// Why no answer came.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody has looked at the request: another endpoint may have it.
    Unsent(String),
    /// It was sent, and what became of it is not known.
    Lost(String),
}

impl Endpoint {
    pub(super) fn new(place: Place, tasks: Tasks) -> Self {
        Self { place, connection: AsyncMutex::default(), down_until: Mutex::default(), tasks }
    }

    pub(super) fn is_down(&self) -> bool {
        let until = *self.down_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn set_down(&self, down: bool) {
        *self.down_until.lock().unwrap_or_else(PoisonError::into_inner) =
            down.then(|| Instant::now() + DOWN);
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        let mut connection = self.connection().await.map_err(|reason| {
            self.set_down(true);
            Failure::Unsent(reason)
        })?;
        match timeout(ANSWER, connection.try_send_request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(mut error)) => {
                let unsent = error.take_message().is_some() || is_refusal(error.error());
                let reason = told(error.error());
                Err(if unsent { Failure::Unsent(reason) } else { Failure::Lost(reason) })
            }
            Err(_) => {
                self.set_down(true);
                Err(Failure::Lost(format!("no answer within {} s", ANSWER.as_secs())))
            }
        }
    }

    /// The connection there is, or a new one.
    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let mut held = self.connection.lock().await;
        if let Some(open) = held.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(open.clone());
        }
        // While this is tried, others go elsewhere.
        self.set_down(true);
        let opened = timeout(CONNECT, self.open()).await;
        let opened =
            opened.map_err(|_| format!("no connection within {} s", CONNECT.as_secs()))??;
        self.set_down(false);
        *held = Some(opened.clone());
        Ok(opened)
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let io = self.place.connect().await.map_err(|error| error.to_string())?;
        let (sender, connection) = http2::Builder::new(Spawner(self.tasks.clone()))
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .keep_alive_while_idle(true)
            .max_header_list_size(HEAD_BYTES)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(4 * WINDOW)
            .handshake(TokioIo::new(io))
            .await
            .map_err(|error| told(&error))?;
        // Each request on it hears for itself how it ended.
        let serving = connection.map(|_ended| ());
        let serving = self.tasks.stopping().run_until_cancelled_owned(serving);
        drop(self.tasks.spawn("upstream connection", serving));
        Ok(sender)
    }
}

/// The other side said that it has not looked at the request, and never will: `REFUSED_STREAM` (RFC 9113 §8.7), or a
/// GOAWAY whose last stream is an earlier one (§6.8; h2 gives this error to no other stream).
fn is_refusal(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    cause.is_some_and(|cause| {
        let refused = cause.is_reset() && cause.reason() == Some(h2::Reason::REFUSED_STREAM);
        let gone = cause.is_go_away() && cause.reason() == Some(h2::Reason::NO_ERROR);
        cause.is_remote() && (refused || gone)
    })
}

/// An error with its causes. None of them holds anything of the request.
fn told(error: &hyper::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

/// hyper's way to start a connection's tasks, which makes them ours.
#[derive(Debug, Clone)]
struct Spawner(Tasks);

impl<F> Executor<F> for Spawner
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        drop(self.0.spawn("upstream stream", task));
    }
}
