//! Hosts that are on their way: claimed by somebody, and not served yet.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use rustls::sign::CertifiedKey;
use wax_kernel::Hostname;

/// What is known of hosts that a certificate is ordered for. It is asked in the middle of handshakes and requests, by
/// strangers, so it answers from memory and at once.
pub trait PendingHosts: Send + Sync + fmt::Debug {
    /// The file in which an issuer looks for proof on port 80 (http-01, RFC 8555 §8.3), if the host is being ordered.
    /// `token` is 1 to 128 characters of base64url.
    fn http_answer(&self, host: &Hostname, token: &str) -> Option<Bytes>;

    /// The certificate in which an issuer looks for proof on port 443 (tls-alpn-01, RFC 8737 §3), if the host is being
    /// ordered. It is shown to whoever asks for `acme-tls/1` and for nothing else.
    fn proving_certificate(&self, host: &Hostname) -> Option<Arc<CertifiedKey>>;

    /// A handshake named a host that is not served: perhaps its records have just been set.
    fn was_named(&self, host: &Hostname);
}

/// No host is on its way.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPendingHosts;

impl PendingHosts for NoPendingHosts {
    fn http_answer(&self, _: &Hostname, _: &str) -> Option<Bytes> {
        None
    }

    fn proving_certificate(&self, _: &Hostname) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn was_named(&self, _: &Hostname) {}
}
