//! base64url without padding, read strictly (RFC 4648 §5; protocol.md "Conventions").

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// One byte string has exactly one text: padding and non-zero trailing bits are refused,
/// otherwise two different links would name the same secret.
const STRICT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// The text is not canonical unpadded base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct Base64UrlError;

/// Encodes without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STRICT.encode(bytes)
}

/// Decodes the one canonical text of a byte string.
///
/// # Errors
/// [`Base64UrlError`] for padding, white space, characters outside the alphabet or trailing bits that are not zero.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    STRICT.decode(text).map_err(|_| Base64UrlError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_is_read() {
        assert_eq!(decode("AA").unwrap(), [0]);
        for bad in ["AA==", "AB", "A", "A+", "A/", "AA\n", " AA"] {
            assert_eq!(decode(bad), Err(Base64UrlError), "{bad:?}");
        }
    }
}
