//! How a tenant's pages look.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Invalid, Rule, text_enum::text_enum};

/// An sRGB colour, written `#rrggbb` in lower case and nothing else: the stylesheet's grammar has no room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(pub [u8; 3]);

impl TryFrom<String> for Color {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let rule = || Invalid::new("color", Rule::Form);
        let digits = text
            .strip_prefix('#')
            .filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = u32::from_str_radix(digits.ok_or_else(rule)?, 16).map_err(|_| rule())?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

text_enum! {
    /// How round corners are.
    Corners {
        /// Square corners.
        Square = "square",
        /// Slightly rounded corners.
        Soft = "soft",
        /// Round corners.
        Round = "round",
    }
}

text_enum! {
    /// Raster formats only: a vector image can carry scripts.
    LogoType {
        /// Portable Network Graphics.
        Png = "image/png",
        /// WebP.
        Webp = "image/webp",
    }
}

/// A logo, at most 256 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// The image format.
    pub content_type: LogoType,
    /// The image.
    pub bytes: Vec<u8>,
}

/// What visitors of a tenant's host see. Plain text only; where a text is empty, the page's own words stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    /// The organization's name.
    pub name: String,
    /// Buttons, links and marks.
    pub accent: Color,
    /// How round corners are.
    pub corners: Corners,
    /// A line above the button that opens a secret.
    pub before_open: String,
    /// A line below an opened secret.
    pub after_open: String,
    /// Where recipients may ask: an e-mail address or a URL, shown as text.
    pub support: String,
    /// `en` or `ja`, for visitors whose browser asks for neither.
    pub language: String,
    /// Shown on top, if there is one.
    #[serde(skip)]
    pub logo: Option<Logo>,
}

impl Brand {
    /// The look of a tenant that has set nothing but its name.
    pub fn plain(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            accent: Color([0x8f, 0x1d, 0x2c]),
            corners: Corners::Soft,
            before_open: String::new(),
            after_open: String::new(),
            support: String::new(),
            language: "en".into(),
            logo: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_hexadecimal_digits_and_nothing_else() {
        assert_eq!(Color::try_from(String::from("#8F1d2c")).unwrap().to_string(), "#8f1d2c");
        for bad in ["red", "#fff", "#8f1d2", "#+f1d2c", "#8f1d2c;", "url(x)", "8f1d2c", "#８f1d2c"]
        {
            assert!(Color::try_from(String::from(bad)).is_err(), "{bad}");
        }
    }
}
