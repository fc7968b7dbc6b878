//! Private keys at rest, under the ring that edges have.

use std::{fmt, sync::Arc};

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use wax_crypto::at_rest::{EnvelopeError, KeyRing, Slot};
use wax_kernel::{CertificateId, DomainId, HostPattern, Rng, base64url_decode, base64url_encode};
use zeroize::Zeroizing;

use crate::{Chain, Facts, IssuerId};

/// A private key that opens only with the key ring, and only in its own row.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey(Vec<u8>);

/// A certificate at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Random; a part of what its key is sealed with.
    pub id: CertificateId,
    /// Whose.
    pub domain: DomainId,
    /// For which name.
    pub name: HostPattern,
    /// Which issuer it was ordered from; `None`: brought along.
    pub issuer: Option<IssuerId>,
    /// With those that lead to its authority.
    pub chain: Chain,
    /// Its key.
    pub key: SealedKey,
    /// What it says.
    pub facts: Facts,
}

/// Makes, seals and opens private keys.
#[derive(Debug, Clone)]
pub struct Vault {
    ring: Arc<KeyRing>,
    rng: Arc<dyn Rng>,
}

/// A key that does not open: sealed by other keys, or moved into another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the private key does not open with this key ring")]
pub struct Locked;

impl Vault {
    /// With this ring.
    pub fn new(ring: Arc<KeyRing>, rng: Arc<dyn Rng>) -> Self {
        Self { ring, rng }
    }

    /// A new P-256 key for a certificate, sealed before anybody sees it. Drawn by the cryptographic library, whose
    /// generator takes no other source.
    pub fn new_key(&self, id: &CertificateId) -> Result<SealedKey, rcgen::Error> {
        let key = KeyPair::generate()?;
        Ok(self.seal(slot(id), &Zeroizing::new(key.serialize_der())))
    }

    /// Seals a key that was brought along.
    pub fn keep(&self, id: &CertificateId, key: &PrivateKeyDer<'_>) -> SealedKey {
        self.seal(slot(id), key.secret_der())
    }

    /// The request for a certificate (PKCS #10): the name as its only alternative name, and no common name.
    pub fn request(
        &self,
        id: &CertificateId,
        key: &SealedKey,
        name: &HostPattern,
    ) -> Result<Vec<u8>, Locked> {
        let key = self.ecdsa(id, key)?;
        let mut params = CertificateParams::new([name.to_string()]).map_err(|_| Locked)?;
        params.distinguished_name = DistinguishedName::new();
        Ok(params.serialize_request(&key).map_err(|_| Locked)?.der().to_vec())
    }

    fn ecdsa(&self, id: &CertificateId, key: &SealedKey) -> Result<KeyPair, Locked> {
        let der = self.open(slot(id), key)?;
        KeyPair::try_from(&PrivatePkcs8KeyDer::from(&der[..])).map_err(|_| Locked)
    }

    /// The private key of a certificate.
    pub fn private_key(
        &self,
        id: &CertificateId,
        key: &SealedKey,
    ) -> Result<PrivateKeyDer<'static>, Locked> {
        let der = self.open(slot(id), key)?;
        PrivateKeyDer::try_from(der.to_vec()).map_err(|_| Locked)
    }

    /// What a TLS server shows.
    pub fn certified_key(&self, certificate: &Certificate) -> Result<CertifiedKey, Locked> {
        let key = self.private_key(&certificate.id, &certificate.key)?;
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(|_| Locked)?;
        Ok(CertifiedKey::new(certificate.chain.certificates().to_vec(), key))
    }

    /// Whether a key should be sealed again, because the ring has a newer one.
    pub fn is_outdated(&self, key: &SealedKey) -> bool {
        self.ring.is_outdated(&key.0)
    }

    pub(crate) fn seal_account(&self, issuer: &IssuerId, pkcs8: &[u8]) -> SealedKey {
        self.seal(account_slot(issuer), pkcs8)
    }

    pub(crate) fn open_account(
        &self,
        issuer: &IssuerId,
        key: &SealedKey,
    ) -> Result<Zeroizing<Vec<u8>>, Locked> {
        self.open(account_slot(issuer), key)
    }

    fn seal(&self, slot: Slot<'_>, der: &[u8]) -> SealedKey {
        SealedKey(self.ring.seal(slot, der, &*self.rng))
    }

    fn open(&self, slot: Slot<'_>, key: &SealedKey) -> Result<Zeroizing<Vec<u8>>, Locked> {
        self.ring.open(slot, &key.0).map_err(|EnvelopeError| Locked)
    }
}

const fn slot(id: &CertificateId) -> Slot<'_> {
    Slot { table: "certificates", column: "private_key", row: id.as_bytes() }
}

fn account_slot(issuer: &IssuerId) -> Slot<'_> {
    Slot { table: "acme_accounts", column: "private_key", row: issuer.as_str().as_bytes() }
}

impl SealedKey {
    /// What was stored.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey([redacted])")
    }
}

impl Serialize for SealedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url_encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for SealedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url_decode(&text).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SystemRng;

    use super::*;

    fn vault() -> Vault {
        Vault::new(Arc::new(KeyRing::random(&SystemRng)), Arc::new(SystemRng))
    }

    #[test]
    fn a_key_opens_in_its_own_row_and_with_its_own_ring_only() {
        let (vault, name) = (vault(), HostPattern::parse("a.example").unwrap());
        let [id, other] = [CertificateId::from_bytes([1; 16]), CertificateId::from_bytes([2; 16])];
        let key = vault.new_key(&id).unwrap();
        assert!(vault.request(&id, &key, &name).is_ok());
        assert_eq!(vault.request(&other, &key, &name), Err(Locked));
        assert_eq!(self::vault().request(&id, &key, &name), Err(Locked));
        assert!(vault.open_account(&IssuerId::new("ca"), &key).is_err());
        assert!(!vault.is_outdated(&key));
    }

    #[test]
    fn a_key_that_was_brought_along_comes_back_as_it_was() {
        let (vault, id) = (vault(), CertificateId::from_bytes([1; 16]));
        let brought = KeyPair::generate().unwrap().serialize_der();
        let key = vault.keep(&id, &PrivatePkcs8KeyDer::from(&brought[..]).into());
        assert_eq!(vault.private_key(&id, &key).unwrap().secret_der(), brought);
    }

    #[test]
    fn no_key_is_printed() {
        let vault = vault();
        let key = vault.new_key(&CertificateId::from_bytes([1; 16])).unwrap();
        assert_eq!(format!("{key:?}"), "SealedKey([redacted])");
        let stored = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<SealedKey>(&stored).unwrap(), key);
    }
}
