//! `POST /v1/secrets/receipt`, `burn` and `unlock`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_crypto::ReceiptKey;
use wax_httpkit::{Json, Problem, ProblemResponses, RequestContext};
use wax_kernel::{ReceiptId, Timestamp};
use wax_model::Claim;

use super::view::{TriesView, claim_states, device_kinds, kinds, sealed, states};
use crate::{
    Secrets,
    service::{Receipt, ReceiptProof},
};

/// Proof of being the sender.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiptBody {
    /// The receipt's id.
    #[schema(value_type = String)]
    rid: ReceiptId,
    /// The receipt key, 32 bytes.
    #[schema(value_type = String)]
    receipt: ReceiptKey,
}

/// One opening, as the sender is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct SentOpeningView {
    /// When the view was taken, UTC milliseconds.
    at_ms: i64,
    /// What opened it.
    #[schema(schema_with = device_kinds)]
    device: &'static str,
    /// `open`; `acked`: confirmed by an unwrapped key; `lapsed`: delivered, never confirmed; `handed`: confirmed, and
    /// later given to another device.
    #[schema(schema_with = claim_states)]
    state: &'static str,
    /// When it came into that state, UTC milliseconds.
    #[schema(required)]
    ended_at_ms: Option<i64>,
    /// Openings after the first: only of device-bound secrets.
    opens: u32,
    /// The last of them, UTC milliseconds.
    #[schema(required)]
    last_open_at_ms: Option<i64>,
}

/// A secret as its sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ReceiptView {
    #[schema(value_type = String)]
    rid: ReceiptId,
    /// Where it stands.
    #[schema(schema_with = states)]
    state: &'static str,
    /// How often and by whom it may be opened.
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Where the plaintext was turned into ciphertext.
    #[schema(schema_with = sealed)]
    sealed: &'static str,
    /// Whether a passphrase is needed.
    passphrase: bool,
    views: u32,
    views_left: u32,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// UTC milliseconds.
    expires_at_ms: i64,
    /// Until when this receipt is kept, UTC milliseconds.
    kept_until_ms: i64,
    tries: TriesView,
    /// Oldest first.
    openings: Vec<SentOpeningView>,
    /// When it was destroyed, burned or expired, UTC milliseconds.
    #[schema(required)]
    ended_at_ms: Option<i64>,
}

/// Shows a receipt.
#[utoipa::path(
    post, path = "/v1/secrets/receipt", tag = "receipts", request_body = ReceiptBody,
    responses((status = 200, body = ReceiptView), ProblemResponses)
)]
pub(super) async fn receipt(
    State(secrets): State<Secrets>,
    context: RequestContext,
    Json(body): Json<ReceiptBody>,
) -> Result<JsonAnswer<ReceiptView>, Problem> {
    Ok(JsonAnswer(secrets.receipt(&context.scope, &body.into()).await?.into()))
}

/// Destroys the secret now and ends every open claim. What was read cannot be recalled.
#[utoipa::path(
    post, path = "/v1/secrets/burn", tag = "receipts", request_body = ReceiptBody,
    responses((status = 200, body = ReceiptView), ProblemResponses)
)]
pub(super) async fn burn(
    State(secrets): State<Secrets>,
    context: RequestContext,
    Json(body): Json<ReceiptBody>,
) -> Result<JsonAnswer<ReceiptView>, Problem> {
    Ok(JsonAnswer(secrets.burn(&context, &body.into()).await?.into()))
}

/// Forgets wrong tries, and so unlocks a locked secret.
#[utoipa::path(
    post, path = "/v1/secrets/unlock", tag = "receipts", request_body = ReceiptBody,
    responses((status = 200, body = ReceiptView), ProblemResponses)
)]
pub(super) async fn unlock(
    State(secrets): State<Secrets>,
    context: RequestContext,
    Json(body): Json<ReceiptBody>,
) -> Result<JsonAnswer<ReceiptView>, Problem> {
    Ok(JsonAnswer(secrets.unlock_tries(&context, &body.into()).await?.into()))
}

impl From<ReceiptBody> for ReceiptProof {
    fn from(body: ReceiptBody) -> Self {
        Self { rid: body.rid, receipt: body.receipt }
    }
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        let secret = receipt.secret;
        Self {
            rid: secret.rid,
            state: secret.state_at(receipt.now).as_str(),
            kind: secret.kind.as_str(),
            sealed: secret.sealed.as_str(),
            passphrase: secret.passphrase.is_some(),
            views: secret.views,
            views_left: secret.views_left,
            created_at_ms: secret.created_at.as_ms(),
            expires_at_ms: secret.expires_at.as_ms(),
            kept_until_ms: secret.kept_until.as_ms(),
            tries: secret.tries_at(receipt.now).into(),
            openings: receipt.openings.iter().map(SentOpeningView::from).collect(),
            ended_at_ms: secret.ended_at.map(Timestamp::as_ms),
        }
    }
}

impl ReceiptView {
    pub(super) const fn rid(&self) -> ReceiptId {
        self.rid
    }

    /// Whether this is the last thing there is to say.
    pub(super) fn is_last(&self) -> bool {
        self.ended_at_ms.is_some()
    }
}

impl From<&Claim> for SentOpeningView {
    fn from(claim: &Claim) -> Self {
        Self {
            at_ms: claim.created_at.as_ms(),
            device: claim.device.as_str(),
            state: claim.state.as_str(),
            ended_at_ms: claim.ended_at.map(Timestamp::as_ms),
            opens: claim.opens,
            last_open_at_ms: claim.last_open_at.map(Timestamp::as_ms),
        }
    }
}
