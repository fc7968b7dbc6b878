//! What a certificate is for.

use std::fmt;

use serde::{Deserialize, Serialize};
use wax_kernel::Hostname;

/// The one name of a certificate: a host, or everything one label below a host.
///
/// One name a certificate, because a name that fails must not take others with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertName {
    host: Hostname,
    wildcard: bool,
}

/// The text is neither a host name nor `*.` and a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a name that a certificate can be for")]
pub struct NotAName;

impl CertName {
    /// For one host.
    pub const fn exact(host: Hostname) -> Self {
        Self { host, wildcard: false }
    }

    /// For `*.<host>` (RFC 9525 §6.3: one label, the leftmost).
    pub const fn wildcard(host: Hostname) -> Self {
        Self { host, wildcard: true }
    }

    /// Reads `host` or `*.host`.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let (host, wildcard) = match text.strip_prefix("*.") {
            Some(host) => (host, true),
            None => (text, false),
        };
        Ok(Self { host: Hostname::parse(host).map_err(|_| NotAName)?, wildcard })
    }

    /// The host, without the asterisk: where its challenges are answered.
    pub const fn host(&self) -> &Hostname {
        &self.host
    }

    /// Whether it is for everything one label below [`Self::host`]. Only dns-01 proves that (RFC 8555 §7.1.3).
    pub const fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Whether a certificate with `presented` as a name is good for this one.
    pub(crate) fn is_covered_by(&self, presented: &str) -> bool {
        let presented = presented.to_ascii_lowercase();
        if presented == self.to_string() {
            return true;
        }
        let parent = self.host.as_str().split_once('.').map(|(_, parent)| parent);
        !self.wildcard && presented.strip_prefix("*.").is_some_and(|below| parent == Some(below))
    }

    /// The name that issuers count certificates by: one label below a public suffix.
    pub fn registered_domain(&self) -> &str {
        psl::domain_str(self.host.as_str()).unwrap_or_else(|| self.host.as_str())
    }
}

impl fmt::Display for CertName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wildcard {
            f.write_str("*.")?;
        }
        fmt::Display::fmt(&self.host, f)
    }
}

impl TryFrom<String> for CertName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        Self::parse(&text)
    }
}

impl From<CertName> for String {
    fn from(name: CertName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> CertName {
        CertName::parse(text).unwrap()
    }

    #[test]
    fn a_wildcard_covers_one_label_and_no_more() {
        for (wanted, presented, covered) in [
            ("a.example.com", "a.example.com", true),
            ("a.example.com", "A.Example.COM", true),
            ("a.example.com", "*.example.com", true),
            ("a.b.example.com", "*.example.com", false),
            ("example.com", "*.example.com", false),
            ("*.example.com", "*.example.com", true),
            ("*.example.com", "a.example.com", false),
            ("*.a.example.com", "*.example.com", false),
            ("a.example.com", "", false),
            ("a.example.com", "*.", false),
        ] {
            assert_eq!(name(wanted).is_covered_by(presented), covered, "{wanted} by {presented}");
        }
    }

    #[test]
    fn issuers_count_by_what_stands_below_a_public_suffix() {
        for (host, registered) in [
            ("a.b.example.com", "example.com"),
            ("*.example.co.uk", "example.co.uk"),
            ("me.github.io", "me.github.io"),
            ("co.uk", "co.uk"),
            ("a.x.test", "x.test"),
        ] {
            assert_eq!(name(host).registered_domain(), registered);
        }
    }

    #[test]
    fn only_the_leftmost_label_may_be_an_asterisk() {
        for text in ["*", "*.", "a.*.com", "*a.com", "*.*.com", ""] {
            assert_eq!(CertName::parse(text), Err(NotAName), "{text}");
        }
    }
}
