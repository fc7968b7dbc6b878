//! DHKEM(P-256, HKDF-SHA256) (RFC 9180 §4.1, §7.1) for the HPKE library, with the curve's arithmetic in AWS-LC: the
//! library's own is portable, and several times as dear (docs/adr/0014).

use std::sync::Arc;

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ParsedPublicKey, UnparsedPublicKey},
    encoding::{AsBigEndian as _, EcPrivateKeyBin},
};
use hpke::{
    Deserializable, HpkeError, Kem, Serializable,
    hybrid_array::typenum::{U32, U65},
    kdf::{HkdfSha256, Kdf as _},
    kem::SharedSecret,
    rand_core::CryptoRng,
};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize as _;

/// Bytes of a [`Point`].
pub(crate) const POINT_BYTES: usize = 65;
/// How an uncompressed point begins (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 0x04;

/// The KEM, in base mode only: it has no way to authenticate a sender.
pub(super) struct DhKemP256;

/// `"KEM" ‖ u16be(KEM_ID)` (RFC 9180 §4.1)
const SUITE_ID: [u8; 5] = {
    let [high, low] = DhKemP256::KEM_ID.to_be_bytes();
    [b'K', b'E', b'M', high, low]
};

/// `0x04 ‖ x ‖ y`, known to be on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point([u8; POINT_BYTES]);

/// A scalar that is neither 0 nor beyond the group's order, and its point, which costs a multiplication to find again.
/// AWS-LC wipes the scalar when the last clone is dropped.
#[derive(Clone)]
pub(super) struct PrivateKey {
    scalar: Arc<agreement::PrivateKey>,
    public: Point,
}

impl Point {
    pub(super) const fn as_bytes(&self) -> &[u8; POINT_BYTES] {
        &self.0
    }
}

impl PrivateKey {
    /// The point that others seal to.
    pub(super) const fn public(&self) -> &Point {
        &self.public
    }

    /// `ExtractAndExpand(DH(self, peer), enc ‖ receiver)` (RFC 9180 §4.1). `None` if AWS-LC refuses the peer's point.
    fn agree(
        &self,
        peer: &Point,
        enc: &Point,
        receiver: &Point,
    ) -> Option<SharedSecret<DhKemP256>> {
        let kem_context = [enc.0, receiver.0].concat();
        let peer = UnparsedPublicKey::new(&ECDH_P256, &peer.0);
        agreement::agree(&self.scalar, peer, (), |dh| {
            let mut shared = SharedSecret::default();
            HkdfSha256::extract_and_expand(dh, &SUITE_ID, &kem_context, &mut shared.0)
                .map_err(drop)?;
            Ok(shared)
        })
        .ok()
    }
}

impl Kem for DhKemP256 {
    type PublicKey = Point;
    type PrivateKey = PrivateKey;
    type EncappedKey = Point;
    type NSecret = U32;

    const KEM_ID: u16 = 0x0010;

    fn sk_to_pk(key: &PrivateKey) -> Point {
        key.public
    }

    /// `DeriveKeyPair` (RFC 9180 §7.1.3)
    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, Point) {
        let key = (0..=u8::MAX).find_map(|counter| {
            let mut candidate =
                HkdfSha256::derive_nistp_sk_eph_bytes::<U32>(&SUITE_ID, ikm, counter);
            let key = PrivateKey::from_bytes(&candidate);
            candidate.as_mut_slice().zeroize();
            key.ok()
        });
        let key = key.expect("one candidate in 2^32 is no scalar, and there are 256 of them");
        let public = key.public;
        (key, public)
    }

    fn encap_with_rng(
        receiver: &Point,
        sender: Option<(&PrivateKey, &Point)>,
        rng: &mut impl CryptoRng,
    ) -> Result<(SharedSecret<Self>, Point), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let (ephemeral, enc) = Self::gen_keypair_with_rng(rng);
        let shared = ephemeral.agree(receiver, &enc, receiver).ok_or(HpkeError::EncapError)?;
        Ok((shared, enc))
    }

    fn decap(
        receiver: &PrivateKey,
        sender: Option<&Point>,
        enc: &Point,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::DecapError);
        }
        receiver.agree(enc, enc, &receiver.public).ok_or(HpkeError::DecapError)
    }
}

impl Serializable for Point {
    type OutputSize = U65;

    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

impl Deserializable for Point {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let point: [u8; POINT_BYTES] = bytes
            .try_into()
            .map_err(|_| HpkeError::IncorrectInputLength(POINT_BYTES, bytes.len()))?;
        // AWS-LC reads other encodings too.
        if point[0] != UNCOMPRESSED {
            return Err(HpkeError::ValidationError);
        }
        ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, &point))
            .map_err(|_| HpkeError::ValidationError)?;
        Ok(Self(point))
    }
}

impl Serializable for PrivateKey {
    type OutputSize = U32;

    fn write_exact(&self, buffer: &mut [u8]) {
        let scalar: EcPrivateKeyBin<'_> =
            self.scalar.as_be_bytes().expect("a P-256 key gives its scalar out");
        buffer.copy_from_slice(scalar.as_ref());
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        let scalar = agreement::PrivateKey::from_private_key(&ECDH_P256, bytes)
            .map_err(|_| HpkeError::ValidationError)?;
        let public = scalar.compute_public_key().expect("a P-256 key has a point");
        let point = public.as_ref().try_into().expect("AWS-LC gives points out uncompressed");
        Ok(Self { scalar: Arc::new(scalar), public: Point(point) })
    }
}

/// Keys are equal when their points are.
impl ConstantTimeEq for PrivateKey {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.public.0.ct_eq(&other.public.0)
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SystemRng;

    use super::{super::Drawn, *};

    #[test]
    fn a_sender_who_should_be_authenticated_is_refused() {
        let (key, point) = DhKemP256::derive_keypair(&[1; 32]);
        let sent = DhKemP256::encap_with_rng(&point, Some((&key, &point)), &mut Drawn(&SystemRng));
        assert_eq!(sent.err(), Some(HpkeError::EncapError));
        let received = DhKemP256::decap(&key, Some(&point), &point);
        assert_eq!(received.err(), Some(HpkeError::DecapError));
    }
}
