//! `POST /v1/secrets/status`: a receipt that goes on talking.
//!
//! A streamed answer to a POST, because an `EventSource` would put the receipt's key into a URL.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use wax_cache::Listener;
use wax_httpkit::{Code, Json, Problem, ProblemDocument, RequestContext};

use super::receipt::{ReceiptBody, ReceiptView};
use crate::{
    Secrets,
    service::{ReceiptProof, Refusal},
};

/// How many streams one process keeps open.
const MAX_STREAMS: usize = 2_000;
/// How long one stream lasts. The client asks again.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest silence: proxies close what is silent, and a change whose hint was lost is seen at the latest now.
const SILENCE: Duration = Duration::from_secs(15);

/// Places for streams.
#[derive(Clone)]
pub(super) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_STREAMS)))
    }
}

/// Streams a receipt: one JSON line at once and one per change; an empty line at least every 15 seconds. Ends when
/// nothing can change any more, or after 5 minutes.
#[utoipa::path(
    post, path = "/v1/secrets/status", tag = "receipts", request_body = ReceiptBody,
    responses(
        (status = 200, description = "lines of ReceiptView", body = ReceiptView, content_type = "application/x-ndjson"),
        (status = 404, description = "unknown or not proven", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "any other problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn status(
    State(secrets): State<Secrets>,
    State(Streams(places)): State<Streams>,
    context: RequestContext,
    Json(body): Json<ReceiptBody>,
) -> Result<Response, Problem> {
    let busy = |_| Problem::new(Code::Unavailable).retry_after(Duration::from_secs(30));
    let place = places.try_acquire_owned().map_err(busy)?;
    let proof = ReceiptProof::from(body);
    // Listening starts before the first look, so that no change falls between the two.
    let listener = secrets.watch(proof.rid);
    let first = ReceiptView::from(secrets.receipt(&context.scope, &proof).await?);
    let watch = Watch {
        ends: Instant::now() + LONGEST,
        last: None,
        secrets,
        context,
        proof,
        listener,
        _place: place,
    };
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
    ends: Instant,
    _place: OwnedSemaphorePermit,
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
        let more = Instant::now() < watch.ends;
        return Some((Ok(Bytes::from_static(b"\n")), more.then_some((watch, None))));
    }
    let mut line = serde_json::to_vec(&view).ok()?;
    line.push(b'\n');
    let more = !view.is_last() && Instant::now() < watch.ends;
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
