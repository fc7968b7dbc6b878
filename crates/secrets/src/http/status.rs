//! `POST /v1/secrets/status`: a receipt that goes on talking.
//!
//! A streamed answer to a POST, because an `EventSource` would put the receipt's key into a URL.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use tokio::time::Instant;
use wax_cache::Listener;
use wax_httpkit::{Code, Json, Network, Problem, ProblemResponses, RequestContext};

use super::receipt::{ReceiptBody, ReceiptView};
use crate::{
    Secrets,
    service::{ReceiptProof, Refusal},
};

/// How many streams one process keeps open.
const MAX_STREAMS: usize = 2_000;
/// How many of them for one network: nobody takes every place.
const MAX_PER_NETWORK: usize = 250;
/// How long one stream lasts. The client asks again.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest silence. Proxies close what is silent, and a change whose hint was lost on its way from another process
/// is seen at the latest now.
const SILENCE: Duration = Duration::from_secs(5);

/// Places for streams. A place is free again after [`LONGEST`] at the latest: nobody asks a stream for its next line
/// while its client does not read, so it could not end by itself.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<Vec<Arc<Held>>>>);

struct Held {
    network: Network,
    ends: Instant,
}

/// One place. Dropping it frees it.
pub(super) struct Place {
    held: Arc<Held>,
    streams: Streams,
}

impl Streams {
    fn places(&self) -> MutexGuard<'_, Vec<Arc<Held>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, network: &Network) -> Option<Place> {
        let now = Instant::now();
        let mut places = self.places();
        places.retain(|held| held.ends > now);
        let theirs = places.iter().filter(|held| held.network == *network).count();
        if places.len() >= MAX_STREAMS || theirs >= MAX_PER_NETWORK {
            return None;
        }
        let held = Arc::new(Held { network: network.clone(), ends: now + LONGEST });
        places.push(Arc::clone(&held));
        Some(Place { held, streams: self.clone() })
    }
}

impl Place {
    pub(super) fn has_time(&self) -> bool {
        Instant::now() < self.held.ends
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.places().retain(|held| !Arc::ptr_eq(held, &self.held));
    }
}

/// Streams a receipt: one JSON line at once and one per change; an empty line at least every 15 seconds. Ends when
/// nothing can change any more, or after 5 minutes.
#[utoipa::path(
    post, path = "/v1/secrets/status", tag = "receipts", request_body = ReceiptBody,
    responses((status = 200, description = "lines of ReceiptView", body = ReceiptView, content_type = "application/x-ndjson"), ProblemResponses)
)]
pub(super) async fn status(
    State(secrets): State<Secrets>,
    State(streams): State<Streams>,
    context: RequestContext,
    Json(body): Json<ReceiptBody>,
) -> Result<Response, Problem> {
    let busy = || Problem::new(Code::Unavailable).retry_after(Duration::from_secs(30));
    let place = streams.take(&context.network).ok_or_else(busy)?;
    let proof = ReceiptProof::from(body);
    // Listening starts before the first look, so that no change falls between the two.
    let listener = secrets.watch(proof.rid);
    let first = ReceiptView::from(secrets.receipt(&context.scope, &proof).await?);
    let watch = Watch { last: None, secrets, context, proof, listener, place };
    let lines = stream::unfold(Some((watch, Some(first))), next_line);
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

struct Watch {
    secrets: Secrets,
    context: RequestContext,
    proof: ReceiptProof,
    listener: Box<dyn Listener>,
    last: Option<ReceiptView>,
    place: Place,
}

type Step = Option<(Watch, Option<ReceiptView>)>;
type Line = Result<Bytes, std::io::Error>;

/// The next line and what comes after it. A receipt that cannot be read any more ends the stream: the client asks again
/// and is told why.
async fn next_line(step: Step) -> Option<(Line, Step)> {
    let (mut watch, first) = step?;
    let view = match first {
        Some(view) => view,
        None => watch.look().await.ok()?,
    };
    if watch.last.as_ref() == Some(&view) {
        let more = watch.place.has_time();
        return Some((Ok(Bytes::from_static(b"\n")), more.then_some((watch, None))));
    }
    let mut line = serde_json::to_vec(&view).ok()?;
    line.push(b'\n');
    let more = !view.is_last() && watch.place.has_time();
    watch.last = Some(view);
    Some((Ok(line.into()), more.then_some((watch, None))))
}

impl Watch {
    /// Waits for a hint or for the silence to grow too long, and looks.
    async fn look(&mut self) -> Result<ReceiptView, Refusal> {
        let _ = tokio::time::timeout(SILENCE, self.listener.changed()).await;
        Ok(self.secrets.receipt(&self.context.scope, &self.proof).await?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(number: usize) -> Network {
        Network::new(format!("192.0.{number}.0/24"))
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_takes_every_place_nor_keeps_one_without_reading() {
        let streams = Streams::default();
        let held: Vec<_> = (0..MAX_STREAMS).map_while(|_| streams.take(&net(0))).collect();
        assert_eq!(held.len(), MAX_PER_NETWORK);
        assert!(streams.take(&net(1)).is_some(), "a place for another network");
        let others: Vec<_> =
            (0..MAX_STREAMS).map_while(|n| streams.take(&net(1 + n % 100))).collect();
        assert_eq!(held.len() + others.len(), MAX_STREAMS);

        tokio::time::advance(LONGEST).await;
        let next = streams.take(&net(0));
        assert!(next.is_some(), "the time of those that still hold a place is up");
        drop((held, others));
        assert_eq!(streams.places().len(), 1);
    }
}
