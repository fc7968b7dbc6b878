//! `POST /v1/secrets/create`

use axum::{Json as JsonAnswer, extract::State, response::IntoResponse};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use wax_crypto::{AckHash, ClaimKey, HEADER_BYTES, PeekHash, ReceiptHash, WRAPPED_KEY_BYTES};
use wax_httpkit::{Body, Problem, ProblemResponses};
use wax_model::{MAX_CONTENT_BYTES, MIN_CONTENT_BYTES, Policy};

use super::{bytes::Base64, creator::Creator};
use crate::{
    Secrets,
    service::{Content, Create, Created, Delivery},
};

/// Largest body: the largest content as base64, and room for the rest.
pub(super) const MAX_BODY: usize = 2 * 1_024 * 1_024;

/// A sealed secret. Byte strings are base64url without padding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBody {
    /// SHA-256 of the peek key, 32 bytes. The secret's id follows from it.
    #[schema(value_type = String)]
    peek_sha256: PeekHash,
    /// The claim key, 32 bytes. Kept only as a code under the secret's data key.
    #[schema(value_type = String)]
    claim_key: ClaimKey,
    /// SHA-256 of the acknowledgement's preimage, 32 bytes.
    #[schema(value_type = String)]
    ack_sha256: AckHash,
    /// SHA-256 of the receipt key, 32 bytes.
    #[schema(value_type = String)]
    receipt_sha256: ReceiptHash,
    /// 55 bytes.
    #[schema(value_type = String)]
    header: Base64,
    /// 60 bytes.
    #[schema(value_type = String)]
    wrapped_key: Base64,
    /// The policy's JSON, 2 to 4,096 bytes.
    #[schema(value_type = String)]
    policy: Base64,
    /// The sealed manifest, 1,040 to 1,048,832 bytes.
    #[schema(value_type = String)]
    content: Base64,
}

/// Where the secret stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreatedView {
    /// The secret's id, as in its link.
    #[schema(value_type = String)]
    id: wax_kernel::SecretId,
    /// The receipt's id, as in the receipt's link.
    #[schema(value_type = String)]
    rid: wax_kernel::ReceiptId,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// The first moment at which it can no longer be claimed, UTC milliseconds.
    expires_at_ms: i64,
}

/// Stores a sealed secret. The same body again gets the first answer. With `Authorization`, a key of the organization is
/// recorded as its maker.
#[utoipa::path(
    post, path = "/v1/secrets/create", tag = "secrets", request_body = CreateBody,
    responses((status = 201, body = CreatedView), ProblemResponses)
)]
pub(super) async fn create(
    State(secrets): State<Secrets>,
    Creator(maker): Creator,
    body: Body<CreateBody, MAX_BODY>,
) -> Result<impl IntoResponse, Problem> {
    let created = secrets.create(&maker, command(body)?).await?;
    Ok((StatusCode::CREATED, JsonAnswer(CreatedView::from(created))))
}

/// What a body asks for.
pub(super) fn command(body: Body<CreateBody, MAX_BODY>) -> Result<Create, Problem> {
    let body_sha256 = Sha256::digest(&body.bytes).into();
    let value = body.value;
    let content = Content {
        header: value.header.within("header", HEADER_BYTES, HEADER_BYTES)?,
        policy: value.policy.within("policy", 2, Policy::MAX_BYTES)?,
        content: value.content.within("content", MIN_CONTENT_BYTES, MAX_CONTENT_BYTES)?,
    };
    let wrapped_key =
        value.wrapped_key.within("wrapped_key", WRAPPED_KEY_BYTES, WRAPPED_KEY_BYTES)?;
    let delivery = Delivery { wrapped_key, content };
    Ok(Create {
        peek_sha256: value.peek_sha256,
        claim_key: value.claim_key,
        ack_sha256: value.ack_sha256,
        receipt_sha256: value.receipt_sha256,
        delivery,
        body_sha256,
    })
}

impl From<Created> for CreatedView {
    fn from(created: Created) -> Self {
        Self {
            id: created.id,
            rid: created.rid,
            created_at_ms: created.created_at.as_ms(),
            expires_at_ms: created.expires_at.as_ms(),
        }
    }
}
