//! Every key of a secret, from the token in its link (protocol.md §2, §3, §7).

use wax_kernel::{ReceiptId, Rng, SecretId};
use zeroize::Zeroizing;

use crate::{
    Passphrase, PassphraseError, PassphraseParams,
    derive::{hkdf, label, length_prefix, sha256},
    secret::{base64url_text, public_bytes, secret_bytes},
};

secret_bytes!(
    /// `T`, the secret in a link's fragment. Whoever holds it (and the passphrase, if any) holds the secret.
    Token, 32
);
base64url_text!(Token, expose);
secret_bytes!(
    /// `R`, the sender's proof. Drawn on its own: recipients hold `T` and must not be able to burn.
    ReceiptKey, 32
);
base64url_text!(ReceiptKey, expose);
secret_bytes!(
    /// Proves possession of `T` to the server, without the passphrase.
    PeekKey, 32
);
base64url_text!(PeekKey, expose);
secret_bytes!(
    /// Proves to the server that the holder could unwrap the content key.
    ClaimKey, 32
);
base64url_text!(ClaimKey, expose);
secret_bytes!(
    /// Shown to the server by an acknowledgement: proves that somebody unwrapped the content key.
    AckPreimage, 32
);
base64url_text!(AckPreimage, expose);
secret_bytes!(
    /// Wraps the content key. Never leaves the client.
    WrapKey, 32
);
secret_bytes!(
    /// `CEK`, from which every part's key follows. Never leaves the client unwrapped.
    ContentKey, 32
);
secret_bytes!(
    /// The key of one part, good for one stream.
    PartKey, 32
);
public_bytes!(
    /// `H(peek)`: what the server keeps of the peek key.
    PeekHash, 32
);
base64url_text!(PeekHash, as_bytes);
public_bytes!(
    /// `H(ack)`: what the server keeps of the acknowledgement.
    AckHash, 32
);
base64url_text!(AckHash, as_bytes);
public_bytes!(
    /// `H(R)`: what the server keeps of the receipt key.
    ReceiptHash, 32
);
base64url_text!(ReceiptHash, as_bytes);
public_bytes!(
    /// Drawn anew for every attempt at sealing a part, so that no key and nonce pair repeats.
    PartSalt, 16
);

impl Token {
    /// A new token.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }

    /// `peek = HKDF(T, '', label("peek"))`
    pub fn peek_key(&self) -> PeekKey {
        PeekKey::written_by(|out| hkdf(self.expose(), b"", &[label!("peek")], out))
    }

    /// The id of the secret that this token opens.
    pub fn secret_id(&self) -> SecretId {
        self.peek_key().hash().secret_id()
    }
}

impl PeekKey {
    /// `H(peek)`
    pub fn hash(&self) -> PeekHash {
        PeekHash(sha256(&[self.expose()]))
    }
}

impl PeekHash {
    /// The first 16 bytes of `H( LP(label("id")) ‖ H(peek) )`
    pub fn secret_id(&self) -> SecretId {
        SecretId::from_bytes(labelled_id(label!("id"), &self.0))
    }
}

impl ReceiptKey {
    /// A new receipt key.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }

    /// `H(R)`
    pub fn hash(&self) -> ReceiptHash {
        ReceiptHash(sha256(&[self.expose()]))
    }
}

impl ReceiptHash {
    /// The first 16 bytes of `H( LP(label("rid")) ‖ H(R) )`
    pub fn receipt_id(&self) -> ReceiptId {
        ReceiptId::from_bytes(labelled_id(label!("rid"), &self.0))
    }
}

fn labelled_id(label: &[u8], hash: &[u8; 32]) -> [u8; 16] {
    let digest = sha256(&[&length_prefix(label), label, hash]);
    *digest.first_chunk().expect("SHA-256 has more than 16 bytes")
}

/// `IKM`, the input key material: the token, and the stretched passphrase if there is one.
pub struct Ikm(Zeroizing<Vec<u8>>);

impl Ikm {
    /// `u8(0x00) ‖ T`, for a secret without passphrase.
    pub fn without_passphrase(token: &Token) -> Self {
        let mut ikm = Zeroizing::new(Vec::with_capacity(1 + Token::LEN));
        ikm.push(0x00);
        ikm.extend_from_slice(token.expose());
        Self(ikm)
    }

    /// `u8(0x01) ‖ params ‖ T ‖ pw`. Takes a noticeable part of a second and `params.m_kib()` of memory, on purpose.
    ///
    /// # Errors
    /// [`PassphraseError::Memory`].
    pub fn with_passphrase(
        token: &Token,
        passphrase: &Passphrase,
        params: PassphraseParams,
    ) -> Result<Self, PassphraseError> {
        let mut salt = Zeroizing::new([0; 32]);
        hkdf(token.expose(), token.secret_id().as_bytes(), &[label!("pw-salt")], &mut salt);
        let mut stretched = Zeroizing::new([0; 32]);
        passphrase.stretch(&salt[..], params, &mut stretched)?;

        let mut ikm = Zeroizing::new(Vec::with_capacity(1 + 9 + Token::LEN + 32));
        ikm.push(0x01);
        ikm.extend_from_slice(&params.to_bytes());
        ikm.extend_from_slice(token.expose());
        ikm.extend_from_slice(&*stretched);
        Ok(Self(ikm))
    }

    /// The raw bytes: 33 without passphrase, 74 with one.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// `wrap = HKDF(IKM, id, label("wrap"))`
    pub fn wrap_key(&self, id: &SecretId) -> WrapKey {
        WrapKey::written_by(|out| hkdf(&self.0, id.as_bytes(), &[label!("wrap")], out))
    }

    /// `claim = HKDF(IKM, id, label("claim"))`
    pub fn claim_key(&self, id: &SecretId) -> ClaimKey {
        ClaimKey::written_by(|out| hkdf(&self.0, id.as_bytes(), &[label!("claim")], out))
    }
}

impl std::fmt::Debug for Ikm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ikm([redacted])")
    }
}

impl ContentKey {
    /// Takes what `open` writes, if it succeeds: decryption happens where the key will stay.
    pub(crate) fn try_written_by<E>(
        open: impl FnOnce(&mut [u8; 32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut opened = Ok(());
        let key = Self::written_by(|bytes| opened = open(bytes));
        opened.map(|()| key)
    }

    /// A new content key.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }

    /// `commit = HKDF(CEK, id, label("commit"))`: AES-GCM does not commit to its key, so the header does.
    pub fn commit(&self, id: &SecretId) -> [u8; 32] {
        let mut out = [0; 32];
        hkdf(self.expose(), id.as_bytes(), &[label!("commit")], &mut out);
        out
    }

    /// `ack = HKDF(CEK, id, label("ack"))`
    pub fn ack(&self, id: &SecretId) -> AckPreimage {
        AckPreimage::written_by(|out| hkdf(self.expose(), id.as_bytes(), &[label!("ack")], out))
    }

    /// `part key i = HKDF(CEK, salt, LP(label("part")) ‖ u32be(i))`
    pub fn part_key(&self, salt: &PartSalt, index: u32) -> PartKey {
        let label = label!("part");
        let info: [&[u8]; 3] = [&length_prefix(label), label, &index.to_be_bytes()];
        PartKey::written_by(|out| hkdf(self.expose(), salt.as_bytes(), &info, out))
    }
}

impl AckPreimage {
    /// `H(ack)`
    pub fn hash(&self) -> AckHash {
        AckHash(sha256(&[self.expose()]))
    }
}

impl PartSalt {
    /// A new salt.
    pub fn random(rng: &dyn Rng) -> Self {
        Self(rng.bytes())
    }
}
