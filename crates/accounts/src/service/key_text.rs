//! The text of an API key: what a program shows, and what a scanner of leaked secrets recognises without asking anybody.

use wax_httpkit::auth::{BearerHash, KEY_PREFIX, bearer_hash};
use wax_kernel::{Redacted, Rng};

/// Base62, in the order of ASCII.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Random characters: 190 bits.
const RANDOM: usize = 32;
/// Characters of the checksum: 62⁶ > 2³².
const CHECK: usize = 6;
/// Characters by which people recognise a key in a list: the prefix and four more.
const HINT: usize = 8;

/// `wxk_`, 32 random characters, and 6 of their CRC-32. Never printed; the database has its hash.
#[derive(Debug, Clone)]
pub(crate) struct KeyText(Redacted<String>);

impl KeyText {
    /// A new one.
    pub(super) fn random(rng: &dyn Rng) -> Self {
        let mut text = KEY_PREFIX.to_owned();
        while text.len() < KEY_PREFIX.len() + RANDOM {
            // 248 is the last multiple of 62 in a byte: beyond it, some characters would be more likely than others.
            let fair = rng.bytes::<32>().into_iter().filter(|byte| *byte < 248);
            let left = KEY_PREFIX.len() + RANDOM - text.len();
            text.extend(fair.take(left).map(|byte| digit(u32::from(byte))));
        }
        text.push_str(&check(&text));
        Self(Redacted::new(text))
    }

    /// The text. Every call is a place where it could leak.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn hint(&self) -> String {
        self.expose().chars().take(HINT).collect()
    }

    pub(super) fn hash(&self) -> BearerHash {
        bearer_hash(self.expose())
    }
}

/// The checksum of what stands before it, most significant digit first.
fn check(text: &str) -> String {
    let mut left = crc32(text.as_bytes());
    let mut digits = [char::from(DIGITS[0]); CHECK];
    for place in digits.iter_mut().rev() {
        *place = digit(left);
        left /= 62;
    }
    digits.iter().collect()
}

fn digit(number: u32) -> char {
    char::from(DIGITS[(number % 62) as usize])
}

/// CRC-32/ISO-HDLC (ITU-T V.42, as in zip and gzip).
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use wax_kernel::{SeededRng, SystemRng};

    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_everybody_has() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(check(""), "000000");
    }

    #[test]
    fn a_key_is_recognisable_and_a_mistyped_one_too() {
        let key = KeyText::random(&SystemRng);
        let (body, sum) = key.expose().split_at(KEY_PREFIX.len() + RANDOM);
        assert_eq!((sum.len(), sum), (CHECK, &*check(body)));
        assert!(
            body.starts_with("wxk_") && body.bytes().skip(4).all(|b| b.is_ascii_alphanumeric())
        );
        let mistyped =
            format!("{}{}", &body[..body.len() - 1], if body.ends_with('a') { 'b' } else { 'a' });
        assert_ne!(check(&mistyped), sum);
        assert_eq!(key.hint(), &key.expose()[..8]);
    }

    #[test]
    fn no_two_keys_are_alike_and_none_is_printed() {
        let rng = SeededRng::new(7);
        let (one, other) = (KeyText::random(&rng), KeyText::random(&rng));
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(&one.expose()[4..]));
    }
}
