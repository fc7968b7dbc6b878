//! Queries, read strictly, and the pages of lists.

use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _, IntoDeserializer, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use wax_kernel::{Timestamp, base64url_decode, base64url_encode};
use wax_model::{Invalid, Rule};

use crate::Problem;

/// Items of a page unless the caller says otherwise.
const USUAL_LIMIT: u32 = 50;
/// Most items of a page.
const MAX_LIMIT: u32 = 200;
/// Most characters of a name in an answer.
const FIELD_CHARS: usize = 64;

/// A query whose every name is known, and stands there once.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs =
            parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let decoded: Option<Vec<_>> =
            pairs.map(|(name, value)| Some((decode(name)?, decode(value)?))).collect();
        let decoded = decoded.ok_or_else(|| Problem::new(crate::Code::Malformed))?;
        decoded.iter().try_for_each(|(name, value)| read_alone::<T>(name, value))?;
        let pairs = decoded.into_iter().map(|(name, value)| (name, Text(value)));
        let whole = T::deserialize(MapDeserializer::<_, QueryError>::new(pairs));
        whole.map(Self).map_err(|error| invalid(&error, None).into())
    }
}

/// Reads one pair alone: what is wrong with it is then known to be wrong with this name.
fn read_alone<T: DeserializeOwned>(name: &str, value: &str) -> Result<(), Invalid> {
    let pair = std::iter::once((name.to_owned(), Text(value.to_owned())));
    match T::deserialize(MapDeserializer::<_, QueryError>::new(pair)) {
        Err(error) if Rule::from_serde(&error.to_string()) != Rule::Required => {
            Err(invalid(&error, Some(name)))
        }
        _ => Ok(()),
    }
}

fn invalid(error: &QueryError, name: Option<&str>) -> Invalid {
    let message = error.to_string();
    let named = name.or_else(|| message.split('`').nth(1)).unwrap_or_default();
    Invalid::new(named.chars().take(FIELD_CHARS).collect::<String>(), Rule::from_serde(&message))
}

type QueryError = serde::de::value::Error;

/// A value, which is there: what may be missing is missing with its name.
struct Text(String);

impl IntoDeserializer<'_, QueryError> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Text {
    type Error = QueryError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, QueryError> {
        self.0.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// `application/x-www-form-urlencoded` (WHATWG URL §5.1). `None`: a broken escape, or not UTF-8.
fn decode(text: &str) -> Option<String> {
    let (mut bytes, mut decoded) = (text.bytes(), Vec::with_capacity(text.len()));
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

/// A whole number in a query, where everything is text.
///
/// # Errors
/// What is none.
pub fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| D::Error::custom("not a whole number"))
}

/// How many items a page has at most: 1 to 200, 50 unless the caller says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u32);

impl PageLimit {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(USUAL_LIMIT)
    }
}

impl<'de> Deserialize<'de> for PageLimit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let number = text.parse().ok().filter(|number| (1..=MAX_LIMIT).contains(number));
        number.map(Self).ok_or_else(|| D::Error::custom("1 to 200 are a page"))
    }
}

/// Where a list goes on: after the item with this moment and id. Opaque to callers; it opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor<Id> {
    /// When the last item that was seen was made.
    pub at: Timestamp,
    /// Its id.
    pub id: Id,
}

impl<Id: fmt::Display> Serialize for Cursor<Id> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&base64url_encode(format!("{}.{}", self.at.as_ms(), self.id)))
    }
}

impl<'de, Id: TryFrom<String>> Deserialize<'de> for Cursor<Id> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = || {
            let text = String::from_utf8(base64url_decode(&text).ok()?).ok()?;
            let (ms, id) = text.split_once('.')?;
            let at = Timestamp::from_ms(ms.parse().ok()?);
            Some(Self { at, id: Id::try_from(id.to_owned()).ok()? })
        };
        read().ok_or_else(|| D::Error::custom("not a cursor"))
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// `?cursor=` of the next page, if there is one.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Everything there is.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A page of `rows`, read with one more than `limit` so that it is known whether more follow.
    pub fn of<Row, Id: fmt::Display>(
        mut rows: Vec<Row>,
        limit: PageLimit,
        cursor: impl Fn(&Row) -> Cursor<Id>,
        view: impl Fn(Row) -> T,
    ) -> Self {
        let limit = limit.get() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more).map(|row| {
            let Cursor { at, id } = cursor(row);
            base64url_encode(format!("{}.{id}", at.as_ms()))
        });
        Self { items: rows.into_iter().map(view).collect(), next: last }
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::EventId;

    use super::*;
    use crate::Code;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: Option<String>,
        #[serde(default)]
        limit: PageLimit,
        cursor: Option<Cursor<EventId>>,
        #[serde(default, deserialize_with = "number")]
        from_ms: Option<i64>,
    }

    async fn read(query: &str) -> Result<Wanted, (Code, String)> {
        let uri = format!("/things?{query}");
        let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
        let read = Asked::<Wanted>::from_request_parts(&mut parts, &()).await;
        read.map(|Asked(wanted)| wanted).map_err(|problem| {
            (problem.code(), format!("{} {}", problem.members["field"], problem.members["rule"]))
        })
    }

    #[tokio::test]
    async fn a_query_is_read_strictly_and_every_fault_has_its_name() {
        let read_back = read("name=a%20b+c%C3%A9&limit=7&from_ms=-5").await.unwrap();
        assert_eq!(read_back.name.as_deref(), Some("a b cé"));
        assert_eq!((read_back.limit.get(), read_back.from_ms), (7, Some(-5)));
        assert_eq!(read("").await.unwrap().limit.get(), USUAL_LIMIT);
        for (query, told) in [
            ("other=1", r#""other" "unknown""#),
            ("name=a&name=b", r#""name" "duplicate""#),
            ("limit=0", r#""limit" "form""#),
            ("limit=201", r#""limit" "form""#),
            ("name=a&limit=x", r#""limit" "form""#),
            ("from_ms=1.5", r#""from_ms" "form""#),
            ("cursor=abc", r#""cursor" "form""#),
        ] {
            let refused = read(query).await.unwrap_err();
            assert_eq!(refused, (Code::Invalid, told.to_owned()), "{query}");
        }
    }

    #[tokio::test]
    async fn a_page_says_where_the_next_begins_and_the_last_says_nothing() {
        let at = |ms: i64| Cursor { at: Timestamp::from_ms(ms), id: EventId::from_bytes([7; 16]) };
        let limit = PageLimit(2);
        let page = Page::of(vec![1, 2, 3], limit, |n| at(*n), |n| n);
        assert_eq!(page.items, [1, 2]);
        let next = read(&format!("cursor={}", page.next.unwrap())).await.unwrap();
        assert_eq!(next.cursor, Some(at(2)));
        assert_eq!(Page::of(vec![1, 2], limit, |n| at(*n), |n| n).next, None);
    }
}
