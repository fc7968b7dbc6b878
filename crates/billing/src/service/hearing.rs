//! What Stripe sends: kept, and then it is known whom to ask about.

use wax_crypto::at_rest::Slot;
use wax_kernel::Timestamp;
use wax_model::billing::DriftKind;
use wax_payments::webhook::{self, Event};
use wax_store::{BillingEvent, Drift, PlatformUnit, StoreError};

use super::{Billing, Refusal, applying::tell};

/// Words for what happened are shorter: `customer.subscription.trial_will_end`.
const LONGEST_KIND: usize = 128;

#[derive(Debug, Clone)]
struct Keeping {
    event: BillingEvent,
    now: Timestamp,
}

impl Billing {
    /// Keeps an event and marks its customer. `header`: `Stripe-Signature`; `body`: as it came.
    pub(crate) async fn hear(&self, header: Option<&str>, body: &[u8]) -> Result<(), Refusal> {
        self.payments()?;
        let (now, secrets) = (self.now(), &self.settings().webhook_secrets);
        let header = header.ok_or(Refusal::Signature)?;
        webhook::verify(header, body, secrets, now).map_err(|_| Refusal::Signature)?;
        let Event { id, kind, customer } = webhook::read(body).map_err(|_| Refusal::Event)?;
        let body = self.0.keys.ring().seal(slot(&id), body, self.rng());
        let kind = kind.chars().take(LONGEST_KIND).collect();
        let event = BillingEvent { id, customer, kind, received_at: now, body };
        let keeping = Keeping { event, now };
        let work = self.store().write_platform(move |unit| {
            let keeping = keeping.clone();
            Box::pin(async move { keeping.write(unit).await })
        });
        if let Some(new) = work.await? {
            tell(&new);
        }
        Ok(())
    }
}

fn slot(id: &str) -> Slot<'_> {
    Slot { table: "billing_events", column: "body", row: id.as_bytes() }
}

impl Keeping {
    /// Answers drift that is new.
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<Option<Drift>, StoreError> {
        let billing = unit.billing();
        billing.keep_event(&self.event).await?;
        let Some(customer) = &self.event.customer else { return Ok(None) };
        let known = billing.mark(customer, self.now).await?.is_some();
        if known || is_of_the_customer_itself(&self.event.kind) {
            return Ok(None);
        }
        let (kind, subject) = (DriftKind::UnknownCustomer, customer.clone());
        let drift = Drift { kind, subject, tenant: None, since: self.now };
        Ok(billing.add_drift(&drift).await?.then_some(drift))
    }
}

/// `customer.created`, say, comes before we have written down whose customer it is; and who only is one pays for nothing.
fn is_of_the_customer_itself(kind: &str) -> bool {
    kind.strip_prefix("customer.").is_some_and(|rest| !rest.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_pays_for_something_and_is_nobodys_is_drift() {
        for (kind, expected) in [
            ("customer.created", true),
            ("customer.deleted", true),
            ("customer.subscription.created", false),
            ("invoice.paid", false),
            ("customer", false),
            ("", false),
        ] {
            assert_eq!(is_of_the_customer_itself(kind), expected, "{kind}");
        }
    }
}
