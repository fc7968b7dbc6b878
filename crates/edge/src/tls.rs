//! The TLS handshake: which certificate, for whom, and how long it may take.

mod tickets;

use std::{io, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::{
        CryptoProvider, SupportedKxGroup,
        aws_lc_rs::{
            self,
            kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768},
        },
    },
    server::{Acceptor, ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::{Semaphore, SemaphorePermit},
    time::timeout_at,
};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake, server::TlsStream};
use wax_kernel::Hostname;

use self::tickets::Tls13Tickets;
pub use self::tickets::{TicketKey, TicketRing, Tickets};
use crate::{Limits, connection::Peer, edge::Shared};

/// What may agree on a session's keys: the hybrid, so that recordings of today stay closed to the quantum computers of
/// tomorrow, and Mozilla's list. rustls takes the one that the client names first, and browsers name the hybrid.
const KEY_EXCHANGES: [&dyn SupportedKxGroup; 4] = [X25519MLKEM768, X25519, SECP256R1, SECP384R1];

/// What an issuer's handshake for tls-alpn-01 asks for, and nothing else (RFC 8737 §3).
const ACME_TLS: &[u8] = b"acme-tls/1";

/// A fatal `unrecognized_name` alert in a plaintext record (RFC 8446 §6.2, RFC 6066 §3). Written by hand because the
/// handshake that could say it is never begun: refusing a stranger costs reading the `ClientHello` and no signature.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// TLS for every host in the routing table.
#[derive(Debug)]
pub struct Tls {
    serving: ServerConfig,
    proving: ServerConfig,
    handshakes: Semaphore,
}

/// Why a connection did not get past the handshake. The label goes into a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsRefusal {
    /// The `ClientHello` or the handshake took too long.
    Timeout,
    /// So many handshakes waited for their turn to sign that the time was up first.
    Busy,
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
            Self::Busy => "tls_busy",
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
    /// Sets up TLS 1.2 and 1.3 with HTTP/2 and HTTP/1.1, tickets in TLS 1.3 alone, no early data.
    pub fn new(limits: &Limits, tickets: Tickets) -> Result<Self, TlsError> {
        let mut serving = config()?;
        serving.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        serving.ticketer = Arc::new(Tls13Tickets(tickets));
        let mut proving = config()?;
        proving.alpn_protocols = vec![ACME_TLS.to_vec()];
        Ok(Self { serving, proving, handshakes: Semaphore::new(limits.handshakes) })
    }

    /// Takes a connection through the handshake for the host it names. `None`: an issuer was shown its proof, and nothing
    /// more is said on this connection.
    pub(crate) async fn accept<IO>(
        &self,
        io: IO,
        peer: &Peer,
        shared: &Shared,
    ) -> Result<Option<Handshake<IO>>, TlsRefusal>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let limits = &shared.limits;
        let hello = LazyConfigAcceptor::new(Acceptor::default(), io);
        let start = timeout_at(peer.accepted + limits.client_hello, hello)
            .await
            .map_err(|_| TlsRefusal::Timeout)?;
        let start = start.map_err(|_| TlsRefusal::NotTls)?;
        let Some((purpose, certificate)) = selected(&start.client_hello(), peer, shared) else {
            return Err(refuse_name(start).await);
        };
        let end = peer.accepted + limits.handshake;
        let turn = timeout_at(end, self.turn()).await.map_err(|_| TlsRefusal::Busy)?;
        let stream = self.sign(start, purpose, &certificate, turn);
        let stream = timeout_at(end, stream).await.map_err(|_| TlsRefusal::Timeout)?;
        let mut stream = stream.map_err(|_| TlsRefusal::Failed)?;
        if purpose == Purpose::Prove {
            // The issuer has seen what it came for (RFC 8737 §3). Whether it hears the end is its concern.
            let _ = timeout_at(end, stream.shutdown()).await;
            return Ok(None);
        }
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Some(Handshake { stream, served: certificate, http2 }))
    }

    /// Waits for the right to sign, first come, first served.
    ///
    /// Signing never waits for anything, so without the pause every handshake that has arrived would be signed before
    /// anything else is done. With it, only those whose turn it is stand in the scheduler's queue, between the requests of
    /// everybody who is in already.
    async fn turn(&self) -> SemaphorePermit<'_> {
        let turn = self.handshakes.acquire().await.expect("the semaphore is never closed");
        tokio::task::yield_now().await;
        turn
    }

    async fn sign<IO>(
        &self,
        start: StartHandshake<IO>,
        purpose: Purpose,
        certificate: &Arc<CertifiedKey>,
        turn: SemaphorePermit<'_>,
    ) -> io::Result<TlsStream<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        // A copy of a dozen pointers, so that the certificate shown is exactly the one looked up, whatever is published
        // meanwhile.
        let mut config = match purpose {
            Purpose::Serve => self.serving.clone(),
            Purpose::Prove => self.proving.clone(),
        };
        config.cert_resolver = Arc::new(Only(Arc::clone(certificate)));
        // Signs, now, what is sent next. The turn ends with that: were it kept while the client is waited for, a few
        // clients that say nothing more would keep everybody else out.
        let answered = start.into_stream(Arc::new(config));
        drop(turn);
        answered.await
    }
}

fn config() -> Result<ServerConfig, TlsError> {
    // Every suite that rustls has is one of Mozilla's; of those of TLS 1.2 it uses what goes with the certificate's key.
    let provider =
        CryptoProvider { kx_groups: KEY_EXCHANGES.to_vec(), ..aws_lc_rs::default_provider() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Nobody));
    config.ignore_client_order = true;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    // A replayed early request could take a view twice.
    config.max_early_data_size = 0;
    Ok(config)
}

/// What a handshake is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To serve the host.
    Serve,
    /// To prove to an issuer that the host is here.
    Prove,
}

/// Whatever a handshake asks for, it is shown one certificate or none.
fn selected(
    hello: &ClientHello<'_>,
    peer: &Peer,
    shared: &Shared,
) -> Option<(Purpose, Arc<CertifiedKey>)> {
    let host = Hostname::parse(hello.server_name()?).ok()?;
    if is_for_acme(hello) {
        return Some((Purpose::Prove, shared.pending.proving_certificate(&host)?));
    }
    let route = shared.routes.find(&host, peer.is_loopback());
    if route.is_none() {
        shared.pending.was_named(&host);
    }
    Some((Purpose::Serve, Arc::clone(route?.certificate.as_ref()?.open()?)))
}

fn is_for_acme(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|protocols| protocols.eq([ACME_TLS]))
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
