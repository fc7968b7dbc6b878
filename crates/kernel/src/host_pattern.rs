//! Host names with a wildcard, as domains and certificates have them.

use std::fmt;

use crate::Hostname;
use serde::{Deserialize, Serialize};

/// A host, or with `*.` everything one label below a host (RFC 9525 §6.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    host: Hostname,
    wildcard: bool,
}

/// The text is neither a host name nor `*.` and a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither a host name nor `*.` and a host name")]
pub struct HostPatternError;

impl HostPattern {
    /// For one host.
    pub const fn exact(host: Hostname) -> Self {
        Self { host, wildcard: false }
    }

    /// For `*.<host>` (RFC 9525 §6.3: one label, the leftmost).
    pub const fn wildcard(host: Hostname) -> Self {
        Self { host, wildcard: true }
    }

    /// Reads `host` or `*.host`.
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        let (host, wildcard) = match text.strip_prefix("*.") {
            Some(host) => (host, true),
            None => (text, false),
        };
        Ok(Self { host: Hostname::parse(host).map_err(|_| HostPatternError)?, wildcard })
    }

    /// The host, without the asterisk: where its challenges are answered.
    pub const fn host(&self) -> &Hostname {
        &self.host
    }

    /// Whether it is for everything one label below [`Self::host`]. Only dns-01 proves that (RFC 8555 §7.1.3).
    pub const fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Whether a host is what this names.
    pub fn covers(&self, host: &Hostname) -> bool {
        if !self.wildcard {
            return *host == self.host;
        }
        host.as_str().split_once('.').is_some_and(|(_, parent)| parent == self.host.as_str())
    }

    /// Whether a certificate with `presented` as a name is good for this one.
    pub fn is_covered_by(&self, presented: &str) -> bool {
        let presented = presented.to_ascii_lowercase();
        if presented == self.to_string() {
            return true;
        }
        let parent = self.host.as_str().split_once('.').map(|(_, parent)| parent);
        !self.wildcard && presented.strip_prefix("*.").is_some_and(|below| parent == Some(below))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.wildcard {
            f.write_str("*.")?;
        }
        fmt::Display::fmt(&self.host, f)
    }
}

impl TryFrom<String> for HostPattern {
    type Error = HostPatternError;

    fn try_from(text: String) -> Result<Self, HostPatternError> {
        Self::parse(&text)
    }
}

impl From<HostPattern> for String {
    fn from(name: HostPattern) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HostPattern {
        HostPattern::parse(text).unwrap()
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
    fn a_pattern_covers_its_host_or_every_host_one_label_below() {
        for (pattern, host, covered) in [
            ("a.example", "a.example", true),
            ("a.example", "b.a.example", false),
            ("*.a.example", "b.a.example", true),
            ("*.a.example", "a.example", false),
            ("*.a.example", "c.b.a.example", false),
        ] {
            let host = Hostname::parse(host).unwrap();
            assert_eq!(name(pattern).covers(&host), covered, "{pattern} {host}");
        }
    }

    #[test]
    fn only_the_leftmost_label_may_be_an_asterisk() {
        for text in ["*", "*.", "a.*.com", "*a.com", "*.*.com", ""] {
            assert_eq!(HostPattern::parse(text), Err(HostPatternError), "{text}");
        }
    }
}
