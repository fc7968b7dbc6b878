//! `GET /v1/organizations/{organization}/secrets/live`: receipts as they change, as server-sent events.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequestParts as _, Request, State as FromState},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{header, request::Parts};
use wax_cache::Listener;
use wax_httpkit::{
    Code, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::ReceiptId;
use wax_store::SecretFilter;

use super::{State, organization::MemberReceiptView, status::Place};
use crate::{Secrets, service::Authority};

/// How many of the newest receipts are watched.
const WATCHED: u32 = 200;
/// Between two looks at least: many changes at once cost one.
const GATHER: Duration = Duration::from_millis(250);
/// The longest silence: proxies close what is silent, and time alone changes receipts too.
const SILENCE: Duration = Duration::from_secs(5);

/// Streams receipts: an event with a receipt whenever one of the 200 newest that the caller may see has changed or was
/// made. A comment at least every 5 seconds. Ends after 5 minutes, and when the caller may no longer look.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/secrets/live", tag = "organization's secrets", operation_id = "watch_secrets",
    params(("organization" = String, Path)),
    responses(
        (status = 200, description = "events, each with a receipt", body = MemberReceiptView, content_type = "text/event-stream"),
        ProblemResponses
    ),
    extensions(("x-permission" = json!("secrets.read")))
)]
pub(super) async fn live(
    FromState(state): FromState<State>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let (authority, network) = allowed(&parts, &state).await?;
    let busy = || Problem::new(Code::Unavailable).retry_after(Duration::from_secs(30));
    let place = state.streams.take(&network).ok_or_else(busy)?;
    // Listening starts before the first look, so that no change falls between the two.
    let listener = state.secrets.watch_all(&authority);
    let seen = look(&state.secrets, &authority).await?;
    let watch = Watch { state, parts, listener, seen, place };
    let events = stream::unfold(Some((watch, true)), next_events);
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(events)).into_response())
}

type Seen = HashMap<ReceiptId, MemberReceiptView>;

struct Watch {
    state: State,
    /// What the caller has shown, to ask at every look whether it still counts.
    parts: Parts,
    listener: Box<dyn Listener>,
    seen: Seen,
    place: Place,
}

type Step = Option<(Watch, bool)>;

/// The events that are due and what comes after them. The first answer is a comment, so that the client knows at once that
/// it is connected.
async fn next_events(step: Step) -> Option<(Result<Bytes, std::io::Error>, Step)> {
    let (mut watch, is_first) = step?;
    if is_first {
        return Some((Ok(Bytes::from_static(b": here\n\n")), Some((watch, false))));
    }
    let events = watch.changes().await.ok()?;
    let more = watch.place.has_time();
    Some((Ok(events.into()), more.then_some((watch, false))))
}

impl Watch {
    /// Waits for a hint or for the silence to grow too long, and tells what is different.
    async fn changes(&mut self) -> Result<String, Problem> {
        tokio::time::sleep(GATHER).await;
        let _ = tokio::time::timeout(SILENCE, self.listener.changed()).await;
        let (authority, _) = allowed(&self.parts, &self.state).await?;
        let now = look(&self.state.secrets, &authority).await?;
        let different = now.iter().filter(|(rid, view)| self.seen.get(rid) != Some(*view));
        let mut events = String::from(": here\n\n");
        for (_, view) in different {
            let json = serde_json::to_string(view).expect("a view has only text keys");
            // Writing to a String cannot fail.
            let _ = write!(events, "data: {json}\n\n");
        }
        self.seen = now;
        Ok(events)
    }
}

async fn allowed(
    parts: &Parts,
    state: &State,
) -> Result<(Authority, wax_httpkit::Network), Problem> {
    let allowed =
        Allowed::<may::SecretsRead>::from_request_parts(&mut parts.clone(), state).await?;
    let network = allowed.context.network.clone();
    Ok((allowed.into(), network))
}

async fn look(secrets: &Secrets, authority: &Authority) -> Result<Seen, Problem> {
    let receipts = secrets.list(authority, SecretFilter::default(), None, WATCHED).await?;
    let views = receipts.into_iter().map(MemberReceiptView::from);
    Ok(views.map(|view| (view.rid(), view)).collect())
}
