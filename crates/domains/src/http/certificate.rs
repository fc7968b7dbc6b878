//! `/v1/organizations/{organization}/domains/{domain}/certificate`: one of the organization's own.

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use serde::Deserialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::Redacted;

use super::{id, view::DomainDetailView};
use crate::{Domains, service::Brought};

/// Eight certificates and a key, with room for what people leave between them.
const MAX_BODY: usize = 128 * 1_024;

/// A certificate and its key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateBody {
    /// PEM: the host's own first, then those that lead to its authority. At most eight.
    chain: String,
    /// PEM, not encrypted: P-256, P-384, or RSA of 2,048 bits and more.
    #[schema(value_type = String)]
    key: Redacted<String>,
    /// Whether we order one when it ends.
    fallback: bool,
}

/// Serves a domain with a certificate of the organization's own, in the place of ours.
#[utoipa::path(
    put, path = "/v1/organizations/{organization}/domains/{domain}/certificate", tag = "domains", operation_id = "bring_certificate",
    params(("organization" = String, Path), ("domain" = String, Path)), request_body = CertificateBody,
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.control")))
)]
pub(super) async fn bring(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsControl>,
    Path(path): Path<(String, String)>,
    Json(body): Json<CertificateBody, MAX_BODY>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    let CertificateBody { chain, key, fallback } = body;
    let brought = Brought { chain, key, fallback };
    Ok(JsonAnswer(domains.bring(&allowed.into(), id(&path.1)?, &brought).await?.into()))
}

/// Destroys what the organization brought, and orders one of ours. Until it is there the host is not served.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/domains/{domain}/certificate", tag = "domains", operation_id = "take_back_certificate",
    params(("organization" = String, Path), ("domain" = String, Path)),
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.control")))
)]
pub(super) async fn take_back(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsControl>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    Ok(JsonAnswer(domains.take_back(&allowed.into(), id(&path.1)?).await?.into()))
}
