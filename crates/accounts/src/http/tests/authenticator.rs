//! What keeps a person's passkeys, in software: it signs what a page asks for, and lies when a test tells it to.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wax_kernel::{base64url_decode, base64url_encode};

use super::kit::ORIGIN;

/// Flags of authenticator data (W3C Web Authentication Level 3 §6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const ATTESTED: u8 = 1 << 6;

/// One passkey. Its fields are what it believes; a test changes them to make it lie.
pub(super) struct Passkey {
    key: EcdsaKeyPair,
    pub(super) id: Vec<u8>,
    /// The user handle that it was made with.
    pub(super) owner: String,
    pub(super) origin: String,
    pub(super) host: String,
    /// How often it has signed; `None`: it counts nothing, like those that are synchronised.
    pub(super) counter: Option<u32>,
    pub(super) verifies: bool,
}

impl Passkey {
    /// A new one for whom the server names.
    pub(super) fn of(options: &Value) -> Self {
        let host = options["rp"]["id"].as_str().unwrap().to_owned();
        let owner = options["user"]["id"].as_str().unwrap().to_owned();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let id = Sha256::digest(key.public_key()).to_vec();
        let origin = ORIGIN.to_owned();
        Self { key, id, owner, origin, host, counter: Some(0), verifies: true }
    }

    /// `RegistrationResponseJSON`, without an attestation.
    pub(super) fn made(&self, options: &Value) -> Value {
        let data = self.data(ATTESTED, &self.attested());
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object = [b"\xa3cfmtdnonegattStmt\xa0hauthData\x59", &length[..], &data].concat();
        self.json(&json!({
            "clientDataJSON": base64url_encode(self.client_data("webauthn.create", options)),
            "attestationObject": base64url_encode(object),
            "transports": ["internal"],
        }))
    }

    /// `AuthenticationResponseJSON`.
    pub(super) fn shown(&mut self, options: &Value) -> Value {
        self.counter = self.counter.map(|counter| counter + 1);
        self.signed(options)
    }

    /// The same, without counting.
    #[expect(clippy::disallowed_methods, reason = "AWS-LC draws by itself, whatever it is given")]
    pub(super) fn signed(&self, options: &Value) -> Value {
        let (data, client_data) = (self.data(0, &[]), self.client_data("webauthn.get", options));
        let message = [&data[..], &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &message).unwrap();
        self.json(&json!({
            "clientDataJSON": base64url_encode(client_data),
            "authenticatorData": base64url_encode(data),
            "signature": base64url_encode(signature),
            "userHandle": self.owner,
        }))
    }

    fn json(&self, response: &Value) -> Value {
        let id = base64url_encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {}, "response": response,
        })
    }

    fn client_data(&self, r#type: &str, options: &Value) -> Vec<u8> {
        let (challenge, origin) = (&options["challenge"], &self.origin);
        let data = json!({
            "type": r#type, "challenge": challenge, "origin": origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn data(&self, more: u8, rest: &[u8]) -> Vec<u8> {
        let flags = PRESENT | more | if self.verifies { VERIFIED } else { 0 };
        let counter = self.counter.unwrap_or(0).to_be_bytes();
        [&Sha256::digest(&self.host)[..], &[flags], &counter, rest].concat()
    }

    /// No maker, the id, and the key in COSE (RFC 9053 §7.1.1): EC2, ES256, P-256.
    fn attested(&self) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        let cose = [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat();
        [&[0; 16], &length[..], &self.id, &cose].concat()
    }
}

/// What a question calls those who may answer it.
pub(super) fn named(options: &Value) -> Vec<Vec<u8>> {
    let all = options["allowCredentials"].as_array().unwrap();
    all.iter().map(|named| base64url_decode(named["id"].as_str().unwrap()).unwrap()).collect()
}
