//! HPKE (RFC 9180) in base mode and in one suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM (protocol.md §11).

mod p256;

use std::{convert::Infallible, fmt};

use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _,
    aead::{AeadCtxR, AeadCtxS, AeadTag, AesGcm128},
    kdf::HkdfSha256,
    rand_core::{TryCryptoRng, TryRng},
    setup_receiver, setup_sender_with_rng,
};
use wax_kernel::Rng;
use zeroize::Zeroizing;

pub(crate) use self::p256::POINT_BYTES;
use self::p256::{DhKemP256, Point, PrivateKey};
use crate::secret::base64url_text;

/// Bytes that sealing adds to a plaintext.
pub(crate) const TAG_BYTES: usize = 16;

/// A P-256 key pair that others seal to. Wiped when dropped.
pub struct HpkeKey {
    private: PrivateKey,
    public: HpkePublicKey,
}

/// The uncompressed point `0x04 ‖ x ‖ y` of an [`HpkeKey`], known to be on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HpkePublicKey(Point);
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
    context: AeadCtxS<AesGcm128, HkdfSha256, DhKemP256>,
}

/// The receiver's side of one exchange.
pub(crate) struct Receiver(AeadCtxR<AesGcm128, HkdfSha256, DhKemP256>);

impl HpkeKey {
    /// A new pair: `DeriveKeyPair` (RFC 9180 §7.1.3) of 32 random bytes.
    pub fn random(rng: &dyn Rng) -> Self {
        DhKemP256::gen_keypair_with_rng(&mut Drawn(rng)).0.into()
    }

    /// Takes the 32 bytes of [`to_bytes`](Self::to_bytes): a big-endian scalar, neither 0 nor beyond the group's order.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, HpkeKeyError> {
        PrivateKey::from_bytes(bytes).map(Self::from).map_err(|_| HpkeKeyError)
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
        let enc = Point::from_bytes(enc).map_err(|_| Unopened)?;
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
        Point::from_bytes(bytes).map(Self).map_err(|_| HpkeKeyError)
    }

    /// The 65 bytes.
    pub const fn as_bytes(&self) -> &[u8; POINT_BYTES] {
        self.0.as_bytes()
    }

    /// `SetupBaseS`. Draws 32 bytes, from which the ephemeral key is derived as in RFC 9180 §7.1.3.
    pub(crate) fn send(&self, info: &[u8], rng: &dyn Rng) -> Sender {
        let (enc, context) = setup_sender_with_rng::<_, _, DhKemP256>(
            &OpModeS::Base,
            &self.0,
            info,
            &mut Drawn(rng),
        )
        .expect("encapsulating to a point on the curve does not fail");
        Sender { enc: *enc.as_bytes(), context }
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

impl From<PrivateKey> for HpkeKey {
    fn from(private: PrivateKey) -> Self {
        Self { public: HpkePublicKey(*private.public()), private }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    /// Gives the bytes it was given, each time.
    #[derive(Debug)]
    struct Script(Vec<u8>);

    impl Rng for Script {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0);
        }
    }

    /// RFC 9180 appendix A.3.1: what `SetupBaseS` of `ikmE` sends to the key of `ikmR`, and what both sides export.
    #[test]
    fn both_sides_give_the_values_of_rfc_9180() {
        let random = |ikm| HpkeKey::random(&Script(hex(ikm)));
        let key = random("668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
        let ephemeral =
            Script(hex("4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e"));
        let info = b"Ode on a Grecian Urn";
        let mut sender = key.public().send(info, &ephemeral);
        assert_eq!(
            sender.enc[..],
            hex(concat!(
                "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9b",
                "fcb9382657222d18c4"
            ))
        );
        let mut receiver = key.receive(&sender.enc, info).unwrap();
        let plaintext = b"Beauty is truth, truth beauty";
        for (aad, sealed) in [
            (
                "Count-0",
                "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
            ),
            (
                "Count-1",
                "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82",
            ),
            (
                "Count-2",
                "895cabfac50ce6c6eb02ffe6c048bf53b7f7be9a91fc559402cbc5b8dcaeb52b2ccc93e466c28fb55fed7a7fec",
            ),
        ] {
            let mut buffer = plaintext.to_vec();
            sender.seal(aad.as_bytes(), &mut buffer);
            assert_eq!(buffer, hex(sealed), "{aad}");
            assert_eq!(*receiver.open(aad.as_bytes(), &buffer).unwrap(), plaintext, "{aad}");
        }
        for (label, exported) in [
            (&b""[..], "5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d"),
            (&[0], "6cff87658931bda83dc857e6353efe4987a201b849658d9b047aab4cf216e796"),
            (b"TestContext", "d8f1ea7942adbba7412c6d431c62d01371ea476b823eb697e1f6e6cae1dab85a"),
        ] {
            assert_eq!(sender.export::<32>(label)[..], hex(exported), "{label:?}");
            assert_eq!(receiver.export::<32>(label)[..], hex(exported), "{label:?}");
        }
    }
}
