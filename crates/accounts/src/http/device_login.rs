//! `POST /v1/device/…`: letting a command line in.

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Json, PlatformContext, Problem, ProblemResponses,
    auth::{SignedIn, SteppedUp},
};
use wax_kernel::Redacted;

use super::{answer::Nothing, caller::stranger, names};
use crate::{
    Accounts,
    service::{LOGIN_INTERVAL, LOGIN_LIFE, Name, Polled},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartBody {
    /// What the person will recognise the command line by, 1 to 80 characters.
    name: String,
}

/// RFC 8628 §3.2.
#[derive(Serialize, ToSchema)]
pub(super) struct StartedView {
    device_code: String,
    user_code: String,
    verification_uri: String,
    /// Seconds.
    expires_in: u64,
    /// Least seconds between two questions.
    interval: u64,
}

/// Begins to let a command line in.
#[utoipa::path(
    post, path = "/v1/device/start", tag = "device", operation_id = "start_device_login", extensions(("x-permission" = json!("nobody"))),
    request_body = StartBody, responses((status = 200, body = StartedView), ProblemResponses)
)]
pub(super) async fn start(
    State(accounts): State<Accounts>,
    context: PlatformContext,
    Json(body): Json<StartBody>,
) -> Result<JsonAnswer<StartedView>, Problem> {
    let name = Name::parse("name", &body.name)?;
    let started = accounts.start_login(&stranger(&context), name).await?;
    Ok(JsonAnswer(StartedView {
        device_code: started.device_code.expose().to_owned(),
        user_code: started.user_code,
        verification_uri: format!("{}/device", context.origin),
        expires_in: LOGIN_LIFE.as_secs(),
        interval: LOGIN_INTERVAL.as_secs(),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PollBody {
    #[schema(value_type = String)]
    device_code: Redacted<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PolledView {
    #[schema(schema_with = names::login_state)]
    state: &'static str,
    /// When approved: the session's token, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<LetInView>,
}

#[derive(Serialize, ToSchema)]
struct LetInView {
    id: String,
    name: String,
    email: String,
}

/// Tells the command line whether it is let in.
#[utoipa::path(
    post, path = "/v1/device/poll", tag = "device", operation_id = "poll_device_login", extensions(("x-permission" = json!("nobody"))),
    request_body = PollBody, responses((status = 200, body = PolledView), ProblemResponses)
)]
pub(super) async fn poll(
    State(accounts): State<Accounts>,
    context: PlatformContext,
    Json(body): Json<PollBody>,
) -> Result<JsonAnswer<PolledView>, Problem> {
    let undecided = |state| PolledView { state, token: None, account: None };
    let polled = accounts.poll_login(&stranger(&context), &body.device_code).await?;
    Ok(JsonAnswer(match polled {
        Polled::Pending => undecided("pending"),
        Polled::Denied => undecided("denied"),
        Polled::Approved(token, account) => PolledView {
            state: "approved",
            token: Some(token.expose().to_owned()),
            account: Some(LetInView {
                id: account.id.to_string(),
                name: account.name,
                email: account.email.as_str().to_owned(),
            }),
        },
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserCodeBody {
    /// As the command line shows it.
    user_code: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeviceView {
    name: String,
    network: String,
    /// UTC milliseconds.
    created_at_ms: i64,
}

/// Shows what wants to be let in.
#[utoipa::path(
    post, path = "/v1/device/look", tag = "device", operation_id = "look_at_device_login", extensions(("x-permission" = json!("account"))),
    request_body = UserCodeBody, responses((status = 200, body = DeviceView), ProblemResponses)
)]
pub(super) async fn look(
    State(accounts): State<Accounts>,
    _caller: SignedIn,
    Json(body): Json<UserCodeBody>,
) -> Result<JsonAnswer<DeviceView>, Problem> {
    let look = accounts.look_at_login(&body.user_code).await?;
    let created_at_ms = look.created_at.as_ms();
    Ok(JsonAnswer(DeviceView { name: look.name, network: look.network, created_at_ms }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionBody {
    /// As the command line shows it.
    user_code: String,
    approve: bool,
}

/// Lets it in, or refuses.
#[utoipa::path(
    post, path = "/v1/device/approve", tag = "device", operation_id = "decide_device_login",
    extensions(("x-permission" = json!("step-up"))),
    request_body = DecisionBody, responses((status = 200, body = Nothing), ProblemResponses)
)]
pub(super) async fn decide(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(body): Json<DecisionBody>,
) -> Result<JsonAnswer<Nothing>, Problem> {
    accounts.decide_login(caller.session.account, &body.user_code, body.approve).await?;
    Ok(JsonAnswer(Nothing {}))
}
