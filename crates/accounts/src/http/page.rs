//! A part of a list: `?cursor=&limit=`.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wax_httpkit::Problem;
use wax_kernel::{EventId, Timestamp, base64url_decode, base64url_encode};
use wax_model::{Invalid, Rule};

const DEFAULT: u32 = 50;
const MAX: u32 = 200;

/// What part of a list of events is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EventPage {
    pub(super) before: Option<(Timestamp, EventId)>,
    pub(super) limit: u32,
}

impl<S: Sync> FromRequestParts<S> for EventPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default())?)
    }
}

impl EventPage {
    /// Both values are of characters that need no escaping.
    fn parse(query: &str) -> Result<Self, Invalid> {
        let mut page = Self { before: None, limit: DEFAULT };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("cursor", text) => {
                    let cursor = read(text).ok_or_else(|| Invalid::new("cursor", Rule::Form))?;
                    page.before = Some(cursor);
                }
                ("limit", text) => {
                    let limit = text.parse().ok().filter(|limit| (1..=MAX).contains(limit));
                    let range = Rule::Range { min: 1, max: u64::from(MAX) };
                    page.limit = limit.ok_or_else(|| Invalid::new("limit", range))?;
                }
                (name, _) => {
                    let name: String = name.chars().take(64).collect();
                    return Err(Invalid::new(name, Rule::Unknown));
                }
            }
        }
        Ok(page)
    }

    /// Where the next page begins, if this one was full.
    pub(super) fn next(self, shown: usize, last: Option<(Timestamp, EventId)>) -> Option<String> {
        let (at, id) = last.filter(|_| shown >= self.limit as usize)?;
        Some(base64url_encode(format!("{} {id}", at.as_ms())))
    }
}

fn read(cursor: &str) -> Option<(Timestamp, EventId)> {
    let text = String::from_utf8(base64url_decode(cursor).ok()?).ok()?;
    let (ms, id) = text.split_once(' ')?;
    Some((Timestamp::from_ms(ms.parse().ok()?), EventId::parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_says_where_the_next_begins() {
        let last = (Timestamp::from_ms(1_800_000_000_000), EventId::from_bytes([7; 16]));
        let page = EventPage::parse("limit=2").unwrap();
        assert_eq!(page.next(1, Some(last)), None);
        let next = page.next(2, Some(last)).unwrap();
        let expected = EventPage { before: Some(last), limit: 2 };
        assert_eq!(EventPage::parse(&format!("cursor={next}&limit=2")), Ok(expected));
        assert_eq!(EventPage::parse("").unwrap().limit, 50);
    }

    #[test]
    fn what_nobody_means_is_refused() {
        for query in ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor", "page=2", "x"] {
            assert!(EventPage::parse(query).is_err(), "{query}");
        }
    }
}
