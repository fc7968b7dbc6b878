//! What follows from what Stripe says. Pure: of that, of the plans and of the time.

use std::time::Duration;

use wax_kernel::Timestamp;
use wax_model::{
    PlanId, Plans,
    billing::{DriftKind, Standing, Subscription, SubscriptionStatus},
};

const DAY: Duration = Duration::from_secs(86_400);

/// How long before the grace ends people are told.
const BEFORE_LIMITED: [u32; 2] = [7, 1];
/// How long before a trial ends they are.
const BEFORE_TRIAL_ENDS: u32 = 3;

/// What an organization is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Following {
    /// What it may do. `None`: as before, because no plan has the price.
    pub(super) plan: Option<PlanId>,
    pub(super) standing: Standing,
    /// Until when that holds if nobody does anything.
    pub(super) until: Option<Timestamp>,
    /// What only people can mend: each with the subscription.
    pub(super) drift: Vec<(DriftKind, String)>,
    /// For how many members is paid, if the plan is paid by members and the number can be changed.
    pub(super) seats: Option<u64>,
}

/// Something that people are told before it happens, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reminder {
    /// The grace ends in so many days.
    Grace { until: Timestamp, days: u32 },
    /// The trial ends.
    Trial { ends: Timestamp },
}

impl Following {
    /// Of everything that a customer subscribes or subscribed to.
    pub(super) fn of(subscriptions: &[Subscription], plans: &Plans, now: Timestamp) -> Self {
        let others = Subscription::others(subscriptions);
        let mut drift: Vec<_> =
            others.iter().map(|one| (DriftKind::TwoSubscriptions, one.id.clone())).collect();
        let Some(counting) = Subscription::counting(subscriptions) else {
            let plan = Some(plans.default_plan().id.clone());
            return Self { plan, standing: Standing::None, until: None, drift, seats: None };
        };
        let plan = counting.price.as_deref().and_then(|price| plans.with_price(price));
        if plan.is_none() {
            drift.push((DriftKind::UnknownPrice, counting.id.clone()));
        }
        let (standing, until) = counting.standing(now);
        let by_seats = plan.is_some_and(|plan| plan.per_seat) && may_change(counting.status);
        let seats = by_seats.then_some(counting.seats);
        Self { plan: plan.map(|plan| plan.id.clone()), standing, until, drift, seats }
    }

    /// What people should have been told by now.
    pub(super) fn reminder(&self, now: Timestamp) -> Option<Reminder> {
        let until = self.until?;
        match self.standing {
            Standing::Grace => {
                let due = BEFORE_LIMITED.iter().filter(|days| until.minus(DAY * **days) <= now);
                due.min().map(|&days| Reminder::Grace { until, days })
            }
            Standing::Trialing => (until.minus(DAY * BEFORE_TRIAL_ENDS) <= now && now < until)
                .then_some(Reminder::Trial { ends: until }),
            _ => None,
        }
    }

    /// When time changes something, after `now`.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.until?;
        let days: &[u32] = match self.standing {
            Standing::Grace => &BEFORE_LIMITED,
            Standing::Trialing => &[BEFORE_TRIAL_ENDS],
            _ => &[],
        };
        let before = days.iter().map(|days| until.minus(DAY * *days));
        before.chain([until]).filter(|at| *at > now).min()
    }
}

impl Reminder {
    /// What tells it from every other reminder.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Grace { until, days } => format!("grace-{days}-{}", until.as_ms()),
            Self::Trial { ends } => format!("trial-{}", ends.as_ms()),
        }
    }
}

/// Stripe refuses to change what it has given up or set aside.
const fn may_change(status: SubscriptionStatus) -> bool {
    use SubscriptionStatus::{Active, PastDue, Trialing};
    matches!(status, Active | Trialing | PastDue)
}
