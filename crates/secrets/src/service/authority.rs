//! What members and keys may do with secrets: by what they are in the organization, not by a receipt's key.

use wax_httpkit::{
    Network,
    auth::{Allowed, Grant},
};
use wax_kernel::{DomainId, ReceiptId, SecretId, Timestamp};
use wax_model::{Actor, Secret, TenantScope};
use wax_store::SecretFilter;

use super::{Maker, Receipt, Refusal, Secrets};

/// Who acts, and how far they reach.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    scope: TenantScope,
    actor: Actor,
    /// Secrets of this maker alone, if it is so.
    only_by: Option<Actor>,
    /// Secrets of this domain alone, if the caller is confined to it.
    domain: Option<DomainId>,
    network: Network,
}

impl<G: Grant> From<Allowed<G>> for Authority {
    fn from(allowed: Allowed<G>) -> Self {
        let only_by = allowed.only_by();
        let Allowed { context, scope, actor, domain, .. } = allowed;
        Self { scope, actor, only_by, domain, network: context.network }
    }
}

impl Authority {
    fn reaches(&self, secret: &Secret) -> bool {
        let own = self.only_by.is_none_or(|actor| secret.created_by == Some(actor));
        own && self.domain.is_none_or(|domain| secret.domain == domain)
    }

    /// The filter, and the bounds of what the caller may see. `None`: together they leave nothing.
    fn within(&self, filter: SecretFilter) -> Option<SecretFilter> {
        let some = agree(self.only_by, filter.created_by) && agree(self.domain, filter.domain);
        let created_by = self.only_by.or(filter.created_by);
        let domain = self.domain.or(filter.domain);
        some.then_some(SecretFilter { created_by, domain, ..filter })
    }

    /// Whoever makes a secret on this domain, if it is one that the organization holds.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`]: the caller is confined to another domain.
    pub(crate) fn maker(self, domain: DomainId) -> Result<Maker, Refusal> {
        let Self { scope, actor, network, domain: own, .. } = self;
        if own.is_some_and(|own| own != domain) {
            return Err(Refusal::NotAvailable);
        }
        Ok(Maker { scope, domain, actor: Some(actor), network })
    }

    /// Whose pages are told when something changes.
    pub(crate) fn topic(&self) -> String {
        self.scope.tenant().to_string()
    }
}

/// Whether something can be both: what the caller is bound to, and what is wanted.
fn agree<T: Copy + PartialEq>(bound: Option<T>, wanted: Option<T>) -> bool {
    bound.is_none() || wanted.is_none() || bound == wanted
}

impl Secrets {
    /// Receipts, newest first, at most `limit` (1 to 201: one more tells whether others follow).
    pub(crate) async fn list(
        &self,
        authority: &Authority,
        filter: SecretFilter,
        before: Option<(Timestamp, SecretId)>,
        limit: u32,
    ) -> Result<Vec<Receipt>, Refusal> {
        let Some(filter) = authority.within(filter) else { return Ok(Vec::new()) };
        let scope = &authority.scope;
        let rows = self.parts.store.read(*scope).secrets().list(&filter, before, limit).await?;
        let mut receipts = Vec::with_capacity(rows.len());
        for secret in rows {
            receipts.push(self.receipt_of(scope, secret).await?);
        }
        Ok(receipts)
    }

    /// Destroys a secret now. One that has ended stays as it is.
    pub(crate) async fn burn_by(
        &self,
        authority: &Authority,
        rid: ReceiptId,
    ) -> Result<Receipt, Refusal> {
        let scope = &authority.scope;
        let secret = self.reached(authority, rid).await?;
        let trail = self.trail(rid, Some(&authority.network)).by(Some(authority.actor));
        self.burn_now(scope, &secret, trail).await?;
        self.receipt_of(scope, self.reached(authority, rid).await?).await
    }

    async fn reached(&self, authority: &Authority, rid: ReceiptId) -> Result<Secret, Refusal> {
        let secret = self.parts.store.read(authority.scope).secrets().find_by_receipt(rid).await?;
        secret.filter(|secret| authority.reaches(secret)).ok_or(Refusal::NotAvailable)
    }

    /// Listens for changes of any of an organization's secrets.
    pub(crate) fn watch_all(&self, authority: &Authority) -> Box<dyn wax_cache::Listener> {
        self.parts.hints.subscribe(&authority.topic())
    }
}
