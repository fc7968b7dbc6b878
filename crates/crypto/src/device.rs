//! Devices: a P-256 key pair made for one secret (protocol.md §5).

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
        ParsedPublicKey,
    },
};
use wax_kernel::base64url_encode;
use zeroize::Zeroizing;

use crate::{
    derive::sha256,
    secret::{base64url_text, public_bytes},
};

/// Bytes of an ECDSA signature: `r ‖ s`.
pub const SIGNATURE_BYTES: usize = 64;

const PUBLIC_BYTES: usize = 65;

/// A device's key pair. One per secret: one for all would link a recipient's secrets to each other.
pub struct DeviceKey {
    pair: EcdsaKeyPair,
    public: DevicePublicKey,
}

/// The uncompressed point `0x04 ‖ x ‖ y` of a device's key, known to be on the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DevicePublicKey([u8; PUBLIC_BYTES]);
base64url_text!(DevicePublicKey, as_bytes);

public_bytes!(
    /// Names a device: RFC 7638 over its public key, SHA-256.
    Thumbprint, 32
);
base64url_text!(Thumbprint, as_bytes);

/// The bytes are not a usable P-256 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key")]
pub struct DeviceKeyError;

/// The signature is not this device's signature of this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct VerifyError;

impl DeviceKey {
    /// Makes a new pair, from the cryptography library's own generator: it takes no other.
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .expect("making a P-256 key fails only without memory or randomness");
        Self::from_pair(pair).expect("a pair that was just made has a point on the curve")
    }

    /// Reads PKCS #8 (RFC 5208), as [`to_pkcs8`](Self::to_pkcs8) and WebCrypto write it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, DeviceKeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map_err(|_| DeviceKeyError)?;
        Self::from_pair(pair)
    }

    fn from_pair(pair: EcdsaKeyPair) -> Result<Self, DeviceKeyError> {
        let public = DevicePublicKey::from_slice(pair.public_key().as_ref())?;
        Ok(Self { pair, public })
    }

    /// The pair as PKCS #8 DER, for a file that only its owner can read.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let document = self.pair.to_pkcs8v1().expect("a P-256 pair always has a PKCS #8 form");
        Zeroizing::new(document.as_ref().to_vec())
    }

    /// The half that the server may see.
    pub fn public(&self) -> &DevicePublicKey {
        &self.public
    }

    /// Signs a message: ECDSA over SHA-256, `r ‖ s`, 32 bytes each. Random: two signatures of one message differ.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let signature = self
            .pair
            .sign_digest(&digest(&SHA256, message))
            .expect("signing with a valid pair fails only without memory or randomness");
        signature.as_ref().try_into().expect("the fixed encoding of P-256 has 64 bytes")
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey([redacted])")
    }
}

impl fmt::Debug for DevicePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevicePublicKey(…)")
    }
}

impl DevicePublicKey {
    /// Length in bytes.
    pub const LEN: usize = PUBLIC_BYTES;

    /// Takes 65 bytes that are an uncompressed point on P-256.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DeviceKeyError> {
        let point: [u8; PUBLIC_BYTES] = bytes.try_into().map_err(|_| DeviceKeyError)?;
        let [0x04, ..] = point else { return Err(DeviceKeyError) };
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).map_err(|_| DeviceKeyError)?;
        Ok(Self(point))
    }

    /// The 65 bytes.
    pub const fn as_bytes(&self) -> &[u8; PUBLIC_BYTES] {
        &self.0
    }

    /// RFC 7638 §3: SHA-256 of the required members, sorted, without white space.
    pub fn thumbprint(&self) -> Thumbprint {
        let (x, y) = self.as_bytes()[1..].split_at(32);
        let (x, y) = (base64url_encode(x), base64url_encode(y));
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Thumbprint::from_bytes(sha256(&[jwk.as_bytes()]))
    }

    /// Whether this device signed `message`.
    pub fn verify(
        &self,
        message: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<(), VerifyError> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.as_bytes())
            .map_err(|_| VerifyError)?
            .verify_sig(message, signature)
            .map_err(|_| VerifyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key pair of RFC 7515 appendix A.3.1.
    const RFC_7515_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const RFC_7515_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn rfc_7515_point() -> Vec<u8> {
        let coordinate = |text| wax_kernel::base64url_decode(text).unwrap();
        [vec![0x04], coordinate(RFC_7515_X), coordinate(RFC_7515_Y)].concat()
    }

    /// The same with the tools of RFC 7638 §3.1 written out: `jq -cS | openssl dgst -sha256`.
    #[test]
    fn a_thumbprint_hashes_the_required_members_in_order() {
        let public = DevicePublicKey::from_slice(&rfc_7515_point()).unwrap();
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{RFC_7515_X}","y":"{RFC_7515_Y}"}}"#);
        assert_eq!(public.thumbprint().as_bytes(), &sha256(&[jwk.as_bytes()]));
        assert_eq!(
            *public.thumbprint().to_base64url(),
            "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
        );
    }

    /// RFC 7515 appendix A.3.1: the signature of a JWS.
    #[test]
    fn a_published_signature_verifies() {
        let public = DevicePublicKey::from_slice(&rfc_7515_point()).unwrap();
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
                       cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = wax_kernel::base64url_decode(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        let signature: [u8; 64] = signature.unwrap().try_into().unwrap();
        assert_eq!(public.verify(message.as_bytes(), &signature), Ok(()));
        assert_eq!(public.verify(&message.as_bytes()[1..], &signature), Err(VerifyError));
    }

    #[test]
    fn a_key_survives_its_file() {
        let device = DeviceKey::generate();
        let again = DeviceKey::from_pkcs8(&device.to_pkcs8()).unwrap();
        assert_eq!(again.public(), device.public());
        assert_eq!(device.public().verify(b"message", &again.sign(b"message")), Ok(()));
        assert!(DeviceKey::from_pkcs8(&device.to_pkcs8()[1..]).is_err());
    }

    #[test]
    fn two_devices_differ() {
        assert_ne!(
            DeviceKey::generate().public().thumbprint(),
            DeviceKey::generate().public().thumbprint()
        );
    }

    #[test]
    fn only_uncompressed_points_on_the_curve_are_keys() {
        let good = rfc_7515_point();
        let off_curve = {
            let mut point = good.clone();
            point[64] ^= 1;
            point
        };
        let compressed = [&[0x03], &good[1..33]].concat();
        let hybrid = [&[0x07], &good[1..]].concat();
        for bytes in [off_curve, compressed, hybrid, vec![0x04; 65], vec![0; 65], vec![0], vec![]] {
            assert_eq!(DevicePublicKey::from_slice(&bytes), Err(DeviceKeyError));
        }
    }

    #[test]
    fn a_key_pair_is_never_printed_by_debug() {
        assert_eq!(format!("{:?}", DeviceKey::generate()), "DeviceKey([redacted])");
    }
}
