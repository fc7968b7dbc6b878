//! Names of the platform's own: no organization's domains, and certified as those are.

use sha2::{Digest as _, Sha256};
use wax_kernel::{DomainId, HostPattern, TenantId, Timestamp};

use crate::{Issuance, IssuerId, Lane};

/// A name that no organization has: the console's, or the wildcard above every organization's short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformName {
    /// The name.
    pub host: HostPattern,
    /// Names its order and its certificate in every process, without a row that says so.
    pub id: DomainId,
}

impl PlatformName {
    /// The same host has the same id everywhere.
    pub fn new(host: HostPattern) -> Self {
        let digest: [u8; 32] = Sha256::digest(format!("waxseal platform name {host}")).into();
        let id = digest.first_chunk().copied().unwrap_or_default();
        Self { host, id: DomainId::from_bytes(id) }
    }

    /// Its first order. It is nobody's: no organization's orders wait behind it.
    pub fn order(&self, issuer: IssuerId, now: Timestamp) -> Issuance {
        let nobody = TenantId::from_bytes([0; 16]);
        Issuance::first(self.id, nobody, self.host.clone(), issuer, Lane::New, now)
    }
}
