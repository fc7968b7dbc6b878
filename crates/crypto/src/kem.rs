//! HPKE (RFC 9180) in base mode and in one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM (protocol.md §11).

use std::{convert::Infallible, fmt};

use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable,
    aead::{AeadCtxR, AeadCtxS, AeadTag, AesGcm128},
    kdf::HkdfSha256,
    kem::DhP256HkdfSha256,
    rand_core::{TryCryptoRng, TryRng},
    setup_receiver, setup_sender_with_rng,
};
use wax_kernel::Rng;
use zeroize::Zeroizing;

use crate::secret::base64url_text;

/// Bytes of a public key, and of the encapsulated one (`enc`): an uncompressed point.
pub(crate) const POINT_BYTES: usize = 65;
/// Bytes that sealing adds to a plaintext.
pub(crate) const TAG_BYTES: usize = 16;

type Kem = DhP256HkdfSha256;
type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
type PublicKey = <Kem as hpke::Kem>::PublicKey;

/// A P-256 key pair that others seal to. Wiped when dropped.
pub struct HpkeKey {
    private: PrivateKey,
    public: HpkePublicKey,
}

/// The uncompressed point `0x04 ‖ x ‖ y` of an [`HpkeKey`], known to be on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HpkePublicKey([u8; POINT_BYTES]);
base64url_text!(HpkePublicKey, as_bytes);

/// The bytes are not a usable P-256 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key")]
pub struct HpkeKeyError;

/// What was sealed does not open: another key, info or associated data, or other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unopened;

/// The sender's side of one exchange.
pub(crate) struct Sender {
    /// What the receiver needs to follow.
    pub(crate) enc: [u8; POINT_BYTES],
    context: AeadCtxS<AesGcm128, HkdfSha256, Kem>,
}

/// The receiver's side of one exchange.
pub(crate) struct Receiver(AeadCtxR<AesGcm128, HkdfSha256, Kem>);

impl HpkeKey {
    /// A new pair: `DeriveKeyPair` (RFC 9180 §7.1.3) of 32 random bytes.
    pub fn random(rng: &dyn Rng) -> Self {
        let (private, public) = Kem::gen_keypair_with_rng(&mut Drawn(rng));
        Self { private, public: HpkePublicKey(bytes_of(&public)) }
    }

    /// Takes the 32 bytes of [`to_bytes`](Self::to_bytes): a big-endian scalar, neither 0 nor beyond the group's order.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, HpkeKeyError> {
        let private = PrivateKey::from_bytes(bytes).map_err(|_| HpkeKeyError)?;
        let public = HpkePublicKey(bytes_of(&Kem::sk_to_pk(&private)));
        Ok(Self { private, public })
    }

    /// The private scalar, 32 bytes. Every call is a place where it could leak.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.private.write_exact(&mut *bytes);
        bytes
    }

    /// The half that others may see.
    pub fn public(&self) -> &HpkePublicKey {
        &self.public
    }

    /// `SetupBaseR`
    pub(crate) fn receive(
        &self,
        enc: &[u8; POINT_BYTES],
        info: &[u8],
    ) -> Result<Receiver, Unopened> {
        let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(enc).map_err(|_| Unopened)?;
        setup_receiver(&OpModeR::Base, &self.private, &enc, info)
            .map(Receiver)
            .map_err(|_| Unopened)
    }
}

impl HpkePublicKey {
    /// Length in bytes.
    pub const LEN: usize = POINT_BYTES;

    /// Takes 65 bytes that are an uncompressed point on P-256.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, HpkeKeyError> {
        let point: [u8; POINT_BYTES] = bytes.try_into().map_err(|_| HpkeKeyError)?;
        let [0x04, ..] = point else { return Err(HpkeKeyError) };
        PublicKey::from_bytes(&point).map_err(|_| HpkeKeyError)?;
        Ok(Self(point))
    }

    /// The 65 bytes.
    pub const fn as_bytes(&self) -> &[u8; POINT_BYTES] {
        &self.0
    }

    /// `SetupBaseS`. Draws 32 bytes, from which the ephemeral key is derived as in RFC 9180 §7.1.3.
    pub(crate) fn send(&self, info: &[u8], rng: &dyn Rng) -> Sender {
        let public = PublicKey::from_bytes(&self.0).expect("it was a key when this was made");
        let (enc, context) =
            setup_sender_with_rng::<_, _, Kem>(&OpModeS::Base, &public, info, &mut Drawn(rng))
                .expect("encapsulating to a point on the curve does not fail");
        Sender { enc: bytes_of(&enc), context }
    }
}

impl Sender {
    /// `context.Seal`: turns the plaintext in `buffer` into ciphertext and puts the tag behind it.
    pub(crate) fn seal(&mut self, aad: &[u8], buffer: &mut Vec<u8>) {
        let tag = self
            .context
            .seal_inout_detached(buffer.as_mut_slice().into(), aad)
            .expect("an exchange seals one message, of less than 64 GiB");
        buffer.extend_from_slice(&tag.to_bytes());
    }

    /// `context.Export`
    pub(crate) fn export<const N: usize>(&self, label: &[u8]) -> Zeroizing<[u8; N]> {
        let mut out = Zeroizing::new([0; N]);
        self.context.export(label, &mut *out).expect("nothing exported here is longer than a key");
        out
    }
}

impl Receiver {
    /// `context.Open`
    pub(crate) fn open(
        &mut self,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Unopened)?;
        let tag = AeadTag::from_bytes(tag).map_err(|_| Unopened)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        self.0
            .open_inout_detached(plaintext.as_mut_slice().into(), aad, &tag)
            .map_err(|_| Unopened)?;
        Ok(plaintext)
    }

    /// `context.Export`
    pub(crate) fn export<const N: usize>(&self, label: &[u8]) -> Zeroizing<[u8; N]> {
        let mut out = Zeroizing::new([0; N]);
        self.0.export(label, &mut *out).expect("nothing exported here is longer than a key");
        out
    }
}

impl fmt::Debug for HpkeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkeKey([redacted])")
    }
}

impl fmt::Debug for HpkePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HpkePublicKey(…)")
    }
}

fn bytes_of<const N: usize>(value: &impl Serializable) -> [u8; N] {
    let mut bytes = [0; N];
    value.write_exact(&mut bytes);
    bytes
}

/// Our randomness, as the HPKE library takes it.
struct Drawn<'a>(&'a dyn Rng);

impl TryRng for Drawn<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.0.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.0.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Drawn<'_> {}
