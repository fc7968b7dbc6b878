//! SHA-256, HMAC and HKDF over labelled messages (protocol.md §1).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// `label(name)`: the ASCII bytes `waxseal/v1/<name>`.
macro_rules! label {
    ($name:literal) => {
        concat!("waxseal/v1/", $name).as_bytes()
    };
}
pub(crate) use label;

/// `H(x)`: SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA-256 of the parts, one after the other (RFC 2104).
pub(crate) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256, extract and expand (RFC 5869), written where the key will stay: 32 bytes, where nothing else is said.
pub(crate) fn hkdf<const N: usize>(ikm: &[u8], salt: &[u8], info: &[&[u8]], out: &mut [u8; N]) {
    let (mut prk, expander) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    prk.as_mut_slice().zeroize();
    expander
        .expand_multi_info(info, out)
        .expect("no key comes near the 8,160 bytes of HKDF-SHA-256");
}

/// The `u32be` length that `LP(x)` puts before `x`.
pub(crate) fn length_prefix(x: &[u8]) -> [u8; 4] {
    u32::try_from(x.len()).expect("nothing that is hashed here reaches 4 GiB").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    /// RFC 5869 appendix A: cases 1 and 3 with SHA-256, cut to the first 32 bytes.
    #[test]
    fn hkdf_gives_the_values_of_rfc_5869() {
        let mut out = [0; 32];
        let (salt, info) = (hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"));
        hkdf(&[0x0b; 22], &salt, &[&info[..4], &info[4..]], &mut out);
        assert_eq!(
            out[..],
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
        );
        hkdf(&[0x0b; 22], b"", &[], &mut out);
        assert_eq!(
            out[..],
            hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
        );
    }

    /// RFC 4231 test case 2 has a 4-byte key; HMAC pads keys with zeros, so 32 bytes give the same.
    #[test]
    fn hmac_gives_the_value_of_rfc_4231() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mac = hmac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            mac[..],
            hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
    }
}
