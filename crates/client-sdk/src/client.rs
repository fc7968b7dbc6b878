//! Requests to one host.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Certificate, Response,
    header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect,
};
use serde::{Serialize, de::DeserializeOwned};
use wax_crypto::{
    Link, Origin, Thumbprint,
    channel::{self, AnswerOpener, ChannelConfig, HostPublicKey, SignedConfig},
};
use wax_kernel::{Rng, SystemRng};
use zeroize::Zeroizing;

use crate::{
    Code, Created, Error, Handle, KnownHosts, NetworkError, Peek, Retry,
    channel::{Channel, Shown, read_answer, read_config, read_problem, read_public},
    localhost::LocalhostResolver,
    platform::authorization,
    wire,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two reads. A status stream says something at least every 15 seconds (protocol.md §6).
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// For a whole request; a megabyte passes in it on a bad mobile connection.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// How a [`Client`] behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// PEM certificates to trust besides the system's: a local or a company's own CA.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Where the keys of hosts are remembered. Without it every host's own word is taken each time, as browsers do.
    pub known_hosts: Option<KnownHosts>,
    /// The `Accept-Language` header: what problems are written in.
    pub language: Option<&'static str>,
    /// When lost answers are asked for again.
    pub retry: Retry,
    /// Randomness for sealing requests.
    pub rng: Arc<dyn Rng>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            extra_ca_pem: None,
            known_hosts: None,
            language: None,
            retry: Retry::default(),
            rng: Arc::new(SystemRng),
        }
    }
}

/// Talks to one host, through the channel (protocol.md §11). Follows no redirect, keeps no cookie, goes through no
/// proxy to `localhost`.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    origin: Origin,
    channel: Channel,
    retry: Retry,
}

/// An answer whose head has arrived, and what opens the rest.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) opener: AnswerOpener,
}

impl Client {
    /// A client of the host at `origin`. Connects when it is used.
    pub fn new(origin: Origin, options: &Options) -> Result<Self, Error> {
        let http = json_client(&origin, options)?;
        let (known_hosts, rng) = (options.known_hosts.clone(), Arc::clone(&options.rng));
        let channel = Channel::new(origin.clone(), known_hosts, rng);
        Ok(Self { http, origin, channel, retry: options.retry })
    }

    /// The host this client talks to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When lost answers are asked for again.
    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }

    /// The key that the host shows now. It is not compared with the one that is known, and not remembered.
    pub async fn host_key(&self) -> Result<HostPublicKey, Error> {
        let signed = self.retry.run(async || self.ask_config().await).await?;
        self.channel.host_key(&signed)
    }

    /// Stores a sealed secret. The same body again gets the same answer, so a lost one is asked for again.
    pub(crate) async fn create(
        &self,
        body: &wire::CreateBody<'_>,
        shown: Shown<'_>,
    ) -> Result<Created, Error> {
        let body = to_json(body);
        self.retry.run(async || self.ask("create", &body, shown).await).await
    }

    /// Looks at a secret without taking it. With a thumbprint the answer has a challenge for that device.
    pub async fn peek(&self, link: &Link, thumbprint: Option<&Thumbprint>) -> Result<Peek, Error> {
        self.look(&Handle::from(link), thumbprint).await
    }

    pub(crate) async fn look(
        &self,
        handle: &Handle,
        thumbprint: Option<&Thumbprint>,
    ) -> Result<Peek, Error> {
        let body = to_json(&wire::PeekBody { id: handle.id, peek: &handle.peek, thumbprint });
        self.retry.run(async || self.ask("peek", &body, Shown::Nothing).await).await
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        name: &str,
        body: &[u8],
        shown: Shown<'_>,
    ) -> Result<T, Error> {
        let Answer { response, opener } =
            self.post(name, body, shown, Some(REQUEST_TIMEOUT)).await?;
        let body = read_answer(response, opener).await?;
        serde_json::from_slice(&body).map_err(|_| Error::Answer("it cannot be read"))
    }

    /// Sends one request; without a timeout for an answer that streams. If the server has another key by now, once more.
    pub(crate) async fn post(
        &self,
        name: &str,
        body: &[u8],
        shown: Shown<'_>,
        timeout: Option<Duration>,
    ) -> Result<Answer, Error> {
        let path = format!("/v1/secrets/{name}");
        let config = match self.channel.config() {
            Some(config) => config,
            None => self.channel.accept(&self.ask_config().await?)?,
        };
        match self.post_sealed(&config, &path, body, shown, timeout).await {
            Err(Error::Problem(problem)) if problem.code == Code::ChannelKey => {
                let signed =
                    problem.channel.ok_or(Error::Answer("a new channel key without the key"))?;
                let config = self.channel.accept(&signed)?;
                self.post_sealed(&config, &path, body, shown, timeout).await
            }
            other => other,
        }
    }

    async fn post_sealed(
        &self,
        config: &ChannelConfig,
        path: &str,
        body: &[u8],
        shown: Shown<'_>,
        timeout: Option<Duration>,
    ) -> Result<Answer, Error> {
        let sealed = self.channel.seal(config, path, body, shown);
        let mut request = self
            .http
            .post(format!("{}{path}", self.origin))
            .header(CONTENT_TYPE, channel::CONTENT_TYPE)
            .body(sealed.body);
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        if let Shown::Key(key) = shown {
            request = request.header(AUTHORIZATION, authorization(key.expose()));
        }
        if let Some(signature) = sealed.signature {
            request = request
                .header("Content-Digest", signature.content_digest)
                .header("Signature-Input", signature.signature_input)
                .header("Signature", signature.signature);
        }
        let response = request.send().await.map_err(NetworkError::from)?;
        if response.status().is_success() {
            Ok(Answer { response, opener: sealed.opener })
        } else {
            Err(read_problem(response, Some(sealed.opener)).await)
        }
    }

    /// A small public file of the host.
    pub(crate) async fn get(&self, path: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let request = self.http.get(format!("{}{path}", self.origin)).timeout(REQUEST_TIMEOUT);
        read_public(request.send().await.map_err(NetworkError::from)?).await
    }

    async fn ask_config(&self) -> Result<SignedConfig, Error> {
        let request = self.http.get(format!("{}/v1/channel", self.origin)).timeout(REQUEST_TIMEOUT);
        read_config(request.send().await.map_err(NetworkError::from)?).await
    }
}

/// A client of an API: what it gets is what was sent, not what a proxy has compressed.
pub(crate) fn json_client(origin: &Origin, options: &Options) -> Result<reqwest::Client, Error> {
    let mut headers = HeaderMap::new();
    if let Some(language) = options.language {
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language));
    }
    http_client(origin, options)?
        .user_agent(concat!("waxseal/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .no_brotli()
        .no_deflate()
        .no_gzip()
        .build()
        .map_err(Error::Start)
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
