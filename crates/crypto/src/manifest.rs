//! The manifest of a text: what a sealed text looks like before it is sealed (protocol.md §4 "Manifest").

use wax_kernel::Redacted;
use zeroize::Zeroizing;

/// Longest text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = MAX_PLAINTEXT_BYTES - LENGTH_BYTES - 1;
/// Bytes of the largest manifest.
const MAX_PLAINTEXT_BYTES: usize = 1 << 20;
/// Bytes of the smallest manifest.
const MIN_PLAINTEXT_BYTES: usize = 1_024;

const LENGTH_BYTES: usize = 4;
const TYPE_TEXT: u8 = 0x01;

/// The text has no byte, or more than [`MAX_TEXT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not 1 to {MAX_TEXT_BYTES} bytes long")]
pub struct TextLengthError;

/// Opened bytes that are not the manifest of a text: its sender did not follow the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the manifest of a text")]
pub struct ManifestError;

/// `u32be(length of body) ‖ u8(0x01) ‖ text ‖ zeros`
pub(crate) fn encode(text: &str) -> Result<Zeroizing<Vec<u8>>, TextLengthError> {
    if text.is_empty() || text.len() > MAX_TEXT_BYTES {
        return Err(TextLengthError);
    }
    let body_bytes = u32::try_from(1 + text.len()).expect("a text is at most 1 MiB");
    let mut plaintext = Zeroizing::new(Vec::with_capacity(padded_bytes(1 + text.len())));
    plaintext.extend_from_slice(&body_bytes.to_be_bytes());
    plaintext.push(TYPE_TEXT);
    plaintext.extend_from_slice(text.as_bytes());
    plaintext.resize(padded_bytes(1 + text.len()), 0);
    Ok(plaintext)
}

/// Reads a manifest: the padding has to be the one that [`encode`] makes.
pub(crate) fn decode(plaintext: &[u8]) -> Result<Redacted<String>, ManifestError> {
    let (length, rest) = plaintext.split_first_chunk().ok_or(ManifestError)?;
    let body_bytes = u32::from_be_bytes(*length) as usize;
    let (body, zeros) = rest.split_at_checked(body_bytes).ok_or(ManifestError)?;
    let padded_right = plaintext.len() <= MAX_PLAINTEXT_BYTES
        && plaintext.len() == padded_bytes(body_bytes)
        && zeros.iter().all(|byte| *byte == 0);
    match body {
        [TYPE_TEXT, text @ ..] if padded_right && !text.is_empty() => {
            let text = std::str::from_utf8(text).map_err(|_| ManifestError)?;
            Ok(Redacted::new(text.to_owned()))
        }
        _ => Err(ManifestError),
    }
}

/// Bytes of the plaintext that holds a body of `body_bytes`: `max(1024, padme(4 + length of body))`.
pub fn padded_bytes(body_bytes: usize) -> usize {
    padme(LENGTH_BYTES + body_bytes).max(MIN_PLAINTEXT_BYTES)
}

/// The next size that keeps only as many leading bits as it takes to write the exponent; at most 12 % more than
/// `length`, which is at least 2.
///
/// Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019, §4.
fn padme(length: usize) -> usize {
    let exponent = length.ilog2();
    let kept_bits = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept_bits)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_allowed_length_reads_back() {
        for length in [1, 1_019, 1_020, 65_536, MAX_TEXT_BYTES] {
            let text = "x".repeat(length);
            assert_eq!(decode(&encode(&text).unwrap()).unwrap().expose(), &text);
        }
        assert_eq!(encode("").unwrap_err(), TextLengthError);
        assert_eq!(encode(&"x".repeat(MAX_TEXT_BYTES + 1)).unwrap_err(), TextLengthError);
        assert_eq!(encode(&"x".repeat(MAX_TEXT_BYTES)).unwrap().len(), MAX_PLAINTEXT_BYTES);
    }

    #[test]
    fn padding_grows_in_the_published_steps() {
        for (body, padded) in
            [(1, 1_024), (1_020, 1_024), (1_021, 1_088), (1_084, 1_088), (1_085, 1_152)]
        {
            assert_eq!(padded_bytes(body), padded, "{body}");
        }
    }

    #[test]
    fn only_the_one_encoding_of_a_text_is_read() {
        let good = encode("secret").unwrap();
        let broken = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.to_vec();
            change(&mut bytes);
            assert_eq!(decode(&bytes), Err(ManifestError));
        };
        broken(&|bytes| *bytes.last_mut().unwrap() = 1);
        broken(&|bytes| bytes.truncate(1_023));
        broken(&|bytes| bytes.push(0));
        broken(&|bytes| bytes.extend([0; 64]));
        broken(&|bytes| bytes[3] = 6);
        broken(&|bytes| bytes[0] = 0xff);
        broken(&|bytes| bytes[4] = 2);
        broken(&|bytes| bytes[5] = 0xff);
        broken(&|bytes| bytes.truncate(3));
        let mut empty = vec![0; 1_024];
        empty[3..5].copy_from_slice(&[1, TYPE_TEXT]);
        assert_eq!(decode(&empty), Err(ManifestError));
    }
}
