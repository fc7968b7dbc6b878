//! Requests signed by a device: RFC 9421 in the one shape that protocol.md §5 allows.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{Challenge, DeviceKey, DevicePublicKey, derive::sha256};

/// What a signature covers. The method is always `POST`.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// Origin and path. A server builds it from the origin it serves, never from a header the client sent.
    pub target_uri: &'a str,
    /// The request's body, as sent.
    pub body: &'a [u8],
    /// The challenge that the body repeats.
    pub challenge: &'a Challenge,
}

/// The values of the three headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Content-Digest` (RFC 9530)
    pub content_digest: String,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
}

/// Why a request is not taken for the device's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// `Content-Digest` is not the digest of the body.
    #[error("content-digest is not the body's")]
    Digest,
    /// `Signature-Input` does not say exactly what the protocol wants said.
    #[error("signature-input is not the one this request needs")]
    Input,
    /// `Signature` is not one signature named `sig`, or not this device's of this request.
    #[error("the signature does not verify")]
    Signature,
}

impl SignedRequest<'_> {
    /// `sha-256=:<base64 of H(body)>:`
    pub fn content_digest(&self) -> String {
        format!("sha-256=:{}:", STANDARD.encode(sha256(&[self.body])))
    }

    /// `sig=` and the signature parameters.
    pub fn signature_input(&self) -> String {
        format!("sig={}", self.parameters())
    }

    fn parameters(&self) -> String {
        format!(
            r#"("@method" "@target-uri" "content-digest");created={};nonce="{}";keyid="device""#,
            self.challenge.created_s(),
            *self.challenge.to_base64url()
        )
    }

    /// The bytes that are signed (RFC 9421 §2.5).
    pub fn signature_base(&self) -> String {
        format!(
            "\"@method\": POST\n\"@target-uri\": {}\n\"content-digest\": {}\n\"@signature-params\": {}",
            self.target_uri,
            self.content_digest(),
            self.parameters()
        )
    }

    /// Signs the request.
    pub fn sign(&self, device: &DeviceKey) -> SignatureHeaders {
        let signature = device.sign(self.signature_base().as_bytes());
        SignatureHeaders {
            content_digest: self.content_digest(),
            signature_input: self.signature_input(),
            signature: format!("sig=:{}:", STANDARD.encode(signature)),
        }
    }

    /// Checks the three headers against this request. Nothing in them is parsed but the signature itself: the other
    /// two have exactly one right text, so there is no parser to confuse.
    pub fn verify(
        &self,
        device: &DevicePublicKey,
        headers: &SignatureHeaders,
    ) -> Result<(), SignatureError> {
        if headers.content_digest != self.content_digest() {
            return Err(SignatureError::Digest);
        }
        if headers.signature_input != self.signature_input() {
            return Err(SignatureError::Input);
        }
        let signature = read_signature(&headers.signature).ok_or(SignatureError::Signature)?;
        device
            .verify(self.signature_base().as_bytes(), &signature)
            .map_err(|_| SignatureError::Signature)
    }
}

/// `sig=:<base64 of 64 bytes, with padding>:`
fn read_signature(header: &str) -> Option<[u8; 64]> {
    let text = header.strip_prefix("sig=:")?.strip_suffix(':')?;
    STANDARD.decode(text).ok()?.try_into().ok()
}
