//! Byte strings on the wire: strict base64url.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use wax_kernel::{base64url_decode, base64url_encode};
use wax_model::{Invalid, Rule};

/// Bytes of any length, written as base64url without padding. Prints nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl Base64 {
    /// The bytes, if there are `min` to `max` of them.
    pub(super) fn within(self, field: &str, min: usize, max: usize) -> Result<Vec<u8>, Invalid> {
        if (min..=max).contains(&self.0.len()) {
            Ok(self.0)
        } else {
            Err(Invalid::new(field, Rule::Length { min: min as u64, max: max as u64 }))
        }
    }
}

impl std::fmt::Debug for Base64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        base64url_decode(&text).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64url_encode(&self.0))
    }
}
