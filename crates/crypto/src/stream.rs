//! Streams: plaintext cut into records of 64 KiB (protocol.md §4 "Streams").

use zeroize::Zeroizing;

use crate::{
    aead::{Cipher, NONCE_BYTES, TAG_BYTES},
    keys::PartKey,
};

/// Plaintext bytes of every record but the last.
const RECORD_BYTES: usize = 65_536;
const SEALED_RECORD_BYTES: usize = RECORD_BYTES + TAG_BYTES;

/// The stream does not open under this key: a record was changed, cut, added or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content does not open")]
pub struct StreamError;

/// How many bytes a plaintext of `plaintext_bytes` has when sealed.
pub const fn sealed_bytes(plaintext_bytes: usize) -> usize {
    let records = if plaintext_bytes == 0 { 1 } else { plaintext_bytes.div_ceil(RECORD_BYTES) };
    plaintext_bytes + records * TAG_BYTES
}

/// Seals a whole stream. A key seals one stream only: the nonces are counters.
pub(crate) fn seal(key: &PartKey, plaintext: &[u8]) -> Vec<u8> {
    let cipher = Cipher::new(key.expose());
    let mut sealed = Vec::with_capacity(sealed_bytes(plaintext.len()));
    let last = plaintext.len().div_ceil(RECORD_BYTES).saturating_sub(1);
    for n in 0..=last {
        let rest = &plaintext[n * RECORD_BYTES..];
        let start = sealed.len();
        sealed.extend_from_slice(&rest[..rest.len().min(RECORD_BYTES)]);
        let tag = cipher.seal(&nonce(n, n == last), b"", &mut sealed[start..]);
        sealed.extend_from_slice(&tag);
    }
    sealed
}

/// Opens a whole stream, or nothing of it.
pub(crate) fn open(key: &PartKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StreamError> {
    let cipher = Cipher::new(key.expose());
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let last = sealed.len().div_ceil(SEALED_RECORD_BYTES).checked_sub(1).ok_or(StreamError)?;
    for (n, record) in sealed.chunks(SEALED_RECORD_BYTES).enumerate() {
        let (ciphertext, tag) = record.split_last_chunk().ok_or(StreamError)?;
        if ciphertext.is_empty() && n > 0 {
            return Err(StreamError);
        }
        let start = plaintext.len();
        plaintext.extend_from_slice(ciphertext);
        cipher
            .open(&nonce(n, n == last), b"", &mut plaintext[start..], tag)
            .map_err(|_| StreamError)?;
    }
    Ok(plaintext)
}

/// `n as 11 bytes big-endian ‖ u8(0x01 if it is the last record, else 0x00)`
fn nonce(n: usize, is_last: bool) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce[3..11].copy_from_slice(&(n as u64).to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;
    use crate::{ContentKey, PartSalt};

    fn key() -> PartKey {
        let rng = SeededRng::new(1);
        ContentKey::random(&rng).part_key(&PartSalt::random(&rng), 0)
    }

    #[test]
    fn every_size_around_a_record_opens_again() {
        for size in [0, 1, RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1, 2 * RECORD_BYTES] {
            let plaintext = vec![7; size];
            let sealed = seal(&key(), &plaintext);
            assert_eq!(sealed.len(), sealed_bytes(size));
            assert_eq!(*open(&key(), &sealed).unwrap(), plaintext, "{size}");
        }
    }

    #[test]
    fn records_cannot_be_moved_cut_or_added() {
        let sealed = seal(&key(), &vec![7; 2 * RECORD_BYTES + 5]);
        let (first, rest) = sealed.split_at(SEALED_RECORD_BYTES);
        let (second, third) = rest.split_at(SEALED_RECORD_BYTES);
        for records in [
            vec![second, first, third],
            vec![first, third],
            vec![first, second],
            vec![first],
            vec![third],
            vec![first, second, third, third],
            vec![],
        ] {
            assert_eq!(open(&key(), &records.concat()), Err(StreamError));
        }
    }

    /// Both ends of the same rule: only an empty stream has an empty last record.
    #[test]
    fn an_empty_record_may_stand_only_alone() {
        assert!(open(&key(), &seal(&key(), b"")).unwrap().is_empty());
        let cipher = Cipher::new(key().expose());
        let mut full = vec![7; RECORD_BYTES];
        let tag = cipher.seal(&nonce(0, false), b"", &mut full);
        full.extend_from_slice(&tag);
        full.extend_from_slice(&cipher.seal(&nonce(1, true), b"", &mut []));
        assert_eq!(open(&key(), &full), Err(StreamError));
    }
}
