//! A value that breaks a rule, named so that a person can mend it.

/// A field and the rule it breaks. Becomes an `invalid` problem (422).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// Where: a JSON member's name, with dots for nested ones.
    pub field: String,
    /// The rule in short technical English, with its numbers: `must be 1 to 1000`.
    pub rule: String,
}

impl Invalid {
    /// Names the field and the rule.
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { field: field.into(), rule: rule.into() }
    }
}
