//! Asking the DNS, once for all who want to know.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use wax_dns::{Dns, DnsName, Evidence, Fault, TenantHost};
use wax_kernel::{HostPattern, Hostname};

use super::Domains;

/// Asks every server of a host's zone. In production [`Dns`]; in tests whatever they want.
#[async_trait]
pub trait Lookup: Send + Sync + fmt::Debug {
    /// What the servers say. `zone`: where our own labels are.
    async fn evidence(&self, host: &TenantHost, zone: &Hostname) -> Evidence;
    /// The top of the host's own zone, and what that says at `label`.
    async fn zone_texts(
        &self,
        host: &TenantHost,
        zone: &Hostname,
        label: &str,
    ) -> Result<(DnsName, Vec<String>), Fault>;
}

#[async_trait]
impl Lookup for Dns {
    async fn evidence(&self, host: &TenantHost, zone: &Hostname) -> Evidence {
        Self::evidence(self, host, zone).await
    }

    async fn zone_texts(
        &self,
        host: &TenantHost,
        zone: &Hostname,
        label: &str,
    ) -> Result<(DnsName, Vec<String>), Fault> {
        Self::zone_texts(self, host, zone, label).await
    }
}

/// One look that any number may wait for.
pub(super) type Look = Shared<BoxFuture<'static, Arc<Evidence>>>;

impl Domains {
    /// What the servers say now. Who asks while somebody asks gets that answer.
    ///
    /// `None`: there is nothing to ask about, or no zone to point into.
    pub(super) async fn evidence(&self, host: &HostPattern) -> Option<Arc<Evidence>> {
        let zone = self.settings().zone.clone()?;
        // Read before by these very rules; the list of suffixes may have grown since.
        let name = TenantHost::parse(&host.to_string(), &[]).ok()?;
        let look = self.join(host, name, zone);
        let evidence = look.clone().await;
        self.leave(host, &look);
        Some(evidence)
    }

    fn join(&self, host: &HostPattern, name: TenantHost, zone: Hostname) -> Look {
        let mut looks = self.0.looks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let lookup = Arc::clone(&self.0.lookup);
        let ask =
            move || async move { Arc::new(lookup.evidence(&name, &zone).await) }.boxed().shared();
        looks.entry(host.clone()).or_insert_with(ask).clone()
    }

    /// Takes a look that has ended off the table, if it is still that one.
    fn leave(&self, host: &HostPattern, look: &Look) {
        let mut looks = self.0.looks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if looks.get(host).is_some_and(|standing| standing.ptr_eq(look)) {
            looks.remove(host);
        }
    }
}

/// Whether a look heard anything of the host: errors and silence alone change nothing.
pub(super) fn says_something(evidence: &Evidence) -> bool {
    let gone = evidence.lost.as_ref().is_some_and(|(_, fault)| *fault == Fault::NoSuchName);
    gone || evidence.heard().next().is_some()
}
