//! `POST /v1/secrets/open`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_crypto::Challenge;
use wax_httpkit::{Problem, ProblemResponses};
use wax_kernel::{ClaimId, SecretId};

use super::{
    bytes::Base64,
    signed::{SignedBody, signed},
};
use crate::{
    Secrets,
    service::{Handed, Open},
};

/// A device that returns to what is bound to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenBody {
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
    /// Whether the device has stored what it was given by a hand-over: it is not given again.
    #[serde(default)]
    kept: bool,
    /// The challenge that the signature covers, 40 bytes.
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// What the device opens with the content key that it stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenView {
    #[schema(value_type = String)]
    header: Base64,
    #[schema(value_type = String)]
    policy: Base64,
    #[schema(value_type = String)]
    content: Base64,
    /// What the device was given by a hand-over, until it says that it has kept it.
    #[schema(required)]
    handed: Option<HandedView>,
    #[schema(value_type = String)]
    challenge: Challenge,
}

/// What a device was given by another.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandedView {
    /// RFC 7638 thumbprint of the device that gave, 32 bytes.
    #[schema(value_type = String)]
    from: Base64,
    /// 113 bytes, sealed to the key with which this device asked.
    #[schema(value_type = String)]
    keys: Base64,
}

/// Opens a bound secret again on the device that it is bound to, and counts it.
#[utoipa::path(
    post, path = "/v1/secrets/open", tag = "secrets", request_body = OpenBody,
    responses((status = 200, body = OpenView), ProblemResponses)
)]
pub(super) async fn open(
    State(secrets): State<Secrets>,
    body: SignedBody<OpenBody>,
) -> Result<JsonAnswer<OpenView>, Problem> {
    let OpenBody { id, claim, counter, kept, .. } = body.value;
    let open = Open { id, claim, counter, kept, call: body.call };
    let opened = secrets.open(&body.context, open).await?;
    Ok(JsonAnswer(OpenView {
        header: Base64(opened.content.header),
        policy: Base64(opened.content.policy),
        content: Base64(opened.content.content),
        handed: opened.handed.map(HandedView::from),
        challenge: opened.challenge,
    }))
}

signed!(OpenBody);

impl From<Handed> for HandedView {
    fn from(handed: Handed) -> Self {
        Self { from: Base64(handed.from.as_bytes().to_vec()), keys: Base64(handed.keys) }
    }
}
