//! Certificates as routes hold them.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use rustls::sign::CertifiedKey;

/// A certificate whose private key is sealed.
pub trait SealedCertificate: Send + Sync + fmt::Debug {
    /// The host's own certificate, in DER.
    fn leaf(&self) -> &[u8];

    /// The certificate with its key. `None`: the key does not open; who seals has said so in the log.
    fn open(&self) -> Option<CertifiedKey>;
}

/// What is shown for a host. A sealed key is opened when it is first needed: most of a hundred thousand are not, between
/// one start and the next, and opening all of them would take seconds. Clones are the same.
#[derive(Clone)]
pub struct HostCertificate(Arc<Inner>);

struct Inner {
    sealed: Option<Box<dyn SealedCertificate>>,
    opened: OnceLock<Option<Arc<CertifiedKey>>>,
}

impl HostCertificate {
    /// One that is opened when it is first needed.
    pub fn sealed(certificate: impl SealedCertificate + 'static) -> Self {
        Self(Arc::new(Inner { sealed: Some(Box::new(certificate)), opened: OnceLock::new() }))
    }

    /// What a handshake shows. `None`: its key does not open, and the host is served to nobody.
    pub(crate) fn open(&self) -> Option<&Arc<CertifiedKey>> {
        let open = || Some(Arc::new(self.0.sealed.as_ref()?.open()?));
        self.0.opened.get_or_init(open).as_ref()
    }

    /// The host's own certificate, in DER.
    fn leaf(&self) -> Option<&[u8]> {
        match &self.0.sealed {
            Some(sealed) => Some(sealed.leaf()),
            None => leaf_of(self.open()?),
        }
    }

    /// Whether a handshake that showed `served` showed this one.
    pub(crate) fn is(&self, served: &CertifiedKey) -> bool {
        self.leaf().is_some() && self.leaf() == leaf_of(served)
    }
}

fn leaf_of(certificate: &CertifiedKey) -> Option<&[u8]> {
    certificate.end_entity_cert().ok().map(AsRef::as_ref)
}

impl From<Arc<CertifiedKey>> for HostCertificate {
    fn from(opened: Arc<CertifiedKey>) -> Self {
        Self(Arc::new(Inner { sealed: None, opened: OnceLock::from(Some(opened)) }))
    }
}

impl fmt::Debug for HostCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostCertificate").finish_non_exhaustive()
    }
}
