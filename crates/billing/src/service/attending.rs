//! A customer is taken, Stripe is asked, and what it says is written.

use std::time::Duration;

use wax_kernel::{JobError, TenantId, Timestamp};
use wax_payments::PaymentsError;
use wax_store::BillingCustomer;

use super::{Billing, Refusal, truth::Truth};

/// How long whoever took a customer has it: longer than all its questions together can take.
pub(super) const LEASE: Duration = Duration::from_secs(180);
/// Invoices that are kept.
const INVOICES: u8 = 24;
/// After the first time that Stripe did not answer; doubled by each.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
const DAY_MS: i64 = 86_400_000;

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Stripe answered.
    Answered,
    /// It did not; what is kept still says what time does.
    Silent,
}

impl Billing {
    /// Attends to everybody who is due.
    pub(super) async fn attend_due(&self) -> Result<(), JobError> {
        loop {
            let now = self.now();
            let due = self.platform().take_due(now, now.plus(LEASE)).await?;
            let Some(taken) = due else { return Ok(()) };
            let tenant = taken.tenant;
            // One that cannot be read keeps nobody else waiting; it comes again when its lease is over.
            if let Err(error) = self.attend(taken).await {
                tracing::warn!(%tenant, %error, "a customer could not be attended to");
            }
        }
    }

    /// Asks about a customer that was taken, and writes what follows. Whether Stripe answered, and nobody was faster.
    pub(super) async fn attend(&self, taken: BillingCustomer) -> Result<bool, Refusal> {
        match self.ask(&taken.customer).await {
            Ok(truth) => {
                let (truth, refused) = self.settle_seats(&taken, truth).await?;
                self.apply(&taken, &truth, Asked::Answered, refused).await
            }
            Err(error) => {
                let tenant = taken.tenant;
                tracing::warn!(%tenant, failures = taken.failures + 1, %error, "Stripe could not be asked");
                let truth = self.kept(&taken)?;
                self.apply(&taken, &truth, Asked::Silent, None).await?;
                Ok(false)
            }
        }
    }

    /// What Stripe says now.
    pub(super) async fn ask(&self, customer: &str) -> Result<Truth, PaymentsError> {
        let Ok(payments) = self.payments() else { return Ok(Truth::default()) };
        let subscriptions = payments.subscriptions(customer).await?;
        let invoices = payments.invoices(customer, INVOICES).await?;
        Ok(Truth { subscriptions, invoices: invoices.into_iter().map(Into::into).collect() })
    }
}

/// When Stripe is asked again after so many failures in a row.
pub(super) fn after_failures(failures: u32, now: Timestamp) -> Timestamp {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    now.plus(doubled.min(LONGEST_PAUSE))
}

/// The next of a customer's daily looks, after `now`: each at a time of day of its own, so that they are spread.
pub(super) fn daily(tenant: TenantId, now: Timestamp) -> Timestamp {
    let bytes = tenant.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
    let of_day = i64::try_from(u64::from_be_bytes(bytes) % 86_400_000).unwrap_or(0);
    let today = now.as_ms().div_euclid(DAY_MS) * DAY_MS + of_day;
    let next = if today > now.as_ms() { today } else { today + DAY_MS };
    Timestamp::from_ms(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    #[test]
    fn pauses_double_from_a_minute_to_an_hour() {
        let minutes = |failures| NOW.until(after_failures(failures, NOW)).as_secs() / 60;
        let pauses: Vec<_> = (1..=8).map(minutes).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(minutes(u32::MAX), 60);
    }

    #[test]
    fn everybody_is_looked_at_within_a_day_at_a_time_of_their_own() {
        let tenant = |n: u8| TenantId::from_bytes([n; 16]);
        for n in 0..=255 {
            let at = daily(tenant(n), NOW);
            assert!(at > NOW && at <= NOW.plus(Duration::from_secs(86_400)), "{n}");
            assert_eq!(daily(tenant(n), at).as_ms() - at.as_ms(), DAY_MS, "a day later again");
        }
        assert_ne!(daily(tenant(1), NOW), daily(tenant(2), NOW));
    }
}
