//! Once a day everything at Stripe is compared with what we know.

use std::{collections::BTreeSet, time::Duration};

use wax_kernel::{JobError, Timestamp};
use wax_model::billing::DriftKind;
use wax_store::{Drift, StoreError};

use super::{Billing, Refusal, applying::tell};

const DAY: Duration = Duration::from_secs(86_400);
/// After Stripe did not answer.
const PAUSE: Duration = Duration::from_secs(600);
/// How long events are kept.
const EVENTS_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Events that are deleted at once.
const BATCH: u32 = 500;

impl Billing {
    /// Lists Stripe's subscriptions, and finds customers and plans that we do not know.
    pub(super) async fn sweep(&self) -> Result<(), JobError> {
        let now = self.now();
        if !self.platform().take_turn("sweep", now, now.plus(PAUSE)).await? {
            return Ok(());
        }
        let drift = self.nobodys(now).await?;
        let work = self.store().write_platform(move |unit| {
            let drift = drift.clone();
            Box::pin(async move { unit.billing().replace_drift(None, &drift).await })
        });
        work.await?.iter().for_each(tell);
        self.platform().take_turn("sweep", now.plus(PAUSE), now.plus(DAY)).await?;
        Ok(())
    }

    async fn nobodys(&self, now: Timestamp) -> Result<Vec<Drift>, Refusal> {
        let drift = |kind, subject| Drift { kind, subject, tenant: None, since: now };
        let mut customers = BTreeSet::new();
        let mut after = None;
        loop {
            let page = self.payments()?.all(after.as_deref()).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.subscription.id.clone());
            let alive = page.into_iter().filter(|one| one.subscription.status.is_alive());
            customers.extend(alive.map(|one| one.customer));
        }
        let customers = customers.into_iter().collect();
        let unknown = self.platform().unknown_customers(customers).await?;
        let plans = self.platform().plans_in_use().await?;
        let plans = plans.into_iter().filter(|plan| self.plans().find(plan).is_none());
        let customers = unknown.into_iter().map(|one| drift(DriftKind::UnknownCustomer, one));
        let plans = plans.map(|plan| drift(DriftKind::UnknownPlan, plan.as_str().to_owned()));
        Ok(customers.chain(plans).collect())
    }

    /// Shows how much does not add up, by kind.
    pub(super) async fn count_drift(&self) -> Result<(), StoreError> {
        let all = self.platform().drift().await?;
        for kind in DriftKind::ALL {
            let count = all.iter().filter(|drift| drift.kind == *kind).count();
            self.0.drift.set(&[kind.as_str()], i64::try_from(count).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    /// Deletes events whose time is over.
    pub(super) async fn forget_events(&self) -> Result<(), StoreError> {
        let before = self.now().minus(EVENTS_KEPT);
        while self.platform().forget_billing_events(before, BATCH).await? == u64::from(BATCH) {}
        Ok(())
    }
}
