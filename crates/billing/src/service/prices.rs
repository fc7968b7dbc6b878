//! What plans cost, as Stripe last said.

use std::time::Duration;

use wax_kernel::JobError;
use wax_model::{
    Plan,
    billing::{Currency, Interval},
};
use wax_store::BillingPrice;

use super::{Billing, Refusal, once::once};

const HOUR: Duration = Duration::from_secs(3_600);
/// After Stripe did not answer.
const PAUSE: Duration = Duration::from_secs(60);

/// A plan, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) plan: Plan,
    pub(crate) prices: Vec<BillingPrice>,
}

impl Billing {
    /// Every plan, in the order of the configuration.
    pub(super) async fn offers(&self) -> Result<Vec<Offer>, Refusal> {
        let known = self.platform().prices().await?;
        let of = |plan: &Plan| {
            let its = |price: &&BillingPrice| plan.prices.contains(&price.lookup_key);
            Offer { plan: plan.clone(), prices: known.iter().filter(its).cloned().collect() }
        };
        Ok(self.plans().iter().map(of).collect())
    }

    /// The price of a plan that is paid so.
    pub(super) async fn price(
        &self,
        plan: &Plan,
        interval: Interval,
        currency: Currency,
    ) -> Result<Option<BillingPrice>, Refusal> {
        let fits = |price: &BillingPrice| {
            plan.prices.contains(&price.lookup_key)
                && (price.interval, price.currency) == (interval, currency)
        };
        Ok(self.platform().prices().await?.into_iter().find(fits))
    }

    /// Asks for all prices once an hour, and at once when the configuration names others.
    pub(super) async fn keep_prices(&self) -> Result<(), JobError> {
        let keys: Vec<String> =
            self.plans().iter().flat_map(|plan| plan.prices.iter().cloned()).collect();
        let parts: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (name, now) = (format!("prices-{}", once(&parts)), self.now());
        if !self.platform().take_turn(&name, now, now.plus(PAUSE)).await? {
            return Ok(());
        }
        let prices = self.payments()?.prices(&keys).await.map_err(Refusal::from)?;
        let prices: Vec<_> = prices
            .into_iter()
            .map(|price| BillingPrice {
                lookup_key: price.lookup_key,
                interval: price.interval,
                currency: price.currency,
                amount: price.amount,
            })
            .collect();
        self.platform().set_prices(&prices).await?;
        // Somebody else may have taken it meanwhile: asking once more does no harm.
        self.platform().take_turn(&name, now.plus(PAUSE), now.plus(HOUR)).await?;
        Ok(())
    }
}
