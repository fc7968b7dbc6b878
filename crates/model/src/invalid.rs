//! A value that breaks a rule, named so that a person or a program can mend it.

use std::fmt;

/// Which rule a value breaks, with the rule's numbers. Its words, per language, stand in the message catalogue under
/// `problems.rule.<code>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A length in characters: what people count.
    Characters {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// One of a fixed set of values.
    Choice,
    /// The same field stands there twice.
    Duplicate,
    /// So many in a list.
    Entries {
        /// Most.
        max: u64,
    },
    /// The right form: base64url of the right length, an id, text without control characters.
    Form,
    /// A length in bytes.
    Length {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// Known to the protocol, not offered by this server.
    NotOffered,
    /// Not more than the tenant's plan allows.
    Plan {
        /// Most, in the field's own unit.
        max: u64,
    },
    /// A number's range; for moments, milliseconds from now.
    Range {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
    },
    /// The field must be there.
    Required,
    /// The right JSON type.
    Type,
    /// Fields the protocol does not know are refused.
    Unknown,
}

impl Rule {
    /// The rule's name in problem documents and in the catalogue.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Characters { .. } => "characters",
            Self::Choice => "choice",
            Self::Duplicate => "duplicate",
            Self::Entries { .. } => "entries",
            Self::Form => "form",
            Self::Length { .. } => "length",
            Self::NotOffered => "not-offered",
            Self::Plan { .. } => "plan",
            Self::Range { .. } => "range",
            Self::Required => "required",
            Self::Type => "type",
            Self::Unknown => "unknown",
        }
    }

    /// The least and the most allowed, where the rule has them.
    pub const fn bounds(self) -> (Option<u64>, Option<u64>) {
        match self {
            Self::Characters { min, max }
            | Self::Length { min, max }
            | Self::Range { min, max } => (Some(min), Some(max)),
            Self::Entries { max } | Self::Plan { max } => (None, Some(max)),
            _ => (None, None),
        }
    }

    /// Tells the rule from the words of serde's own errors: serde names the field but has no codes.
    pub fn from_serde(message: &str) -> Self {
        [
            ("unknown field", Self::Unknown),
            ("missing field", Self::Required),
            ("duplicate field", Self::Duplicate),
            ("unknown variant", Self::Choice),
            ("invalid type", Self::Type),
            ("invalid value", Self::Type),
        ]
        .into_iter()
        .find_map(|(words, rule)| message.starts_with(words).then_some(rule))
        .unwrap_or(Self::Form)
    }
}

/// A field and the rule it breaks. Becomes an `invalid` problem (422).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Where: a JSON member's name, with dots for nested ones.
    pub field: String,
    /// Which rule.
    pub rule: Rule,
}

impl Invalid {
    /// Names the field and the rule.
    pub fn new(field: impl Into<String>, rule: Rule) -> Self {
        Self { field: field.into(), rule }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} breaks the rule {}", self.field, self.rule.code())
    }
}

impl std::error::Error for Invalid {}

/// Most characters of a field's name in an answer.
const FIELD_CHARS: usize = 64;

/// The field that an error of serde names between backticks, below `parent`.
pub(crate) fn serde_field(parent: &str, message: &str) -> String {
    let named = message.split('`').nth(1).filter(|_| message.contains(" field `"));
    // An unknown field has any name that the caller likes.
    let cut = |name: &str| name.chars().take(FIELD_CHARS).collect::<String>();
    named.map_or_else(|| parent.to_owned(), |name| format!("{parent}.{}", cut(name)))
}
