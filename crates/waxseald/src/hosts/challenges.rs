//! What issuers look for on an edge while certificates are ordered.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use bytes::Bytes;
use rustls::sign::CertifiedKey;
use wax_acme::{Answer, HTTP_PATH, Method, http_answer};
use wax_edge::PendingHosts;
use wax_kernel::{HostPattern, Hostname};

/// The orders under way, by host. Few at any time. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Challenges {
    answers: Arc<RwLock<HashMap<Hostname, Answer>>>,
    named: Arc<Mutex<HashSet<Hostname>>>,
}

/// Names between two looks at the store.
const MOST_NAMED: usize = 32;

impl Challenges {
    pub(super) fn set(&self, host: &HostPattern, answer: Option<&Answer>) {
        if host.is_wildcard() {
            return; // Proved by DNS alone.
        }
        let mut table = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        match answer.filter(|answer| answer.method != Method::Dns01) {
            Some(answer) => table.insert(host.host().clone(), answer.clone()),
            None => table.remove(host.host()),
        };
    }

    fn of(&self, host: &Hostname, method: Method) -> Option<Answer> {
        let table = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        table.get(host).filter(|answer| answer.method == method).cloned()
    }

    /// Names that handshakes were refused for since the last time.
    pub(super) fn take_named(&self) -> HashSet<Hostname> {
        std::mem::take(&mut *self.named.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PendingHosts for Challenges {
    /// Computed from token and account, so that an edge that has heard of the order answers whatever token is asked for.
    fn http_answer(&self, host: &Hostname, token: &str) -> Option<Bytes> {
        let account = self.of(host, Method::Http01)?.account;
        http_answer(&format!("{HTTP_PATH}{token}"), &account).map(Bytes::from)
    }

    fn proving_certificate(&self, host: &Hostname) -> Option<Arc<CertifiedKey>> {
        self.of(host, Method::TlsAlpn01)?.proving_certificate().ok().map(Arc::new)
    }

    fn was_named(&self, host: &Hostname) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        // Anybody may name anything: what there is no room for is found by its daily check.
        if named.len() < MOST_NAMED {
            named.insert(host.clone());
        }
    }
}
