//! `POST /v1/sign-in/…` and `/v1/password/reset…`

use axum::{Json as JsonAnswer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{Json, Problem, ProblemResponses};
use wax_kernel::{EmailAddress, Redacted};
use wax_model::{Invalid, Rule};

use super::{
    answer::{Cookied, Nothing, accepted},
    caller::Visitor,
    names,
    sign_up::TokenBody,
};
use crate::{
    Accounts,
    service::{Factor, Method, SignIn},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordBody {
    #[schema(value_type = String)]
    email: EmailAddress,
    #[schema(value_type = String)]
    password: Redacted<String>,
}

/// What comes next.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignInView {
    #[schema(schema_with = names::next_step)]
    next: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = names::methods)]
    methods: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes_left: Option<u32>,
}

pub(super) type SignInAnswer = Cookied<JsonAnswer<SignInView>>;

pub(super) fn done(recovery_codes_left: Option<u32>) -> SignInAnswer {
    let view = SignInView { next: "done", methods: None, recovery_codes_left };
    Cookied::new(JsonAnswer(view))
}

fn answer(sign_in: &SignIn) -> SignInAnswer {
    match sign_in {
        SignIn::Done(session) => done(None).session(session),
        SignIn::SecondFactor(step, methods) => {
            let methods = methods.iter().map(|method| match method {
                Method::Totp => "totp",
                Method::RecoveryCode => "recovery-code",
                Method::Passkey => "passkey",
            });
            let (next, methods) = ("second-factor", Some(methods.collect()));
            Cookied::new(JsonAnswer(SignInView { next, methods, recovery_codes_left: None }))
                .step(step)
        }
    }
}

/// Signs in with address and password. Whatever is wrong, the answer is the same.
#[utoipa::path(
    post, path = "/v1/sign-in/password", tag = "sign-in", operation_id = "sign_in",
    extensions(("x-permission" = json!("nobody"))),
    request_body = PasswordBody, responses((status = 200, body = SignInView), ProblemResponses)
)]
pub(super) async fn password(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<PasswordBody>,
) -> Result<SignInAnswer, Problem> {
    Ok(answer(&accounts.sign_in(&caller, &body.email, &body.password).await?))
}

/// Exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorBody {
    /// Six digits.
    #[schema(value_type = Option<String>)]
    totp: Option<Redacted<String>>,
    #[schema(value_type = Option<String>)]
    recovery_code: Option<Redacted<String>>,
}

/// Ends a sign-in with its second factor.
#[utoipa::path(
    post, path = "/v1/sign-in/second-factor", tag = "sign-in", operation_id = "finish_sign_in",
    extensions(("x-permission" = json!("nobody"))),
    request_body = FactorBody, responses((status = 200, body = SignInView), ProblemResponses)
)]
pub(super) async fn second_factor(
    State(accounts): State<Accounts>,
    Visitor { caller, step, .. }: Visitor,
    Json(body): Json<FactorBody>,
) -> Result<SignInAnswer, Problem> {
    let factor = match (body.totp, body.recovery_code) {
        (Some(code), None) => Factor::Totp(code),
        (None, Some(code)) => Factor::RecoveryCode(code),
        _ => return Err(Invalid::new("totp", Rule::Choice).into()),
    };
    let (session, left) = accounts.finish_sign_in(&caller, step, factor).await?;
    Ok(done(Some(left)).session(&session))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailBody {
    #[schema(value_type = String)]
    pub(super) email: EmailAddress,
}

/// Mails a link that signs in this browser. The answer is the same for every address.
#[utoipa::path(
    post, path = "/v1/sign-in/link", tag = "sign-in", operation_id = "mail_sign_in_link",
    extensions(("x-permission" = json!("nobody"))),
    request_body = EmailBody, responses((status = 202, body = Nothing), ProblemResponses)
)]
pub(super) async fn mail_link(
    State(accounts): State<Accounts>,
    Visitor { caller, language, .. }: Visitor,
    Json(body): Json<EmailBody>,
) -> Result<(StatusCode, JsonAnswer<Nothing>), Problem> {
    accounts.mail_link(&caller, &body.email, language).await?;
    Ok(accepted())
}

/// Signs in by a mailed link, or by one of the operator's.
#[utoipa::path(
    post, path = "/v1/sign-in/link/finish", tag = "sign-in", operation_id = "finish_sign_in_link",
    extensions(("x-permission" = json!("nobody"))),
    request_body = TokenBody, responses((status = 200, body = SignInView), ProblemResponses)
)]
pub(super) async fn finish_link(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<TokenBody>,
) -> Result<SignInAnswer, Problem> {
    Ok(answer(&accounts.finish_link(&caller, body.token.expose()).await?))
}

/// Mails a link that sets a new password. The answer is the same for every address.
#[utoipa::path(
    post, path = "/v1/password/reset", tag = "sign-in", operation_id = "mail_password_reset",
    extensions(("x-permission" = json!("nobody"))),
    request_body = EmailBody, responses((status = 202, body = Nothing), ProblemResponses)
)]
pub(super) async fn mail_reset(
    State(accounts): State<Accounts>,
    Visitor { caller, language, .. }: Visitor,
    Json(body): Json<EmailBody>,
) -> Result<(StatusCode, JsonAnswer<Nothing>), Problem> {
    accounts.mail_reset(&caller, &body.email, language).await?;
    Ok(accepted())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetBody {
    /// What stands behind the link's `#`.
    #[schema(value_type = String)]
    token: Redacted<String>,
    /// 10 to 256 characters.
    #[schema(value_type = String)]
    password: Redacted<String>,
}

/// Sets a new password and ends every session. Signs nobody in.
#[utoipa::path(
    post, path = "/v1/password/reset/finish", tag = "sign-in", operation_id = "finish_password_reset",
    extensions(("x-permission" = json!("nobody"))),
    request_body = ResetBody, responses((status = 200, body = Nothing), ProblemResponses)
)]
pub(super) async fn finish_reset(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<ResetBody>,
) -> Result<JsonAnswer<Nothing>, Problem> {
    accounts.finish_reset(&caller, body.token.expose(), &body.password).await?;
    Ok(JsonAnswer(Nothing {}))
}
