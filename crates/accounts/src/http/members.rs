//! `/v1/organizations/{organization}/members`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use wax_httpkit::{
    Asked, Code, Cursor, Json, Page, PageLimit, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::{AccountId, DomainId, EmailAddress, Timestamp};
use wax_model::Role;
use wax_store::Member;

use super::names;
use crate::{Accounts, service::MemberChange};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Where the last page ended.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AccountId>>,
    /// 1 to 200, 50 unless said.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// What a member is to be.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberBody {
    #[schema(schema_with = names::role)]
    role: Option<Role>,
    /// The one domain they are confined to; null: to none.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    domain: Option<Option<DomainId>>,
}

/// Tells null from nothing.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
fn said<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from).map(Some)
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberView {
    #[schema(value_type = String)]
    account: AccountId,
    name: String,
    #[schema(value_type = String)]
    email: EmailAddress,
    #[schema(schema_with = names::role)]
    role: Role,
    /// The one domain they are confined to, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    domain: Option<DomainId>,
    /// UTC milliseconds.
    joined_at_ms: i64,
    /// When one of their sessions was last used, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at_ms: Option<i64>,
    /// Whether password and mailed link take a second factor. A passkey, which is both at once, does not change what they take.
    second_factor: bool,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let Member { membership, name, email, guarded, last_seen_at } = member;
        Self {
            account: membership.account,
            name,
            email,
            role: membership.role,
            domain: membership.domain,
            joined_at_ms: membership.joined_at.as_ms(),
            last_seen_at_ms: last_seen_at.map(Timestamp::as_ms),
            second_factor: guarded,
        }
    }
}

/// Lists members by when they joined.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/members", tag = "members", operation_id = "list_members",
    params(("organization" = String, Path), Wanted),
    responses((status = 200, body = Page<MemberView>), ProblemResponses),
    extensions(("x-permission" = json!("members.read")))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::MembersRead>,
    Asked(Wanted { cursor, limit }): Asked<Wanted>,
) -> Result<JsonAnswer<Page<MemberView>>, Problem> {
    let after = cursor.map(|cursor| (cursor.at, cursor.id));
    let rows = accounts.members(&allowed.into(), after, limit.get() + 1).await?;
    let cursor = |row: &Member| Cursor { at: row.membership.joined_at, id: row.membership.account };
    Ok(JsonAnswer(Page::of(rows, limit, cursor, MemberView::from)))
}

/// Changes a member's role and domain.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}/members/{account}", tag = "members", operation_id = "change_member",
    request_body = MemberBody, params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = 200, body = MemberView), ProblemResponses),
    extensions(("x-permission" = json!("members.write")))
)]
pub(super) async fn change(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::MembersWrite>,
    Path(path): Path<(String, String)>,
    Json(MemberBody { role, domain }): Json<MemberBody>,
) -> Result<JsonAnswer<MemberView>, Problem> {
    let change = MemberChange { role, domain };
    let member = accounts.change_member(&allowed.into(), id(&path.1)?, change).await?;
    Ok(JsonAnswer(member.into()))
}

/// Removes a member. Every member may remove themselves: leaving.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/members/{account}", tag = "members", operation_id = "remove_member",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = 204, description = "removed"), ProblemResponses),
    extensions(("x-permission" = json!("members.write")))
)]
pub(super) async fn remove(
    State(accounts): State<Accounts>,
    writes: Result<Allowed<may::MembersWrite>, Problem>,
    reads: Result<Allowed<may::OrganizationRead>, Problem>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    match (writes, reads) {
        (_, Ok(member)) if member.actor.to_string() == path.1 => {
            accounts.leave(&member.into()).await?;
        }
        (writes, _) => accounts.remove_member(&writes?.into(), id(&path.1)?).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

fn id(text: &str) -> Result<AccountId, Problem> {
    AccountId::parse(text).map_err(|_| Problem::new(Code::NotAvailable))
}
