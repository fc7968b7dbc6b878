//! Answers to challenges: edges and name servers read them from the store, so what is left to do is to wait for all of them.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use wax_acme::{Answer, Answers, Method};
use wax_kernel::{Clock, DomainId};
use wax_model::domain::NodeKind;
use wax_store::{Store, StoreError};

/// Knows whether every process that answers issuers has the last change of a domain.
#[derive(Clone)]
pub struct Everywhere {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Everywhere {
    /// As the store says.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    async fn has(&self, domain: &DomainId, method: Method) -> Result<bool, StoreError> {
        let kind = match method {
            Method::Http01 | Method::TlsAlpn01 => NodeKind::Edge,
            Method::Dns01 => NodeKind::Dns,
        };
        let platform = self.store.platform().domains();
        let Some(change) = platform.last_change(*domain).await? else { return Ok(false) };
        let nodes = platform.nodes(kind, self.clock.now()).await?;
        Ok(!nodes.is_empty() && nodes.iter().all(|node| change <= node.position))
    }
}

#[async_trait]
impl Answers for Everywhere {
    async fn publish(&self, domain: &DomainId, answer: &Answer) -> bool {
        let has = self.has(domain, answer.method).await;
        has.unwrap_or_else(|error| {
            tracing::warn!(%error, "it is not known whether every edge has an answer");
            false
        })
    }

    async fn withdraw(&self, _: &DomainId, _: &Answer) {}
}

impl fmt::Debug for Everywhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Everywhere")
    }
}
