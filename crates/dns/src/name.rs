//! Names as the DNS has them: also those that are no host's, such as `_waxseal-challenge.example.com`.

use std::{fmt, str::FromStr};

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};
use wax_kernel::{Hostname, Rng};

/// A name in the DNS. Written in lower case without the dot at its end; the root is written `.`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DnsName(Name);

/// The text is not a name of the DNS, or longer than 253 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a name of the DNS")]
pub struct DnsNameError;

impl DnsName {
    /// The root.
    pub fn root() -> Self {
        Self(Name::root())
    }

    pub(crate) fn of(name: &Name) -> Self {
        let mut name = name.to_lowercase();
        name.set_fqdn(true);
        Self(name)
    }

    pub(crate) const fn wire(&self) -> &Name {
        &self.0
    }

    /// The name one label below this one; none where it would be too long (RFC 1035 §2.3.4).
    pub fn child(&self, label: &str) -> Option<Self> {
        self.0.prepend_label(label).ok().map(|name| Self::of(&name))
    }

    /// The name one label above; none above the root.
    pub fn parent(&self) -> Option<Self> {
        (!self.0.is_root()).then(|| Self::of(&self.0.base_name()))
    }

    /// This name and all above it, without the root.
    pub fn and_ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent).filter(|name| !name.0.is_root())
    }

    /// Whether it stands for all names below another.
    pub fn is_wildcard(&self) -> bool {
        self.0.is_wildcard()
    }

    /// Whether this is `zone` or below it.
    pub fn is_within(&self, zone: &Self) -> bool {
        zone.0.zone_of(&self.0)
    }

    /// As most forms of DNS providers want a name: without the zone they add themselves, `@` for the zone itself.
    pub fn relative_to(&self, zone: &Self) -> String {
        let text = self.to_string();
        match text.strip_suffix(&zone.to_string()) {
            Some("") => "@".to_owned(),
            Some(rest) if rest.ends_with('.') => rest.trim_end_matches('.').to_owned(),
            _ => text,
        }
    }
}

/// Sixteen letters and digits that nobody has a record for.
pub(crate) fn random_label(rng: &dyn Rng) -> String {
    base32(&rng.bytes::<10>())
}

/// Lower-case base 32 without padding (RFC 4648 §6): a label, and copied with a double click.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(held << (5 - bits) & 31) as usize]));
    }
    text
}

impl From<&Hostname> for DnsName {
    fn from(host: &Hostname) -> Self {
        host.as_str().parse().expect("every host name is a name of the DNS")
    }
}

impl FromStr for DnsName {
    type Err = DnsNameError;

    fn from_str(text: &str) -> Result<Self, DnsNameError> {
        Name::from_ascii(text).map(|name| Self::of(&name)).map_err(|_| DnsNameError)
    }
}

impl TryFrom<String> for DnsName {
    type Error = DnsNameError;

    fn try_from(text: String) -> Result<Self, DnsNameError> {
        text.parse()
    }
}

impl From<DnsName> for String {
    fn from(name: DnsName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_ascii();
        f.write_str(if text == "." { "." } else { text.trim_end_matches('.') })
    }
}

impl fmt::Debug for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DnsName {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_written_in_one_way() {
        assert_eq!(name("_A.Example.COM.").to_string(), "_a.example.com");
        assert_eq!(name("_A.Example.COM."), name("_a.example.com"));
        assert_eq!(DnsName::root().to_string(), ".");
    }

    #[test]
    fn a_name_is_at_most_253_characters() {
        let longest = name(&vec!["a".repeat(61); 4].join("."));
        assert!(longest.child("abc").is_some_and(|child| child.to_string().len() == 251));
        assert!(longest.child("abcdefg").is_none());
        assert!(["a..b", &"a".repeat(64)].iter().all(|text| text.parse::<DnsName>().is_err()));
    }

    #[test]
    fn ancestors_end_below_the_root() {
        let all: Vec<String> = name("a.b.c").and_ancestors().map(String::from).collect();
        assert_eq!(all, ["a.b.c", "b.c", "c"]);
    }

    #[test]
    fn a_form_wants_the_name_without_its_zone() {
        assert_eq!(name("a.b.example.com").relative_to(&name("example.com")), "a.b");
        assert_eq!(name("example.com").relative_to(&name("example.com")), "@");
        assert_eq!(name("myexample.com").relative_to(&name("example.com")), "myexample.com");
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, text) in [("f", "my"), ("fo", "mzxq"), ("fooba", "mzxw6ytb"), ("", "")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
