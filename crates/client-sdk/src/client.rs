//! Requests to one host.

use std::{fmt, time::Duration};

use reqwest::{
    Certificate, Response,
    header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use serde::{Serialize, de::DeserializeOwned};
use wax_crypto::{Link, Origin, SignatureHeaders, Thumbprint};
use zeroize::Zeroizing;

use crate::{
    Created, Error, NetworkError, Peek, Problem, Retry, localhost::LocalhostResolver, wire,
};

/// An answer is a claim at most: 1 MiB of content in base64url, and a policy.
const MAX_ANSWER_BYTES: usize = 2 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two reads. A status stream says something at least every 15 seconds (protocol.md §6).
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// For a whole request; a megabyte passes in it on a bad mobile connection.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// How a [`Client`] behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// PEM certificates to trust besides the system's: a local or a company's own CA.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// The `Accept-Language` header: what problems are written in.
    pub language: Option<&'static str>,
    /// When lost answers are asked for again.
    pub retry: Retry,
}

/// Talks to one host. Follows no redirect, keeps no cookie, goes through no proxy to `localhost`.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    origin: Origin,
    retry: Retry,
}

impl Client {
    /// A client of the host at `origin`. Connects when it is used.
    pub fn new(origin: Origin, options: &Options) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        if let Some(language) = options.language {
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language));
        }
        let http = http_client(&origin, options)?
            .user_agent(concat!("waxseal/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .no_brotli()
            .no_deflate()
            .no_gzip()
            .build()
            .map_err(Error::Start)?;
        Ok(Self { http, origin, retry: options.retry })
    }

    /// The host this client talks to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When lost answers are asked for again.
    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }

    /// Stores a sealed secret. The same body again gets the same answer, so a lost one is asked for again.
    pub(crate) async fn create(&self, body: &wire::CreateBody<'_>) -> Result<Created, Error> {
        let body = to_json(body);
        self.retry.run(async || self.ask("create", &body).await).await
    }

    /// Looks at a secret without taking it. With a thumbprint the answer has a challenge for that device.
    pub async fn peek(&self, link: &Link, thumbprint: Option<&Thumbprint>) -> Result<Peek, Error> {
        let body =
            to_json(&wire::PeekBody { id: link.id(), peek: &link.token().peek_key(), thumbprint });
        self.retry.run(async || self.ask("peek", &body).await).await
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        name: &str,
        body: &[u8],
    ) -> Result<T, Error> {
        read_answer(self.post(name, body, None, Some(REQUEST_TIMEOUT)).await?).await
    }

    /// Sends one signed request and reads its answer.
    pub(crate) async fn ask_signed<T: DeserializeOwned>(
        &self,
        name: &str,
        body: &[u8],
        signature: SignatureHeaders,
    ) -> Result<T, Error> {
        read_answer(self.post(name, body, Some(signature), Some(REQUEST_TIMEOUT)).await?).await
    }

    /// Sends one request; without a timeout for an answer that streams.
    pub(crate) async fn post(
        &self,
        name: &str,
        body: &[u8],
        signature: Option<SignatureHeaders>,
        timeout: Option<Duration>,
    ) -> Result<Response, Error> {
        let mut request = self
            .http
            .post(self.target(name))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_vec());
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        if let Some(signature) = signature {
            request = request
                .header("Content-Digest", signature.content_digest)
                .header("Signature-Input", signature.signature_input)
                .header("Signature", signature.signature);
        }
        let response = request.send().await.map_err(NetworkError::from)?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(read_problem(response).await)
        }
    }

    /// The URL of a request; for signed ones this is `@target-uri`.
    pub(crate) fn target(&self, name: &str) -> String {
        format!("{}/v1/secrets/{name}", self.origin)
    }
}

/// What holds for every connection to a host.
pub(crate) fn http_client(
    origin: &Origin,
    options: &Options,
) -> Result<reqwest::ClientBuilder, Error> {
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .dns_resolver(LocalhostResolver)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT);
    if origin.host().is_localhost() {
        builder = builder.no_proxy();
    }
    if let Some(pem) = &options.extra_ca_pem {
        let extra = Certificate::from_pem_bundle(pem).map_err(Error::Certificates)?;
        builder = builder.tls_certs_merge(extra);
    }
    Ok(builder)
}

/// Shows the host only: the rest of a client is connections.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// Request bodies hold keys: they are wiped.
pub(crate) fn to_json(body: &impl Serialize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(body).expect("request bodies have text keys and cannot fail"))
}

async fn read_answer<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let body = read_body(response).await?;
    serde_json::from_slice(&body).map_err(|_| Error::Answer("it cannot be read"))
}

async fn read_problem(response: Response) -> Error {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    match read_body(response).await {
        Ok(body) => match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Error::Problem(Box::new(Problem { retry_after, ..problem })),
            Err(_) => Error::Status(status),
        },
        Err(error) => error,
    }
}

async fn read_body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(NetworkError::from)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::Answer("it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
