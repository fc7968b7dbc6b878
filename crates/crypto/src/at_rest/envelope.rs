//! One sealed value: `u8(0x01) ‖ nonce (12 random bytes) ‖ AES-256-GCM(key, nonce, value, slot)`.

use wax_kernel::Rng;
use zeroize::Zeroizing;

use crate::{
    aead::{Cipher, NONCE_BYTES, TAG_BYTES},
    derive::length_prefix,
};

const FORMAT: u8 = 0x01;

/// Where a sealed value is kept. It opens nowhere else, so nobody can swap two rows or columns of a database.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    /// The table, or whatever stands for one.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a [u8],
}

/// The sealed value does not open: another key, another slot, or other bytes than were sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open")]
pub struct EnvelopeError;

impl Slot<'_> {
    fn aad(&self) -> Vec<u8> {
        let fields = [self.table.as_bytes(), self.column.as_bytes(), self.row];
        fields.iter().flat_map(|field| [&length_prefix(field)[..], field].concat()).collect()
    }
}

/// Seals a value. Nonces are random: a key may seal up to 2^32 values (NIST SP 800-38D §8.3).
pub(super) fn seal(key: &[u8; 32], slot: Slot<'_>, value: &[u8], rng: &dyn Rng) -> Vec<u8> {
    let nonce = rng.bytes();
    let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + value.len() + TAG_BYTES);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(value);
    let tag = Cipher::new(key).seal(&nonce, &slot.aad(), &mut sealed[1 + NONCE_BYTES..]);
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens a value.
pub(super) fn open(
    key: &[u8; 32],
    slot: Slot<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let [FORMAT, rest @ ..] = sealed else { return Err(EnvelopeError) };
    let (nonce, rest) = rest.split_first_chunk().ok_or(EnvelopeError)?;
    let (ciphertext, tag) = rest.split_last_chunk().ok_or(EnvelopeError)?;
    let mut value = Zeroizing::new(ciphertext.to_vec());
    Cipher::new(key).open(nonce, &slot.aad(), &mut value, tag).map_err(|_| EnvelopeError)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    const SLOT: Slot<'static> = Slot { table: "secrets", column: "content", row: b"1" };

    #[test]
    fn a_value_opens_in_its_slot_only() {
        let sealed = seal(&[1; 32], SLOT, b"value", &SeededRng::new(1));
        assert_eq!(**open(&[1; 32], SLOT, &sealed).unwrap(), *b"value");
        for slot in [
            Slot { table: "secret", ..SLOT },
            Slot { column: "header", ..SLOT },
            Slot { row: b"2", ..SLOT },
            Slot { table: "secretsc", column: "ontent", ..SLOT },
        ] {
            assert_eq!(open(&[1; 32], slot, &sealed), Err(EnvelopeError), "{slot:?}");
        }
        assert_eq!(open(&[2; 32], SLOT, &sealed), Err(EnvelopeError));
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let sealed = seal(&[1; 32], SLOT, b"value", &SeededRng::new(1));
        for bit in 0..8 * sealed.len() {
            let mut bytes = sealed.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&[1; 32], SLOT, &bytes), Err(EnvelopeError), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(
                open(&[1; 32], SLOT, &sealed[..length]),
                Err(EnvelopeError),
                "{length} bytes"
            );
        }
    }
}
