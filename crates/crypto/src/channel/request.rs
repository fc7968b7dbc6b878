//! A request on its way: sealed by a client, opened by the server.

use std::fmt;

use wax_kernel::{Rng, Timestamp};
use zeroize::Zeroizing;

use super::{
    AnswerOpener, AnswerSealer, ChannelConfig, ChannelError, KeyId,
    answer::EXPORT_LABEL,
    padding::{pad, padded_bytes, unpad},
};
use crate::{
    HpkeKey, HpkePublicKey, Origin,
    derive::{label, length_prefix},
    kem::{POINT_BYTES, TAG_BYTES},
};

/// Most bytes of a sealed request: the largest body, 2 MiB, and what sealing may add.
pub const MAX_SEALED_REQUEST_BYTES: usize = 2 * 1_024 * 1_024 + 2 * 1_024;

const HEAD_BYTES: usize = KeyId::LEN + POINT_BYTES;

/// The server's key of one day.
pub struct ChannelKey {
    key: HpkeKey,
    id: KeyId,
}

/// The parts of a sealed request: `key id ‖ enc ‖ ciphertext and tag`.
#[derive(Clone, Copy)]
pub struct SealedRequest<'a> {
    key_id: KeyId,
    enc: &'a [u8; POINT_BYTES],
    ciphertext: &'a [u8],
}

impl ChannelConfig {
    /// Seals the body of a POST to `path` of this config's host, and gives what opens the answer. Draws 32 bytes.
    pub fn seal(&self, path: &str, body: &[u8], rng: &dyn Rng) -> (Vec<u8>, AnswerOpener) {
        let key_id = self.key_id();
        let mut sender = self.key().send(&info(key_id, self.host()), rng);
        let mut plaintext = pad(body, TAG_BYTES);
        sender.seal(&aad(path), &mut plaintext);
        let mut request = Vec::with_capacity(HEAD_BYTES + plaintext.len());
        request.extend_from_slice(key_id.as_bytes());
        request.extend_from_slice(&sender.enc);
        request.extend_from_slice(&plaintext);
        (request, AnswerOpener::new(sender.enc, sender.export(EXPORT_LABEL)))
    }
}

impl<'a> SealedRequest<'a> {
    /// Reads the parts. Whether they open is another question.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ChannelError> {
        let (key_id, rest) = bytes.split_first_chunk().ok_or(ChannelError)?;
        let (enc, ciphertext) = rest.split_first_chunk().ok_or(ChannelError)?;
        let fits = bytes.len() <= MAX_SEALED_REQUEST_BYTES
            && ciphertext.len() >= padded_bytes(0) + TAG_BYTES;
        if fits {
            Ok(Self { key_id: KeyId::from_bytes(*key_id), enc, ciphertext })
        } else {
            Err(ChannelError)
        }
    }

    /// Which key it is sealed to.
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }
}

impl ChannelKey {
    /// A new key.
    pub fn random(rng: &dyn Rng) -> Self {
        HpkeKey::random(rng).into()
    }

    /// What clients are told of it.
    pub fn config(&self, host: &Origin, from: Timestamp, until: Timestamp) -> ChannelConfig {
        ChannelConfig::new(host, *self.key.public(), from, until)
    }

    /// Its name.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The half that clients seal to.
    pub fn public(&self) -> &HpkePublicKey {
        self.key.public()
    }

    /// The private half, for the key store.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.key.to_bytes()
    }

    /// The body of a POST to `path` of `host`, and what seals its answer, for which it draws 16 bytes.
    pub fn open(
        &self,
        request: &SealedRequest<'_>,
        host: &Origin,
        path: &str,
        rng: &dyn Rng,
    ) -> Result<(Zeroizing<Vec<u8>>, AnswerSealer), ChannelError> {
        if request.key_id != self.id {
            return Err(ChannelError);
        }
        let info = info(self.id, &host.authority());
        let mut receiver = self.key.receive(request.enc, &info).map_err(|_| ChannelError)?;
        let plaintext = receiver.open(&aad(path), request.ciphertext).map_err(|_| ChannelError)?;
        let answer = AnswerSealer::new(request.enc, &receiver.export(EXPORT_LABEL), rng);
        Ok((unpad(plaintext)?, answer))
    }
}

impl From<HpkeKey> for ChannelKey {
    fn from(key: HpkeKey) -> Self {
        Self { id: KeyId::of(key.public()), key }
    }
}

impl fmt::Debug for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelKey([redacted])")
    }
}

impl fmt::Debug for SealedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedRequest([redacted])")
    }
}

/// `LP(label("channel")) ‖ key id ‖ LP(host)`
fn info(key_id: KeyId, host: &str) -> Vec<u8> {
    let label = label!("channel");
    [
        &length_prefix(label)[..],
        label,
        key_id.as_bytes(),
        &length_prefix(host.as_bytes()),
        host.as_bytes(),
    ]
    .concat()
}

/// `LP("POST") ‖ LP(path)`
fn aad(path: &str) -> Vec<u8> {
    let fields = [&b"POST"[..], path.as_bytes()];
    fields.iter().flat_map(|field| [&length_prefix(field)[..], field].concat()).collect()
}
