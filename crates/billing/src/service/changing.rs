//! Another plan, the end of one, and not after all.

use std::time::Duration;

use wax_kernel::Timestamp;
use wax_model::{Invalid, Rule, billing::Subscription};
use wax_payments::{Change, Preview};
use wax_store::BillingCustomer;

use super::{Acting, Billing, Refusal, Wanted, once::once};

/// How old a preview may be.
const PREVIEW_STANDS: Duration = Duration::from_secs(600);
/// Stripe counts seconds.
const SECOND_MS: i64 = 1_000;

/// What a change would cost, and to which moment that is worked out.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) preview: Preview,
    pub(crate) at: Timestamp,
}

impl Billing {
    /// What another plan would cost.
    pub(crate) async fn preview(&self, acting: &Acting, wanted: &Wanted) -> Result<Shown, Refusal> {
        let now = self.now().as_ms();
        let at = Timestamp::from_ms(now - now.rem_euclid(SECOND_MS));
        let change = self.wanted_change(acting, wanted, at).await?;
        Ok(Shown { preview: self.payments()?.preview(&change).await?, at })
    }

    /// Changes to it, for what the preview said.
    pub(crate) async fn change(
        &self,
        acting: &Acting,
        wanted: &Wanted,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let now = self.now();
        if at > now || at.plus(PREVIEW_STANDS) < now {
            return Err(Invalid::new("at_ms", Rule::Choice).into());
        }
        let change = self.wanted_change(acting, wanted, at).await?;
        let (seats, at) = (change.seats.to_string(), at.as_ms().to_string());
        let key = once(&["change", &change.subscription, &change.lookup_key, &seats, &at]);
        self.payments()?.change(&change, &key).await?;
        self.mark(&change.customer).await
    }

    /// Ends it with what is paid; or not after all.
    pub(crate) async fn end_with_period(&self, acting: &Acting, ends: bool) -> Result<(), Refusal> {
        let (customer, subscription) = self.subscribed(acting).await?;
        let what = if ends { "cancel" } else { "resume" };
        // After it was done something else is fetched, and the next time is another request.
        let key = once(&[what, &subscription.id, &customer.fence.to_string()]);
        self.payments()?.cancel_at_period_end(&subscription.id, ends, &key).await?;
        self.mark(&customer.customer).await
    }

    async fn wanted_change(
        &self,
        acting: &Acting,
        wanted: &Wanted,
        at: Timestamp,
    ) -> Result<Change, Refusal> {
        let (customer, subscription) = self.subscribed(acting).await?;
        let plan = self.sold(wanted)?;
        let price = self.price(plan, wanted.interval, subscription.currency).await?;
        let price = price.ok_or_else(|| Invalid::new("interval", Rule::Choice))?;
        Ok(Change {
            customer: customer.customer,
            subscription: subscription.id,
            item: subscription.item,
            lookup_key: price.lookup_key,
            seats: self.seats(acting, plan).await?,
            at,
        })
    }

    /// The subscription that counts.
    async fn subscribed(
        &self,
        acting: &Acting,
    ) -> Result<(BillingCustomer, Subscription), Refusal> {
        self.payments()?;
        let (customer, truth) = self.known(acting.scope).await?;
        let subscription = truth.counting().cloned();
        customer.zip(subscription).ok_or(Refusal::NotSubscribed)
    }
}
