//! `/v1/account` and `POST /v1/account/password`

use axum::{Json as JsonAnswer, extract::State, http::StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{SignedIn, SteppedUp},
};
use wax_kernel::{Redacted, Timestamp};
use wax_model::Belonging;

use super::{
    answer::{Cookied, Nothing},
    caller::member,
    names,
    sign_in::EmailBody,
};
use crate::{
    Accounts,
    service::{AccountChange, Language, Name, Profile},
};

/// A person, as they see themselves.
#[derive(Serialize, ToSchema)]
pub(super) struct ProfileView {
    id: String,
    name: String,
    email: String,
    #[schema(schema_with = names::language)]
    lang: String,
    has_password: bool,
    /// Whether codes of an app are asked for.
    totp: bool,
    recovery_codes_left: u32,
    passkeys: usize,
    /// Until when dangerous acts need no further proof, UTC milliseconds. Absent: proof is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    stepped_up_until: Option<i64>,
    organizations: Vec<BelongingView>,
}

/// An organization that the person is in.
#[derive(Debug, Serialize, ToSchema)]
struct BelongingView {
    id: String,
    slug: String,
    name: String,
    #[schema(schema_with = names::role)]
    role: &'static str,
    /// The one domain that the person is confined to.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    /// When it will be erased, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_due_at_ms: Option<i64>,
}

/// Shows the account.
#[utoipa::path(
    get, path = "/v1/account", tag = "account", extensions(("x-permission" = json!("account"))),
    responses((status = 200, body = ProfileView), ProblemResponses)
)]
pub(super) async fn account(
    State(accounts): State<Accounts>,
    caller: SignedIn,
) -> Result<JsonAnswer<ProfileView>, Problem> {
    let profile = accounts.profile(caller.session.account).await?;
    Ok(JsonAnswer(view(profile, until(&accounts, &caller))))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    /// 1 to 80 characters.
    name: Option<String>,
    lang: Option<Language>,
}

/// Changes name or language.
#[utoipa::path(
    patch, path = "/v1/account", tag = "account", operation_id = "change_account", extensions(("x-permission" = json!("account"))),
    request_body = ChangeBody, responses((status = 200, body = ProfileView), ProblemResponses)
)]
pub(super) async fn change(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<ChangeBody>,
) -> Result<JsonAnswer<ProfileView>, Problem> {
    let name = body.name.map(|name| Name::parse("name", &name)).transpose()?;
    let change = AccountChange { name, language: body.lang };
    let profile = accounts.change(caller.session.account, change).await?;
    Ok(JsonAnswer(view(profile, until(&accounts, &caller))))
}

/// Deletes the account. `email` repeats its address. Refused while it alone owns an organization.
#[utoipa::path(
    delete, path = "/v1/account", tag = "account", operation_id = "delete_account", extensions(("x-permission" = json!("step-up"))),
    request_body = EmailBody, responses((status = 204), ProblemResponses)
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(body): Json<EmailBody>,
) -> Result<Cookied<StatusCode>, Problem> {
    accounts.delete(caller.session.account, &body.email).await?;
    Ok(Cookied::new(StatusCode::NO_CONTENT).no_session())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasswordBody {
    /// 10 to 256 characters; `null`: no password from now on, which needs a passkey.
    #[serde(deserialize_with = "said")]
    #[schema(value_type = Option<String>, required)]
    password: Option<Redacted<String>>,
}

/// `null` has to be said: a body without the member means nothing.
fn said<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Redacted<String>>, D::Error> {
    Option::deserialize(from)
}

/// Sets the password, or gives it up. Every other session ends.
#[utoipa::path(
    post, path = "/v1/account/password", tag = "account", operation_id = "set_password",
    extensions(("x-permission" = json!("step-up"))),
    request_body = NewPasswordBody, responses((status = 200, body = Nothing), ProblemResponses)
)]
pub(super) async fn set_password(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(body): Json<NewPasswordBody>,
) -> Result<JsonAnswer<Nothing>, Problem> {
    accounts.set_password(&member(&caller), &caller.session, body.password).await?;
    Ok(JsonAnswer(Nothing {}))
}

fn until(accounts: &Accounts, caller: &SignedIn) -> Option<Timestamp> {
    use wax_httpkit::auth::Authenticator as _;
    accounts.stepped_up(&caller.session).then_some(caller.session.stepped_up_until)
}

fn view(profile: Profile, stepped_up_until: Option<Timestamp>) -> ProfileView {
    let Profile { account, recovery_codes_left, passkeys, organizations } = profile;
    ProfileView {
        id: account.id.to_string(),
        name: account.name,
        email: account.email.as_str().to_owned(),
        lang: account.lang,
        has_password: account.password.is_some(),
        totp: account.totp.is_some(),
        recovery_codes_left,
        passkeys,
        stepped_up_until: stepped_up_until.map(Timestamp::as_ms),
        organizations: organizations.into_iter().map(belonging).collect(),
    }
}

fn belonging(belonging: Belonging) -> BelongingView {
    BelongingView {
        id: belonging.tenant.to_string(),
        slug: belonging.slug,
        name: belonging.name,
        role: belonging.membership.role.as_str(),
        domain: belonging.membership.domain.map(|domain| domain.to_string()),
        deletion_due_at_ms: belonging.deletion_due_at.map(Timestamp::as_ms),
    }
}
