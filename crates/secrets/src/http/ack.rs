//! `POST /v1/secrets/heartbeat` and `POST /v1/secrets/ack`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_crypto::{AckPreimage, Challenge, PASSKEY_COPY_BYTES};
use wax_httpkit::{Problem, ProblemResponses};
use wax_kernel::{ClaimId, SecretId};

use super::{
    bytes::Base64,
    signed::{SignedBody, signed},
    view::states,
};
use crate::{
    Secrets,
    service::{Ack, Heartbeat},
};

/// A device that has not finished yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatBody {
    #[schema(value_type = String)]
    id: SecretId,
    /// The claim's id.
    #[schema(value_type = String)]
    claim: ClaimId,
    /// The device's public key, 65 bytes.
    #[schema(value_type = String)]
    device: Base64,
    /// Larger than every counter sent before.
    counter: i64,
    /// The challenge that the signature covers, 40 bytes.
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// The claim's new window.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeartbeatView {
    /// UTC milliseconds.
    window_ends_at_ms: i64,
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// A device that has unwrapped and shown the secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AckBody {
    #[schema(value_type = String)]
    id: SecretId,
    /// The claim's id.
    #[schema(value_type = String)]
    claim: ClaimId,
    /// The device's public key, 65 bytes.
    #[schema(value_type = String)]
    device: Base64,
    /// Larger than every counter sent before.
    counter: i64,
    /// The preimage, 32 bytes: only who unwrapped the content key knows it.
    #[schema(value_type = String)]
    ack: AckPreimage,
    /// The device's passkey copy, 212 bytes: only of a device-bound secret.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    copy: Option<Base64>,
    /// The challenge that the signature covers, 40 bytes.
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// What became of the secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AckView {
    /// `destroyed`, `bound` if it is device-bound, or another state while views or claims are left.
    #[schema(schema_with = states)]
    state: &'static str,
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// Keeps a claim's window open: 10 minutes from now, at most 24 hours from the claim.
#[utoipa::path(
    post, path = "/v1/secrets/heartbeat", tag = "secrets", request_body = HeartbeatBody,
    responses((status = 200, body = HeartbeatView), ProblemResponses)
)]
pub(super) async fn heartbeat(
    State(secrets): State<Secrets>,
    body: SignedBody<HeartbeatBody>,
) -> Result<JsonAnswer<HeartbeatView>, Problem> {
    let HeartbeatBody { id, claim, counter, .. } = body.value;
    let beaten =
        secrets.heartbeat(&body.context, Heartbeat { id, claim, counter, call: body.call }).await?;
    Ok(JsonAnswer(HeartbeatView {
        window_ends_at_ms: beaten.window_ends_at.as_ms(),
        challenge: beaten.challenge,
    }))
}

/// Confirms that the secret was unwrapped. The last confirmation destroys it, or binds it to this device. Repeating it
/// answers the same.
#[utoipa::path(
    post, path = "/v1/secrets/ack", tag = "secrets", request_body = AckBody,
    responses((status = 200, body = AckView), ProblemResponses)
)]
pub(super) async fn ack(
    State(secrets): State<Secrets>,
    body: SignedBody<AckBody>,
) -> Result<JsonAnswer<AckView>, Problem> {
    let AckBody { id, claim, counter, ack, copy, .. } = body.value;
    let copy = copy.map(|copy| copy.within("copy", PASSKEY_COPY_BYTES, PASSKEY_COPY_BYTES));
    let ack = Ack { id, claim, counter, ack, copy: copy.transpose()?, call: body.call };
    let (state, challenge) = secrets.ack(&body.context, ack).await?;
    Ok(JsonAnswer(AckView { state: state.as_str(), challenge }))
}

signed!(HeartbeatBody, AckBody);
