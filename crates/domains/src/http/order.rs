//! `POST …/domains/{domain}/order`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};

use super::{id, view::DomainDetailView};
use crate::Domains;

/// Asks for a certificate now, if the last order failed.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/domains/{domain}/order", tag = "domains", operation_id = "order_certificate",
    params(("organization" = String, Path), ("domain" = String, Path)),
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.write")))
)]
pub(super) async fn order(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsWrite>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    Ok(JsonAnswer(domains.order(&allowed.into(), id(&path.1)?).await?.into()))
}
