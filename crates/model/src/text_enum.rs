//! Enums that are text in the database and in JSON.

/// A stored text is none of the enum's names: the row was written by something newer, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what}")]
pub struct UnknownText {
    /// Which enum was expected.
    pub what: &'static str,
}

/// Declares an enum with one text per variant, used by SQL, JSON and tests alike.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        /// As its text in every format: a derived writer gives formats that are not for people a number.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        /// From a text alone: a derived reader would take `{"<text>":null}` as well, which no other reader does.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                let unknown = |_| serde::de::Error::unknown_variant(&text, &[$($text),+]);
                Self::parse(&text).map_err(unknown)
            }
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The text in columns and JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Reads the text back.
            pub fn parse(text: &str) -> Result<Self, $crate::UnknownText> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownText { what: stringify!($name) }),
                }
            }
        }
    };
}

pub(crate) use text_enum;
