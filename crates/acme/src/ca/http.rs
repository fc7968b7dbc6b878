//! Requests to one issuer, as we want them made: no waiting for more to send (Nagle), an end to every request, no body
//! without a bound, and what an answer's head says kept.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse};
use wax_kernel::{Clock, Timestamp};

use super::problem::{self, Document};
use crate::{Failure, Issuer, Reason, Trust};

/// More is no answer of an issuer: a chain has a few certificates, a directory a few URLs.
const LONGEST_BODY: usize = 256 * 1_024;

/// A directory changes hardly ever, and an order asks for it at every step.
const DIRECTORY_IS_FRESH: Duration = Duration::from_secs(3_600);

/// Where an issuer's windows carry no word on when to ask again: RFC 9773 §4.3.2 leaves it to us.
const ASK_AGAIN: &str = "21600";

const CONNECT: Duration = Duration::from_secs(10);

/// The way to one issuer. Cheap to clone.
#[derive(Clone)]
pub struct Wire {
    client: reqwest::Client,
    directory_url: Arc<str>,
    directory: Arc<Mutex<Option<(Timestamp, Bytes)>>>,
    clock: Arc<dyn Clock>,
}

/// The issuer's settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's trusted authorities cannot be read")]
pub struct BadTrust(#[source] reqwest::Error);

/// A whole answer.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What the answers to one step's requests said beside their documents.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Option<Duration>>>);

/// The requests of one step, as `instant-acme` makes them.
pub(super) struct Conversation {
    wire: Wire,
    notes: Notes,
}

impl Wire {
    /// The way to this issuer. Nothing is asked yet.
    pub fn new(issuer: &Issuer, clock: Arc<dyn Clock>) -> Result<Self, BadTrust> {
        let builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(CONNECT.min(issuer.timeout))
            .timeout(issuer.timeout);
        let builder = match &issuer.trust {
            Trust::Platform => builder,
            Trust::Only(pem) => {
                let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
                builder.no_proxy().tls_certs_only(roots.map_err(BadTrust)?)
            }
        };
        Ok(Self {
            client: builder.build().map_err(BadTrust)?,
            directory_url: issuer.directory.as_str().into(),
            directory: Arc::default(),
            clock,
        })
    }

    pub(super) fn directory_url(&self) -> &str {
        &self.directory_url
    }

    pub(super) fn conversation(&self) -> (Conversation, Notes) {
        let notes = Notes::default();
        (Conversation { wire: self.clone(), notes: notes.clone() }, notes)
    }

    /// The issuer's directory (RFC 8555 §7.1.1), asked for at most once an hour.
    pub(super) async fn directory(&self) -> Result<Bytes, Failure> {
        let now = self.clock.now();
        let known = lock(&self.directory).clone();
        if let Some((_, body)) =
            known.filter(|(at, _)| at.until(now) < DIRECTORY_IS_FRESH && *at <= now)
        {
            return Ok(body);
        }
        let request = Request::get(&*self.directory_url).body(Bytes::new());
        let request =
            request.map_err(|_| Failure::saying(Reason::BadRequest, "no directory URL"))?;
        let heard = self.ask(request).await?;
        if !heard.status.is_success() {
            // There is no order yet that could be gone.
            let failure = heard.failure();
            let reason = if failure.reason == Reason::OrderGone {
                Reason::IssuerBroken
            } else {
                failure.reason
            };
            return Err(Failure { reason, ..failure });
        }
        *lock(&self.directory) = Some((now, heard.body.clone()));
        Ok(heard.body)
    }

    /// One request and its whole answer, success or not.
    pub(super) async fn ask(&self, request: Request<Bytes>) -> Result<Heard, Failure> {
        let (mut parts, body) = request.into_parts();
        let agent =
            header::HeaderValue::from_static(concat!("waxseal/", env!("CARGO_PKG_VERSION")));
        parts.headers.insert(header::USER_AGENT, agent);
        let request = Request::from_parts(parts, reqwest::Body::from(body));
        let request = reqwest::Request::try_from(request).map_err(|error| unheard(&error))?;
        let mut response = self.client.execute(request).await.map_err(|error| unheard(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unheard(&error))? {
            if body.len() + chunk.len() > LONGEST_BODY {
                return Err(Failure::saying(Reason::IssuerBroken, "an answer without an end"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Heard { status, headers, body: body.freeze() })
    }
}

/// Nothing, or only a part, was heard. The error's own words name addresses; its kind is enough.
fn unheard(error: &reqwest::Error) -> Failure {
    let (reason, detail) = if error.is_timeout() {
        (Reason::IssuerSlow, "no answer in time")
    } else if error.is_connect() {
        (Reason::IssuerUnreachable, "no connection")
    } else if error.is_builder() {
        (Reason::IssuerBroken, "a URL that cannot be asked")
    } else {
        (Reason::IssuerUnreachable, "the connection ended before the answer did")
    };
    Failure::saying(reason, detail)
}

impl Heard {
    pub(super) fn failure(&self) -> Failure {
        problem::of_response(self.status, retry_after(&self.headers), &self.body)
    }

    pub(super) fn is_bad_nonce(&self) -> bool {
        self.status == StatusCode::BAD_REQUEST
            && Document::read(&self.body).is_some_and(|document| document.is_bad_nonce())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Notes {
    /// What the last answer asked us to wait; forgotten by asking.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        lock(&self.0).take()
    }
}

impl Conversation {
    async fn converse(
        self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, Failure> {
        let (parts, body) = request.into_parts();
        if parts.method == Method::GET && parts.uri == *self.wire.directory_url {
            return Ok(response(StatusCode::OK, HeaderMap::new(), self.wire.directory().await?));
        }
        let is_get = parts.method == Method::GET;
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        let body = body.map_err(|never| match never {})?;
        let mut heard = self.wire.ask(Request::from_parts(parts, body)).await?;
        *lock(&self.notes.0) = retry_after(&heard.headers);
        // A refused nonce is between the issuer and `instant-acme`, which tries again.
        if !heard.status.is_success() && !heard.is_bad_nonce() {
            return Err(heard.failure());
        }
        if is_get && !heard.headers.contains_key(header::RETRY_AFTER) {
            let ask_again = header::HeaderValue::from_static(ASK_AGAIN);
            heard.headers.insert(header::RETRY_AFTER, ask_again);
        }
        Ok(response(heard.status, heard.headers, heard.body))
    }
}

fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> BytesResponse {
    let mut head = Response::new(());
    *head.status_mut() = status;
    *head.headers_mut() = headers;
    BytesResponse { parts: head.into_parts().0, body: Box::new(body) }
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>>;

impl instant_acme::HttpClient for Conversation {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Answer {
        let own = Self { wire: self.wire.clone(), notes: self.notes.clone() };
        Box::pin(async move {
            let heard = own.converse(request).await;
            heard.map_err(|failure| instant_acme::Error::Other(Box::new(failure)))
        })
    }
}

/// RFC 9110 §10.2.3: seconds, or a date. A date is measured from the answer's own, so that our clock and the issuer's
/// need not agree.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let sent: SystemTime = date(headers.get(header::DATE)?.to_str().ok()?)?;
    date(text)?.duration_since(sent).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("directory", &self.directory_url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(retry: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, retry.parse().unwrap());
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_seconds_or_a_date_by_the_issuers_own_clock() {
        let date = "Sun, 22 Nov 2026 16:00:00 GMT";
        assert_eq!(waits("120", None), Some(120));
        assert_eq!(waits(" 0 ", None), Some(0));
        assert_eq!(waits("Sun, 22 Nov 2026 16:05:00 GMT", Some(date)), Some(300));
        assert_eq!(waits("Sun, 22 Nov 2026 15:00:00 GMT", Some(date)), None);
        assert_eq!(waits("Sun, 22 Nov 2026 16:05:00 GMT", None), None);
        assert_eq!(waits("soon", Some(date)), None);
        assert_eq!(waits("-1", Some(date)), None);
    }
}
