//! One file in every encoding it has, and the answer that carries it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use sha2::{Digest, Sha256};
use wax_kernel::base64url_encode;

use crate::guard::{CONTENT_SECURITY_POLICY, guard};

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Anything about a secret: kept nowhere.
    Never,
    /// Kept, but asked about again each time.
    Revalidate,
    /// Named by its hash, so it never changes.
    Immutable,
}

impl Cache {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Never => "no-store",
            Self::Revalidate => "no-cache",
            Self::Immutable => "public, max-age=31536000, immutable",
        })
    }
}

/// A file ready to be sent.
#[derive(Debug, Clone)]
pub struct Served {
    body: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    content_type: HeaderValue,
    etag: HeaderValue,
    cache: Cache,
    language: Option<HeaderValue>,
    policy: &'static str,
    indexed: bool,
}

impl Served {
    /// A file in one encoding, with a strong validator made from its bytes.
    pub fn new(body: impl Into<Bytes>, content_type: &'static str, cache: Cache) -> Self {
        let body = body.into();
        let tag = format!("\"{}\"", base64url_encode(&Sha256::digest(&body)[..16]));
        Self {
            etag: HeaderValue::try_from(tag).expect("base64url in quotes is a header value"),
            content_type: HeaderValue::from_static(content_type),
            body,
            brotli: None,
            gzip: None,
            cache,
            language: None,
            policy: CONTENT_SECURITY_POLICY,
            indexed: true,
        }
    }

    /// The same file under another Content-Security-Policy than that of a tenant's pages.
    #[must_use]
    pub fn under_policy(self, policy: &'static str) -> Self {
        Self { policy, ..self }
    }

    /// The same file, which no search engine may list.
    #[must_use]
    pub fn not_indexed(self) -> Self {
        Self { indexed: false, ..self }
    }

    /// The same file, compressed beforehand.
    #[must_use]
    pub fn with_encodings(self, brotli: Option<Bytes>, gzip: Option<Bytes>) -> Self {
        Self { brotli, gzip, ..self }
    }

    /// The same file, which is one of several languages under one URL.
    #[must_use]
    pub fn in_language(self, tag: &'static str) -> Self {
        Self { language: Some(HeaderValue::from_static(tag)), ..self }
    }

    /// The bytes before any encoding.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The media type.
    pub fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }

    /// The strong validator of the unencoded bytes.
    pub fn etag(&self) -> &HeaderValue {
        &self.etag
    }

    /// The answer to a GET with these headers: 304 if the reader has it, else 200 in the best encoding both know.
    pub fn respond(&self, request: &HeaderMap) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        guard(headers, self.policy);
        if !self.indexed {
            headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
        }
        headers.insert(header::CACHE_CONTROL, self.cache.header());
        headers.insert(header::VARY, HeaderValue::from_static(self.vary()));
        if self.cache != Cache::Never {
            headers.insert(header::ETAG, self.etag.clone());
            if self.is_known_to(request) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return response;
            }
        }
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.extend(self.language.clone().map(|language| (header::CONTENT_LANGUAGE, language)));
        let (body, encoding) = self.encoded_for(request);
        headers.extend(
            encoding.map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))),
        );
        *response.body_mut() = body.clone();
        response
    }

    fn vary(&self) -> &'static str {
        if self.language.is_some() {
            "Accept-Encoding, Accept-Language, Cookie"
        } else {
            "Accept-Encoding"
        }
    }

    /// Weak comparison, because encodings share the validator. Source: RFC 9110 §13.1.2.
    fn is_known_to(&self, request: &HeaderMap) -> bool {
        let lines = request
            .get_all(header::IF_NONE_MATCH)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| {
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes()
        })
    }

    fn encoded_for(&self, request: &HeaderMap) -> (&Bytes, Option<&'static str>) {
        let known = [(&self.brotli, "br"), (&self.gzip, "gzip")];
        let best = known.into_iter().find_map(|(body, name)| {
            Some((body.as_ref()?, name)).filter(|_| accepts(request, name))
        });
        best.map_or((&self.body, None), |(body, name)| (body, Some(name)))
    }
}

/// Whether a coding is named with a weight that is not zero. `*` is not a request for ours. Source: RFC 9110 §12.5.3.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let lines = request
        .get_all(header::ACCEPT_ENCODING)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|member| {
        let (name, weight) = member.split_once(';').unwrap_or((member, ""));
        let refused =
            weight.trim().strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty());
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(cache: Cache) -> Served {
        Served::new("body", "text/plain", cache)
            .with_encodings(Some("br".into()), Some("gz".into()))
    }

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_best_encoding_that_both_know_is_sent() {
        for (accept, body) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gz"),
            ("br;q=0, gzip;q=0.5", "gz"),
            ("br;q=0.0, gzip;q=0.000", "body"),
            ("BR;q=0.001", "br"),
            ("brotli", "body"),
            ("*", "body"),
            ("", "body"),
        ] {
            let answer = file(Cache::Immutable).respond(&with(header::ACCEPT_ENCODING, accept));
            assert_eq!(answer.body(), body, "{accept}");
        }
        assert_eq!(
            Served::new("body", "text/plain", Cache::Never)
                .respond(&with(header::ACCEPT_ENCODING, "br"))
                .body(),
            "body"
        );
    }

    #[test]
    fn a_reader_who_has_it_gets_no_body() {
        let file = file(Cache::Revalidate);
        let tag = file.etag().to_str().unwrap();
        for known in [tag, "*", &format!("W/{tag}"), &format!("\"x\", {tag}")] {
            let answer = file.respond(&with(header::IF_NONE_MATCH, known));
            assert_eq!(
                (answer.status(), answer.body().len()),
                (StatusCode::NOT_MODIFIED, 0),
                "{known}"
            );
        }
        assert_eq!(file.respond(&with(header::IF_NONE_MATCH, "\"x\"")).status(), StatusCode::OK);
    }

    #[test]
    fn what_is_never_kept_has_no_validator() {
        let file = file(Cache::Never);
        let answer = file.respond(&with(header::IF_NONE_MATCH, "*"));
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        assert!(!answer.headers().contains_key(header::ETAG));
    }
}
