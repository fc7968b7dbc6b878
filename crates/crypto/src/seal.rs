//! Sealing a text and opening it again: the whole of protocol.md §2 to §4 in one walk.

use std::fmt;

use wax_kernel::{ReceiptId, Redacted, Rng, SecretId};
use zeroize::Zeroizing;

use crate::{
    AckHash, AckPreimage, ClaimKey, ContentKey, HEADER_BYTES, Header, HeaderError, Ikm, Kind,
    ManifestError, PartKey, PartSalt, Passphrase, PassphraseError, PassphraseParams, PeekHash,
    ReceiptHash, ReceiptKey, StreamError, TextLengthError, Token, UnwrapError, WRAPPED_KEY_BYTES,
    manifest, stream,
};

/// The stream index of the manifest; files count from 0.
pub const MANIFEST_INDEX: u32 = u32::MAX;

/// What a sender wants sealed. No `Debug`: it holds the text.
pub struct Draft<'a> {
    /// 1 to [`MAX_TEXT_BYTES`](crate::MAX_TEXT_BYTES) bytes.
    pub text: &'a str,
    /// The passphrase and what stretching it may cost.
    pub passphrase: Option<(&'a Passphrase, PassphraseParams)>,
    /// The policy's exact bytes, as they go to the server.
    pub policy: &'a [u8],
    /// The kind that the policy names.
    pub kind: Kind,
}

/// A sealed text: two keys for the sender, everything else for the server.
pub struct Sealed {
    /// For the link. Never for the server.
    pub token: Token,
    /// For the receipt link. Never for the server.
    pub receipt: ReceiptKey,
    /// Names the secret; the server derives it again from `peek_sha256`.
    pub id: SecretId,
    /// Names the receipt; the server derives it again from `receipt_sha256`.
    pub rid: ReceiptId,
    /// `H(peek)`
    pub peek_sha256: PeekHash,
    /// `claim`, which the server turns into a code and forgets.
    pub claim_key: ClaimKey,
    /// `H(ack)`
    pub ack_sha256: AckHash,
    /// `H(R)`
    pub receipt_sha256: ReceiptHash,
    /// What opening starts with.
    pub header: [u8; HEADER_BYTES],
    /// The content key under the wrap key.
    pub wrapped_key: [u8; WRAPPED_KEY_BYTES],
    /// The sealed manifest: 1,040 to 1,048,832 bytes.
    pub content: Vec<u8>,
}

/// What a claim delivers.
#[derive(Clone, Copy)]
pub struct Delivered<'a> {
    /// 55 bytes.
    pub header: &'a [u8],
    /// The policy's bytes as received: others than the sender's open nothing.
    pub policy: &'a [u8],
    /// 60 bytes.
    pub wrapped_key: &'a [u8],
    /// The sealed manifest.
    pub content: &'a [u8],
}

/// An opened text, and what acknowledges it.
#[derive(Debug)]
pub struct Opened {
    /// What the sender wrote. Wiped when dropped.
    pub text: Redacted<String>,
    /// Goes to the server once the text was shown.
    pub ack: AckPreimage,
}

/// Why a text cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No text, or too much.
    #[error(transparent)]
    Text(#[from] TextLengthError),
    /// The passphrase cannot be stretched.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
}

/// Why what was delivered does not open. The variants are in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a header of this version.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Wrong passphrase, or not the sender's policy, kind or bytes.
    #[error(transparent)]
    Unwrap(#[from] UnwrapError),
    /// The content key is not the one the header commits to.
    #[error("the header commits to another content key")]
    Commit,
    /// A record does not open.
    #[error(transparent)]
    Content(#[from] StreamError),
    /// The records open, but hold no text.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Seals a text. Draws, in this order: token (32), receipt key (32), content key (32), manifest salt (16), nonce (12).
///
/// With a passphrase it blocks for the time and memory that the parameters ask for.
pub fn seal_text(draft: &Draft<'_>, rng: &dyn Rng) -> Result<Sealed, SealError> {
    let plaintext = manifest::encode(draft.text)?;
    let (token, receipt) = (Token::random(rng), ReceiptKey::random(rng));
    let (content_key, salt, nonce) = (ContentKey::random(rng), PartSalt::random(rng), rng.bytes());

    let peek_sha256 = token.peek_key().hash();
    let id = peek_sha256.secret_id();
    let ikm = match draft.passphrase {
        None => Ikm::without_passphrase(&token),
        Some((passphrase, params)) => Ikm::with_passphrase(&token, passphrase, params)?,
    };
    let header =
        Header { kind: draft.kind, parts: 0, manifest_salt: salt, commit: content_key.commit(&id) };
    let receipt_sha256 = receipt.hash();
    Ok(Sealed {
        id,
        rid: receipt_sha256.receipt_id(),
        peek_sha256,
        claim_key: ikm.claim_key(&id),
        ack_sha256: content_key.ack(&id).hash(),
        receipt_sha256,
        header: header.to_bytes(),
        wrapped_key: header.seal_key(&ikm.wrap_key(&id), nonce, &content_key, &id, draft.policy),
        content: content_key.seal_part(MANIFEST_INDEX, &salt, &plaintext),
        token,
        receipt,
    })
}

/// Opens what a claim delivered.
pub fn open_text(ikm: &Ikm, id: &SecretId, delivered: &Delivered<'_>) -> Result<Opened, OpenError> {
    let content_key = unwrap_content_key(ikm, id, delivered)?;
    let text = content_key.open_text(id, delivered.header, delivered.content)?;
    Ok(Opened { text, ack: content_key.ack(id) })
}

/// The content key of what a claim delivered: what the device of a device-bound secret stores.
pub fn unwrap_content_key(
    ikm: &Ikm,
    id: &SecretId,
    delivered: &Delivered<'_>,
) -> Result<ContentKey, OpenError> {
    let header = Header::parse(delivered.header)?;
    let content_key =
        header.open_key(&ikm.wrap_key(id), delivered.wrapped_key, id, delivered.policy)?;
    content_key.refuse_other_commit(id, &header)?;
    Ok(content_key)
}

impl ContentKey {
    /// Opens the text with a stored content key, without link or passphrase (protocol.md §6 "open").
    pub fn open_text(
        &self,
        id: &SecretId,
        header: &[u8],
        content: &[u8],
    ) -> Result<Redacted<String>, OpenError> {
        let header = Header::parse(header)?;
        self.refuse_other_commit(id, &header)?;
        self.part_key(&header.manifest_salt, MANIFEST_INDEX).open_text(content)
    }

    /// The manifest's part key: what a device hands over instead of the content key.
    pub fn manifest_key(&self, header: &[u8]) -> Result<PartKey, HeaderError> {
        let header = Header::parse(header)?;
        Ok(self.part_key(&header.manifest_salt, MANIFEST_INDEX))
    }

    fn refuse_other_commit(&self, id: &SecretId, header: &Header) -> Result<(), OpenError> {
        if self.commit(id) == header.commit { Ok(()) } else { Err(OpenError::Commit) }
    }

    /// Seals one part, or the manifest. The salt is new for every attempt: one key seals one stream.
    pub fn seal_part(&self, index: u32, salt: &PartSalt, plaintext: &[u8]) -> Vec<u8> {
        stream::seal(&self.part_key(salt, index), plaintext)
    }

    /// Opens one part, or the manifest.
    pub fn open_part(
        &self,
        index: u32,
        salt: &PartSalt,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StreamError> {
        stream::open(&self.part_key(salt, index), sealed)
    }
}

impl PartKey {
    /// Opens the text with the manifest's part key, which a hand-over brought.
    pub fn open_text(&self, content: &[u8]) -> Result<Redacted<String>, OpenError> {
        Ok(manifest::decode(&stream::open(self, content)?)?)
    }
}
