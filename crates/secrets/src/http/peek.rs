//! `POST /v1/secrets/peek`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_crypto::{Challenge, PeekKey, Thumbprint};
use wax_httpkit::{Json, Problem, ProblemResponses, RequestContext};
use wax_kernel::{ClaimId, SecretId, Timestamp};

use super::{
    bytes::Base64,
    view::{ClaimStateName, OpeningView, TriesView, device_kinds, kinds, sealed, senders, states},
};
use crate::{
    Secrets,
    service::{Bound, By, Peek, Peeked, StandingAsk, VerifiedSender},
};

/// Proof of the link, and the device that wants to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PeekBody {
    /// The secret's id.
    #[schema(value_type = String)]
    id: SecretId,
    /// The peek key, 32 bytes.
    #[schema(value_type = String)]
    peek: PeekKey,
    /// RFC 7638 thumbprint of the device's key, 32 bytes: asks for a challenge.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    thumbprint: Option<Thumbprint>,
}

/// What the cost of a passphrase is (Argon2id).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PassphraseView {
    /// Memory in KiB.
    m_kib: u32,
    /// Passes.
    t: u32,
    /// Lanes.
    p: u8,
}

/// Who sent a secret, by the server's own rows. Nothing in it comes from a brand or from what was typed into a form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SenderView {
    /// As what: somebody who did not sign in, a member of the organization, or a program with its key.
    #[schema(schema_with = senders)]
    by: &'static str,
    /// The member's name, where the organization lets recipients know it.
    #[schema(required)]
    member: Option<String>,
    /// The name under which the organization has its account.
    organization: String,
    /// Its domain on which the secret was made: A-labels; `*.` before a wildcard's base.
    host: String,
    /// Since when the DNS has proved that the domain is the organization's, without a break. UTC milliseconds; null: it was
    /// given by whoever runs the server.
    #[schema(required)]
    proven_since_ms: Option<i64>,
}

/// What the sender set and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PeekView {
    #[schema(value_type = String)]
    id: SecretId,
    /// Who sent it; null: the domain on which it was made is gone.
    #[schema(required)]
    sender: Option<SenderView>,
    /// Where it stands.
    #[schema(schema_with = states)]
    state: &'static str,
    /// How often and by whom it may be opened.
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Where the plaintext was turned into ciphertext.
    #[schema(schema_with = sealed)]
    sealed: &'static str,
    /// The passphrase's cost, or none if the link alone opens it.
    #[schema(required)]
    passphrase: Option<PassphraseView>,
    views: u32,
    views_left: u32,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// UTC milliseconds.
    expires_at_ms: i64,
    /// Sealed size in bytes: about the size of what is inside.
    content_bytes: u32,
    tries: TriesView,
    /// Oldest first, at most 20.
    openings: Vec<OpeningView>,
    /// The state of this device's claim, if it named itself and has one.
    #[schema(required, value_type = Option<ClaimStateName>)]
    yours: Option<&'static str>,
    /// For the device that the secret is bound to.
    #[schema(required)]
    bound: Option<BoundView>,
    /// What the device that it is bound to left for a passkey, 212 bytes.
    #[schema(required, value_type = Option<String>)]
    copy: Option<Base64>,
    /// 40 bytes, for the device that named itself.
    #[schema(required, value_type = Option<String>)]
    challenge: Option<Challenge>,
}

/// What the device that a secret is bound to needs to return.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BoundView {
    #[schema(value_type = String)]
    claim: ClaimId,
    /// The largest counter taken from this device; the next call must carry a larger one.
    counter: i64,
    /// The devices that ask for it, oldest first, at most 5.
    asks: Vec<AskedView>,
}

/// A device that asks for what is bound to another.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AskedView {
    /// When it asked, UTC milliseconds.
    at_ms: i64,
    /// What kind of device it is.
    #[schema(schema_with = device_kinds)]
    device: &'static str,
    /// RFC 7638 thumbprint of its key, 32 bytes.
    #[schema(value_type = String)]
    thumbprint: Base64,
    /// The public key to which what is given is to be sealed, 65 bytes.
    #[schema(value_type = String)]
    receive: Base64,
    /// Six digits, the same on both screens.
    code: String,
}

/// Shows a secret to a holder of its link. Takes nothing.
#[utoipa::path(
    post, path = "/v1/secrets/peek", tag = "secrets", request_body = PeekBody,
    responses((status = 200, body = PeekView), ProblemResponses)
)]
pub(super) async fn peek(
    State(secrets): State<Secrets>,
    context: RequestContext,
    Json(body): Json<PeekBody>,
) -> Result<JsonAnswer<PeekView>, Problem> {
    let peek = Peek { id: body.id, peek: body.peek, thumbprint: body.thumbprint };
    Ok(JsonAnswer(secrets.peek(&context.scope, peek).await?.into()))
}

impl From<Peeked> for PeekView {
    fn from(peeked: Peeked) -> Self {
        let secret = peeked.secret;
        Self {
            id: secret.id,
            sender: peeked.sender.map(SenderView::from),
            state: secret.state_at(peeked.now).as_str(),
            kind: secret.kind.as_str(),
            sealed: secret.sealed.as_str(),
            passphrase: secret.passphrase.map(|cost| PassphraseView {
                m_kib: cost.m_kib,
                t: cost.t,
                p: cost.p,
            }),
            views: secret.views,
            views_left: secret.views_left,
            created_at_ms: secret.created_at.as_ms(),
            expires_at_ms: secret.expires_at.as_ms(),
            content_bytes: secret.content_bytes,
            tries: secret.tries_at(peeked.now).into(),
            openings: peeked.openings.iter().map(OpeningView::from).collect(),
            yours: peeked.yours.map(wax_model::ClaimState::as_str),
            bound: peeked.bound.map(BoundView::from),
            copy: peeked.copy.map(Base64),
            challenge: peeked.challenge,
        }
    }
}

impl From<VerifiedSender> for SenderView {
    fn from(VerifiedSender { by, from }: VerifiedSender) -> Self {
        Self {
            by: by.as_str(),
            member: match by {
                By::Member(name) => name,
                By::Guest | By::Key => None,
            },
            organization: from.organization,
            host: from.host.to_string(),
            proven_since_ms: from.proven_since.map(Timestamp::as_ms),
        }
    }
}

impl From<Bound> for BoundView {
    fn from(bound: Bound) -> Self {
        let asks = bound.asks.into_iter().map(AskedView::from).collect();
        Self { claim: bound.claim, counter: bound.counter, asks }
    }
}

impl From<StandingAsk> for AskedView {
    fn from(StandingAsk { ask, code }: StandingAsk) -> Self {
        Self {
            at_ms: ask.asked_at.as_ms(),
            device: ask.device.as_str(),
            thumbprint: Base64(ask.thumbprint.to_vec()),
            receive: Base64(ask.receive.to_vec()),
            code: code.to_string(),
        }
    }
}
