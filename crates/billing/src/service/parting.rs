//! Customers of organizations that were erased: nothing is charged any more.

use wax_kernel::JobError;

use super::{Billing, Refusal, attending::LEASE, once::once};

impl Billing {
    /// Ends what erased organizations pay for with what is paid. One that fails comes again.
    pub(super) async fn part(&self) -> Result<(), JobError> {
        loop {
            let now = self.now();
            let taken = self.platform().take_parting(now, now.plus(LEASE)).await?;
            let Some(customer) = taken else { return Ok(()) };
            match self.end_all(&customer).await {
                Ok(()) => self.platform().parted(&customer).await?,
                Err(error) => {
                    tracing::warn!(%error, "what an erased organization pays for could not be ended");
                }
            }
        }
    }

    async fn end_all(&self, customer: &str) -> Result<(), Refusal> {
        let payments = self.payments()?;
        for subscription in payments.subscriptions(customer).await? {
            if subscription.status.is_alive() && subscription.ends_at.is_none() {
                let key = once(&["part", &subscription.id]);
                payments.cancel_at_period_end(&subscription.id, true, &key).await?;
            }
        }
        Ok(())
    }
}
