//! `GET …/domains/{domain}/history`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use wax_httpkit::{
    Asked, Cursor, Page, PageLimit, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::EventId;
use wax_model::{Actor, domain::DomainEvent};

use super::{id, names};
use crate::Domains;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Where the last page ended.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<EventId>>,
    /// 1 to 200, 50 unless said.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// One change of one axis.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DomainEventView {
    #[schema(value_type = String)]
    id: EventId,
    /// UTC milliseconds.
    at_ms: i64,
    #[schema(schema_with = names::axis)]
    axis: &'static str,
    /// A state of that axis.
    from: &'static str,
    /// A state of that axis.
    to: &'static str,
    /// The id of the member or key that did it; absent: the DNS, an issuer, or time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    actor: Option<Actor>,
    /// The finding or failure that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What every server said, as it was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    evidence: Option<Value>,
}

impl From<DomainEvent> for DomainEventView {
    fn from(event: DomainEvent) -> Self {
        let [from, to] = event.change.texts();
        Self {
            id: event.id,
            at_ms: event.at.as_ms(),
            axis: event.change.axis().as_str(),
            from,
            to,
            actor: event.actor,
            code: event.code,
            evidence: event.evidence.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

/// Tells what became of a domain, newest first, with the evidence.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/domains/{domain}/history", tag = "domains", operation_id = "list_domain_history",
    params(("organization" = String, Path), ("domain" = String, Path), Wanted),
    responses((status = 200, body = Page<DomainEventView>), ProblemResponses),
    extensions(("x-permission" = json!("domains.read")))
)]
pub(super) async fn list(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsRead>,
    Path(path): Path<(String, String)>,
    Asked(Wanted { cursor, limit }): Asked<Wanted>,
) -> Result<JsonAnswer<Page<DomainEventView>>, Problem> {
    let before = cursor.map(|cursor| (cursor.at, cursor.id));
    let id = id(&path.1)?;
    let rows = domains.history(&allowed.into(), id, before, limit.get() + 1).await?;
    let cursor = |row: &DomainEvent| Cursor { at: row.at, id: row.id };
    Ok(JsonAnswer(Page::of(rows, limit, cursor, DomainEventView::from)))
}
