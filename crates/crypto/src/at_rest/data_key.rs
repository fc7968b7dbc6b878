//! Data keys: two per secret, deleted with it.

use wax_kernel::{Rng, SecretId};

use super::envelope::{self, EnvelopeError, Slot};
use crate::{
    ClaimKey,
    derive::{hkdf, hmac, label},
    secret::{public_bytes, secret_bytes},
};

secret_bytes!(
    /// Seals columns of one secret. The first of a secret covers its wrapped key, the second everything else.
    DataKey, 32
);

public_bytes!(
    /// What the server keeps of a claim key: useless for guessing without the data key.
    ClaimMac, 32
);

impl DataKey {
    /// A new key.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }

    /// Seals one column.
    pub fn seal(&self, slot: Slot<'_>, value: &[u8], rng: &dyn Rng) -> Vec<u8> {
        envelope::seal(self.expose(), slot, value, rng)
    }

    /// Opens one column. The result is still what the client sealed, so it is not wiped.
    pub fn open(&self, slot: Slot<'_>, sealed: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        envelope::open(self.expose(), slot, sealed).map(|mut value| std::mem::take(&mut *value))
    }

    /// `HMAC(HKDF(data key, id, label("claim-mac")), claim)`, with the first data key: when that key is gone, the
    /// code tells nothing about a passphrase any more.
    pub fn claim_mac(&self, id: &SecretId, claim: &ClaimKey) -> ClaimMac {
        let mut key = zeroize::Zeroizing::new([0; 32]);
        hkdf(self.expose(), id.as_bytes(), &[label!("claim-mac")], &mut key);
        ClaimMac::from_bytes(hmac(&key, &[claim.expose()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_mac_depends_on_data_key_id_and_claim() {
        let mac = |data: u8, id: u8, claim: u8| {
            let claim = ClaimKey::from_slice(&[claim; 32]).unwrap();
            DataKey::from_slice(&[data; 32])
                .unwrap()
                .claim_mac(&SecretId::from_bytes([id; 16]), &claim)
        };
        assert_eq!(mac(1, 1, 1), mac(1, 1, 1));
        for other in [mac(2, 1, 1), mac(1, 2, 1), mac(1, 1, 2)] {
            assert_ne!(other, mac(1, 1, 1));
        }
    }
}
