//! An answer on its way: records under a key that both sides of one request share.

use std::fmt;

use aes_gcm::{Aes128Gcm, KeyInit as _, aead::AeadInOut as _};
use wax_kernel::Rng;
use zeroize::Zeroizing;

use super::{
    ChannelError,
    padding::{STEP, pad, padded_bytes, unpad},
    request::MAX_SEALED_REQUEST_BYTES,
};
use crate::{
    aead::{NONCE_BYTES, TAG_BYTES},
    derive::{hkdf, label, length_prefix},
    kem::POINT_BYTES,
};

/// What the HPKE context exports for the answer: `label("channel-answer")`, 16 bytes.
pub(super) const EXPORT_LABEL: &[u8] = label!("channel-answer");
/// Bytes of `r`, of the exported secret and of the answer's key (RFC 9458 §4.4).
const SALT_BYTES: usize = 16;
/// Bytes of a record's length.
const LENGTH_BYTES: usize = 4;

/// Seals the records of one answer, in order.
pub struct AnswerSealer {
    records: Records,
    /// `r`, until it was given out with the first record.
    salt: Option<[u8; SALT_BYTES]>,
}

/// Opens the answer to one request.
pub struct AnswerOpener {
    enc: [u8; POINT_BYTES],
    secret: Zeroizing<[u8; SALT_BYTES]>,
}

/// Opens an answer that arrives piece by piece, record by record.
pub struct AnswerStream {
    opener: AnswerOpener,
    records: Option<Records>,
    /// What arrived and is not opened yet.
    waiting: Vec<u8>,
}

/// The key of one answer and the number of its next record.
struct Records {
    cipher: Aes128Gcm,
    nonce: [u8; NONCE_BYTES],
    next: u64,
}

impl AnswerSealer {
    pub(super) fn new(enc: &[u8; POINT_BYTES], secret: &[u8; SALT_BYTES], rng: &dyn Rng) -> Self {
        let salt = rng.bytes();
        Self { records: Records::new(enc, secret, &salt), salt: Some(salt) }
    }

    /// The next record, `LP(…)`; before the first one stands `r`.
    pub fn seal(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut record = pad(piece, TAG_BYTES);
        let nonce = self.records.nonce();
        self.records.next += 1;
        let tag = self
            .records
            .cipher
            .encrypt_inout_detached(&nonce.into(), b"", record.as_mut_slice().into())
            .expect("nothing sealed here comes near the 64 GiB that one nonce may cover");
        record.extend_from_slice(&tag);
        let mut sealed = Vec::with_capacity(SALT_BYTES + LENGTH_BYTES + record.len());
        sealed.extend_from_slice(self.salt.take().as_ref().map_or(&[], |salt| &salt[..]));
        sealed.extend_from_slice(&length_prefix(&record));
        sealed.extend_from_slice(&record);
        sealed
    }
}

impl AnswerOpener {
    pub(super) const fn new(enc: [u8; POINT_BYTES], secret: Zeroizing<[u8; SALT_BYTES]>) -> Self {
        Self { enc, secret }
    }

    /// Opens an answer that is one record, and nothing behind it.
    pub fn open(self, answer: &[u8]) -> Result<Zeroizing<Vec<u8>>, ChannelError> {
        let mut stream = self.stream();
        stream.push(answer);
        let body = stream.next_record()?.ok_or(ChannelError)?;
        if stream.waiting.is_empty() { Ok(body) } else { Err(ChannelError) }
    }

    /// For an answer of many records.
    pub const fn stream(self) -> AnswerStream {
        AnswerStream { opener: self, records: None, waiting: Vec::new() }
    }
}

impl AnswerStream {
    /// Takes what arrived, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next record, or `None` until more has arrived. After an error there is no going on.
    pub fn next_record(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ChannelError> {
        let records = match &mut self.records {
            Some(records) => records,
            none => {
                let Some(salt) = self.waiting.first_chunk() else { return Ok(None) };
                let records = Records::new(&self.opener.enc, &self.opener.secret, salt);
                self.waiting.drain(..SALT_BYTES);
                none.insert(records)
            }
        };
        let Some((length, rest)) = self.waiting.split_first_chunk() else { return Ok(None) };
        let length = record_bytes(*length)?;
        let Some(record) = rest.get(..length) else { return Ok(None) };
        let body = records.open(record)?;
        self.waiting.drain(..LENGTH_BYTES + length);
        Ok(Some(body))
    }
}

/// The length of a record, if one can have it: checked before so much is waited for.
fn record_bytes(length: [u8; LENGTH_BYTES]) -> Result<usize, ChannelError> {
    let length = u32::from_be_bytes(length) as usize;
    let plaintext = length.checked_sub(TAG_BYTES).ok_or(ChannelError)?;
    let fits = plaintext.is_multiple_of(STEP)
        && (padded_bytes(0)..=MAX_SEALED_REQUEST_BYTES).contains(&plaintext);
    if fits { Ok(length) } else { Err(ChannelError) }
}

impl Records {
    /// `prk = HKDF-Extract(enc ‖ r, secret)`, expanded to the key and the nonce.
    fn new(enc: &[u8; POINT_BYTES], secret: &[u8; SALT_BYTES], salt: &[u8; SALT_BYTES]) -> Self {
        let salt = [&enc[..], salt].concat();
        let (mut key, mut nonce) = (Zeroizing::new([0; SALT_BYTES]), [0; NONCE_BYTES]);
        hkdf(secret, &salt, &[label!("channel-key")], &mut key);
        hkdf(secret, &salt, &[label!("channel-nonce")], &mut nonce);
        Self { cipher: Aes128Gcm::new((&*key).into()), nonce, next: 0 }
    }

    /// `nonce XOR u96be(i)`
    fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = self.nonce;
        for (byte, count) in nonce[NONCE_BYTES - 8..].iter_mut().zip(self.next.to_be_bytes()) {
            *byte ^= count;
        }
        nonce
    }

    /// Counts only what opens: after a record that does not, no later one takes its place.
    fn open(&mut self, record: &[u8]) -> Result<Zeroizing<Vec<u8>>, ChannelError> {
        let (ciphertext, tag) = record.split_last_chunk::<TAG_BYTES>().ok_or(ChannelError)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let nonce = self.nonce();
        self.cipher
            .decrypt_inout_detached(&nonce.into(), b"", plaintext.as_mut_slice().into(), tag.into())
            .map_err(|_| ChannelError)?;
        self.next += 1;
        unpad(plaintext)
    }
}

impl fmt::Debug for AnswerSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerSealer([redacted])")
    }
}

impl fmt::Debug for AnswerOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerOpener([redacted])")
    }
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerStream([redacted])")
    }
}
