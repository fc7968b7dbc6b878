//! `POST /v1/account/step-up`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{Json, Problem, ProblemResponses, auth::SignedIn};
use wax_kernel::{Redacted, Timestamp};
use wax_model::{Invalid, Rule};

use super::caller::member;
use crate::{Accounts, service::Proof};

/// Exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofBody {
    #[schema(value_type = Option<String>)]
    password: Option<Redacted<String>>,
    /// Six digits.
    #[schema(value_type = Option<String>)]
    totp: Option<Redacted<String>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SteppedUpView {
    /// UTC milliseconds.
    stepped_up_until: i64,
}

pub(super) const fn stepped_up(until: Timestamp) -> JsonAnswer<SteppedUpView> {
    JsonAnswer(SteppedUpView { stepped_up_until: until.as_ms() })
}

/// Proves the person again, for 10 minutes of dangerous acts.
#[utoipa::path(
    post, path = "/v1/account/step-up", tag = "account",
    extensions(("x-permission" = json!("account"))),
    request_body = ProofBody, responses((status = 200, body = SteppedUpView), ProblemResponses)
)]
pub(super) async fn step_up(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<ProofBody>,
) -> Result<JsonAnswer<SteppedUpView>, Problem> {
    let proof = match (body.password, body.totp) {
        (Some(password), None) => Proof::Password(password),
        (None, Some(code)) => Proof::Totp(code),
        _ => return Err(Invalid::new("password", Rule::Choice).into()),
    };
    let until = accounts.step_up(&member(&caller), &caller.session, proof).await?;
    Ok(stepped_up(until))
}
