//! What an edge keeps of one name, in memory and in its file.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Result, anyhow};
use rustls::{pki_types::CertificateDer, sign::CertifiedKey};
use serde::{Deserialize, Serialize};
use wax_acme::{Answer, Certificate, SealedKey, Vault};
use wax_edge::{HostCertificate, SealedCertificate};
use wax_kernel::{CertificateId, HostPattern, Timestamp};
use wax_model::{Logo, Route};

/// One name as the store has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) route: Route,
    /// Apart from the look, whose stored form leaves it out.
    pub(super) logo: Option<Logo>,
    pub(super) certificate: Option<Shown>,
    /// What an issuer looks for, while a certificate is ordered.
    pub(super) answer: Option<Answer>,
}

/// The certificate that is shown for a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) id: CertificateId,
    /// In DER: the name's own first.
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: SealedKey,
    pub(super) until: Timestamp,
}

/// A name of the platform's own that has its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnEntry {
    pub(super) host: HostPattern,
    pub(super) shown: Shown,
}

impl Entry {
    pub(super) fn new(
        mut route: Route,
        certificate: Option<&Certificate>,
        answer: Option<Answer>,
    ) -> Self {
        let logo = route.brand.logo.take();
        Self { route, logo, certificate: certificate.map(Shown::from), answer }
    }

    /// The look, with its logo.
    pub(super) fn brand(&self) -> wax_model::Brand {
        wax_model::Brand { logo: self.logo.clone(), ..self.route.brand.clone() }
    }
}

impl From<&Certificate> for Shown {
    fn from(certificate: &Certificate) -> Self {
        let chain = certificate.chain.certificates().iter().map(|der| der.to_vec()).collect();
        let (id, key) = (certificate.id, certificate.key.clone());
        Self { id, chain, key, until: certificate.facts.validity.not_after }
    }
}

/// What leads from a certificate to its authority.
type Above = Arc<[CertificateDer<'static>]>;

/// Makes certificates for the edge. Those of one authority share what leads to it: among 100,000 hosts that is 100 MB.
#[derive(Debug)]
pub(super) struct Certificates {
    vault: Vault,
    authorities: Mutex<HashMap<Vec<Vec<u8>>, Above>>,
}

impl Certificates {
    pub(super) fn new(vault: Vault) -> Self {
        Self { vault, authorities: Mutex::default() }
    }

    pub(super) fn hold(&self, shown: &Shown) -> Result<HostCertificate> {
        let (leaf, above) =
            shown.chain.split_first().ok_or_else(|| anyhow!("its certificate's chain is empty"))?;
        Ok(HostCertificate::sealed(Sealed {
            id: shown.id,
            leaf: leaf.clone().into(),
            above: self.authority(above),
            key: shown.key.clone(),
            vault: self.vault.clone(),
        }))
    }

    fn authority(&self, above: &[Vec<u8>]) -> Above {
        let mut known = self.authorities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.get(above) {
            return Arc::clone(same);
        }
        let new: Above = above.iter().map(|der| CertificateDer::from(der.clone())).collect();
        known.insert(above.to_vec(), Arc::clone(&new));
        new
    }
}

/// A certificate at rest.
#[derive(Debug)]
struct Sealed {
    id: CertificateId,
    leaf: CertificateDer<'static>,
    above: Above,
    key: SealedKey,
    vault: Vault,
}

impl SealedCertificate for Sealed {
    fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    fn open(&self) -> Option<CertifiedKey> {
        let key = self.vault.private_key(&self.id, &self.key).ok();
        let key =
            key.and_then(|key| rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).ok());
        if key.is_none() {
            tracing::error!(certificate = %self.id, "a certificate's key does not open with this key ring");
        }
        let chain = std::iter::once(&self.leaf).chain(&*self.above).cloned().collect();
        Some(CertifiedKey::new(chain, key?))
    }
}
