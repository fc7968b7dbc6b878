//! Idempotency keys: what is asked twice is done once.

use sha2::{Digest as _, Sha256};
use wax_kernel::base64url_encode;

/// A key that follows from what is asked: the same parts, the same key. Stripe forgets it after a day, and answers the same as
/// before until then; so the parts name the state that the request was made in, too.
pub(super) fn once(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that no two lists of parts are one text.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    base64url_encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_from_its_parts_and_where_each_ends() {
        assert_eq!(once(&["a", "b"]), once(&["a", "b"]));
        for other in [&["ab"][..], &["a", "b", ""], &["", "ab"], &["b", "a"]] {
            assert_ne!(once(&["a", "b"]), once(other), "{other:?}");
        }
    }
}
