//! Fixed-length byte strings, a type each, so that one key is never used for another's purpose.

/// The bytes are not as many as this type holds, or the text is not their canonical base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {expected} bytes of base64url")]
pub struct BytesError {
    /// How many bytes the type holds.
    pub expected: usize,
}

/// A secret: redacted in `Debug`, compared in constant time, wiped when dropped, never cloned.
///
/// Boxed, so that moving the value moves a pointer and leaves no copy of the key behind on the stack.
macro_rules! secret_bytes {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        pub struct $name(Box<[u8; $len]>);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Takes exactly [`Self::LEN`] bytes.
            ///
            /// # Errors
            /// [`BytesError`](crate::BytesError) when there are more or fewer.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, crate::BytesError> {
                if bytes.len() != Self::LEN {
                    return Err(crate::BytesError { expected: Self::LEN });
                }
                Ok(Self::written_by(|own| own.copy_from_slice(bytes)))
            }

            /// The raw bytes. Every call is a place where they could leak.
            pub fn expose(&self) -> &[u8; $len] {
                &self.0
            }

            /// Lets `write` put the bytes where they will stay.
            fn written_by(write: impl FnOnce(&mut [u8; $len])) -> Self {
                let mut own = Self(Box::new([0; $len]));
                write(&mut own.0);
                own
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                zeroize::Zeroize::zeroize(&mut *self.0);
            }
        }

        impl zeroize::ZeroizeOnDrop for $name {}

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
            }
        }

        impl Eq for $name {}

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

/// Bytes that anybody may see and copy; compared in constant time all the same.
macro_rules! public_bytes {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Takes exactly these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Takes exactly [`Self::LEN`] bytes.
            ///
            /// # Errors
            /// [`BytesError`](crate::BytesError) when there are more or fewer.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, crate::BytesError> {
                bytes.try_into().map(Self).map_err(|_| crate::BytesError { expected: Self::LEN })
            }

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
            }
        }

        impl Eq for $name {}

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// Gives a byte string its text: base64url, read strictly, also through serde.
macro_rules! base64url_text {
    ($name:ident, $bytes:ident) => {
        impl $name {
            /// Reads canonical base64url of exactly [`Self::LEN`] bytes.
            ///
            /// # Errors
            /// [`BytesError`](crate::BytesError) for any other text.
            pub fn parse(text: &str) -> Result<Self, crate::BytesError> {
                let error = crate::BytesError { expected: Self::LEN };
                let bytes = wax_kernel::base64url_decode(text).map_err(|_| error)?;
                Self::from_slice(&zeroize::Zeroizing::new(bytes)).map_err(|_| error)
            }

            /// The bytes as base64url.
            pub fn to_base64url(&self) -> zeroize::Zeroizing<String> {
                zeroize::Zeroizing::new(wax_kernel::base64url_encode(self.$bytes()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_base64url())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use {base64url_text, public_bytes, secret_bytes};
