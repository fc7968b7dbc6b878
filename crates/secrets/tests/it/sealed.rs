//! A client that speaks through the channel.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use wax_crypto::{
    Challenge, Origin, SignedRequest,
    channel::{AnswerOpener, CONTENT_TYPE, ChannelConfig, SignedConfig},
};
use wax_kernel::SystemRng;
use wax_testkit::{Recipient, TestApp};

/// The channel of the tests' host, as `GET /v1/channel` told it.
pub(crate) struct Channel {
    pub(crate) config: ChannelConfig,
}

/// A sealed request that was not sent yet, and what opens its answer.
pub(crate) struct Prepared {
    pub(crate) path: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: HeaderMap,
    pub(crate) opener: AnswerOpener,
}

/// An answer as it came, sealed or not.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Received {
    pub(crate) fn is_sealed(&self) -> bool {
        self.headers[header::CONTENT_TYPE] == CONTENT_TYPE
    }

    /// The JSON of an answer that is sealed, as it should be.
    pub(crate) fn open(&self, opener: AnswerOpener) -> Value {
        assert!(self.is_sealed(), "{:?}", String::from_utf8_lossy(&self.bytes));
        serde_json::from_slice(&opener.open(&self.bytes).unwrap()).unwrap()
    }

    /// The problem of an answer that is not sealed.
    pub(crate) fn plain(&self) -> Value {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

impl Channel {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let request = Request::get("/v1/channel").body(Body::empty()).unwrap();
        let answer = app.send(app.scope(), request).await;
        assert_eq!(answer.headers[header::CACHE_CONTROL], "private, max-age=300");
        Self::read(&answer.json)
    }

    /// Reads what the route and the problem `channel-key` tell.
    pub(crate) fn read(view: &Value) -> Self {
        let signed: SignedConfig = serde_json::from_value(view.clone()).unwrap();
        Self { config: signed.verify(&TestApp::origin()).unwrap() }
    }

    /// The same key, as if it were of another host.
    pub(crate) fn moved_to(&self, host: &str) -> Self {
        let (key, from, until) = (*self.config.key(), self.config.from(), self.config.until());
        Self { config: ChannelConfig::new(&Origin::https(host).unwrap(), key, from, until) }
    }

    pub(crate) fn seal(&self, path: &'static str, body: &Value) -> Prepared {
        let (bytes, opener) = self.config.seal(path, body.to_string().as_bytes(), &SystemRng);
        Prepared { path, bytes, headers: HeaderMap::new(), opener }
    }

    /// Sealed, and signed by the reader's device over what is sent.
    pub(crate) fn sign(
        &self,
        path: &'static str,
        body: &Value,
        reader: &Recipient,
        challenge: &Challenge,
    ) -> Prepared {
        let mut prepared = self.seal(path, body);
        prepared.headers = signature(reader, path, &prepared.bytes, challenge);
        prepared
    }

    /// Seals, sends, opens.
    pub(crate) async fn post(
        &self,
        app: &TestApp,
        path: &'static str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let prepared = self.seal(path, body);
        let received = prepared.send(app).await;
        (received.status, received.open(prepared.opener))
    }

    /// Peeks and claims.
    pub(crate) async fn claim(&self, app: &TestApp, reader: &Recipient) -> (StatusCode, Value) {
        let challenge = self.challenge(app, reader).await;
        let body = reader.claim_body(&challenge);
        self.post_signed(app, "/v1/secrets/claim", &body, reader, &challenge).await
    }

    pub(crate) async fn challenge(&self, app: &TestApp, reader: &Recipient) -> Challenge {
        let (_, peeked) = self.post(app, "/v1/secrets/peek", &reader.peek_body()).await;
        Challenge::parse(peeked["challenge"].as_str().unwrap()).unwrap()
    }

    pub(crate) async fn post_signed(
        &self,
        app: &TestApp,
        path: &'static str,
        body: &Value,
        reader: &Recipient,
        challenge: &Challenge,
    ) -> (StatusCode, Value) {
        let prepared = self.sign(path, body, reader, challenge);
        let received = prepared.send(app).await;
        (received.status, received.open(prepared.opener))
    }
}

impl Prepared {
    /// Sends it; again and again, if a test likes.
    pub(crate) async fn send(&self, app: &TestApp) -> Received {
        send(app, self.path, &self.bytes, &self.headers).await
    }
}

/// Sends bytes as a sealed request.
pub(crate) async fn send(app: &TestApp, path: &str, bytes: &[u8], headers: &HeaderMap) -> Received {
    let mut request = Request::post(path).body(Body::from(bytes.to_vec())).unwrap();
    *request.headers_mut() = headers.clone();
    request.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE.parse().unwrap());
    let (head, body) = app.respond(app.scope(), request).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Received { status: head.status, headers: head.headers, bytes }
}

/// The three headers of RFC 9421 over these bytes.
pub(crate) fn signature(
    reader: &Recipient,
    path: &str,
    bytes: &[u8],
    challenge: &Challenge,
) -> HeaderMap {
    let target_uri = format!("{}{path}", TestApp::origin());
    let signed =
        SignedRequest { target_uri: &target_uri, body: bytes, challenge }.sign(&reader.device);
    let mut headers = HeaderMap::new();
    headers.insert("content-digest", signed.content_digest.parse().unwrap());
    headers.insert("signature-input", signed.signature_input.parse().unwrap());
    headers.insert("signature", signed.signature.parse().unwrap());
    headers
}
