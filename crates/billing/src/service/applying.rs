//! What was fetched is written, with everything that follows, or not at all.

use wax_kernel::Timestamp;
use wax_model::{
    Action, AuditEvent, OutboxMessage, PlanId, Plans, TenantScope,
    billing::{DriftKind, Standing},
};
use wax_store::{Attended, BillingCustomer, Drift, PlatformUnit, StoreError};

use super::{
    Billing, Refusal,
    acting::scope_of,
    attending::{Asked, after_failures, daily},
    following::Following,
    letters::News,
    truth::Truth,
};

/// Everything that one unit of work writes, drawn before it.
#[derive(Debug, Clone)]
struct Applying {
    scope: TenantScope,
    attended: Attended,
    /// `None`: stays as it is.
    plan: Option<PlanId>,
    limited: bool,
    plan_changed: Option<AuditEvent>,
    standing_changed: Option<AuditEvent>,
    letters: Vec<OutboxMessage>,
    drift: Vec<Drift>,
    plans: Plans,
    now: Timestamp,
}

impl Billing {
    /// Writes it. `false`: somebody was faster, and nothing was written. `refused`: the subscription whose seats Stripe does not
    /// change.
    pub(super) async fn apply(
        &self,
        taken: &BillingCustomer,
        truth: &Truth,
        asked: Asked,
        refused: Option<String>,
    ) -> Result<bool, Refusal> {
        let now = self.now();
        let mut following = Following::of(&truth.subscriptions, self.plans(), now);
        if let Some(subscription) = refused {
            following.seats = None;
            following.drift.push((DriftKind::Seats, subscription));
        }
        let applying = self.applying(taken, truth, asked, &following, now).await?;
        let work = self.store().write_platform(move |unit| {
            let applying = applying.clone();
            Box::pin(async move { applying.write(unit).await })
        });
        let Some(new) = work.await? else { return Ok(false) };
        new.iter().for_each(tell);
        Ok(true)
    }

    async fn applying(
        &self,
        taken: &BillingCustomer,
        truth: &Truth,
        asked: Asked,
        following: &Following,
        now: Timestamp,
    ) -> Result<Applying, Refusal> {
        let scope = scope_of(taken.tenant);
        let standing = following.standing;
        let changed = taken.standing != standing;
        let event = || self.audit(Action::BillingStandingChanged, standing.as_str());
        let plan_event = |plan: &PlanId| self.audit(Action::BillingPlanChanged, plan.as_str());
        let attended = self.attended(taken, truth, asked, following, now);
        let drift = following.drift.iter().map(|(kind, subject)| Drift {
            kind: *kind,
            subject: subject.clone(),
            tenant: Some(taken.tenant),
            since: now,
        });
        Ok(Applying {
            scope,
            plan: following.plan.clone(),
            limited: standing == Standing::Limited,
            plan_changed: following.plan.as_ref().map(plan_event),
            standing_changed: changed.then(event),
            letters: self.news(taken, following, scope, now).await?,
            drift: drift.collect(),
            plans: self.plans().clone(),
            attended,
            now,
        })
    }

    fn attended(
        &self,
        taken: &BillingCustomer,
        truth: &Truth,
        asked: Asked,
        following: &Following,
        now: Timestamp,
    ) -> Attended {
        let answered = asked == Asked::Answered;
        let failures = if answered { 0 } else { taken.failures.saturating_add(1) };
        let routine =
            if answered { daily(taken.tenant, now) } else { after_failures(failures, now) };
        let due_at = following.next(now).map_or(routine, |next| next.min(routine));
        let reminder = following.reminder(now).map(|reminder| reminder.key());
        Attended {
            tenant: taken.tenant,
            fence: taken.fence,
            fetched: if answered { taken.wanted } else { taken.fetched },
            failures,
            asked_at: if answered { Some(now) } else { taken.asked_at },
            standing: following.standing,
            reminded: reminder.or_else(|| taken.reminded.clone()),
            seats: following.seats,
            copy: answered.then(|| self.seal(taken.tenant, truth)),
            due_at,
            again_at: if answered { now } else { due_at },
        }
    }

    /// The mails of a change, or of what comes soon.
    async fn news(
        &self,
        taken: &BillingCustomer,
        following: &Following,
        scope: TenantScope,
        now: Timestamp,
    ) -> Result<Vec<OutboxMessage>, Refusal> {
        let change = News::of_change(taken.standing, following.standing, following.until, now);
        let reminder = following.reminder(now);
        let reminder = reminder.filter(|one| taken.reminded.as_deref() != Some(&*one.key()));
        let news: Vec<_> = change.into_iter().chain(reminder.map(News::Soon)).collect();
        if news.is_empty() {
            return Ok(Vec::new());
        }
        let to = self.owners(scope).await?;
        Ok(news.iter().flat_map(|news| self.letters(news, &to)).collect())
    }
}

impl Applying {
    /// `None`: somebody was faster. Answers the drift that is new. The organization's lock comes first; the plan last, because
    /// edges are told of it.
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<Option<Vec<Drift>>, StoreError> {
        let tenant = unit.within(self.scope).organization().lock().await?;
        let Some(tenant) = tenant else { return Ok(None) };
        if !unit.billing().attend(&self.attended).await? {
            return Ok(None);
        }
        let plan = self.plan.as_ref().unwrap_or(&tenant.plan);
        let other_plan = *plan != tenant.plan;
        let new = unit.billing().replace_drift(Some(tenant.id), &self.drift).await?;
        self.tell(unit, other_plan).await?;
        if other_plan || tenant.limited != self.limited {
            let limits = self.plans.of(plan).entitlements;
            let mut within = unit.within(self.scope);
            within.usage().change_plan(plan, self.limited, &limits, self.now).await?;
        }
        Ok(Some(new))
    }

    async fn tell(&self, unit: &mut dyn PlatformUnit, other_plan: bool) -> Result<(), StoreError> {
        let mut within = unit.within(self.scope);
        for letter in &self.letters {
            within.outbox().send(letter).await?;
        }
        let plan = self.plan_changed.as_ref().filter(|_| other_plan);
        for event in plan.into_iter().chain(&self.standing_changed) {
            within.audit().record(event).await?;
        }
        Ok(())
    }
}

/// Once, when it is new. Nothing in it is a secret or a person.
pub(super) fn tell(drift: &Drift) {
    let (kind, subject) = (drift.kind.as_str(), &*drift.subject);
    let organization = drift.tenant.map(|tenant| tenant.to_string());
    tracing::warn!(kind, subject, organization, "Stripe and we do not agree; somebody has to look");
}
