//! One message: a sentence, or a sentence per plural category.

use serde::Deserialize;

use crate::Lang;

/// A message as the catalogues write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// One sentence for all.
    Plain(String),
    /// A sentence per plural category of `{count}`.
    Plural {
        /// For "one", in languages that have it.
        one: Option<String>,
        /// For everything else.
        other: String,
    },
}

/// A value for a `{name}`.
pub trait Value {
    /// As it is written in the sentence.
    fn write(&self) -> String;
    /// As a count, if it is one.
    fn count(&self) -> Option<u64> {
        None
    }
}

impl Value for str {
    fn write(&self) -> String {
        self.to_owned()
    }
}

impl Value for &str {
    fn write(&self) -> String {
        (*self).to_owned()
    }
}

impl Value for String {
    fn write(&self) -> String {
        self.clone()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn write(&self) -> String {
                grouped(u64::from(*self))
            }

            fn count(&self) -> Option<u64> {
                Some(u64::from(*self))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64);

impl Message {
    /// Puts values into the message. A `{name}` without a value stays as it is.
    pub fn format(&self, lang: Lang, values: &[(&str, &dyn Value)]) -> String {
        let sentence = self.sentence(lang, values);
        let mut out = String::with_capacity(sentence.len() + 32);
        let mut rest = sentence;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let (name, place) = placeholder(rest).unwrap_or(("", 1));
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => out.push_str(&value.write()),
                None => out.push_str(&rest[..place]),
            }
            rest = &rest[place..];
        }
        out.push_str(rest);
        out
    }

    /// Every form there is.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::Plain(text) => (None, text),
            Self::Plural { one, other } => (one.as_deref(), other),
        };
        one.into_iter().chain([other.as_str()])
    }

    fn sentence(&self, lang: Lang, values: &[(&str, &dyn Value)]) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Plural { one, other } => {
                let count =
                    values.iter().find(|(name, _)| *name == "count").and_then(|(_, v)| v.count());
                one.as_ref().filter(|_| lang.has_one() && count == Some(1)).unwrap_or(other)
            }
        }
    }
}

impl Lang {
    /// Whether exactly 1 has a plural category of its own. Source: Unicode CLDR, plural rules.
    const fn has_one(self) -> bool {
        matches!(self, Self::En)
    }
}

/// The name in a `{name}` at the start of `text`, and the bytes it takes there with its braces.
fn placeholder(text: &str) -> Option<(&str, usize)> {
    let end = text.find('}')?;
    let name = &text[1..end];
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .then_some((name, end + 1))
}

/// Thousands apart by commas: what both languages do.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
