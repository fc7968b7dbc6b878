//! What the operator asks on a command line.

use wax_store::Drift;

use super::{Billing, Refusal, acting::scope_of};

/// What came of asking for one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// There is no such organization.
    Unknown,
    /// It never wanted to pay.
    NoCustomer,
    /// Stripe answered; what follows is written.
    Answered,
    /// Stripe did not answer.
    Silent,
}

impl Billing {
    /// Everything that does not add up.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn drift(
        &self,
    ) -> Result<Vec<Drift>, impl std::error::Error + Send + Sync + 'static> {
        self.platform().drift().await
    }

    /// Asks Stripe about one organization, by id or short name.
    ///
    /// # Errors
    /// If the database does not answer, or Stripe's side is not configured.
    pub async fn refresh_of(
        &self,
        organization: &str,
    ) -> Result<Refreshed, impl std::error::Error + Send + Sync + 'static> {
        let done = async {
            self.payments()?;
            let name = organization.to_owned();
            let found = self.store().write_platform(move |unit| {
                let name = name.clone();
                Box::pin(async move { unit.find_tenant(&name).await })
            });
            let Some(tenant) = found.await? else { return Ok(Refreshed::Unknown) };
            let scope = scope_of(tenant.id);
            if self.platform().customer(scope).await?.is_none() {
                return Ok(Refreshed::NoCustomer);
            }
            let answered = self.ask_and_wait(scope).await;
            Ok::<_, Refusal>(if answered { Refreshed::Answered } else { Refreshed::Silent })
        };
        done.await
    }
}
