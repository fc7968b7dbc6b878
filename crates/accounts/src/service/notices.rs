//! Notices by mail: stopped, and sent again, by whoever has the link of one or is signed in.

use wax_kernel::{AccountId, DomainId, TenantId};
use wax_model::Brand;
use wax_store::{Outbox, Suppression, SuppressionReason};

use super::{Accounts, Refusal};

impl Accounts {
    /// Whether notices go to the address that this token of a notice belongs to. `None`: it is no token of ours.
    pub(crate) async fn sends_notices(&self, token: &str) -> Result<Option<bool>, Refusal> {
        let Some(code) = self.0.postbox.unsubscribed(token) else { return Ok(None) };
        Ok(Some(self.sends_to(*code.as_bytes()).await?))
    }

    /// Stops them, or sends them again. `false`: it is no token of ours. Either may be repeated.
    pub(crate) async fn send_notices(&self, token: &str, send: bool) -> Result<bool, Refusal> {
        let Some(code) = self.0.postbox.unsubscribed(token) else { return Ok(false) };
        self.send_to(*code.as_bytes(), send).await?;
        Ok(true)
    }

    /// Whether notices go to the account's own address.
    pub(crate) async fn sends_own_notices(&self, account: AccountId) -> Result<bool, Refusal> {
        self.sends_to(self.own_code(account).await?).await
    }

    /// Stops them, or sends them again. Either may be repeated.
    pub(crate) async fn send_own_notices(
        &self,
        account: AccountId,
        send: bool,
    ) -> Result<(), Refusal> {
        self.send_to(self.own_code(account).await?, send).await
    }

    async fn own_code(&self, account: AccountId) -> Result<[u8; 32], Refusal> {
        let account = self.reads().account(account).await?.ok_or(Refusal::NotAvailable)?;
        Ok(*self.0.postbox.code(&account.email).as_bytes())
    }

    async fn sends_to(&self, code: [u8; 32]) -> Result<bool, Refusal> {
        let found = self.outbox().suppressions(code, self.now()).await?;
        Ok(found.iter().all(|stop| stop.reason != SuppressionReason::Unsubscribed))
    }

    async fn send_to(&self, code: [u8; 32], send: bool) -> Result<(), Refusal> {
        let reason = SuppressionReason::Unsubscribed;
        if send {
            self.outbox().lift(code, reason).await?;
        } else {
            let suppression = Suppression { code, reason, since: self.now(), ends_at: None };
            self.outbox().suppress(&suppression).await?;
        }
        Ok(())
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
