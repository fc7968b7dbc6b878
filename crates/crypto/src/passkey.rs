//! The copy of a bound device that only a passkey opens (protocol.md §12).

use std::fmt;

use wax_kernel::{Rng, SecretId};
use zeroize::Zeroizing;

use crate::{
    BytesError, ContentKey, DevicePublicKey, HEADER_BYTES, Thumbprint, Token,
    aead::{Cipher, NONCE_BYTES, TAG_BYTES},
    derive::{hkdf, label, length_prefix},
    secret::secret_bytes,
};

const SCALAR_BYTES: usize = 32;
const COPIED_BYTES: usize = SCALAR_BYTES + DevicePublicKey::LEN + ContentKey::LEN + HEADER_BYTES;

/// Bytes of a sealed copy: nonce, what is copied, a tag.
pub const PASSKEY_COPY_BYTES: usize = NONCE_BYTES + COPIED_BYTES + TAG_BYTES;

secret_bytes!(
    /// What a passkey's pseudo-random function gives for a secret's salt (W3C Web Authentication Level 3 §10.1.4). Never leaves
    /// the device.
    Prf, 32
);

/// Everything that a bound device needs to come back.
#[derive(PartialEq, Eq)]
pub struct PasskeyCopy {
    /// The scalar of the device's key, 32 bytes big-endian.
    pub private_key: Zeroizing<[u8; SCALAR_BYTES]>,
    /// Its point.
    pub public_key: DevicePublicKey,
    /// The secret's content key.
    pub content_key: ContentKey,
    /// The secret's header.
    pub header: [u8; HEADER_BYTES],
}

/// The passkey is not the one that this copy was sealed to, or it is no copy of this secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passkey does not open this copy")]
pub struct PasskeyError;

impl From<BytesError> for PasskeyError {
    fn from(_: BytesError) -> Self {
        Self
    }
}

/// What the passkey is asked for: `HKDF(T, id, label("passkey-salt"))`. It depends on the link's token, so that a passkey
/// alone, in whatever hands, gives nothing.
pub fn prf_salt(token: &Token, id: &SecretId) -> [u8; 32] {
    let mut salt = [0; 32];
    hkdf(token.expose(), id.as_bytes(), &[label!("passkey-salt")], &mut salt);
    salt
}

impl Prf {
    /// `HKDF(prf, id, label("passkey"))`
    fn cipher(&self, id: &SecretId) -> Cipher {
        let mut key = Zeroizing::new([0; 32]);
        hkdf(self.expose(), id.as_bytes(), &[label!("passkey")], &mut key);
        Cipher::new(&key)
    }
}

/// `LP(label("passkey")) ‖ id ‖ thumbprint`
fn associated_data(id: &SecretId, device: &Thumbprint) -> Vec<u8> {
    let label = label!("passkey");
    [&length_prefix(label)[..], label, id.as_bytes(), device.as_bytes()].concat()
}

impl PasskeyCopy {
    /// Seals it to a passkey whose user handle is the device's thumbprint. Draws 12 bytes.
    pub fn seal(&self, prf: &Prf, id: &SecretId, rng: &dyn Rng) -> [u8; PASSKEY_COPY_BYTES] {
        let nonce: [u8; NONCE_BYTES] = rng.bytes();
        let mut copied = Zeroizing::new([0; COPIED_BYTES]);
        let (scalar, rest) = copied.split_at_mut(SCALAR_BYTES);
        let (point, rest) = rest.split_at_mut(DevicePublicKey::LEN);
        let (content_key, header) = rest.split_at_mut(ContentKey::LEN);
        scalar.copy_from_slice(&*self.private_key);
        point.copy_from_slice(self.public_key.as_bytes());
        content_key.copy_from_slice(self.content_key.expose());
        header.copy_from_slice(&self.header);
        let aad = associated_data(id, &self.public_key.thumbprint());
        let tag = prf.cipher(id).seal(&nonce, &aad, &mut *copied);
        let mut copy = [0; PASSKEY_COPY_BYTES];
        copy[..NONCE_BYTES].copy_from_slice(&nonce);
        copy[NONCE_BYTES..NONCE_BYTES + COPIED_BYTES].copy_from_slice(&*copied);
        copy[NONCE_BYTES + COPIED_BYTES..].copy_from_slice(&tag);
        copy
    }

    /// Opens it with a passkey whose user handle is `device`.
    pub fn open(
        copy: &[u8],
        prf: &Prf,
        id: &SecretId,
        device: &Thumbprint,
    ) -> Result<Self, PasskeyError> {
        let copy: &[u8; PASSKEY_COPY_BYTES] = copy.try_into().map_err(|_| PasskeyError)?;
        let (nonce, sealed) = copy.split_first_chunk().ok_or(PasskeyError)?;
        let (sealed, tag) = sealed.split_last_chunk().ok_or(PasskeyError)?;
        let mut copied = Zeroizing::new(sealed.to_vec());
        let aad = associated_data(id, device);
        prf.cipher(id).open(nonce, &aad, &mut copied, tag).map_err(|_| PasskeyError)?;
        let (scalar, rest) = copied.split_first_chunk().ok_or(PasskeyError)?;
        let (point, rest) = rest.split_at(DevicePublicKey::LEN);
        let (content_key, header) = rest.split_at(ContentKey::LEN);
        let public_key = DevicePublicKey::from_slice(point).map_err(|_| PasskeyError)?;
        if public_key.thumbprint() != *device {
            return Err(PasskeyError);
        }
        Ok(Self {
            private_key: Zeroizing::new(*scalar),
            public_key,
            content_key: ContentKey::from_slice(content_key)?,
            header: header.try_into().map_err(|_| PasskeyError)?,
        })
    }
}

impl fmt::Debug for PasskeyCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyCopy([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SystemRng;

    use super::*;
    use crate::DeviceKey;

    #[test]
    fn a_copy_opens_with_its_passkey_for_its_secret_and_nothing_else() {
        let (id, other_id) = (SecretId::from_bytes([1; 16]), SecretId::from_bytes([2; 16]));
        let (public_key, other) =
            (*DeviceKey::generate().public(), *DeviceKey::generate().public());
        let copy = PasskeyCopy {
            private_key: Zeroizing::new([3; 32]),
            public_key,
            content_key: ContentKey::from_slice(&[4; 32]).unwrap(),
            header: [5; HEADER_BYTES],
        };
        let prf = Prf::from_slice(&[6; 32]).unwrap();
        let sealed = copy.seal(&prf, &id, &SystemRng);
        let device = public_key.thumbprint();
        let opened = PasskeyCopy::open(&sealed, &prf, &id, &device);
        assert_eq!(opened.as_ref(), Ok(&copy));

        let another = Prf::from_slice(&[7; 32]).unwrap();
        assert_eq!(PasskeyCopy::open(&sealed, &another, &id, &device), Err(PasskeyError));
        assert_eq!(PasskeyCopy::open(&sealed, &prf, &other_id, &device), Err(PasskeyError));
        assert_eq!(PasskeyCopy::open(&sealed, &prf, &id, &other.thumbprint()), Err(PasskeyError));
        for at in [0, 11, 12, 195, 196, 211] {
            let mut changed = sealed;
            changed[at] ^= 1;
            assert_eq!(
                PasskeyCopy::open(&changed, &prf, &id, &device),
                Err(PasskeyError),
                "byte {at}"
            );
        }
        assert_eq!(PasskeyCopy::open(&sealed[1..], &prf, &id, &device), Err(PasskeyError));
        assert_ne!(sealed, copy.seal(&prf, &id, &SystemRng), "the nonce is drawn anew");
    }

    #[test]
    fn the_salt_of_a_passkey_depends_on_the_links_token() {
        let id = SecretId::from_bytes([1; 16]);
        let salt = |byte| prf_salt(&Token::from_slice(&[byte; 32]).unwrap(), &id);
        assert_ne!(salt(1), salt(2));
        assert_eq!(salt(1), salt(1));
    }
}
