//! Requests signed by a device: RFC 9421 in the one shape that protocol.md §5 allows.

use std::fmt;

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
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for SignatureHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureHeaders([redacted])")
    }
}

/// `sig=:<base64 of 64 bytes, with padding>:`
fn read_signature(header: &str) -> Option<[u8; 64]> {
    let text = header.strip_prefix("sig=:")?.strip_suffix(':')?;
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "https://secrets.example.com/v1/secrets/claim";

    fn challenge() -> Challenge {
        let mut bytes = [7; Challenge::LEN];
        bytes[..8].copy_from_slice(&1_700_000_000_999_u64.to_be_bytes());
        Challenge::from_bytes(bytes)
    }

    /// The shape that protocol.md §5 prints.
    #[test]
    fn the_base_has_four_lines_and_no_last_line_feed() {
        let challenge = challenge();
        let request = SignedRequest { target_uri: URI, body: b"{}", challenge: &challenge };
        let parameters = format!(
            r#"("@method" "@target-uri" "content-digest");created=1700000000;nonce="{}";keyid="device""#,
            *challenge.to_base64url()
        );
        let lines = [
            r#""@method": POST"#.to_owned(),
            r#""@target-uri": https://secrets.example.com/v1/secrets/claim"#.to_owned(),
            r#""content-digest": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"#
                .to_owned(),
            format!(r#""@signature-params": {parameters}"#),
        ];
        assert_eq!(request.signature_base(), lines.join("\n"));
        assert_eq!(request.signature_input(), format!("sig={parameters}"));
    }

    #[test]
    fn a_signature_is_for_one_request_of_one_device() {
        let (device, challenge) = (DeviceKey::generate(), challenge());
        let request = SignedRequest { target_uri: URI, body: b"{}", challenge: &challenge };
        let headers = request.sign(&device);
        assert_eq!(request.verify(device.public(), &headers), Ok(()));

        let other_device = DeviceKey::generate();
        assert_eq!(request.verify(other_device.public(), &headers), Err(SignatureError::Signature));
        let other_uri =
            SignedRequest { target_uri: "https://secrets.example.com/v1/secrets/ack", ..request };
        assert_eq!(other_uri.verify(device.public(), &headers), Err(SignatureError::Signature));
        let other_body = SignedRequest { body: b"{ }", ..request };
        assert_eq!(other_body.verify(device.public(), &headers), Err(SignatureError::Digest));
        let other_challenge = Challenge::from_bytes([7; Challenge::LEN]);
        let other_challenge = SignedRequest { challenge: &other_challenge, ..request };
        assert_eq!(other_challenge.verify(device.public(), &headers), Err(SignatureError::Input));
    }

    #[test]
    fn every_header_has_one_right_text() {
        let (device, challenge) = (DeviceKey::generate(), challenge());
        let request = SignedRequest { target_uri: URI, body: b"{}", challenge: &challenge };
        let good = request.sign(&device);
        let refused =
            |headers: SignatureHeaders| request.verify(device.public(), &headers).unwrap_err();

        let digest = format!("{}, sha-512=:AA==:", good.content_digest);
        assert_eq!(
            refused(SignatureHeaders { content_digest: digest, ..good.clone() }),
            SignatureError::Digest
        );
        for (from, to) in
            [("created", ";created"), ("keyid=\"device\"", "keyid=\"other\""), ("sig=", "sig1=")]
        {
            let signature_input = good.signature_input.replacen(from, to, 1);
            assert_eq!(
                refused(SignatureHeaders { signature_input, ..good.clone() }),
                SignatureError::Input
            );
        }
        for signature in [
            good.signature.replace("==:", ":"),
            good.signature.replace(':', ""),
            good.signature.replace("sig=", "sig1="),
            format!("{}, {}", good.signature, good.signature),
            format!("{} ", good.signature),
            "sig=:AAAA:".to_owned(),
            format!("sig=:{}:", STANDARD.encode([0; 64])),
            String::new(),
        ] {
            assert_eq!(
                refused(SignatureHeaders { signature, ..good.clone() }),
                SignatureError::Signature
            );
        }
    }
}
