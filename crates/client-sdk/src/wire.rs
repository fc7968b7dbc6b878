//! Requests and answers, member by member (protocol.md §6).
//!
//! Answers may have members that this version does not know: an installed client goes on working with a newer server.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use wax_crypto::{
    AckHash, AckPreimage, Challenge, ClaimKey, HpkePublicKey, PeekHash, PeekKey, ReceiptHash,
    ReceiptKey, Thumbprint,
};
use wax_kernel::{ClaimId, ReceiptId, SecretId, Timestamp, base64url_decode, base64url_encode};
use wax_model::{Argon2Params, ClaimState, DeviceKind, Kind, Sealed, SecretState};

/// Bytes as base64url in a request.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url_encode(self.0))
    }
}

fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    base64url_decode(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

// === requests ===

#[derive(Serialize)]
pub(crate) struct CreateBody<'a> {
    pub(crate) peek_sha256: &'a PeekHash,
    pub(crate) claim_key: &'a ClaimKey,
    pub(crate) ack_sha256: &'a AckHash,
    pub(crate) receipt_sha256: &'a ReceiptHash,
    pub(crate) header: Bytes<'a>,
    pub(crate) wrapped_key: Bytes<'a>,
    pub(crate) policy: Bytes<'a>,
    pub(crate) content: Bytes<'a>,
}

#[derive(Serialize)]
pub(crate) struct PeekBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) peek: &'a PeekKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thumbprint: Option<&'a Thumbprint>,
}

#[derive(Serialize)]
pub(crate) struct ClaimBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) peek: &'a PeekKey,
    pub(crate) claim_key: &'a ClaimKey,
    pub(crate) device: Bytes<'a>,
    pub(crate) challenge: &'a Challenge,
}

#[derive(Serialize)]
pub(crate) struct RecoverBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) peek: &'a PeekKey,
    pub(crate) device: Bytes<'a>,
    pub(crate) challenge: &'a Challenge,
}

#[derive(Serialize)]
pub(crate) struct HeartbeatBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) device: Bytes<'a>,
    pub(crate) counter: i64,
    pub(crate) challenge: &'a Challenge,
}

#[derive(Serialize)]
pub(crate) struct AckBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) device: Bytes<'a>,
    pub(crate) counter: i64,
    pub(crate) ack: &'a AckPreimage,
    pub(crate) challenge: &'a Challenge,
}

#[derive(Serialize)]
pub(crate) struct OpenBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) device: Bytes<'a>,
    pub(crate) counter: i64,
    /// What was handed over is stored here now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) kept: bool,
    pub(crate) challenge: &'a Challenge,
}

#[derive(Serialize)]
pub(crate) struct AskBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) peek: &'a PeekKey,
    pub(crate) device: Bytes<'a>,
    pub(crate) challenge: &'a Challenge,
    pub(crate) receive: &'a HpkePublicKey,
}

#[derive(Serialize)]
pub(crate) struct GiveBody<'a> {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) device: Bytes<'a>,
    pub(crate) counter: i64,
    pub(crate) to: &'a Thumbprint,
    pub(crate) keys: Bytes<'a>,
    pub(crate) challenge: &'a Challenge,
}

#[derive(Serialize)]
pub(crate) struct ReceiptBody<'a> {
    pub(crate) rid: ReceiptId,
    pub(crate) receipt: &'a ReceiptKey,
}

// === answers ===

/// The answer to a creation.
#[derive(Debug, Clone, Deserialize)]
pub struct Created {
    /// Names the secret.
    pub id: SecretId,
    /// Names the receipt.
    pub rid: ReceiptId,
    /// When the server took it.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
    /// Until when it can be claimed.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Timestamp,
}

/// Wrong tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tries {
    /// So far.
    pub wrong: u32,
    /// Until the secret locks.
    pub left: u32,
    /// When the next one is taken, while they are held back.
    #[serde(rename = "next_at_ms")]
    pub next_at: Option<Timestamp>,
}

/// One claim, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Opening {
    /// When the view was taken.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// By what.
    pub device: DeviceKind,
    /// Whether it was confirmed.
    pub state: ClaimState,
    /// When it was acknowledged, lapsed or handed over; only a receipt tells.
    #[serde(rename = "ended_at_ms", default)]
    pub ended_at: Option<Timestamp>,
    /// Openings after the first, which only device-bound secrets have; only a receipt tells.
    #[serde(default)]
    pub opens: u32,
    /// The last of them; only a receipt tells.
    #[serde(rename = "last_open_at_ms", default)]
    pub last_open_at: Option<Timestamp>,
}

/// Who sent a secret (protocol.md §6 "peek"). Names in it were chosen by people: not to be trusted on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sender {
    /// As what.
    pub by: SentBy,
    /// The member's name, where the organization shows it.
    pub member: Option<String>,
    /// The name of the organization's account.
    pub organization: String,
    /// Its domain on which the secret was made.
    pub host: String,
    /// Since when the DNS has proved that the domain is the organization's. `None`: the operator gave it.
    #[serde(rename = "proven_since_ms")]
    pub proven_since: Option<Timestamp>,
}

/// As what somebody sent a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SentBy {
    /// Somebody who did not sign in.
    Guest,
    /// A member of the organization.
    Member,
    /// A program with a key of the organization's.
    Key,
    /// In a way that this version does not know.
    #[serde(other)]
    Other,
}

/// What can be seen of a secret without taking it.
#[derive(Debug, Clone, Deserialize)]
pub struct Peek {
    /// Who sent it, by the server's own rows. `None`: its domain is gone, or the server does not say.
    #[serde(default)]
    pub sender: Option<Sender>,
    /// Where it stands.
    pub state: SecretState,
    /// One-time or device-bound.
    pub kind: Kind,
    /// Where it was sealed.
    pub sealed: Sealed,
    /// What the passphrase costs, if there is one.
    pub passphrase: Option<Argon2Params>,
    /// In all.
    pub views: u32,
    /// Not yet taken.
    pub views_left: u32,
    /// When the sender made it.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
    /// Until when it can be claimed.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Timestamp,
    /// Sealed and padded size.
    pub content_bytes: u64,
    /// Wrong tries.
    pub tries: Tries,
    /// Claims, oldest first, at most 20.
    pub openings: Vec<Opening>,
    /// This device's claim, if a thumbprint was sent and has one.
    pub yours: Option<ClaimState>,
    /// For the device that the secret is bound to.
    pub bound: Option<BoundTo>,
    /// For this device, if a thumbprint was sent.
    pub challenge: Option<Challenge>,
}

/// What the device needs to know that a secret is bound to.
#[derive(Debug, Clone, Deserialize)]
pub struct BoundTo {
    /// Its claim.
    pub claim: ClaimId,
    /// The largest counter the server has taken.
    pub counter: i64,
    /// Devices that ask for a hand-over, oldest first.
    #[serde(default)]
    pub asks: Vec<Ask>,
}

/// A device that asks for a hand-over.
#[derive(Debug, Clone, Deserialize)]
pub struct Ask {
    /// When it asked.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// What it is.
    pub device: DeviceKind,
    /// Which one.
    pub thumbprint: Thumbprint,
    /// What its keys are sealed to.
    pub receive: HpkePublicKey,
    /// Six digits, the same on its screen.
    pub code: String,
}

/// What a claim delivers.
#[derive(Clone, Deserialize)]
pub struct Delivery {
    /// Names the claim.
    pub id: ClaimId,
    /// The largest counter the server has taken.
    pub counter: i64,
    /// Until when it can be recovered.
    #[serde(rename = "window_ends_at_ms")]
    pub window_ends_at: Timestamp,
    /// 55 bytes.
    #[serde(deserialize_with = "read_bytes")]
    pub header: Vec<u8>,
    /// The sender's rules.
    #[serde(deserialize_with = "read_bytes")]
    pub policy: Vec<u8>,
    /// 60 bytes.
    #[serde(deserialize_with = "read_bytes")]
    pub wrapped_key: Vec<u8>,
    /// The sealed manifest.
    #[serde(deserialize_with = "read_bytes")]
    pub content: Vec<u8>,
}

#[derive(Deserialize)]
pub(crate) struct ClaimAnswer {
    pub(crate) claim: Option<Delivery>,
    pub(crate) challenge: Challenge,
}

#[derive(Deserialize)]
pub(crate) struct HeartbeatAnswer {
    #[serde(rename = "window_ends_at_ms")]
    pub(crate) window_ends_at: Timestamp,
    pub(crate) challenge: Challenge,
}

#[derive(Deserialize)]
pub(crate) struct AckAnswer {
    pub(crate) state: SecretState,
    pub(crate) challenge: Challenge,
}

/// What the device that a secret is bound to gets.
#[derive(Deserialize)]
pub struct Reopened {
    /// 55 bytes.
    #[serde(deserialize_with = "read_bytes")]
    pub header: Vec<u8>,
    /// The sealed manifest.
    #[serde(deserialize_with = "read_bytes")]
    pub content: Vec<u8>,
    #[serde(default)]
    pub(crate) handed: Option<Handed>,
    pub(crate) challenge: Challenge,
}

/// What another device gave.
#[derive(Deserialize)]
pub(crate) struct Handed {
    pub(crate) from: Thumbprint,
    #[serde(deserialize_with = "read_bytes")]
    pub(crate) keys: Vec<u8>,
}

#[derive(Deserialize)]
pub(crate) struct AskAnswer {
    pub(crate) code: String,
    #[serde(rename = "ends_at_ms")]
    pub(crate) ends_at: Timestamp,
    pub(crate) challenge: Challenge,
}

#[derive(Deserialize)]
pub(crate) struct GiveAnswer {
    pub(crate) challenge: Challenge,
}

/// What the sender may know about a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Receipt {
    /// Names the receipt.
    pub rid: ReceiptId,
    /// Where the secret stands.
    pub state: SecretState,
    /// One-time or device-bound.
    pub kind: Kind,
    /// Where it was sealed.
    pub sealed: Sealed,
    /// Whether a passphrase is needed.
    pub passphrase: bool,
    /// In all.
    pub views: u32,
    /// Not yet taken.
    pub views_left: u32,
    /// When it was made.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
    /// Until when it can be claimed.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Timestamp,
    /// Until when this receipt exists.
    #[serde(rename = "kept_until_ms")]
    pub kept_until: Timestamp,
    /// Wrong tries.
    pub tries: Tries,
    /// Every claim, oldest first.
    pub openings: Vec<Opening>,
    /// When it was destroyed, burned or expired.
    #[serde(rename = "ended_at_ms")]
    pub ended_at: Option<Timestamp>,
}
