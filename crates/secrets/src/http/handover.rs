//! `POST /v1/secrets/ask` and `POST /v1/secrets/give`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_crypto::{Challenge, HANDOVER_BYTES, HpkePublicKey, PeekKey, Thumbprint};
use wax_httpkit::{Problem, ProblemResponses};
use wax_kernel::{ClaimId, SecretId};
use wax_model::{DeviceKind, Invalid, Rule};

use super::{
    bytes::Base64,
    signed::{SignedBody, signed},
};
use crate::{
    Secrets,
    service::{AskCommand, Give},
};

/// A device with the link that asks for what is bound to another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskBody {
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
    /// A second public key of this device, for HPKE: an uncompressed P-256 point, 65 bytes.
    #[schema(value_type = String)]
    receive: Base64,
}

/// What the device shows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AskView {
    /// Six digits, the same on both screens.
    code: String,
    /// Until when it can be answered, UTC milliseconds.
    ends_at_ms: i64,
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// The bound device gives the secret away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveBody {
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
    /// RFC 7638 thumbprint of the device that asked, 32 bytes.
    #[schema(value_type = String)]
    to: Thumbprint,
    /// The manifest's part key, sealed to the key with which it asked: 113 bytes.
    #[schema(value_type = String)]
    keys: Base64,
    /// The challenge that the signature covers, 40 bytes.
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// The secret is bound to the other device now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GiveView {
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// Asks the bound device for its secret. An ask stands for 15 minutes; repeating it answers the same.
#[utoipa::path(
    post, path = "/v1/secrets/ask", tag = "secrets", request_body = AskBody,
    responses((status = 200, body = AskView), ProblemResponses)
)]
pub(super) async fn ask(
    State(secrets): State<Secrets>,
    body: SignedBody<AskBody>,
) -> Result<JsonAnswer<AskView>, Problem> {
    let receive = HpkePublicKey::from_slice(&body.value.receive.0)
        .map_err(|_| Invalid::new("receive", Rule::Form))?;
    let command = AskCommand {
        id: body.value.id,
        peek: body.value.peek,
        receive,
        call: body.call,
        device: DeviceKind::from_user_agent(&body.user_agent),
    };
    let answer = secrets.ask(&body.context, command).await?;
    Ok(JsonAnswer(AskView {
        code: answer.code.to_string(),
        ends_at_ms: answer.ends_at.as_ms(),
        challenge: answer.challenge,
    }))
}

/// Gives the secret to a device that asked: from now on it is bound to that one. Repeating it answers the same.
#[utoipa::path(
    post, path = "/v1/secrets/give", tag = "secrets", request_body = GiveBody,
    responses((status = 200, body = GiveView), ProblemResponses)
)]
pub(super) async fn give(
    State(secrets): State<Secrets>,
    body: SignedBody<GiveBody>,
) -> Result<JsonAnswer<GiveView>, Problem> {
    let GiveBody { id, claim, counter, to, keys, .. } = body.value;
    let keys = keys.within("keys", HANDOVER_BYTES, HANDOVER_BYTES)?;
    let give = Give { id, claim, counter, to, keys, call: body.call };
    Ok(JsonAnswer(GiveView { challenge: secrets.give(&body.context, give).await? }))
}

signed!(AskBody, GiveBody);
