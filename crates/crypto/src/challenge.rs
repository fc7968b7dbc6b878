//! Challenges: the server's time and a code, kept nowhere (protocol.md §5).

use std::time::Duration;

use wax_kernel::{SecretId, Timestamp};

use crate::{
    Thumbprint,
    derive::{hmac, label, length_prefix},
    secret::{base64url_text, public_bytes, secret_bytes},
};

/// How long a challenge can be answered.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_secs(60);

public_bytes!(
    /// `u64be(server time in ms) ‖ HMAC(…)`: opaque to clients except for the time.
    Challenge, 40
);
base64url_text!(Challenge, as_bytes);

secret_bytes!(
    /// The key of the challenges' codes; the same on every server process.
    ChallengeKey, 32
);

/// The challenge keys of a server: the first mints, all verify.
#[derive(Debug)]
pub struct ChallengeKeys(Vec<ChallengeKey>);

/// Why a challenge is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// Not made by this server, or for another secret or device.
    #[error("the challenge was made for something else")]
    Forged,
    /// Older than [`CHALLENGE_LIFETIME`], or that far in the future.
    #[error("the challenge is too old")]
    Stale,
}

impl Challenge {
    /// The server's time inside, in whole seconds rounded down: `created` of the signature.
    pub fn created_s(&self) -> u64 {
        self.time_ms() / 1_000
    }

    fn time_ms(&self) -> u64 {
        let (time, _) =
            self.as_bytes().split_first_chunk().expect("a challenge starts with 8 bytes of time");
        u64::from_be_bytes(*time)
    }
}

impl ChallengeKey {
    /// Makes the challenge of one device for one secret.
    pub fn mint(&self, id: &SecretId, device: &Thumbprint, now: Timestamp) -> Challenge {
        let now_ms = u64::try_from(now.as_ms()).unwrap_or(0);
        self.at(id, device, now_ms)
    }

    fn at(&self, id: &SecretId, device: &Thumbprint, time_ms: u64) -> Challenge {
        let (time, label) = (time_ms.to_be_bytes(), label!("challenge"));
        let code = hmac(
            self.expose(),
            &[&length_prefix(label), label, id.as_bytes(), device.as_bytes(), &time],
        );
        let mut bytes = [0; Challenge::LEN];
        bytes[..8].copy_from_slice(&time);
        bytes[8..].copy_from_slice(&code);
        Challenge::from_bytes(bytes)
    }

    /// Whether this challenge was made for this device and secret, at most a minute ago.
    ///
    /// # Errors
    /// [`ChallengeError::Forged`] before [`ChallengeError::Stale`]: only a challenge of ours has a time worth reading.
    pub fn verify(
        &self,
        challenge: &Challenge,
        id: &SecretId,
        device: &Thumbprint,
        now: Timestamp,
    ) -> Result<(), ChallengeError> {
        if self.at(id, device, challenge.time_ms()) != *challenge {
            return Err(ChallengeError::Forged);
        }
        let now_ms = u64::try_from(now.as_ms()).unwrap_or(0);
        let age = Duration::from_millis(now_ms.abs_diff(challenge.time_ms()));
        if age > CHALLENGE_LIFETIME { Err(ChallengeError::Stale) } else { Ok(()) }
    }
}

impl ChallengeKeys {
    /// The key that mints, and others whose challenges are good all the same.
    pub fn new(newest: ChallengeKey, older: impl IntoIterator<Item = ChallengeKey>) -> Self {
        Self(std::iter::once(newest).chain(older).collect())
    }

    /// Makes the challenge of one device for one secret.
    pub fn mint(&self, id: &SecretId, device: &Thumbprint, now: Timestamp) -> Challenge {
        self.0[0].mint(id, device, now)
    }

    /// Whether this challenge was made for this device and secret, at most a minute ago.
    ///
    /// # Errors
    /// As [`ChallengeKey::verify`], under whichever key made it.
    pub fn verify(
        &self,
        challenge: &Challenge,
        id: &SecretId,
        device: &Thumbprint,
        now: Timestamp,
    ) -> Result<(), ChallengeError> {
        self.0
            .iter()
            .map(|key| key.verify(challenge, id, device, now))
            .find(|verified| *verified != Err(ChallengeError::Forged))
            .unwrap_or(Err(ChallengeError::Forged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_999);

    fn key(byte: u8) -> ChallengeKey {
        ChallengeKey::from_slice(&[byte; 32]).unwrap()
    }

    #[test]
    fn a_challenge_lasts_a_minute_on_either_side() {
        let (id, device) = (SecretId::from_bytes([1; 16]), Thumbprint::from_bytes([2; 32]));
        let challenge = key(3).mint(&id, &device, NOW);
        assert_eq!(challenge.created_s(), 1_700_000_000);
        let at = |ms| key(3).verify(&challenge, &id, &device, Timestamp::from_ms(NOW.as_ms() + ms));
        assert_eq!([at(0), at(60_000), at(-60_000)], [Ok(()); 3]);
        assert_eq!([at(60_001), at(-60_001)], [Err(ChallengeError::Stale); 2]);
    }

    #[test]
    fn a_challenge_is_for_one_secret_one_device_and_one_server() {
        let (id, device) = (SecretId::from_bytes([1; 16]), Thumbprint::from_bytes([2; 32]));
        let challenge = key(3).mint(&id, &device, NOW);
        let forged = Err(ChallengeError::Forged);
        assert_eq!(key(4).verify(&challenge, &id, &device, NOW), forged);
        assert_eq!(key(3).verify(&challenge, &SecretId::from_bytes([9; 16]), &device, NOW), forged);
        assert_eq!(key(3).verify(&challenge, &id, &Thumbprint::from_bytes([9; 32]), NOW), forged);
        for bit in 0..8 * Challenge::LEN {
            let mut bytes = *challenge.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                key(3).verify(&Challenge::from_bytes(bytes), &id, &device, NOW),
                forged,
                "bit {bit}"
            );
        }
    }
}
