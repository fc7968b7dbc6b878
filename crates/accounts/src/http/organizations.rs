//! `/v1/organizations`: made, seen, renamed, given away.

use axum::{Json as JsonAnswer, extract::State, response::IntoResponse};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Body, Json, Problem, ProblemResponses,
    auth::{Allowed, SignedIn, may},
};
use wax_kernel::{AccountId, DomainId, TenantId};
use wax_model::{Actor, Domain, Permission, Role};

use super::{names, once::IdempotencyKey};
use crate::{
    Accounts,
    service::{Name, Renaming, Seen, Slug},
};

/// A new organization.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FoundBody {
    /// What people call it, 1 to 80 characters.
    name: String,
    /// How it stands in addresses: 3 to 40 of `a-z`, `0-9`, `-`. Made of the name unless given.
    slug: Option<String>,
}

/// What is to be different.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameBody {
    /// 1 to 80 characters.
    name: Option<String>,
    /// 3 to 40 of `a-z`, `0-9`, `-`.
    slug: Option<String>,
}

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferBody {
    /// A member's account.
    #[schema(value_type = String)]
    account: AccountId,
}

/// A domain that an organization holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeldDomainView {
    #[schema(value_type = String)]
    id: DomainId,
    host: String,
}

/// An organization as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganizationView {
    #[schema(value_type = String)]
    id: TenantId,
    slug: String,
    name: String,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// As what the caller is a member; absent for a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = names::role)]
    role: Option<Role>,
    #[schema(schema_with = names::permissions)]
    permissions: Vec<Permission>,
    /// Those that the caller reaches.
    domains: Vec<HeldDomainView>,
    /// When it will be erased, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_due_at_ms: Option<i64>,
}

impl From<Seen> for OrganizationView {
    fn from(seen: Seen) -> Self {
        let Seen { tenant, role, permissions, domains } = seen;
        let held = domains.into_iter().filter(|domain| domain.claim.ownership.holds());
        Self {
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            created_at_ms: tenant.created_at.as_ms(),
            role,
            permissions,
            domains: held.map(HeldDomainView::from).collect(),
            deletion_due_at_ms: tenant.deletion_due_at.map(wax_kernel::Timestamp::as_ms),
        }
    }
}

impl From<Domain> for HeldDomainView {
    fn from(domain: Domain) -> Self {
        Self { id: domain.id(), host: domain.host.to_string() }
    }
}

/// Makes an organization that the caller owns.
#[utoipa::path(
    post, path = "/v1/organizations", tag = "organizations", operation_id = "make_organization", request_body = FoundBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "16 to 64 characters of base64url, drawn by the caller")),
    responses((status = 201, body = OrganizationView), ProblemResponses),
    extensions(("x-permission" = json!("account")))
)]
pub(super) async fn found(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    key: IdempotencyKey,
    body: Body<FoundBody>,
) -> Result<impl IntoResponse, Problem> {
    let name = Name::parse("name", &body.value.name)?;
    let slug = body.value.slug.as_deref().map(Slug::parse).transpose()?;
    let once = key.of(&accounts, Actor::Account(caller.session.account), "found", &body.bytes);
    let found = async { accounts.found(&caller, &name, slug).await.map(OrganizationView::from) };
    Ok((StatusCode::CREATED, JsonAnswer(accounts.done_once(once, found).await?)))
}

/// Shows an organization, and what the caller may do there.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}", tag = "organizations", operation_id = "organization",
    params(("organization" = String, Path)),
    responses((status = 200, body = OrganizationView), ProblemResponses),
    extensions(("x-permission" = json!("organization.read")))
)]
pub(super) async fn organization(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::OrganizationRead>,
) -> Result<JsonAnswer<OrganizationView>, Problem> {
    Ok(JsonAnswer(accounts.seen_by(&allowed.into()).await?.into()))
}

/// Changes name and short name.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}", tag = "organizations", operation_id = "change_organization", request_body = RenameBody,
    params(("organization" = String, Path)),
    responses((status = 200, body = OrganizationView), ProblemResponses),
    extensions(("x-permission" = json!("organization.write")))
)]
pub(super) async fn rename(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::OrganizationWrite>,
    Json(body): Json<RenameBody>,
) -> Result<JsonAnswer<OrganizationView>, Problem> {
    let name = body.name.as_deref().map(|name| Name::parse("name", name)).transpose()?;
    let slug = body.slug.as_deref().map(Slug::parse).transpose()?;
    Ok(JsonAnswer(accounts.rename(&allowed.into(), Renaming { name, slug }).await?.into()))
}

/// Gives the organization to another member. The caller becomes an admin.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/transfer", tag = "organizations", operation_id = "transfer_organization",
    request_body = TransferBody, params(("organization" = String, Path)),
    responses((status = 204, description = "given"), ProblemResponses),
    extensions(("x-permission" = json!("organization.transfer")))
)]
pub(super) async fn transfer(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::OrganizationTransfer>,
    Json(body): Json<TransferBody>,
) -> Result<StatusCode, Problem> {
    accounts.transfer(&allowed.into(), body.account).await?;
    Ok(StatusCode::NO_CONTENT)
}
