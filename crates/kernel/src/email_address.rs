//! Mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Hostname;

/// The text is not an address that we can send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a mail address: a name, @ and a domain are needed, at most 254 characters, without spaces"
)]
pub struct EmailAddressError;

/// A mail address (RFC 5321 §4.1.2, its dot-string form): ASCII, at most 254 octets, the part before the last `@` at most
/// 64; a domain in another script as its A-labels. Keeps the writing of its name for sending; compares in lower case, because no provider that matters tells
/// `Ann@example.com` from `ann@example.com`. Never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    key: String,
}

impl EmailAddress {
    /// Longest address, in octets (RFC 5321 §4.5.3.1.3, without the angle brackets).
    pub const MAX_BYTES: usize = 254;

    /// Reads an address; spaces around it are not part of it. The domain becomes the one form that [`Hostname`] has.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(EmailAddressError)?;
        let dotted = !local.split('.').any(str::is_empty);
        if local.len() > 64 || !dotted || !local.bytes().all(is_atom) {
            return Err(EmailAddressError);
        }
        let domain = Hostname::parse(domain).map_err(|_| EmailAddressError)?;
        let text = format!("{local}@{}", domain.as_str());
        if !domain.as_str().contains('.') || text.len() > Self::MAX_BYTES {
            return Err(EmailAddressError);
        }
        Ok(Self { key: text.to_ascii_lowercase(), text })
    }

    /// As it is sent to.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As it is compared and found: one person's address, however it was written.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The domain, in lower case.
    pub fn domain(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// `atext` of RFC 5322 §3.2.3, and the dot.
const fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/')
        || matches!(byte, b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for EmailAddress {}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailAddressError;

    fn try_from(text: String) -> Result<Self, EmailAddressError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_persons_address_is_one_however_it_is_written() {
        let one = EmailAddress::parse(" Ann.Lee+x@Example.COM ").unwrap();
        assert_eq!(one, EmailAddress::parse("ann.lee+x@example.com").unwrap());
        assert_eq!(one.as_str(), "Ann.Lee+x@example.com");
        assert_eq!(one.domain(), "example.com");
        assert_eq!(EmailAddress::parse("ann@例え.jp").unwrap().as_str(), "ann@xn--r8jz45g.jp");
        assert_eq!(format!("{one:?}"), "[redacted]");
    }

    #[test]
    fn what_could_break_a_header_or_reach_nobody_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let bad = [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "a b@example.com",
            "a@b@example.com",
            "ann@example.com\r\nBcc: x@example.com",
            "ann@exa_mple.com",
            ".ann@example.com",
            "a..b@example.com",
            "ann<x>@example.com",
            "\"ann\"@example.com",
            "änn@example.com",
            &long,
        ];
        for text in bad {
            assert_eq!(EmailAddress::parse(text), Err(EmailAddressError), "{text:?}");
        }
    }
}
