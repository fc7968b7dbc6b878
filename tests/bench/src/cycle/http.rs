//! HTTP/1.1 or HTTP/2 to one server of this machine, with as little between the socket and the numbers as there can be.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Where a server is, and what it is called there.
pub(crate) struct Target {
    port: u16,
    /// `host:port`, as browsers send it.
    pub(crate) authority: String,
    host: String,
    tls: Option<TlsConnector>,
    speaks_two: bool,
}

/// Sends requests in one of the two versions.
enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// One connection.
pub(crate) struct Connection {
    sender: Sender,
    /// Moves the bytes; ends with this value.
    _driver: JoinSet<Result<(), hyper::Error>>,
}

/// An answer that has arrived as a whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Target {
    pub(crate) fn plain(host: &str, port: u16) -> Self {
        let (authority, host) = (format!("{host}:{port}"), host.to_owned());
        Self { port, authority, host, tls: None, speaks_two: false }
    }

    /// Over TLS, trusting one authority. Every connection is a new acquaintance: none resumes another's session.
    pub(crate) fn tls(host: &str, port: u16, authority: &Path) -> Result<Self> {
        Self::over_tls(host, port, authority, false)
    }

    /// The same with HTTP/2, and nothing else.
    pub(crate) fn tls_two(host: &str, port: u16, authority: &Path) -> Result<Self> {
        Self::over_tls(host, port, authority, true)
    }

    fn over_tls(host: &str, port: u16, authority: &Path, speaks_two: bool) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority).context("the local authority")?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        if speaks_two {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        let tls = Some(TlsConnector::from(Arc::new(config)));
        Ok(Self { tls, speaks_two, ..Self::plain(host, port) })
    }

    /// The URL of a path: what a signature covers.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority)
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Connection::over(stream, false).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                Connection::over(tls.connect(name, stream).await?, self.speaks_two).await
            }
        }
    }
}

impl Connection {
    async fn over<S>(stream: S, speaks_two: bool) -> Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut driver, stream) = (JoinSet::new(), TokioIo::new(stream));
        let sender = if speaks_two {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            driver.spawn(connection);
            Sender::Two(sender)
        } else {
            let (sender, connection) = http1::handshake(stream).await?;
            driver.spawn(connection);
            Sender::One(sender)
        };
        Ok(Self { sender, _driver: driver })
    }

    pub(crate) async fn post(
        &mut self,
        target: &Target,
        path: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer> {
        let mut request = Request::post(path).body(Full::new(Bytes::from(body)))?;
        *request.headers_mut() = headers;
        self.send(target, request).await
    }

    pub(crate) async fn get(&mut self, target: &Target, path: &str) -> Result<Answer> {
        self.send(target, Request::get(path).body(Full::default())?).await
    }

    async fn send(&mut self, target: &Target, mut request: Request<Full<Bytes>>) -> Result<Answer> {
        let response = match &mut self.sender {
            Sender::One(sender) => {
                request.headers_mut().insert(header::HOST, target.authority.parse()?);
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Two(sender) => {
                *request.uri_mut() = target.url(request.uri().path()).parse()?;
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: response.into_body().collect().await?.to_bytes() })
    }
}
