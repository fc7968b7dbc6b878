//! A plan that is paid by members is paid for as many as there are.

use wax_payments::{Change, PaymentsError};
use wax_store::BillingCustomer;

use super::{Billing, Refusal, acting::scope_of, following::Following, once::once, truth::Truth};

impl Billing {
    /// Tells Stripe the number of members, if it is another. Answers what is true then; and the subscription, if Stripe does not
    /// take the number: that is for people to mend.
    pub(super) async fn settle_seats(
        &self,
        taken: &BillingCustomer,
        truth: Truth,
    ) -> Result<(Truth, Option<String>), Refusal> {
        let Some(change) = self.other_seats(taken, &truth).await? else { return Ok((truth, None)) };
        let (seats, fence) = (change.seats.to_string(), taken.fence.to_string());
        let key = once(&["seats", &change.subscription, &seats, &fence]);
        match self.payments()?.change(&change, &key).await {
            // An event will say the same; should the answer be lost, it says it alone.
            Ok(()) => Ok((self.ask(&taken.customer).await.unwrap_or(truth), None)),
            Err(PaymentsError::Refused { code, .. }) => {
                tracing::debug!(%code, "Stripe refuses the number of members");
                Ok((truth, Some(change.subscription)))
            }
            Err(error) => {
                tracing::warn!(tenant = %taken.tenant, %error, "seats could not be told");
                Ok((truth, None))
            }
        }
    }

    async fn other_seats(
        &self,
        taken: &BillingCustomer,
        truth: &Truth,
    ) -> Result<Option<Change>, Refusal> {
        let now = self.now();
        let paid = Following::of(&truth.subscriptions, self.plans(), now).seats;
        let (Some(paid), Some(counting)) = (paid, truth.counting()) else { return Ok(None) };
        let seats = self.platform().members(scope_of(taken.tenant)).await?.max(1);
        let Some(lookup_key) = counting.price.clone().filter(|_| seats != paid) else {
            return Ok(None);
        };
        Ok(Some(Change {
            customer: taken.customer.clone(),
            subscription: counting.id.clone(),
            item: counting.item.clone(),
            lookup_key,
            seats,
            at: now,
        }))
    }
}
