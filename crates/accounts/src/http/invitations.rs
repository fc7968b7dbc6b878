//! Invitations: `/v1/organizations/{organization}/invitations`, and what their holders do below `/v1/invitations`.

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
    response::IntoResponse,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Body, Code, Json, Page, Problem, ProblemResponses,
    auth::{Allowed, SignedIn, may},
};
use wax_kernel::{DomainId, EmailAddress, InvitationId, Redacted};
use wax_model::{Actor, Invitation, Role};

use super::{
    answer::Cookied, caller::Visitor, names, once::IdempotencyKey, organizations::OrganizationView,
    sign_up::TokenBody,
};
use crate::{
    Accounts,
    service::{InvitationLook, Invite, InvitedSignUp, Language, Name},
};

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InviteBody {
    #[schema(value_type = String)]
    email: EmailAddress,
    #[schema(schema_with = names::role)]
    role: Role,
    /// The one domain they will be confined to.
    #[schema(value_type = Option<String>)]
    domain: Option<DomainId>,
    /// Of the mail; the caller's own unless said.
    lang: Option<Language>,
}

/// Who signs up with an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitedSignUpBody {
    /// What stands behind the `#`.
    #[schema(value_type = String)]
    token: Redacted<String>,
    /// 1 to 80 characters.
    name: String,
    /// 10 to 256 characters.
    #[schema(value_type = String)]
    password: Redacted<String>,
    /// Of mails.
    lang: Language,
}

/// Signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitedSignUpView {
    #[schema(schema_with = names::done)]
    next: &'static str,
}

/// An invitation. What takes it is in the mail alone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitationView {
    #[schema(value_type = String)]
    id: InvitationId,
    #[schema(value_type = String)]
    email: EmailAddress,
    #[schema(schema_with = names::role)]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    domain: Option<DomainId>,
    /// The id of the member or key.
    #[schema(value_type = String)]
    invited_by: Actor,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// UTC milliseconds.
    expires_at_ms: i64,
}

/// What an invited person is told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookView {
    organization: String,
    inviter: String,
    #[schema(schema_with = names::role)]
    role: Role,
    #[schema(value_type = String)]
    email: EmailAddress,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        let Invitation { id, email, role, domain, invited_by, created_at, expires_at, .. } =
            invitation;
        Self {
            id,
            email,
            role,
            domain,
            invited_by,
            created_at_ms: created_at.as_ms(),
            expires_at_ms: expires_at.as_ms(),
        }
    }
}

impl From<InvitationLook> for LookView {
    fn from(look: InvitationLook) -> Self {
        let InvitationLook { organization, inviter, role, email } = look;
        Self { organization, inviter, role, email }
    }
}

/// Lists the invitations that stand, newest first.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/invitations", tag = "members", operation_id = "list_invitations",
    params(("organization" = String, Path)),
    responses((status = 200, body = Page<InvitationView>), ProblemResponses),
    extensions(("x-permission" = json!("members.read")))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::MembersRead>,
) -> Result<JsonAnswer<Page<InvitationView>>, Problem> {
    let rows = accounts.invitations(&allowed.into()).await?;
    Ok(JsonAnswer(Page::whole(rows.into_iter().map(InvitationView::from).collect())))
}

/// Invites somebody by mail. An invitation that stands for the same address is replaced.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/invitations", tag = "members", operation_id = "invite",
    request_body = InviteBody,
    params(("organization" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 characters of base64url, drawn by the caller")),
    responses((status = 201, body = InvitationView), ProblemResponses),
    extensions(("x-permission" = json!("members.write")))
)]
pub(super) async fn invite(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::MembersWrite>,
    key: IdempotencyKey,
    body: Body<InviteBody>,
) -> Result<impl IntoResponse, Problem> {
    let what = format!("invite {}", allowed.scope.tenant());
    let once = key.of(&accounts, allowed.actor, &what, &body.bytes);
    let InviteBody { email, role, domain, lang: language } = body.value;
    let (acting, invite) = (allowed.into(), Invite { email, role, domain, language });
    let invited = async { accounts.invite(&acting, invite).await.map(InvitationView::from) };
    Ok((StatusCode::CREATED, JsonAnswer(accounts.done_once(once, invited).await?)))
}

/// Takes an invitation back: its link opens nothing any more.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/invitations/{invitation}", tag = "members", operation_id = "withdraw_invitation",
    params(("organization" = String, Path), ("invitation" = String, Path)),
    responses((status = 204, description = "taken back"), ProblemResponses),
    extensions(("x-permission" = json!("members.write")))
)]
pub(super) async fn withdraw(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::MembersWrite>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    accounts.withdraw(&allowed.into(), id(&path.1)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mails an invitation again, with a new link. The old link ends.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/invitations/{invitation}/resend", tag = "members", operation_id = "resend_invitation",
    params(("organization" = String, Path), ("invitation" = String, Path)),
    responses((status = 200, body = InvitationView), ProblemResponses),
    extensions(("x-permission" = json!("members.write")))
)]
pub(super) async fn resend(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::MembersWrite>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<InvitationView>, Problem> {
    Ok(JsonAnswer(accounts.resend(&allowed.into(), id(&path.1)?).await?.into()))
}

/// Shows an invitation to whoever has its link.
#[utoipa::path(
    post, path = "/v1/invitations/look", tag = "members", operation_id = "look_at_invitation", request_body = TokenBody,
    responses((status = 200, body = LookView), ProblemResponses),
    extensions(("x-permission" = json!("nobody")))
)]
pub(super) async fn look(
    State(accounts): State<Accounts>,
    _: Visitor,
    Json(body): Json<TokenBody>,
) -> Result<JsonAnswer<LookView>, Problem> {
    Ok(JsonAnswer(accounts.look_at_invitation(body.token.expose()).await?.into()))
}

/// Makes the caller a member. Only the account with the invited address can.
#[utoipa::path(
    post, path = "/v1/invitations/accept", tag = "members", operation_id = "accept_invitation", request_body = TokenBody,
    responses((status = 200, body = OrganizationView), ProblemResponses),
    extensions(("x-permission" = json!("account")))
)]
pub(super) async fn accept(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<TokenBody>,
) -> Result<JsonAnswer<OrganizationView>, Problem> {
    Ok(JsonAnswer(accounts.accept(&caller, body.token.expose()).await?.into()))
}

/// Makes an account of the invited address and its owner a member, and signs them in. An address that has an account signs
/// in and accepts.
#[utoipa::path(
    post, path = "/v1/invitations/sign-up", tag = "members", request_body = InvitedSignUpBody,
    operation_id = "sign_up_by_invitation",
    responses((status = 200, body = InvitedSignUpView), ProblemResponses),
    extensions(("x-permission" = json!("nobody")))
)]
pub(super) async fn sign_up(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<InvitedSignUpBody>,
) -> Result<Cookied<JsonAnswer<InvitedSignUpView>>, Problem> {
    let InvitedSignUpBody { token, name, password, lang: language } = body;
    let name = Name::parse("name", &name)?;
    let command = InvitedSignUp { token, name, password, language };
    let session = accounts.sign_up_invited(&caller, command).await?;
    Ok(Cookied::new(JsonAnswer(InvitedSignUpView { next: "done" })).session(&session))
}

fn id(text: &str) -> Result<InvitationId, Problem> {
    InvitationId::parse(text).map_err(|_| Problem::new(Code::NotAvailable))
}
