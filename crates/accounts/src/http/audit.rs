//! `/v1/organizations/{organization}/audit`

use axum::{
    Json as JsonAnswer,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wax_httpkit::{
    Asked, Cursor, Page, PageLimit, Problem, ProblemResponses,
    auth::{Allowed, may},
    number,
};
use wax_kernel::{EventId, Timestamp};
use wax_model::{Action, Actor, AuditEvent};
use wax_store::AuditFilter;

use super::{csv, names};
use crate::Accounts;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Such as `secret.created`.
    #[param(schema_with = names::action)]
    action: Option<Action>,
    /// The id of a member or key.
    #[param(value_type = Option<String>)]
    actor: Option<Actor>,
    /// The id of what it was done to.
    subject: Option<String>,
    /// At or after, UTC milliseconds.
    #[serde(default, deserialize_with = "number")]
    from_ms: Option<i64>,
    /// Before, UTC milliseconds.
    #[serde(default, deserialize_with = "number")]
    to_ms: Option<i64>,
    /// Where the last page ended.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<EventId>>,
    /// 1 to 200, 50 unless said.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Which events, and how they are written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedFile {
    #[param(schema_with = names::export_format)]
    format: Format,
    /// Such as `secret.created`.
    #[param(schema_with = names::action)]
    action: Option<Action>,
    /// The id of a member or key.
    #[param(value_type = Option<String>)]
    actor: Option<Actor>,
    /// The id of what it was done to.
    subject: Option<String>,
    /// At or after, UTC milliseconds.
    #[serde(default, deserialize_with = "number")]
    from_ms: Option<i64>,
    /// Before, UTC milliseconds.
    #[serde(default, deserialize_with = "number")]
    to_ms: Option<i64>,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// One JSON document a line.
    Jsonl,
    /// RFC 4180, safe to open in a spreadsheet.
    Csv,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventView {
    #[schema(value_type = String)]
    id: EventId,
    /// UTC milliseconds.
    at_ms: i64,
    #[schema(schema_with = names::action)]
    action: &'static str,
    /// The id of the member or key, `operator`, or nobody: a stranger, or time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    actor: Option<Actor>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<String>,
}

impl From<AuditEvent> for EventView {
    fn from(event: AuditEvent) -> Self {
        let AuditEvent { id, at, action, actor, subject, network } = event;
        Self { id, at_ms: at.as_ms(), action: action.as_str(), actor, subject, network }
    }
}

/// Lists the audit trail, newest first.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/audit", tag = "audit", operation_id = "list_events",
    params(("organization" = String, Path), Wanted),
    responses((status = 200, body = Page<EventView>), ProblemResponses),
    extensions(("x-permission" = json!("audit.read")))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::AuditRead>,
    Asked(wanted): Asked<Wanted>,
) -> Result<JsonAnswer<Page<EventView>>, Problem> {
    let Wanted { action, actor, subject, from_ms, to_ms, cursor, limit } = wanted;
    let filter = filter(action, actor, subject, from_ms, to_ms);
    let before = cursor.map(|cursor| (cursor.at, cursor.id));
    let rows = accounts.events_of(&allowed.into(), &filter, before, limit.get() + 1).await?;
    let cursor = |row: &AuditEvent| Cursor { at: row.at, id: row.id };
    Ok(JsonAnswer(Page::of(rows, limit, cursor, EventView::from)))
}

/// The audit trail as a file, newest first: JSON lines, or CSV.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/audit/export", tag = "audit", operation_id = "export_events",
    params(("organization" = String, Path), WantedFile),
    responses((status = 200, description = "a file", content_type = "application/x-ndjson"), ProblemResponses),
    extensions(("x-permission" = json!("audit.read")))
)]
pub(super) async fn export(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::AuditRead>,
    Asked(wanted): Asked<WantedFile>,
) -> Result<Response, Problem> {
    let WantedFile { format, action, actor, subject, from_ms, to_ms } = wanted;
    let filter = filter(action, actor, subject, from_ms, to_ms);
    let first = accounts.begin_audit_export(allowed.into(), filter).await?;
    let begin = (accounts, Some(first), format == Format::Csv);
    let batches = stream::try_unfold(begin, move |(accounts, next, heads)| async move {
        let Some(export) = next else { return Ok(None) };
        let (events, next) =
            accounts.export_events(export).await.map_err(|refusal| failed(&refusal))?;
        let mut text = if heads { csv::line(COLUMNS) } else { String::new() };
        for event in events {
            text.push_str(&format.line(event));
        }
        Ok::<_, std::io::Error>(Some((text, (accounts, next, false))))
    });
    let headers = [
        (header::CONTENT_TYPE, format.content_type()),
        (header::CONTENT_DISPOSITION, format.disposition()),
    ];
    Ok((headers, Body::from_stream(batches)).into_response())
}

/// What has begun cannot become a problem document any more: the connection breaks, and the client knows.
pub(super) fn failed(refusal: &crate::service::Refusal) -> std::io::Error {
    tracing::warn!(?refusal, "an export broke off");
    std::io::Error::other("the export broke off")
}

const COLUMNS: [&str; 6] = ["id", "at_ms", "action", "actor", "subject", "network"];

impl Format {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    const fn disposition(self) -> &'static str {
        match self {
            Self::Jsonl => "attachment; filename=\"audit.jsonl\"",
            Self::Csv => "attachment; filename=\"audit.csv\"",
        }
    }

    fn line(self, event: AuditEvent) -> String {
        let view = EventView::from(event);
        match self {
            Self::Jsonl => {
                let mut line = serde_json::to_string(&view).expect("a view has only text keys");
                line.push('\n');
                line
            }
            Self::Csv => csv::line([
                view.id.to_string(),
                view.at_ms.to_string(),
                view.action.to_owned(),
                view.actor.map(|actor| actor.to_string()).unwrap_or_default(),
                view.subject,
                view.network.unwrap_or_default(),
            ]),
        }
    }
}

fn filter(
    action: Option<Action>,
    actor: Option<Actor>,
    subject: Option<String>,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
) -> AuditFilter {
    let (from, to) = (from_ms.map(Timestamp::from_ms), to_ms.map(Timestamp::from_ms));
    AuditFilter { action, actor, subject, from, to }
}
