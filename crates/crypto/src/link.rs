//! The links that people hold (protocol.md §2, §7).

use std::fmt;

use wax_kernel::{ReceiptId, SecretId};
use zeroize::Zeroizing;

use crate::{Origin, ReceiptKey, Token};

/// `https://<host>/s/<id>#1<T>`: whoever holds it can open the secret. Redacted in `Debug`; see [`Link::to_url`].
#[derive(PartialEq, Eq)]
pub struct Link {
    origin: Origin,
    id: SecretId,
    token: Token,
}

/// `https://<host>/r/<rid>#<R>`: lets the sender follow and burn a secret. Redacted in `Debug`.
#[derive(PartialEq, Eq)]
pub struct ReceiptLink {
    origin: Origin,
    rid: ReceiptId,
    key: ReceiptKey,
}

/// Why a text is not a link that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Looks like a link, but its id does not follow from its key: a character was lost or changed on the way.
    #[error("the link is damaged")]
    Damaged,
    /// Not a link of this kind at all.
    #[error("not a link of this kind")]
    Malformed,
    /// A link of another protocol version than `1`.
    #[error("the link has another version")]
    UnknownVersion,
}

impl Link {
    /// The link of a token. Its id follows from the token.
    pub fn new(origin: Origin, token: Token) -> Self {
        let id = token.secret_id();
        Self { origin, id, token }
    }

    /// Reads a link and checks that its id follows from its token.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (origin, id, fragment) = split(text, "/s/")?;
        let id = SecretId::parse(id).map_err(|_| LinkError::Malformed)?;
        let token = fragment.strip_prefix('1').ok_or_else(|| version_error(fragment))?;
        let token = Token::parse(token).map_err(|_| LinkError::Malformed)?;
        let link = Self::new(origin, token);
        if link.id == id { Ok(link) } else { Err(LinkError::Damaged) }
    }

    /// Where the secret is kept.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Names the secret to the server.
    pub fn id(&self) -> SecretId {
        self.id
    }

    /// What opens the secret.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The text to hand to a recipient. Not `Display`, so that no log line gets it by accident.
    pub fn to_url(&self) -> Zeroizing<String> {
        let place = format!("{}/s/{}#1", self.origin, self.id);
        join(&place, &self.token.to_base64url())
    }
}

impl ReceiptLink {
    /// The receipt link of a key. Its id follows from the key.
    pub fn new(origin: Origin, key: ReceiptKey) -> Self {
        let rid = key.hash().receipt_id();
        Self { origin, rid, key }
    }

    /// Reads a receipt link and checks that its id follows from its key.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (origin, rid, fragment) = split(text, "/r/")?;
        let rid = ReceiptId::parse(rid).map_err(|_| LinkError::Malformed)?;
        let key = ReceiptKey::parse(fragment).map_err(|_| LinkError::Malformed)?;
        let link = Self::new(origin, key);
        if link.rid == rid { Ok(link) } else { Err(LinkError::Damaged) }
    }

    /// Where the receipt is kept.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Names the receipt to the server.
    pub fn rid(&self) -> ReceiptId {
        self.rid
    }

    /// What proves to the server that one is the sender.
    pub fn key(&self) -> &ReceiptKey {
        &self.key
    }

    /// The text for the sender to keep.
    pub fn to_url(&self) -> Zeroizing<String> {
        let place = format!("{}/r/{}#", self.origin, self.rid);
        join(&place, &self.key.to_base64url())
    }
}

/// Writes the secret part once, where it will stay.
fn join(place: &str, secret: &str) -> Zeroizing<String> {
    let mut url = Zeroizing::new(String::with_capacity(place.len() + secret.len()));
    url.push_str(place);
    url.push_str(secret);
    url
}

/// Cuts a link into origin, id and fragment. A query ends up in the id and is refused there.
fn split<'a>(text: &'a str, path: &str) -> Result<(Origin, &'a str, &'a str), LinkError> {
    let (place, fragment) = text.split_once('#').ok_or(LinkError::Malformed)?;
    let (origin, id) = place.split_once(path).ok_or(LinkError::Malformed)?;
    let origin = Origin::parse(origin).map_err(|_| LinkError::Malformed)?;
    Ok((origin, id, fragment))
}

/// A fragment of the right length behind another version digit deserves to be called that.
fn version_error(fragment: &str) -> LinkError {
    match fragment.split_at_checked(1) {
        Some((version, rest)) if version.as_bytes()[0].is_ascii_digit() && !rest.is_empty() => {
            LinkError::UnknownVersion
        }
        _ => LinkError::Malformed,
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({}/s/[redacted])", self.origin)
    }
}

impl fmt::Debug for ReceiptLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptLink({}/r/[redacted])", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    fn link() -> Link {
        Link::new(Origin::https("secrets.example.com").unwrap(), Token::random(&SeededRng::new(1)))
    }

    #[test]
    fn a_link_reads_back_what_it_prints() {
        let link = link();
        assert_eq!(Link::parse(&link.to_url()), Ok(link));
        let key = ReceiptKey::random(&SeededRng::new(2));
        let receipt = ReceiptLink::new(Origin::parse("http://acme.localhost:8080").unwrap(), key);
        assert_eq!(ReceiptLink::parse(&receipt.to_url()), Ok(receipt));
    }

    #[test]
    fn another_character_is_damage_and_a_missing_one_is_no_link() {
        let url = link().to_url();
        let (place, fragment) = url.split_once('#').unwrap();
        let other = if fragment.starts_with("1A") { "1B" } else { "1A" };
        let damaged = format!("{place}#{other}{}", &fragment[2..]);
        assert_eq!(Link::parse(&damaged), Err(LinkError::Damaged));
        assert_eq!(Link::parse(&url[..url.len() - 1]), Err(LinkError::Malformed));
    }

    #[test]
    fn what_is_not_a_link_is_malformed() {
        let url = link().to_url();
        for text in [
            url.replace("https", "http"),
            url.replace("/s/", "/r/"),
            url.replace('#', "?x#"),
            url.replace('#', "/#"),
            url.replace("#1", "#"),
            format!("{}=", *url),
            format!(" {}", *url),
            url.split_once('#').unwrap().0.to_owned(),
        ] {
            assert_eq!(Link::parse(&text), Err(LinkError::Malformed), "{text:?}");
        }
        assert_eq!(Link::parse(&url.replace("#1", "#2")), Err(LinkError::UnknownVersion));
    }

    #[test]
    fn a_link_is_never_printed_by_debug() {
        let link = link();
        let shown = format!("{link:?} {:?}", link.token());
        assert!(!shown.contains(&*link.token().to_base64url()), "{shown}");
        assert!(!shown.contains(&link.id().to_string()), "{shown}");
    }
}
