//! The header of a sealed secret and the wrapping that binds it (protocol.md §4 "Header", "Wrapped key").

use std::fmt;

use wax_kernel::SecretId;

use crate::{
    aead::{Cipher, NONCE_BYTES},
    derive::sha256,
    keys::{ContentKey, PartSalt, WrapKey},
};

/// Bytes of a header.
pub const HEADER_BYTES: usize = 55;
/// Bytes of a wrapped key: nonce, content key, tag.
pub const WRAPPED_KEY_BYTES: usize = NONCE_BYTES + 32 + 16;

const VERSION: u8 = 0x01;
/// HKDF-SHA-256, AES-256-GCM, records of 64 KiB.
const SUITE: u8 = 0x01;

/// How often, and by whom, a secret may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Gone after its views.
    OneTime,
    /// The first device may return until expiry, nobody else.
    DeviceBound,
}

/// What a sealed secret says about itself in the clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// How it may be opened.
    pub kind: Kind,
    /// Number of files; 0 for a text.
    pub parts: u32,
    /// The salt of the manifest's key.
    pub manifest_salt: PartSalt,
    /// What the content key must derive ([`ContentKey::commit`]).
    pub commit: [u8; 32],
}

/// Not 55 bytes, or a version, suite or kind that this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a header of a known version, suite and kind")]
pub struct HeaderError;

/// The wrapped key does not open: wrong passphrase, or not the policy, id, kind or bytes that were sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content key does not unwrap")]
pub struct UnwrapError;

impl Header {
    /// The 55 bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..3].copy_from_slice(&[VERSION, SUITE, self.kind.to_byte()]);
        bytes[3..7].copy_from_slice(&self.parts.to_be_bytes());
        bytes[7..23].copy_from_slice(self.manifest_salt.as_bytes());
        bytes[23..].copy_from_slice(&self.commit);
        bytes
    }

    /// Reads the 55 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.try_into().map_err(|_| HeaderError)?;
        let [VERSION, SUITE, kind, rest @ ..] = bytes else { return Err(HeaderError) };
        let (parts, rest) = rest.split_first_chunk().ok_or(HeaderError)?;
        let (salt, rest) = rest.split_first_chunk().ok_or(HeaderError)?;
        Ok(Self {
            kind: Kind::from_byte(*kind).ok_or(HeaderError)?,
            parts: u32::from_be_bytes(*parts),
            manifest_salt: PartSalt::from_bytes(*salt),
            commit: rest.try_into().map_err(|_| HeaderError)?,
        })
    }

    /// `u8(version) ‖ u8(suite) ‖ id ‖ u8(kind) ‖ u32be(part count) ‖ H(policy bytes)`
    fn wrap_aad(&self, id: &SecretId, policy: &[u8]) -> [u8; 55] {
        let mut aad = [0; 55];
        aad[..2].copy_from_slice(&[VERSION, SUITE]);
        aad[2..18].copy_from_slice(id.as_bytes());
        aad[18] = self.kind.to_byte();
        aad[19..23].copy_from_slice(&self.parts.to_be_bytes());
        aad[23..].copy_from_slice(&sha256(&[policy]));
        aad
    }

    /// Wraps the content key, bound to id, kind, part count and policy. A nonce is used once.
    pub(crate) fn seal_key(
        &self,
        key: &WrapKey,
        nonce: [u8; NONCE_BYTES],
        content_key: &ContentKey,
        id: &SecretId,
        policy: &[u8],
    ) -> [u8; WRAPPED_KEY_BYTES] {
        let mut wrapped = [0; WRAPPED_KEY_BYTES];
        let (head, tag_place) = wrapped.split_at_mut(NONCE_BYTES + 32);
        head[..NONCE_BYTES].copy_from_slice(&nonce);
        head[NONCE_BYTES..].copy_from_slice(content_key.expose());
        let cipher = Cipher::new(key.expose());
        tag_place.copy_from_slice(&cipher.seal(
            &nonce,
            &self.wrap_aad(id, policy),
            &mut head[NONCE_BYTES..],
        ));
        wrapped
    }

    /// Unwraps the content key, if everything is as it was sealed.
    pub(crate) fn open_key(
        &self,
        key: &WrapKey,
        wrapped: &[u8],
        id: &SecretId,
        policy: &[u8],
    ) -> Result<ContentKey, UnwrapError> {
        let wrapped: &[u8; WRAPPED_KEY_BYTES] = wrapped.try_into().map_err(|_| UnwrapError)?;
        let (nonce, rest) = wrapped.split_first_chunk().ok_or(UnwrapError)?;
        let (ciphertext, tag) = rest.split_last_chunk().ok_or(UnwrapError)?;
        let ciphertext: &[u8; 32] = ciphertext.try_into().map_err(|_| UnwrapError)?;
        ContentKey::try_written_by(|content_key| {
            content_key.copy_from_slice(ciphertext);
            Cipher::new(key.expose()).open(nonce, &self.wrap_aad(id, policy), content_key, tag)
        })
        .map_err(|_| UnwrapError)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("kind", &self.kind)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

impl Kind {
    const fn to_byte(self) -> u8 {
        match self {
            Self::OneTime => 0x01,
            Self::DeviceBound => 0x02,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::OneTime),
            0x02 => Some(Self::DeviceBound),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: Kind) -> Header {
        Header {
            kind,
            parts: 0x0102_0304,
            manifest_salt: PartSalt::from_bytes([5; 16]),
            commit: [6; 32],
        }
    }

    #[test]
    fn a_header_reads_back_what_it_writes() {
        for kind in [Kind::OneTime, Kind::DeviceBound] {
            assert_eq!(Header::parse(&header(kind).to_bytes()), Ok(header(kind)));
        }
    }

    #[test]
    fn unknown_versions_suites_kinds_and_lengths_are_refused() {
        let good = header(Kind::OneTime).to_bytes();
        for place in 0..3 {
            for value in [0, 3, 0xff] {
                let mut bytes = good;
                bytes[place] = value;
                assert_eq!(Header::parse(&bytes), Err(HeaderError), "byte {place} = {value}");
            }
        }
        assert_eq!(Header::parse(&good[1..]), Err(HeaderError));
        assert_eq!(Header::parse(&[&good[..], &[0]].concat()), Err(HeaderError));
    }
}
