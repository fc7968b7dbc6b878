//! `POST /v1/secrets/claim` and `POST /v1/secrets/recover`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_crypto::{Challenge, ClaimKey, PeekKey};
use wax_httpkit::{Problem, ProblemResponses};
use wax_kernel::{ClaimId, SecretId};
use wax_model::{Claim, DeviceKind};

use super::{
    bytes::Base64,
    signed::{SignedBody, signed},
};
use crate::{
    Secrets,
    service::{ClaimCommand, Delivered, Delivery, RecoverCommand},
};

/// A try at a view.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimBody {
    #[schema(value_type = String)]
    id: SecretId,
    /// The peek key, 32 bytes.
    #[schema(value_type = String)]
    peek: PeekKey,
    /// The claim key, 32 bytes.
    #[schema(value_type = String)]
    claim_key: ClaimKey,
    /// The device's public key: an uncompressed P-256 point, 65 bytes.
    #[schema(value_type = String)]
    device: Base64,
    /// The challenge that the signature covers, 40 bytes.
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// A request for what this device was given before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoverBody {
    #[schema(value_type = String)]
    id: SecretId,
    /// The peek key, 32 bytes.
    #[schema(value_type = String)]
    peek: PeekKey,
    /// The device's public key, 65 bytes.
    #[schema(value_type = String)]
    device: Base64,
    /// The challenge that the signature covers, 40 bytes.
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// A claim and what it delivers, as the sender sealed it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClaimView {
    #[schema(value_type = String)]
    id: ClaimId,
    /// The largest counter taken from this device; the next call must carry a larger one.
    counter: i64,
    /// Until when it can be recovered, UTC milliseconds.
    window_ends_at_ms: i64,
    #[schema(value_type = String)]
    header: Base64,
    #[schema(value_type = String)]
    policy: Base64,
    #[schema(value_type = String)]
    wrapped_key: Base64,
    #[schema(value_type = String)]
    content: Base64,
}

/// What this device holds, and the challenge for its next call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveredView {
    /// None, if this device has no open claim (recover only).
    #[schema(required)]
    claim: Option<ClaimView>,
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// Takes one view and binds it to the device, or counts a wrong try.
#[utoipa::path(
    post, path = "/v1/secrets/claim", tag = "secrets", request_body = ClaimBody,
    responses((status = 200, body = DeliveredView), ProblemResponses)
)]
pub(super) async fn claim(
    State(secrets): State<Secrets>,
    body: SignedBody<ClaimBody>,
) -> Result<JsonAnswer<DeliveredView>, Problem> {
    let command = ClaimCommand {
        id: body.value.id,
        peek: body.value.peek,
        claim_key: body.value.claim_key,
        call: body.call,
        device: DeviceKind::from_user_agent(&body.user_agent),
    };
    Ok(JsonAnswer(secrets.claim(&body.context, command).await?.into()))
}

/// Gives a device its open claim again. Takes nothing, counts nothing.
#[utoipa::path(
    post, path = "/v1/secrets/recover", tag = "secrets", request_body = RecoverBody,
    responses((status = 200, body = DeliveredView), ProblemResponses)
)]
pub(super) async fn recover(
    State(secrets): State<Secrets>,
    body: SignedBody<RecoverBody>,
) -> Result<JsonAnswer<DeliveredView>, Problem> {
    let command = RecoverCommand { id: body.value.id, peek: body.value.peek, call: body.call };
    Ok(JsonAnswer(secrets.recover(&body.context, command).await?.into()))
}

signed!(ClaimBody, RecoverBody);

impl From<Delivered> for DeliveredView {
    fn from(delivered: Delivered) -> Self {
        let claim = delivered.claim.map(|(claim, delivery)| ClaimView::new(&claim, delivery));
        Self { claim, challenge: delivered.challenge }
    }
}

impl ClaimView {
    fn new(claim: &Claim, delivery: Delivery) -> Self {
        Self {
            id: claim.id,
            counter: claim.counter,
            window_ends_at_ms: claim.window_ends_at.as_ms(),
            header: Base64(delivery.content.header),
            policy: Base64(delivery.content.policy),
            wrapped_key: Base64(delivery.wrapped_key),
            content: Base64(delivery.content.content),
        }
    }
}
