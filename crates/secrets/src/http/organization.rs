//! `/v1/organizations/{organization}/secrets`: what members and keys see and do, on the platform's host.

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
    response::IntoResponse,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wax_httpkit::{
    Asked, Body, Code, Cursor, Page, PageLimit, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::{DomainId, ReceiptId, SecretId};
use wax_model::{Actor, Kind, SecretState};
use wax_store::SecretFilter;

use super::{
    create::{CreateBody, CreatedView, MAX_BODY, command},
    receipt::ReceiptView,
    view::{kinds, states},
};
use crate::{
    Secrets,
    service::{Authority, Receipt},
};

/// Which receipts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// In this state only.
    #[param(schema_with = states)]
    state: Option<SecretState>,
    /// Of this kind only.
    #[param(schema_with = kinds)]
    kind: Option<Kind>,
    /// Made on this domain only: its id.
    #[param(value_type = Option<String>)]
    domain: Option<DomainId>,
    /// Made by this member or key only: its id.
    #[param(value_type = Option<String>)]
    created_by: Option<Actor>,
    /// Where the last page ended.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<SecretId>>,
    /// 1 to 200, 50 unless said.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// On which domain.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// The domain's id.
    #[param(value_type = String)]
    domain: DomainId,
}

/// A receipt as members see it: whose it is and where, and nothing that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct MemberReceiptView {
    #[serde(flatten)]
    receipt: ReceiptView,
    /// The id of the domain on which it was made.
    #[schema(value_type = String)]
    domain: DomainId,
    /// The id of the member or key that made it; absent: a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    created_by: Option<Actor>,
}

impl From<Receipt> for MemberReceiptView {
    fn from(receipt: Receipt) -> Self {
        let (domain, created_by) = (receipt.secret.domain, receipt.secret.created_by);
        Self { receipt: receipt.into(), domain, created_by }
    }
}

impl MemberReceiptView {
    pub(super) const fn rid(&self) -> ReceiptId {
        self.receipt.rid()
    }
}

/// Lists receipts, newest first: of everybody, or those that the caller made.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/secrets", tag = "organization's secrets", operation_id = "list_secrets",
    params(("organization" = String, Path), Wanted),
    responses((status = 200, body = Page<MemberReceiptView>), ProblemResponses),
    extensions(("x-permission" = json!("secrets.read")))
)]
pub(super) async fn list(
    State(secrets): State<Secrets>,
    allowed: Allowed<may::SecretsRead>,
    Asked(wanted): Asked<Wanted>,
) -> Result<JsonAnswer<Page<MemberReceiptView>>, Problem> {
    let Wanted { state, kind, domain, created_by, cursor, limit } = wanted;
    let filter = SecretFilter { state, kind, domain, created_by };
    let before = cursor.map(|cursor| (cursor.at, cursor.id));
    let rows = secrets.list(&allowed.into(), filter, before, limit.get() + 1).await?;
    let cursor = |row: &Receipt| Cursor { at: row.secret.created_at, id: row.secret.id };
    Ok(JsonAnswer(Page::of(rows, limit, cursor, MemberReceiptView::from)))
}

/// Stores a sealed secret on one of the organization's domains. The same body again gets the first answer.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/secrets", tag = "organization's secrets", operation_id = "create_secret_for_organization",
    params(("organization" = String, Path), Place), request_body = CreateBody,
    responses((status = 201, body = CreatedView), ProblemResponses),
    extensions(("x-permission" = json!("secrets.create")))
)]
pub(super) async fn create(
    State(secrets): State<Secrets>,
    allowed: Allowed<may::SecretsCreate>,
    Asked(place): Asked<Place>,
    body: Body<CreateBody, MAX_BODY>,
) -> Result<impl IntoResponse, Problem> {
    let maker = Authority::from(allowed).maker(place.domain)?;
    let created = secrets.create(&maker, command(body)?).await?;
    Ok((StatusCode::CREATED, JsonAnswer(CreatedView::from(created))))
}

/// Destroys a secret now and ends every open claim. What was read cannot be recalled.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/secrets/{rid}/burn", tag = "organization's secrets", operation_id = "burn_secret_of_organization",
    params(("organization" = String, Path), ("rid" = String, Path)),
    responses((status = 200, body = MemberReceiptView), ProblemResponses),
    extensions(("x-permission" = json!("secrets.burn")))
)]
pub(super) async fn burn(
    State(secrets): State<Secrets>,
    allowed: Allowed<may::SecretsBurn>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<MemberReceiptView>, Problem> {
    let rid = ReceiptId::parse(&path.1).map_err(|_| Problem::new(Code::NotAvailable))?;
    Ok(JsonAnswer(secrets.burn_by(&allowed.into(), rid).await?.into()))
}
