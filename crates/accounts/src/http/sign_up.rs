//! `POST /v1/sign-up` and `/verify`

use axum::{Json as JsonAnswer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{Json, Problem, ProblemResponses};
use wax_kernel::{EmailAddress, Redacted};

use super::{
    answer::{Cookied, Nothing, accepted},
    caller::Visitor,
};
use crate::{
    Accounts,
    service::{Language, Name, SignUp},
};

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignUpBody {
    #[schema(value_type = String)]
    email: EmailAddress,
    /// 1 to 80 characters.
    name: String,
    /// 10 to 256 characters. Without one, a mailed link signs in.
    #[schema(value_type = Option<String>)]
    password: Option<Redacted<String>>,
    /// Of mails.
    lang: Language,
    /// An organization to begin with.
    organization: Option<OrganizationBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganizationBody {
    /// 1 to 80 characters.
    name: String,
}

/// Mails a link that makes the account. The answer is the same for every address.
#[utoipa::path(
    post, path = "/v1/sign-up", tag = "sign-in", extensions(("x-permission" = json!("nobody"))),
    request_body = SignUpBody, responses((status = 202, body = Nothing), ProblemResponses)
)]
pub(super) async fn sign_up(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<SignUpBody>,
) -> Result<(StatusCode, JsonAnswer<Nothing>), Problem> {
    let organization = body.organization.map(|o| Name::parse("organization.name", &o.name));
    let command = SignUp {
        email: body.email,
        name: Name::parse("name", &body.name)?,
        password: body.password,
        language: body.lang,
        organization: organization.transpose()?,
    };
    accounts.sign_up(&caller, command).await?;
    Ok(accepted())
}

/// A value out of a mail's link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenBody {
    /// What stands behind the `#`.
    #[schema(value_type = String)]
    pub(super) token: Redacted<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VerifiedView {
    /// Whether this browser is signed in: only the one that signed up is.
    signed_in: bool,
}

/// Makes the account whose address the token proves.
#[utoipa::path(
    post, path = "/v1/sign-up/verify", tag = "sign-in", operation_id = "verify_address",
    extensions(("x-permission" = json!("nobody"))),
    request_body = TokenBody, responses((status = 200, body = VerifiedView), ProblemResponses)
)]
pub(super) async fn verify(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<TokenBody>,
) -> Result<Cookied<JsonAnswer<VerifiedView>>, Problem> {
    let session = accounts.verify(&caller, body.token.expose()).await?;
    let answer = Cookied::new(JsonAnswer(VerifiedView { signed_in: session.is_some() }));
    Ok(match session {
        Some(session) => answer.session(&session),
        None => answer,
    })
}
