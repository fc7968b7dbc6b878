//! What time does to secrets.

use std::{future::Future, sync::atomic::Ordering, time::Duration};

use wax_crypto::at_rest::Day;
use wax_kernel::{Job, JobError, Timestamp};
use wax_model::{Action, KEY_DESTROYED_ON_DAY, PlanId, Secret, TenantScope};
use wax_store::{DueClaim, DueSecret, transitions};

use super::{Refusal, Secrets, vault::Place};

/// Clocks of several nodes differ a little: nothing is ended before this much after its time.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer silence of the reaper was an outage: windows that ran during it are lengthened.
const OUTAGE: Duration = Duration::from_secs(30);
/// A silence this long may be a clock that leapt. Nothing is ended or destroyed until it was right for a while: a clock
/// that is put back in time has cost nothing.
const LEAP: Duration = Duration::from_secs(48 * 3_600);
/// How many rounds of the reaper that while is: ten minutes.
const DOUBTFUL_ROUNDS: u32 = 120;
/// How much is asked for at once. Of claims and expiries, the rest waits for the next round.
const BATCH: u32 = 500;

/// The repeated work of the service.
pub fn jobs(secrets: &Secrets) -> Vec<Job> {
    let job = |name, every_s, work: fn(Secrets) -> Work| {
        let secrets = secrets.clone();
        Job::new(name, Duration::from_secs(every_s), move || work(secrets.clone()))
    };
    vec![
        job("secrets.reap", 5, |secrets| Box::pin(async move { Ok(secrets.reap().await?) })),
        job("secrets.forget", 600, |secrets| Box::pin(async move { Ok(secrets.forget().await?) })),
        job("secrets.checkpoint", 30, |secrets| {
            Box::pin(async move { Ok(secrets.parts.store.platform().checkpoint().await?) })
        }),
        job("secrets.day_keys", 3_600, |secrets| {
            Box::pin(async move { Ok(secrets.destroy_day_keys()?) })
        }),
    ]
}

/// Deletes what is older than the audit trail is kept, every 10 minutes.
pub fn audit_job(secrets: &Secrets, kept: Duration) -> Job {
    let secrets = secrets.clone();
    Job::new("secrets.audit", Duration::from_secs(600), move || {
        let secrets = secrets.clone();
        Box::pin(async move { Ok(secrets.forget_events(kept).await?) })
    })
}

type Work = std::pin::Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

impl Secrets {
    /// Ends what is over: first claims whose window has ended, then secrets past their expiry.
    pub(crate) async fn reap(&self) -> Result<(), Refusal> {
        if !self.beat().await? {
            let less = |rounds: u32| rounds.checked_sub(1);
            let _ = self.doubtful_rounds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        }
        if self.doubts_the_clock() {
            return Ok(());
        }
        let lapsed = self.lapse_claims().await;
        let expired = self.expire_secrets().await;
        let before = self.parts.clock.now().minus(PATIENCE);
        self.parts.store.platform().forget_asks(before).await?;
        lapsed.and(expired)
    }

    /// Lengthens open windows after an outage. Says whether the clock may have leapt.
    pub(super) async fn beat(&self) -> Result<bool, Refusal> {
        let now = self.parts.clock.now();
        let gap_ms = i64::try_from(OUTAGE.as_millis()).unwrap_or(i64::MAX);
        let Some(outage) = self.parts.store.platform().beat(now, gap_ms).await? else {
            return Ok(false);
        };
        tracing::warn!(?outage, "nothing reaped for a while: open windows were lengthened");
        let leapt = outage.from.until(outage.to) > LEAP;
        if leapt {
            tracing::error!(?outage, "is the clock right? nothing is destroyed for ten minutes");
            self.doubtful_rounds.store(DOUBTFUL_ROUNDS, Ordering::SeqCst);
        }
        Ok(leapt)
    }

    fn doubts_the_clock(&self) -> bool {
        self.doubtful_rounds.load(Ordering::SeqCst) > 0
    }

    /// One claim or secret that cannot be ended must not keep the others from it: the first failure is told at the end.
    async fn lapse_claims(&self) -> Result<(), Refusal> {
        let before = self.parts.clock.now().minus(PATIENCE);
        let mut outcome = Ok(());
        for due in self.parts.store.platform().due_windows(before, BATCH).await? {
            outcome = outcome.and(self.lapse(due, before).await);
        }
        outcome
    }

    async fn lapse(&self, due: DueClaim, before: Timestamp) -> Result<(), Refusal> {
        let (scope, now) = (job_scope(due.tenant), self.parts.clock.now());
        let Some(secret) = self.parts.store.read(scope).secrets().find(due.secret).await? else {
            return Ok(());
        };
        let trail = self.trail(secret.rid, None);
        let lapsed = self
            .parts
            .store
            .write(&scope, move |uow| {
                let trail = trail.clone();
                Box::pin(async move {
                    let lapsed = transitions::lapse(uow, due.secret, due.id, before, now).await?;
                    if let Some(secret) = &lapsed {
                        let end = Action::end(secret.state);
                        trail.record(uow, [Action::SecretLapsed].into_iter().chain(end)).await?;
                    }
                    Ok(lapsed)
                })
            })
            .await?;
        self.tell(&scope, lapsed).await;
        Ok(())
    }

    async fn expire_secrets(&self) -> Result<(), Refusal> {
        let before = self.parts.clock.now().minus(PATIENCE);
        let mut outcome = Ok(());
        for due in self.parts.store.platform().due_expiries(before, BATCH).await? {
            outcome = outcome.and(self.expire(due).await);
        }
        outcome
    }

    async fn expire(&self, due: DueSecret) -> Result<(), Refusal> {
        let (scope, now) = (job_scope(due.tenant), self.parts.clock.now());
        let Some(secret) = self.parts.store.read(scope).secrets().find(due.id).await? else {
            return Ok(());
        };
        let trail = self.trail(secret.rid, None);
        let state = self
            .parts
            .store
            .write(&scope, move |uow| {
                let trail = trail.clone();
                Box::pin(async move {
                    let state = transitions::expire(uow, due.id, now).await?;
                    trail.record(uow, state.and_then(Action::end)).await?;
                    Ok(state)
                })
            })
            .await?;
        self.tell(&scope, state.map(|_| secret)).await;
        Ok(())
    }

    async fn tell(&self, scope: &TenantScope, changed: Option<Secret>) {
        if let Some(secret) = changed {
            self.changed(scope, secret.rid).await;
        }
    }

    /// Deletes receipts whose time is over: all of them, since a batch each time would fall behind one busy sender.
    pub(crate) async fn forget(&self) -> Result<(), Refusal> {
        if self.doubts_the_clock() {
            return Ok(());
        }
        let now = self.parts.clock.now();
        let mut forgotten = true;
        while std::mem::take(&mut forgotten) {
            for due in self.parts.store.platform().due_tombstones(now, BATCH).await? {
                forgotten |= self
                    .parts
                    .store
                    .write(&job_scope(due.tenant), move |uow| {
                        Box::pin(async move { uow.secrets().forget(due.id, now).await })
                    })
                    .await?;
            }
        }
        Ok(())
    }

    /// Deletes audit events that are older than `kept`, with the ids in them.
    async fn forget_events(&self, kept: Duration) -> Result<(), Refusal> {
        if self.doubts_the_clock() {
            return Ok(());
        }
        let before = self.parts.clock.now().minus(kept);
        let platform = self.parts.store.platform();
        while platform.forget_events(before, BATCH).await? == u64::from(BATCH) {}
        self.forget_events_of_plans(kept).await
    }

    /// And earlier what an organization's plan keeps for less long.
    async fn forget_events_of_plans(&self, kept: Duration) -> Result<(), Refusal> {
        let (plans, now) = (&self.parts.plans, self.parts.clock.now());
        let platform = self.parts.store.platform();
        let default = &plans.default_plan().id;
        let ids = plans.iter().map(|plan| &plan.id).filter(|id| *id != default);
        let others: Vec<PlanId> = ids.cloned().collect();
        for plan in plans.iter() {
            let Some(of_plan) = plan.entitlements.audit_kept.filter(|of_plan| *of_plan < kept)
            else {
                continue;
            };
            let before = now.minus(of_plan);
            // Whoever has a plan that there is no more has the default one.
            let is_default = plan.id == *default;
            let of = if is_default { &others[..] } else { std::slice::from_ref(&plan.id) };
            let forget = || platform.forget_events_of(of, is_default, before, BATCH);
            while forget().await? == u64::from(BATCH) {}
        }
        Ok(())
    }

    /// Destroys the keys of days that no claim can reach any more: day D's on day D + [`KEY_DESTROYED_ON_DAY`]. From then
    /// on no backup of their secrets opens. And the channel's keys that are not accepted any more.
    pub(crate) fn destroy_day_keys(&self) -> Result<(), Refusal> {
        if self.doubts_the_clock() {
            return Ok(());
        }
        let (keys, now) = (&self.parts.keys, self.parts.clock.now());
        let destroyed = keys.destroy_days_before(Day::of(now).plus(1 - KEY_DESTROYED_ON_DAY))?;
        let channel = keys.destroy_old_channel_keys(now)?;
        if destroyed + channel > 0 {
            tracing::info!(destroyed, channel, "destroyed keys of past days");
        }
        Ok(())
    }

    /// Opens the keys of one secret that still waits, if there is one. To be asked before anything is served: a server
    /// that has lost its key folder, or has another's, opens nothing of what is stored and would go on under new keys.
    ///
    /// # Errors
    /// Of the store or the key store; also when the key does not open what it should.
    pub async fn check_keys(&self) -> Result<(), JobError> {
        let now = self.parts.clock.now();
        let end = Timestamp::from_ms(i64::MAX);
        for due in self.parts.store.platform().due_expiries(end, BATCH).await? {
            let mut reader = self.parts.store.read(job_scope(due.tenant));
            let secret = reader.secrets().find(due.id).await?;
            // The key of what is over may be destroyed.
            let Some(secret) = secret.filter(|secret| secret.expires_at > now) else { continue };
            let Some(sealed) = reader.secrets().content(due.id).await? else { continue };
            self.vault.open_content(Place::of(due.tenant, &secret), &sealed)?;
            return Ok(());
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tenant comes from a row that the store says is due"
)]
fn job_scope(tenant: wax_kernel::TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
