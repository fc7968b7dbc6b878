//! An answer on its way to a reader, who may be slow, or not read at all.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use crate::{Limits, access::Line, memory::Held};

/// So much of an answer is handed to the connection at once. What was handed over is no longer counted, and stays in
/// memory until the peer reads it or its connection ends.
const FRAME: usize = 16 * 1024;

/// What a connection has under way. Clones are of the same connection.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    requests: watch::Sender<Requests>,
    /// Most requests.
    most: u64,
    /// Until when each answer that waits for its reader must have been read further.
    unread: Mutex<HashMap<u64, Instant>>,
    idle: Duration,
    whole: Duration,
}

#[derive(Debug, Default)]
struct Requests {
    under_way: usize,
    begun: u64,
}

impl Activity {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Inner {
            requests: watch::Sender::default(),
            most: limits.requests,
            unread: Mutex::default(),
            idle: limits.answer_idle,
            whole: limits.answer,
        }))
    }

    /// A request has begun.
    pub(crate) fn begin(&self) -> Exchange {
        let mut number = 0;
        self.0.requests.send_modify(|requests| {
            requests.under_way += 1;
            requests.begun += 1;
            number = requests.begun;
        });
        Exchange { activity: self.clone(), number, ends: None }
    }

    /// Resolves once nothing has been under way, and nothing begun, for this long.
    pub(crate) async fn idle_for(&self, limit: Duration) {
        let mut requests = self.0.requests.subscribe();
        loop {
            // The sender is `self`: it cannot be gone.
            let _ = requests.wait_for(|requests| requests.under_way == 0).await;
            tokio::select! {
                () = sleep(limit) => return,
                _ = requests.changed() => {}
            }
        }
    }

    /// Resolves once as many requests have begun as one connection may have.
    pub(crate) async fn used_up(&self) {
        let mut requests = self.0.requests.subscribe();
        // The sender is `self`: it cannot be gone.
        let _ = requests.wait_for(|requests| requests.begun >= self.0.most).await;
    }

    /// Resolves once an answer has waited too long for its reader.
    pub(crate) async fn unread(&self) {
        loop {
            let (now, first) = (Instant::now(), self.first_to_end());
            // What comes to wait from here on does so for `idle` at least, unless its time as a whole ends first.
            match first.unwrap_or(now + self.0.idle) {
                end if end <= now => return,
                end => sleep_until(end).await,
            }
        }
    }

    fn first_to_end(&self) -> Option<Instant> {
        self.0.unread.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    activity: Activity,
    /// Its place among the connection's requests, from 1.
    number: u64,
    /// When an answer whose length is known must have been read.
    ends: Option<Instant>,
}

impl Exchange {
    /// Whether it is the last one that its connection may have.
    pub(crate) fn is_last(&self) -> bool {
        self.number >= self.activity.0.most
    }

    fn waits_for_reader(&self) {
        let end = Instant::now() + self.activity.0.idle;
        let end = self.ends.map_or(end, |ends| ends.min(end));
        self.unread().insert(self.number, end);
    }

    fn is_read(&self) {
        self.unread().remove(&self.number);
    }

    fn unread(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Instant>> {
        self.activity.0.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.is_read();
        self.activity.0.requests.send_modify(|requests| requests.under_way -= 1);
    }
}

/// The body of an answer: in pieces, and with the memory and the exchange that last until it is handed over.
pub(crate) struct Answer {
    body: Body,
    /// What did not fit into the last piece.
    rest: Bytes,
    exchange: Exchange,
    _held: Option<Held>,
    /// Goes to the log with it.
    line: Option<Line>,
}

impl Answer {
    pub(crate) fn new(
        body: Body,
        mut exchange: Exchange,
        held: Option<Held>,
        line: Option<Line>,
    ) -> Self {
        if body.size_hint().exact().is_some() {
            exchange.ends = Some(Instant::now() + exchange.activity.0.whole);
        }
        let mut answer = Self { body, rest: Bytes::new(), exchange, _held: held, line };
        answer.enter(0);
        answer
    }

    /// Notes that so many bytes more were handed over.
    fn enter(&mut self, bytes: usize) {
        let is_whole = self.is_end_stream();
        if let Some(line) = &mut self.line {
            line.sent_bytes += bytes as u64;
            line.is_whole |= is_whole;
        }
    }

    fn next_piece(&mut self) -> Frame<Bytes> {
        self.exchange.waits_for_reader();
        let piece = self.rest.split_to(self.rest.len().min(FRAME));
        self.enter(piece.len());
        Frame::data(piece)
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.exchange.is_read();
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.next_piece())));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    self.next_piece()
                }
                Err(trailers) => trailers,
            }))),
            None => {
                self.line.iter_mut().for_each(|line| line.is_whole = true);
                Poll::Ready(None)
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let inner = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests;
