//! Short names of organizations, as they stand in addresses.

use wax_model::{Invalid, Rule};

const MIN: usize = 3;
const MAX: usize = 40;

/// Words that pages, hosts and mails of the platform use, or that would pass for it.
const RESERVED: [&str; 36] = [
    "about",
    "abuse",
    "account",
    "accounts",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "console",
    "demo",
    "docs",
    "help",
    "home",
    "login",
    "mail",
    "new",
    "null",
    "operator",
    "organizations",
    "pricing",
    "root",
    "security",
    "settings",
    "sign-in",
    "sign-up",
    "static",
    "status",
    "support",
    "system",
    "undefined",
    "waxseal",
    "webmaster",
    "www",
];

/// 3 to 40 of `a-z`, `0-9` and `-`, the last neither first nor last nor twice in a row; none of the platform's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slug(String);

impl Slug {
    /// Reads one.
    ///
    /// # Errors
    /// Names the field `slug` and the rule it breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = |rule| Err(Invalid::new("slug", rule));
        if !(MIN..=MAX).contains(&text.len()) {
            return refused(Rule::Characters { min: MIN as u64, max: MAX as u64 });
        }
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !text.bytes().all(known) || text.split('-').any(str::is_empty) {
            return refused(Rule::Form);
        }
        if RESERVED.contains(&text) {
            return refused(Rule::NotOffered);
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_one_label_that_nobody_takes_for_ours() {
        for good in ["acme", "a-b-c", "123", &"a".repeat(40)] {
            assert_eq!(Slug::parse(good).unwrap().into_string(), good);
        }
        for (bad, rule) in [
            ("", "characters"),
            ("ab", "characters"),
            (&*"a".repeat(41), "characters"),
            ("Acme", "form"),
            ("acme_inc", "form"),
            ("-acme", "form"),
            ("acme-", "form"),
            ("ac--me", "form"),
            ("ten_AAAAAAAAAAAAAAAAAAAAAA", "form"),
            ("秘密の", "form"),
            ("admin", "not-offered"),
            ("waxseal", "not-offered"),
        ] {
            assert_eq!(Slug::parse(bad).unwrap_err().rule.code(), rule, "{bad}");
        }
    }
}
