//! Stripe is asked while somebody waits.

use std::time::Duration;

use wax_model::TenantScope;

use super::{Acting, Billing, Refusal, Seen, attending::LEASE};

/// How long somebody waits.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often one organization may ask.
const AT_MOST_EVERY: Duration = Duration::from_secs(5);
/// Between two looks at what another process does.
const LOOK: Duration = Duration::from_millis(200);

impl Billing {
    /// Asks now, unless it was asked a moment ago, and answers what is known then.
    pub(crate) async fn refresh(&self, acting: &Acting) -> Result<Seen, Refusal> {
        self.payments()?;
        let before = self.platform().customer(acting.scope).await?;
        let asked_at = before.as_ref().and_then(|customer| customer.asked_at);
        let lately = asked_at.is_some_and(|at| self.now() < at.plus(AT_MOST_EVERY));
        if before.is_none() || lately {
            return self.see(acting).await;
        }
        self.see_after_asking(acting).await
    }

    /// The same after something was done at Stripe: whenever it was last asked.
    pub(crate) async fn see_after_asking(&self, acting: &Acting) -> Result<Seen, Refusal> {
        let answered = self.ask_and_wait(acting.scope).await;
        let seen = self.see(acting).await?;
        let stale = seen.stale || !answered;
        Ok(Seen { stale, ..seen })
    }

    /// Whether Stripe answered while somebody had the patience. What takes longer goes on to its end.
    pub(super) async fn ask_and_wait(&self, scope: TenantScope) -> bool {
        let billing = self.clone();
        let asking =
            self.0.tasks.spawn("billing.refresh", async move { billing.ask_now(scope).await });
        let answered = tokio::time::timeout(PATIENCE, asking).await;
        matches!(answered, Ok(Ok(Some(Ok(true)))))
    }

    /// Takes the customer as soon as nobody else has it.
    async fn ask_now(&self, scope: TenantScope) -> Result<bool, Refusal> {
        loop {
            let now = self.now();
            if let Some(taken) = self.platform().take(scope, now, now.plus(LEASE)).await? {
                return self.attend(taken).await;
            }
            if self.platform().customer(scope).await?.is_none() {
                return Ok(true);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
