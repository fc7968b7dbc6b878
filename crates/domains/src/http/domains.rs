//! `/v1/organizations/{organization}/domains`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
    response::IntoResponse,
};
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wax_httpkit::{
    Asked, Cursor, Json, Page, PageLimit, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::HostPattern;

use super::{
    id,
    once::IdempotencyKey,
    view::{DomainDetailView, DomainView},
};
use crate::{Domains, service::Listed};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Where the last page ended.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<HostPattern>>,
    /// 1 to 200, 50 unless said.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// A host to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainBody {
    /// In any case or script; `*.` before it for every host one label below.
    host: String,
}

/// What is removed, once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RemovalBody {
    /// The domain's host.
    host: String,
}

/// Lists domains, by host.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/domains", tag = "domains", operation_id = "list_domains",
    params(("organization" = String, Path), Wanted),
    responses((status = 200, body = Page<DomainView>), ProblemResponses),
    extensions(("x-permission" = json!("domains.read")))
)]
pub(super) async fn list(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsRead>,
    Asked(Wanted { cursor, limit }): Asked<Wanted>,
) -> Result<JsonAnswer<Page<DomainView>>, Problem> {
    let after = cursor.map(|cursor| cursor.id);
    let rows = domains.list(&allowed.into(), after.as_ref(), limit.get() + 1).await?;
    let cursor = |row: &Listed| Cursor { at: row.domain.created_at, id: row.domain.host.clone() };
    Ok(JsonAnswer(Page::of(rows, limit, cursor, DomainView::from)))
}

/// Adds a host. Nothing is reserved: whoever proves it first holds it.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/domains", tag = "domains", operation_id = "add_domain", request_body = DomainBody,
    params(("organization" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 characters of base64url, drawn by the caller")),
    responses((status = 201, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.write")))
)]
pub(super) async fn add(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsWrite>,
    key: IdempotencyKey,
    Json(body): Json<DomainBody>,
) -> Result<impl IntoResponse, Problem> {
    let added = domains.add(&allowed.into(), &body.host, key.0.as_deref()).await?;
    Ok((StatusCode::CREATED, JsonAnswer(DomainDetailView::from(added))))
}

/// Tells everything about a domain.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/domains/{domain}", tag = "domains", operation_id = "domain",
    params(("organization" = String, Path), ("domain" = String, Path)),
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.read")))
)]
pub(super) async fn one(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsRead>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    Ok(JsonAnswer(domains.seen(&allowed.into(), id(&path.1)?).await?.into()))
}

/// Removes a domain with its certificates and history. Links on it stop working at once.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/domains/{domain}", tag = "domains", operation_id = "remove_domain",
    params(("organization" = String, Path), ("domain" = String, Path)), request_body = RemovalBody,
    responses((status = 204, description = "removed"), ProblemResponses),
    extensions(("x-permission" = json!("domains.control")))
)]
pub(super) async fn remove(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsControl>,
    Path(path): Path<(String, String)>,
    Json(body): Json<RemovalBody>,
) -> Result<StatusCode, Problem> {
    domains.remove(&allowed.into(), id(&path.1)?, &body.host).await?;
    Ok(StatusCode::NO_CONTENT)
}
