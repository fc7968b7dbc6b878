//! The TLS handshake: which certificate, for whom, and how long it may take.

mod tickets;

use std::{io, sync::Arc};

use rustls::{
    ServerConfig, SupportedCipherSuite,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{Acceptor, ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake, server::TlsStream};
use wax_kernel::Hostname;

use self::tickets::Tls13Tickets;
use crate::{Limits, Routes};

/// A fatal `unrecognized_name` alert in a plaintext record (RFC 8446 §6.2, RFC 6066 §3). Written by hand because the
/// handshake that could say it is never begun: refusing a stranger costs reading the `ClientHello` and no signature.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// TLS for every host in the routing table.
#[derive(Debug)]
pub struct Tls {
    config: ServerConfig,
    handshakes: Semaphore,
}

/// Why a connection did not get past the handshake. The label goes into a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsRefusal {
    /// The `ClientHello` or the handshake took too long.
    Timeout,
    /// What arrived is no `ClientHello`.
    NotTls,
    /// No server name, or one that is not in the routing table for this peer.
    UnknownName,
    /// The handshake failed: no common version, a broken client, an untrusted certificate.
    Failed,
}

impl TlsRefusal {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Timeout => "tls_timeout",
            Self::NotTls => "not_tls",
            Self::UnknownName => "unknown_name",
            Self::Failed => "tls_failed",
        }
    }
}

/// A finished handshake.
pub(crate) struct Handshake<IO> {
    pub(crate) stream: TlsStream<IO>,
    /// The certificate this client was shown.
    pub(crate) served: Arc<CertifiedKey>,
    pub(crate) http2: bool,
}

/// TLS cannot be set up: the provider lacks what we ask of it.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(#[from] rustls::Error);

impl Tls {
    /// Sets up TLS 1.2 and 1.3 with ECDSA certificates, HTTP/2 and HTTP/1.1, tickets in TLS 1.3 alone, no early data.
    pub fn new(limits: &Limits) -> Result<Self, TlsError> {
        Ok(Self { config: config()?, handshakes: Semaphore::new(limits.handshakes) })
    }

    /// Takes a connection through the handshake for the host it names.
    pub(crate) async fn accept<IO>(
        &self,
        io: IO,
        routes: &Routes,
        peer_is_loopback: bool,
        limits: &Limits,
    ) -> Result<Handshake<IO>, TlsRefusal>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let accepted = Instant::now();
        let hello = LazyConfigAcceptor::new(Acceptor::default(), io);
        let start = timeout_at(accepted + limits.client_hello, hello)
            .await
            .map_err(|_| TlsRefusal::Timeout)?;
        let start = start.map_err(|_| TlsRefusal::NotTls)?;
        let Some(served) = certificate_for(&start.client_hello(), routes, peer_is_loopback) else {
            return Err(refuse_name(start).await);
        };
        let finish = self.finish(start, served);
        timeout_at(accepted + limits.handshake, finish).await.map_err(|_| TlsRefusal::Timeout)?
    }

    async fn finish<IO>(
        &self,
        start: StartHandshake<IO>,
        served: Arc<CertifiedKey>,
    ) -> Result<Handshake<IO>, TlsRefusal>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let turn = self.handshakes.acquire().await.map_err(|_| TlsRefusal::Failed)?;
        // A copy of a dozen pointers, so that the certificate shown is exactly the one looked up, whatever is published
        // meanwhile.
        let mut config = self.config.clone();
        config.cert_resolver = Arc::new(Only(Arc::clone(&served)));
        // Signs, now, what is sent next. The turn ends with that: were it kept while the client is waited for, a few
        // clients that say nothing more would keep everybody else out.
        let answered = start.into_stream(Arc::new(config));
        drop(turn);
        let stream = answered.await.map_err(|_: io::Error| TlsRefusal::Failed)?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Handshake { stream, served, http2 })
    }
}

fn config() -> Result<ServerConfig, TlsError> {
    let provider = CryptoProvider {
        cipher_suites: aws_lc_rs::DEFAULT_CIPHER_SUITES.iter().copied().filter(is_wanted).collect(),
        ..aws_lc_rs::default_provider()
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Nobody));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ignore_client_order = true;
    config.ticketer = Arc::new(Tls13Tickets::new()?);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    // A replayed early request could take a view twice.
    config.max_early_data_size = 0;
    Ok(config)
}

/// TLS 1.3, and of TLS 1.2 what works with our ECDSA certificates.
fn is_wanted(suite: &SupportedCipherSuite) -> bool {
    suite.tls13().is_some() || format!("{:?}", suite.suite()).contains("ECDSA")
}

fn certificate_for(
    hello: &ClientHello<'_>,
    routes: &Routes,
    peer_is_loopback: bool,
) -> Option<Arc<CertifiedKey>> {
    let host = Hostname::parse(hello.server_name()?).ok()?;
    routes.find(&host, peer_is_loopback)?.certificate.as_ref()?.open().cloned()
}

async fn refuse_name<IO: AsyncWrite + Unpin>(mut start: StartHandshake<IO>) -> TlsRefusal {
    // Whether the stranger hears it is the stranger's concern.
    let _ = start.io.write_all(&UNRECOGNIZED_NAME).await;
    let _ = start.io.shutdown().await;
    TlsRefusal::UnknownName
}

/// Shows one certificate, whoever asks: the name was looked up before.
#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Shows none: there is no default certificate.
#[derive(Debug)]
struct Nobody;

impl ResolvesServerCert for Nobody {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

#[cfg(test)]
mod tests;
