//! Handing a device-bound secret to another device (protocol.md §6 "ask", "give").

use std::fmt;

use wax_kernel::Rng;
use wax_kernel::SecretId;

use crate::{
    HpkeKey, HpkePublicKey, PartKey, Thumbprint,
    derive::{label, length_prefix, sha256},
    kem::{POINT_BYTES, TAG_BYTES},
};

/// Bytes of the handed keys: `enc`, the manifest's part key, a tag.
pub const HANDOVER_BYTES: usize = POINT_BYTES + PartKey::LEN + TAG_BYTES;

/// Which secret goes from which device to which.
#[derive(Debug, Clone, Copy)]
pub struct Handover<'a> {
    /// The secret.
    pub id: &'a SecretId,
    /// The device that gives.
    pub from: &'a Thumbprint,
    /// The device that gets.
    pub to: &'a Thumbprint,
}

/// The keys were not sealed to this key for this hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the handed keys do not open")]
pub struct HandoverError;

/// Six digits that people compare on both screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandoverCode(u32);

impl Handover<'_> {
    /// `LP(label("handover")) ‖ id ‖ thumbprint that gives ‖ thumbprint that gets`
    fn info(&self) -> Vec<u8> {
        let label = label!("handover");
        let fields = [self.id.as_bytes(), &self.from.as_bytes()[..], self.to.as_bytes()];
        [&length_prefix(label)[..], label, &fields.concat()].concat()
    }

    /// Seals the manifest's part key to the device that gets. Draws 32 bytes.
    pub fn seal(
        &self,
        receive: &HpkePublicKey,
        part_key: &PartKey,
        rng: &dyn Rng,
    ) -> [u8; HANDOVER_BYTES] {
        let mut sender = receive.send(&self.info(), rng);
        // Room for the tag, so that the key is turned into ciphertext where it stands.
        let mut sealed = Vec::with_capacity(PartKey::LEN + TAG_BYTES);
        sealed.extend_from_slice(part_key.expose());
        sender.seal(b"", &mut sealed);
        let mut keys = [0; HANDOVER_BYTES];
        keys[..POINT_BYTES].copy_from_slice(&sender.enc);
        keys[POINT_BYTES..].copy_from_slice(&sealed);
        keys
    }

    /// Opens what the other device gave.
    pub fn open(&self, receive: &HpkeKey, keys: &[u8]) -> Result<PartKey, HandoverError> {
        let keys: &[u8; HANDOVER_BYTES] = keys.try_into().map_err(|_| HandoverError)?;
        let (enc, sealed) = keys.split_first_chunk().ok_or(HandoverError)?;
        let mut receiver = receive.receive(enc, &self.info()).map_err(|_| HandoverError)?;
        let part_key = receiver.open(b"", sealed).map_err(|_| HandoverError)?;
        PartKey::from_slice(&part_key).map_err(|_| HandoverError)
    }
}

impl HandoverCode {
    /// The code of one ask. The server draws `nonce` after it has seen the device, so nobody can search for a device
    /// whose code is another's.
    pub fn new(
        nonce: &[u8; 16],
        id: &SecretId,
        device: &Thumbprint,
        receive: &HpkePublicKey,
    ) -> Self {
        let label = label!("handover-code");
        let prefix = length_prefix(label);
        let digest =
            sha256(&[&prefix, label, nonce, id.as_bytes(), device.as_bytes(), receive.as_bytes()]);
        let number = digest.first_chunk().expect("SHA-256 has more than 4 bytes");
        Self(u32::from_be_bytes(*number) % 1_000_000)
    }
}

impl fmt::Display for HandoverCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SystemRng;

    use super::*;

    fn ids() -> (SecretId, Thumbprint, Thumbprint) {
        let thumbprint = |byte| Thumbprint::from_bytes([byte; 32]);
        (SecretId::from_bytes([1; 16]), thumbprint(2), thumbprint(3))
    }

    #[test]
    fn only_the_device_that_asked_opens_what_was_given() {
        let (id, from, to) = ids();
        let (receive, other) = (HpkeKey::random(&SystemRng), HpkeKey::random(&SystemRng));
        let part_key = PartKey::from_slice(&[4; 32]).unwrap();
        let handover = Handover { id: &id, from: &from, to: &to };
        let keys = handover.seal(receive.public(), &part_key, &SystemRng);
        assert_eq!(handover.open(&receive, &keys), Ok(part_key));

        assert_eq!(handover.open(&other, &keys), Err(HandoverError));
        for moved in [
            Handover { id: &SecretId::from_bytes([9; 16]), ..handover },
            Handover { from: &to, ..handover },
            Handover { to: &from, ..handover },
        ] {
            assert_eq!(moved.open(&receive, &keys), Err(HandoverError), "{moved:?}");
        }
        for at in [0, 1, 64, 65, 96, 97, 112] {
            let mut changed = keys;
            changed[at] ^= 1;
            assert_eq!(handover.open(&receive, &changed), Err(HandoverError), "byte {at}");
        }
        assert_eq!(handover.open(&receive, &keys[1..]), Err(HandoverError));
    }

    #[test]
    fn a_code_has_six_digits_and_belongs_to_one_ask() {
        let (id, device, other) = ids();
        let receive = *HpkeKey::random(&SystemRng).public();
        let code = HandoverCode::new(&[5; 16], &id, &device, &receive);
        assert_eq!(code, HandoverCode::new(&[5; 16], &id, &device, &receive));
        assert_ne!(code, HandoverCode::new(&[6; 16], &id, &device, &receive));
        assert_ne!(code, HandoverCode::new(&[5; 16], &id, &other, &receive));
        assert_eq!(HandoverCode(42_137).to_string(), "042137");
        assert_eq!(code.to_string().len(), 6);
    }
}
