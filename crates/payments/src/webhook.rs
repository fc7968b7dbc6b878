//! What Stripe sends by itself: whether it is Stripe's (<https://docs.stripe.com/webhooks#verify-manually>), and whom it is
//! about. Nothing else in it is believed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};
use wax_kernel::{Redacted, Timestamp};

/// How far Stripe's clock and ours may be apart, either way, in seconds: Stripe's own libraries allow as much.
pub const TOLERANCE_S: u64 = 300;
/// A longer header is not Stripe's.
pub const LONGEST_HEADER: usize = 1_024;
/// Nor is one with more signatures: it sends one for each secret that is good.
pub const MOST_SIGNATURES: usize = 8;
/// An id of Stripe's is never longer (<https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backwards-compatible>).
const LONGEST_ID: usize = 255;

/// Nobody who has a secret has signed it, or too long ago, or too far ahead. It does not say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not signed by Stripe, or not now")]
pub struct BadSignature;

/// It is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an event of Stripe's")]
pub struct BadEvent;

/// What of an event counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `evt_…`, 1 to 255 characters.
    pub id: String,
    /// `customer.subscription.updated`, …; empty if it does not say.
    pub kind: String,
    /// `cus_…`, if it is about one.
    pub customer: Option<String>,
}

/// Whether `header` (`Stripe-Signature`) has a signature of exactly these bytes by one of the secrets, made at most
/// [`TOLERANCE_S`] from `now`. How long it takes says nothing about what a signature should have been.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[Redacted<String>],
    now: Timestamp,
) -> Result<(), BadSignature> {
    let (at, signatures) = parts(header).ok_or(BadSignature)?;
    let signed_at: i64 = at.parse().map_err(|_| BadSignature)?;
    if now.as_secs().abs_diff(signed_at) > TOLERANCE_S {
        return Err(BadSignature);
    }
    let mut good = Choice::from(0);
    // Anybody can sign with an empty one.
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        let expected = signature(secret.expose(), at, body);
        for given in &signatures {
            good |= expected.ct_eq(given);
        }
    }
    bool::from(good).then_some(()).ok_or(BadSignature)
}

/// The one `t`, and every `v1` that could be a signature. Other schemes (`v0`) are no signatures of live events.
fn parts(header: &str) -> Option<(&str, Vec<[u8; 32]>)> {
    if header.len() > LONGEST_HEADER {
        return None;
    }
    let (mut at, mut signatures, mut given) = (None, Vec::new(), 0_usize);
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", digits) if at.is_none() && is_number(digits) => at = Some(digits),
            ("t", _) => return None,
            ("v1", hex) => {
                given += 1;
                signatures.extend(from_hex(hex));
            }
            _ => {}
        }
    }
    (given <= MOST_SIGNATURES).then_some((at?, signatures))
}

/// What is signed is the text of the header, so it has one form only: no sign, no space.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    let mut out = [0; 32];
    if bytes.len() != 2 * out.len() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(out)
}

/// HMAC-SHA-256 of `<t>.<body>` under the whole text of the secret, `whsec_` included.
fn signature(secret: &str, at: &str, body: &[u8]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    for piece in [at.as_bytes(), b".", body] {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

/// Reads an event that was verified. Whatever is strange in it, but for its id, is none of our business.
pub fn read(body: &[u8]) -> Result<Event, BadEvent> {
    let document: Map<String, Value> = serde_json::from_slice(body).map_err(|_| BadEvent)?;
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
    let (id, kind) = (text("id").to_owned(), text("type").to_owned());
    if !is_id(&id) {
        return Err(BadEvent);
    }
    let customer = document.get("data").and_then(|data| customer(&data["object"]));
    Ok(Event { id, kind, customer })
}

fn customer(object: &Value) -> Option<String> {
    let named = if object["object"] == "customer" { &object["id"] } else { &object["customer"] };
    // Some objects carry the whole customer where others have the id.
    let id = named.as_str().or_else(|| named["id"].as_str())?;
    is_id(id).then(|| id.to_owned())
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(fits)
}
