//! Host names as the DNS and TLS know them.

use std::{borrow::Borrow, fmt};

use serde::{Deserialize, Serialize};

/// A DNS host name in its one normal form: lower-case A-labels, no trailing dot, 1 to 253 bytes.
///
/// Source: RFC 1123 §2.1 (letters, digits, hyphens; 63 bytes a label), UTS #46 (non-transitional) for other scripts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hostname(Box<str>);

/// The text is not a DNS host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostnameError {
    /// An IP address stands where a name is needed.
    #[error("is an IP address, not a host name")]
    Address,
    /// A label is empty, too long, or holds a character that host names cannot have.
    #[error("is not a valid host name")]
    Invalid,
    /// Longer than 253 bytes in its A-label form.
    #[error("is longer than 253 bytes")]
    TooLong,
}

impl Hostname {
    /// Reads a name in any case or script, with or without one trailing dot.
    pub fn parse(text: &str) -> Result<Self, HostnameError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.parse::<std::net::IpAddr>().is_ok() || name.starts_with('[') {
            return Err(HostnameError::Address);
        }
        let ascii = idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::STD3)
            .map_err(|_| HostnameError::Invalid)?;
        if ascii.len() > 253 {
            return Err(HostnameError::TooLong);
        }
        if !ascii.split('.').all(is_label) || ends_in_number(&ascii) {
            return Err(HostnameError::Invalid);
        }
        Ok(Self(ascii.into()))
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is `localhost` or below it, and so always this machine (RFC 6761 §6.3).
    pub fn is_localhost(&self) -> bool {
        &*self.0 == "localhost" || self.0.ends_with(".localhost")
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A last label of digits alone would be read as an IPv4 address by browsers (WHATWG URL §3.5).
fn ends_in_number(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()))
}

/// Equal, ordered and hashed as its text: tables of hosts are searched by text.
impl Borrow<str> for Hostname {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Hostname {
    type Error = HostnameError;

    fn try_from(text: String) -> Result<Self, HostnameError> {
        Self::parse(&text)
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0.into()
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_normal_form() {
        for text in ["Secrets.Acme.Example", "secrets.acme.example.", "secrets.acme.example"] {
            assert_eq!(Hostname::parse(text).unwrap().as_str(), "secrets.acme.example");
        }
        assert_eq!(Hostname::parse("秘密.例え").unwrap().as_str(), "xn--vctr31e.xn--r8jz45g");
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        for text in [
            "",
            ".",
            "a..b",
            "-a.b",
            "a_b.c",
            "a b",
            "a.b:80",
            "1.2.3",
            "a/b",
            "u@h",
            "a.b..",
            &"a".repeat(64),
        ] {
            assert_eq!(Hostname::parse(text), Err(HostnameError::Invalid), "{text:?}");
        }
        for text in ["127.0.0.1", "::1", "[::1]"] {
            assert_eq!(Hostname::parse(text), Err(HostnameError::Address), "{text:?}");
        }
        assert_eq!(Hostname::parse(&["a"; 128].join(".")), Err(HostnameError::TooLong));
    }

    #[test]
    fn only_names_below_localhost_are_this_machine() {
        assert!(Hostname::parse("secrets.acme.localhost").unwrap().is_localhost());
        assert!(!Hostname::parse("localhost.example").unwrap().is_localhost());
        assert!(!Hostname::parse("notlocalhost").unwrap().is_localhost());
    }
}
