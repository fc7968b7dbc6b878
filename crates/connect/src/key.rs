//! The key that requests are signed with.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};

/// Bits. Less is no key any more (NIST SP 800-131A).
const SHORTEST: usize = 2_048;

/// Letters of a key in one TXT record: with what stands before them, one string of a record (RFC 1035 §3.3).
const PIECE: usize = 220;

/// An RSA key, and where its other half is published.
pub struct SigningKey {
    pair: KeyPair,
    label: String,
}

/// The key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not PEM, or no key in it.
    #[error("is not a private key in PEM")]
    Unreadable,
    /// Another kind of key.
    #[error("is not an RSA key")]
    NotRsa,
    /// Less than 2,048 bits.
    #[error("has less than 2,048 bits")]
    Short,
}

impl SigningKey {
    /// Reads a private key, PEM, as PKCS #8 or PKCS #1. `label`: where its other half is published, below the operator's id.
    pub fn from_pem(pem: &[u8], label: &str) -> Result<Self, BadKey> {
        let pair = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| BadKey::Unreadable)? {
            PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(BadKey::NotRsa),
        };
        let pair = pair.map_err(|_| BadKey::NotRsa)?;
        if pair.public_modulus_len() * 8 < SHORTEST {
            return Err(BadKey::Short);
        }
        Ok(Self { pair, label: label.to_owned() })
    }

    /// Where its other half is published: the `key` of a request.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the TXT records there say (§6.4), one each.
    pub fn published(&self) -> Vec<String> {
        let der: PublicKeyX509Der<'_> =
            self.pair.public_key().as_der().expect("a key that was read can be written");
        let text = STANDARD.encode(der.as_ref());
        let pieces = text.as_bytes().chunks(PIECE).map(String::from_utf8_lossy);
        pieces.enumerate().map(|(at, piece)| format!("p={},a=RS256,d={piece}", at + 1)).collect()
    }

    /// Base 64 of the RS256 signature (RFC 7518 §3.3), which has nothing random in it: the source is asked for nothing.
    #[expect(
        clippy::disallowed_methods,
        reason = "PKCS #1 v1.5 signatures draw nothing; the library wants a source for all of its schemes"
    )]
    pub(crate) fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .expect("a key of 2,048 bits or more has room for a SHA-256 signature");
        STANDARD.encode(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("label", &self.label).finish_non_exhaustive()
    }
}

/// A key for tests.
#[cfg(test)]
pub(crate) fn some_key() -> SigningKey {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key can be made");
    SigningKey::from_pem(pair.serialize_pem().as_bytes(), "_dcpubkeyv1").expect("it is an RSA key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_of_2048_bits_is_published_in_pieces_that_fit_into_a_string() {
        let key = some_key();
        let records = key.published();
        assert_eq!(records.len(), 2);
        assert!(records.iter().all(|record| record.len() <= 255));
        let text: String = records
            .iter()
            .enumerate()
            .map(|(at, record)| {
                record.strip_prefix(&format!("p={},a=RS256,d=", at + 1)).unwrap().to_owned()
            })
            .collect();
        assert!(STANDARD.decode(text).unwrap().len() > 256);
    }

    #[test]
    fn what_is_no_such_key_is_told_apart() {
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for (pem, fault) in
            [("", BadKey::Unreadable), ("-----BEGIN", BadKey::Unreadable), (&other, BadKey::NotRsa)]
        {
            assert_eq!(SigningKey::from_pem(pem.as_bytes(), "k").err(), Some(fault));
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = some_key();
        assert_eq!(format!("{key:?}"), "SigningKey { label: \"_dcpubkeyv1\", .. }");
    }
}
