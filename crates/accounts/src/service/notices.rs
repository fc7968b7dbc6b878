//! Notices by mail: stopped, and sent again, by whoever has the link of one.

use wax_kernel::{DomainId, TenantId};
use wax_model::Brand;
use wax_store::{Outbox, Suppression, SuppressionReason};

use super::{Accounts, Refusal};

impl Accounts {
    /// Whether notices go to the address that this token of a notice belongs to. `None`: it is no token of ours.
    pub(crate) async fn sends_notices(&self, token: &str) -> Result<Option<bool>, Refusal> {
        let Some(code) = self.0.postbox.unsubscribed(token) else { return Ok(None) };
        let found = self.outbox().suppressions(*code.as_bytes(), self.now()).await?;
        Ok(Some(found.iter().all(|stop| stop.reason != SuppressionReason::Unsubscribed)))
    }

    /// Stops them, or sends them again. `false`: it is no token of ours. Either may be repeated.
    pub(crate) async fn send_notices(&self, token: &str, send: bool) -> Result<bool, Refusal> {
        let Some(code) = self.0.postbox.unsubscribed(token) else { return Ok(false) };
        let (code, reason) = (*code.as_bytes(), SuppressionReason::Unsubscribed);
        if send {
            self.outbox().lift(code, reason).await?;
        } else {
            let suppression = Suppression { code, reason, since: self.now(), ends_at: None };
            self.outbox().suppress(&suppression).await?;
        }
        Ok(true)
    }

    /// The look of a tenant's host.
    pub(crate) async fn look_of(
        &self,
        tenant: TenantId,
        domain: DomainId,
    ) -> Result<Option<Brand>, Refusal> {
        Ok(self.outbox().brand(tenant, domain).await?)
    }

    pub(super) fn outbox(&self) -> &dyn Outbox {
        self.store().platform().outbox()
    }
}
