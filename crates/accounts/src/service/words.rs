//! Texts that people give.

use serde::{Deserialize, Serialize};
use wax_kernel::is_invisible;
use wax_model::{Invalid, Rule};

/// Most characters of a name.
const MAX_CHARS: usize = 80;

/// What a person, a device or an organization is called: 1 to 80 characters, none of which controls or hides anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// Reads one; spaces around it are not part of it.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let chars = text.chars().count();
        if !(1..=MAX_CHARS).contains(&chars) {
            let rule = Rule::Characters { min: 1, max: MAX_CHARS as u64 };
            return Err(Invalid::new(field, rule));
        }
        let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
        if text.chars().any(|c| c.is_control() || is_invisible(c)) || text.chars().all(is_joiner) {
            return Err(Invalid::new(field, Rule::Form));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// The languages that mails and pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_people_can_read_beside_others() {
        let rule = |text: &str| Name::parse("name", text).map_err(|invalid| invalid.rule.code());
        assert_eq!(rule("  Ann Lee ").unwrap().as_str(), "Ann Lee");
        assert_eq!(rule("山田 太郎").unwrap().into_string(), "山田 太郎");
        assert!(rule(&"山".repeat(80)).is_ok());
        for text in ["", "   ", &"a".repeat(81)] {
            assert_eq!(rule(text), Err("characters"), "{text:?}");
        }
        for text in [
            "Ann\nBcc: x",
            "Ann\u{202e}",
            "Ann\0",
            "\u{200b}",
            "\u{3164}",
            "Ann\u{200b}",
            "\u{200d}",
            "Ann\u{2028}x",
        ] {
            assert_eq!(rule(text), Err("form"), "{text:?}");
        }
    }
}
