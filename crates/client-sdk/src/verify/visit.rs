//! Fetching as several visitors, because a host could be honest to some only.

use reqwest::{
    Response,
    header::{
        ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap,
        LOCATION, REFRESH, USER_AGENT,
    },
};
use serde::Serialize;
use wax_crypto::Origin;

use super::{Difference, Fingerprint, ReleaseFile};
use crate::{
    Error, NetworkError, Options, Retry,
    client::{REQUEST_TIMEOUT, http_client},
};

/// No file of a release is near it.
const MAX_FILE_BYTES: usize = 4 << 20;

/// The status of the page that says that a host is held.
pub(super) const HELD: u16 = 503;

/// As whom a host is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Visitor {
    /// This program, as it is.
    Waxseal,
    /// A browser on a computer.
    Chrome,
    /// A browser on a phone.
    Safari,
}

impl Visitor {
    /// Everybody.
    pub const ALL: [Self; 3] = [Self::Waxseal, Self::Chrome, Self::Safari];

    const fn user_agent(self) -> &'static str {
        match self {
            Self::Waxseal => concat!("waxseal/", env!("CARGO_PKG_VERSION")),
            Self::Chrome => {
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/142.0.0.0 Safari/537.36"
            }
            Self::Safari => {
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1"
            }
        }
    }

    /// What the browser sends besides (Fetch Metadata Request Headers §2; client hints).
    fn headers(self, wanted: Wanted) -> Vec<(&'static str, &'static str)> {
        if self == Self::Waxseal {
            return vec![(ACCEPT.as_str(), "*/*"), (ACCEPT_ENCODING.as_str(), "identity")];
        }
        let (mode, destination, site, accept) = match wanted {
            Wanted::Page => ("navigate", "document", "none", PAGE),
            Wanted::Script => ("cors", "script", "same-origin", "*/*"),
            Wanted::Style => ("cors", "style", "same-origin", "text/css,*/*;q=0.1"),
            Wanted::Other => ("cors", "empty", "same-origin", "*/*"),
        };
        let mut headers = vec![
            (ACCEPT.as_str(), accept),
            (ACCEPT_ENCODING.as_str(), "gzip, deflate, br"),
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", destination),
        ];
        if self == Self::Chrome {
            headers.extend(CHROME);
        }
        headers
    }
}

const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

const CHROME: [(&str, &str); 3] = [
    ("sec-ch-ua", r#""Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99""#),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", r#""Windows""#),
];

/// What a browser would fetch it as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Page,
    Script,
    Style,
    Other,
}

impl Wanted {
    pub(super) fn of(path: &str) -> Self {
        match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "js" => Self::Script,
            "css" => Self::Style,
            _ => Self::Other,
        }
    }

    /// The media types that browsers take it as.
    const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Page => &["text/html"],
            Self::Script => &["text/javascript"],
            Self::Style => &["text/css"],
            Self::Other => &["application/json", "application/wasm", "image/svg+xml"],
        }
    }
}

/// Fetches from one host. Follows no redirect and keeps no cookie.
#[derive(Debug)]
pub(super) struct Fetch {
    origin: Origin,
    retry: Retry,
    /// As sent.
    plain: reqwest::Client,
    /// Decompressed as browsers do.
    browser: reqwest::Client,
}

impl Fetch {
    pub(super) fn new(origin: &Origin, options: &Options) -> Result<Self, Error> {
        let client = |builder: reqwest::ClientBuilder| builder.build().map_err(Error::Start);
        let builder = || http_client(origin, options);
        Ok(Self {
            origin: origin.clone(),
            retry: options.retry,
            plain: client(builder()?.no_brotli().no_deflate().no_gzip())?,
            browser: client(builder()?)?,
        })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// An answer, whatever it says; an error only if there is none, or one that says to come back later. The page of a host that
    /// is held says so, too, and is an answer.
    pub(super) async fn get(
        &self,
        visitor: Visitor,
        path: &str,
        wanted: Wanted,
        lang: Option<&str>,
    ) -> Result<Answer, Error> {
        self.retry.run(async || self.get_once(visitor, path, wanted, lang).await).await
    }

    async fn get_once(
        &self,
        visitor: Visitor,
        path: &str,
        wanted: Wanted,
        lang: Option<&str>,
    ) -> Result<Answer, Error> {
        let client = if visitor == Visitor::Waxseal { &self.plain } else { &self.browser };
        let mut request = client
            .get(format!("{}{path}", self.origin))
            .header(USER_AGENT, visitor.user_agent())
            .timeout(REQUEST_TIMEOUT);
        if let Some(lang) = lang {
            request = request.header(ACCEPT_LANGUAGE, lang);
        }
        for (name, value) in visitor.headers(wanted) {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(NetworkError::from)?;
        match response.status().as_u16() {
            HELD if wanted == Wanted::Page => Answer::read(response, HELD, wanted).await,
            status @ (429 | 500..) => Err(Error::Status(status)),
            status => Answer::read(response, status, wanted).await,
        }
    }
}

/// What one visitor was given.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    wanted: Wanted,
    headers: HeaderMap,
}

impl Answer {
    async fn read(mut response: Response, status: u16, wanted: Wanted) -> Result<Self, Error> {
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(NetworkError::from)? {
            if body.len() + chunk.len() > MAX_FILE_BYTES {
                return Err(Error::Answer("a file is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, body, wanted, headers })
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.body)
    }

    /// How it differs from a file of the release.
    pub(super) fn against(&self, file: &ReleaseFile, status: u16, policy: &str) -> Vec<Difference> {
        let mut found = self.guards(policy);
        if self.status != status {
            let location = self.header(&LOCATION);
            found.push(Difference::Status { expected: status, found: self.status, location });
        }
        let fingerprint = self.fingerprint();
        if fingerprint != file.fingerprint {
            found.push(Difference::Content { found: fingerprint });
        }
        found
    }

    /// How its headers differ from what guards a page.
    pub(super) fn guards(&self, policy: &str) -> Vec<Difference> {
        let mut found = Vec::new();
        // Further policies can only forbid more (CSP Level 3 §8.1).
        let policies = self.headers.get_all(CONTENT_SECURITY_POLICY);
        if !policies.iter().any(|value| value.as_bytes() == policy.as_bytes()) {
            found.push(Difference::Policy { found: self.header(&CONTENT_SECURITY_POLICY) });
        }
        let media_type = self.header(&CONTENT_TYPE);
        let name = media_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
        if !self.wanted.types().contains(&name.trim()) {
            found.push(Difference::Type { found: media_type });
        }
        found.extend(self.header(&REFRESH).map(|found| Difference::Refresh { found }));
        found
    }

    fn header(&self, name: &reqwest::header::HeaderName) -> Option<String> {
        let value = self.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}
