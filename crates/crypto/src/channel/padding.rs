//! Padding that hides all but the size in KiB: `u32be(length of body) ‖ body ‖ zeros`.

use zeroize::Zeroizing;

use super::ChannelError;

const LENGTH_BYTES: usize = 4;
pub(super) const STEP: usize = 1_024;

/// Bytes of the plaintext that holds a body of `body_bytes`: the next multiple of 1,024.
pub const fn padded_bytes(body_bytes: usize) -> usize {
    (LENGTH_BYTES + body_bytes).next_multiple_of(STEP)
}

/// Makes the plaintext of a body, with room for the tag behind it, so that sealing does not move it.
pub(super) fn pad(body: &[u8], tag_bytes: usize) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(body.len()).expect("nobody sends 4 GiB through the channel");
    let bytes = padded_bytes(body.len());
    let mut plaintext = Zeroizing::new(Vec::with_capacity(bytes + tag_bytes));
    plaintext.extend_from_slice(&length.to_be_bytes());
    plaintext.extend_from_slice(body);
    plaintext.resize(bytes, 0);
    plaintext
}

/// The body in a plaintext, which has to be the one that [`pad`] makes of it. Stays in its place in memory.
pub(super) fn unpad(mut plaintext: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, ChannelError> {
    let (length, rest) = plaintext.split_first_chunk().ok_or(ChannelError)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (_, zeros) = rest.split_at_checked(length).ok_or(ChannelError)?;
    if plaintext.len() != padded_bytes(length) || zeros.iter().any(|byte| *byte != 0) {
        return Err(ChannelError);
    }
    plaintext.copy_within(LENGTH_BYTES..LENGTH_BYTES + length, 0);
    plaintext.truncate(length);
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_any_length_reads_back_from_whole_kibibytes() {
        for (body, padded) in
            [(0, 1_024), (1, 1_024), (1_020, 1_024), (1_021, 2_048), (2_044, 2_048), (2_045, 3_072)]
        {
            let bytes = vec![7; body];
            let plaintext = pad(&bytes, 16);
            assert_eq!((plaintext.len(), padded_bytes(body)), (padded, padded), "{body}");
            assert_eq!(*unpad(plaintext).unwrap(), bytes);
        }
    }

    #[test]
    fn only_the_one_padding_of_a_body_is_read() {
        let broken = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut plaintext = pad(b"body", 0);
            change(&mut plaintext);
            assert_eq!(unpad(plaintext), Err(ChannelError));
        };
        broken(&|bytes| *bytes.last_mut().unwrap() = 1);
        broken(&|bytes| bytes[3] = 3);
        broken(&|bytes| bytes[0] = 0xff);
        broken(&|bytes| bytes.truncate(1_023));
        broken(&|bytes| bytes.truncate(8));
        broken(&|bytes| bytes.truncate(3));
        broken(&|bytes| bytes.resize(2_048, 0));
    }
}
