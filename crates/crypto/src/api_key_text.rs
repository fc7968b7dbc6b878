//! The text of an API key: what a program shows, and what a scanner of leaked secrets recognises without asking anybody
//! (accounts.md §3).

use wax_kernel::{Redacted, Rng};

/// Base62, in the order of ASCII.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Random characters: 190 bits.
const RANDOM: usize = 32;
/// Characters of the checksum: 62⁶ > 2³².
const CHECK: usize = 6;
/// Characters by which people recognise a key in a list: the prefix and four more.
const HINT: usize = 8;

/// `wxk_`, 32 random characters, and 6 of their CRC-32. Never printed.
#[derive(Debug, Clone)]
pub struct ApiKeyText(Redacted<String>);

/// Why a text is not that of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyTextError {
    /// Another prefix, length or alphabet.
    #[error("not an API key")]
    Form,
    /// The form of a key, and another checksum: characters were changed or lost.
    #[error("the checksum does not match")]
    Checksum,
}

impl ApiKeyText {
    /// What every key starts with.
    pub const PREFIX: &str = "wxk_";

    /// A new one.
    pub fn random(rng: &dyn Rng) -> Self {
        let mut text = Self::PREFIX.to_owned();
        while text.len() < Self::PREFIX.len() + RANDOM {
            // 248 is the last multiple of 62 in a byte: beyond it, some characters would be more likely than others.
            let fair = rng.bytes::<32>().into_iter().filter(|byte| *byte < 248);
            let left = Self::PREFIX.len() + RANDOM - text.len();
            text.extend(fair.take(left).map(|byte| digit(u32::from(byte))));
        }
        text.push_str(&check(&text));
        Self(Redacted::new(text))
    }

    /// Reads one. That a key has the right checksum does not say that it opens anything.
    pub fn parse(text: &str) -> Result<Self, ApiKeyTextError> {
        let body = text.strip_prefix(Self::PREFIX).ok_or(ApiKeyTextError::Form)?;
        let is_base62 = body.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if body.len() != RANDOM + CHECK || !is_base62 {
            return Err(ApiKeyTextError::Form);
        }
        let (before, sum) = text.split_at(text.len() - CHECK);
        if check(before) != sum {
            return Err(ApiKeyTextError::Checksum);
        }
        Ok(Self(Redacted::new(text.to_owned())))
    }

    /// The text. Every call is a place where it could leak.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The first characters, by which people recognise it.
    pub fn hint(&self) -> String {
        self.expose().chars().take(HINT).collect()
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
        let key = ApiKeyText::random(&SystemRng);
        let text = key.expose();
        assert_eq!(ApiKeyText::parse(text).unwrap().expose(), text);
        assert_eq!(key.hint(), &text[..8]);
        for at in 4..text.len() {
            let other = if &text[at..=at] == "a" { 'b' } else { 'a' };
            let mistyped = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(ApiKeyText::parse(&mistyped).unwrap_err(), ApiKeyTextError::Checksum);
        }
    }

    #[test]
    fn what_is_no_key_is_told_from_a_mistyped_one() {
        let key = ApiKeyText::random(&SystemRng);
        let text = key.expose();
        let (cut, longer) = (&text[..text.len() - 1], format!("{text}0"));
        let (session, spoilt) = (text.replace("wxk_", "wxs_"), text.replace("wxk_", "wxk_-"));
        for other in ["", "wxk_", cut, &longer, &session, &spoilt] {
            assert_eq!(ApiKeyText::parse(other).unwrap_err(), ApiKeyTextError::Form, "{other}");
        }
    }

    #[test]
    fn no_two_keys_are_alike_and_none_is_printed() {
        let rng = SeededRng::new(7);
        let (one, other) = (ApiKeyText::random(&rng), ApiKeyText::random(&rng));
        assert_ne!(one.expose(), other.expose());
        assert!(!format!("{one:?}").contains(&one.expose()[4..]));
    }
}
