//! Signed requests (RFC 8555 §6.2) for the two things that `instant-acme` does with a key nobody could have stored before:
//! making an account, and changing its key.

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use wax_kernel::base64url_encode;
use zeroize::Zeroizing;

use crate::AccountThumbprint;

/// An account's key, opened.
pub(super) struct AccountKey {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: EcdsaKeyPair,
}

/// The bytes are no P-256 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no P-256 private key")]
pub(super) struct NotAKey;

/// Whose signature it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signer<'a> {
    /// Whoever has this key: the account is not known yet.
    Key,
    /// This account.
    Account(&'a str),
}

impl AccountKey {
    /// A new one, from the cryptographic library's own generator.
    pub(super) fn generate() -> Result<Self, NotAKey> {
        let key = rcgen::KeyPair::generate().map_err(|_| NotAKey)?;
        Self::from_pkcs8(Zeroizing::new(key.serialize_der()))
    }

    pub(super) fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Result<Self, NotAKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8);
        Ok(Self { pair: pair.map_err(|_| NotAKey)?, pkcs8 })
    }

    pub(super) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// RFC 7638: the members that make the key, sorted, without spaces.
    pub(super) fn thumbprint(&self) -> AccountThumbprint {
        AccountThumbprint::of_jwk(self.jwk().to_string().as_bytes())
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "crv": "P-256", "kty": "EC", "x": base64url_encode(x), "y": base64url_encode(y) })
    }

    /// A whole request's body.
    pub(super) fn sign(
        &self,
        signer: Signer<'_>,
        nonce: Option<&str>,
        url: &str,
        payload: &Value,
    ) -> Value {
        let mut protected = json!({ "alg": "ES256", "url": url });
        match signer {
            Signer::Key => protected["jwk"] = self.jwk(),
            Signer::Account(url) => protected["kid"] = url.into(),
        }
        if let Some(nonce) = nonce {
            protected["nonce"] = nonce.into();
        }
        flattened(&protected, payload, |input| self.signature(input))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "ECDSA takes the library's own generator and no other"
    )]
    fn signature(&self, input: &[u8]) -> Vec<u8> {
        let rng = aws_lc_rs::rand::SystemRandom::new();
        let signature = self.pair.sign(&rng, input);
        signature.expect("a P-256 key signs whatever it is given").as_ref().to_vec()
    }

    /// The inner part of a change of keys: this key is to be the account's (RFC 8555 §7.3.5).
    pub(super) fn claim_account(&self, account: &str, old: &Self, url: &str) -> Value {
        self.sign(Signer::Key, None, url, &json!({ "account": account, "oldKey": old.jwk() }))
    }

    /// Binds this key to an account elsewhere (RFC 8555 §7.3.4).
    pub(super) fn bound_to(&self, id: &str, mac_key: &[u8], url: &str) -> Value {
        let protected = json!({ "alg": "HS256", "kid": id, "url": url });
        let key = hmac::Key::new(hmac::HMAC_SHA256, mac_key);
        flattened(&protected, &self.jwk(), |input| hmac::sign(&key, input).as_ref().to_vec())
    }
}

/// RFC 7515 §7.2.2.
fn flattened(protected: &Value, payload: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Value {
    let protected = base64url_encode(protected.to_string());
    let payload = base64url_encode(payload.to_string());
    let signature = base64url_encode(sign(format!("{protected}.{payload}").as_bytes()));
    json!({ "protected": protected, "payload": payload, "signature": signature })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its digest is only right over exactly these members in exactly this order (RFC 7638 §3).
    #[test]
    fn a_keys_members_are_sorted_and_without_spaces() {
        let jwk = AccountKey::generate().unwrap().jwk().to_string();
        let x = jwk.strip_prefix(r#"{"crv":"P-256","kty":"EC","x":""#).unwrap();
        assert_eq!((&x[43..50], x.len()), (r#"","y":""#, 43 + 7 + 43 + 2), "{jwk}");
    }
}
