//! The key ring: key-encryption keys, of which the newest seals and all open.

use std::collections::BTreeMap;

use wax_kernel::Rng;
use zeroize::Zeroizing;

use super::envelope::{self, EnvelopeError, Slot};
use crate::{
    ChallengeKey, ChallengeKeys,
    derive::{hkdf, label, length_prefix},
    secret::secret_bytes,
};

/// Which key-encryption key sealed a value: 1, 2, 3, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion(u32);

secret_bytes!(
    /// A key that seals other keys. Kept in the key store, never in the database.
    KeyEncryptionKey, 32
);

secret_bytes!(
    /// A key for one purpose of the server, derived from the ring and stored nowhere.
    Subkey, 32
);

/// All key-encryption keys that are in use.
#[derive(Debug)]
pub struct KeyRing {
    /// Never empty.
    keys: BTreeMap<KeyVersion, KeyEncryptionKey>,
}

impl KeyVersion {
    /// The first one.
    pub const FIRST: Self = Self(1);

    /// Version `number`; there is no version 0.
    pub const fn new(number: u32) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl KeyEncryptionKey {
    /// A new key.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }
}

impl KeyRing {
    /// A ring of one new key.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::new(KeyVersion::FIRST, KeyEncryptionKey::random(rng))
    }

    /// A ring of one key.
    pub fn new(version: KeyVersion, key: KeyEncryptionKey) -> Self {
        Self { keys: BTreeMap::from([(version, key)]) }
    }

    /// Adds a key, or replaces the one of that version. The highest version is the current one.
    #[must_use]
    pub fn with(mut self, version: KeyVersion, key: KeyEncryptionKey) -> Self {
        self.keys.insert(version, key);
        self
    }

    /// The version that seals.
    pub fn current(&self) -> KeyVersion {
        *self.newest().0
    }

    fn newest(&self) -> (&KeyVersion, &KeyEncryptionKey) {
        self.keys.last_key_value().expect("a ring is made with a key and never loses one")
    }

    /// `u32be(version) ‖ envelope`, under the current key.
    pub fn seal(&self, slot: Slot<'_>, value: &[u8], rng: &dyn Rng) -> Vec<u8> {
        let (version, key) = self.newest();
        let mut sealed = version.0.to_be_bytes().to_vec();
        sealed.extend(envelope::seal(key.expose(), slot, value, rng));
        sealed
    }

    /// Opens what any key of the ring sealed.
    ///
    /// # Errors
    /// [`EnvelopeError`], also when the ring has no key of that version.
    pub fn open(&self, slot: Slot<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let (version, sealed) = split_version(sealed)?;
        let key = self.keys.get(&version).ok_or(EnvelopeError)?;
        envelope::open(key.expose(), slot, sealed)
    }

    /// Whether a sealed value should be sealed again, because a newer key exists.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        split_version(sealed).is_ok_and(|(version, _)| version < self.current())
    }

    /// Derives a key for one purpose from the current key: `HKDF(key, '', LP(label("subkey")) ‖ purpose)`.
    /// It changes with the next rotation, so it is for things that live no longer than minutes.
    pub fn subkey(&self, purpose: &str) -> Subkey {
        subkey(self.newest().1, purpose)
    }

    /// The keys of the challenges that devices sign: one per key of the ring, since another process may still mint
    /// under an older one.
    pub fn challenge_keys(&self) -> ChallengeKeys {
        let of = |key| {
            let own = subkey(key, "challenge");
            ChallengeKey::from_slice(own.expose()).expect("both keys have 32 bytes")
        };
        let (_, newest) = self.newest();
        let older = self.keys.values().rev().skip(1).map(of);
        ChallengeKeys::new(of(newest), older)
    }
}

fn subkey(key: &KeyEncryptionKey, purpose: &str) -> Subkey {
    let label = label!("subkey");
    let info: [&[u8]; 3] = [&length_prefix(label), label, purpose.as_bytes()];
    Subkey::written_by(|out| hkdf(key.expose(), b"", &info, out))
}

fn split_version(sealed: &[u8]) -> Result<(KeyVersion, &[u8]), EnvelopeError> {
    let (version, sealed) = sealed.split_first_chunk().ok_or(EnvelopeError)?;
    Ok((KeyVersion(u32::from_be_bytes(*version)), sealed))
}

#[cfg(test)]
mod tests {
    use wax_kernel::{SecretId, SeededRng, Timestamp};

    use super::*;
    use crate::{ChallengeError, Thumbprint};

    const SLOT: Slot<'static> = Slot { table: "domains", column: "private_key", row: b"1" };

    fn key(byte: u8) -> KeyEncryptionKey {
        KeyEncryptionKey::from_slice(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_rotated_ring_opens_the_old_and_seals_with_the_new() {
        let rng = SeededRng::new(1);
        let old_ring = KeyRing::new(KeyVersion::FIRST, key(1));
        let old = old_ring.seal(SLOT, b"value", &rng);
        let ring = old_ring.with(KeyVersion(2), key(2));
        assert_eq!(**ring.open(SLOT, &old).unwrap(), *b"value");
        assert!(ring.is_outdated(&old));

        let new = ring.seal(SLOT, b"value", &rng);
        assert!(!ring.is_outdated(&new));
        assert_eq!(**KeyRing::new(KeyVersion(2), key(2)).open(SLOT, &new).unwrap(), *b"value");
        assert_eq!(KeyRing::new(KeyVersion(2), key(2)).open(SLOT, &old), Err(EnvelopeError));
    }

    /// While the servers of one database are restarted one by one after a rotation, some have the new key and some not.
    #[test]
    fn a_challenge_of_any_key_of_the_ring_is_good_and_the_newest_key_mints() {
        let (id, device) = (SecretId::from_bytes([1; 16]), Thumbprint::from_bytes([2; 32]));
        let now = Timestamp::from_ms(1_700_000_000_000);
        let keys = |ring: KeyRing| ring.challenge_keys();
        let old = keys(KeyRing::new(KeyVersion::FIRST, key(1)));
        let both = keys(KeyRing::new(KeyVersion::FIRST, key(1)).with(KeyVersion(2), key(2)));
        let new = keys(KeyRing::new(KeyVersion(2), key(2)));

        let minted_before = old.mint(&id, &device, now);
        assert_eq!(both.verify(&minted_before, &id, &device, now), Ok(()));
        assert_eq!(new.verify(&minted_before, &id, &device, now), Err(ChallengeError::Forged));
        let minted_now = both.mint(&id, &device, now);
        assert_eq!(new.verify(&minted_now, &id, &device, now), Ok(()));

        let later = Timestamp::from_ms(now.as_ms() + 60_001);
        assert_eq!(both.verify(&minted_before, &id, &device, later), Err(ChallengeError::Stale));
    }

    #[test]
    fn every_purpose_has_its_own_subkey() {
        let ring = KeyRing::new(KeyVersion::FIRST, key(1));
        assert_eq!(ring.subkey("a"), ring.subkey("a"));
        assert_ne!(ring.subkey("a"), ring.subkey("b"));
        assert_ne!(ring.subkey("a"), KeyRing::new(KeyVersion::FIRST, key(2)).subkey("a"));
    }
}
