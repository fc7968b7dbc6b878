//! What an organization uses of its plan, and who is told when that is nearly all.

use wax_kernel::{JobError, Timestamp};
use wax_model::{Limit, Meter, Month, OutboxMessage};
use wax_store::HighUsage;

use super::{Acting, Billing, Refusal, acting::scope_of, letters::News};

/// Months that are shown, the current one included.
const MONTHS: i64 = 12;
/// Meters that are looked at together.
const PAGE: u32 = 100;
/// Of what owners are told, in percent: most first.
const TOLD: [u8; 2] = [100, 80];

/// One meter now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metered {
    pub(crate) meter: Meter,
    /// `None`: nothing is counted, because there is no limit.
    pub(crate) used: Option<u64>,
    pub(crate) limit: Limit,
    /// When it begins anew.
    pub(crate) resets_at: Option<Timestamp>,
}

/// All of them, and how many secrets were made in each of the last months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) meters: Vec<Metered>,
    pub(crate) months: Vec<(Month, u64)>,
}

impl Billing {
    /// What is used.
    pub(crate) async fn usage(&self, acting: &Acting) -> Result<Usage, Refusal> {
        self.payments()?;
        let (now, tenant) = (self.now(), self.tenant(acting).await?);
        let allowed = self.plans().of(&tenant.plan).entitlements;
        let mut reader = self.store().read(acting.scope);
        let (usage, mut meters) = (reader.usage(), Vec::new());
        for meter in Meter::ALL.iter().copied() {
            let limit = allowed.limit(meter);
            let counted = meter != Meter::Secrets || limit != Limit::NONE;
            let used = if counted { Some(usage.used(meter, now).await?) } else { None };
            let resets = meter == Meter::Secrets;
            let resets_at = resets.then(|| Month::of(now).plus(1).starts_at());
            meters.push(Metered { meter, used, limit, resets_at });
        }
        let first = Month::of(now).plus(1 - MONTHS);
        let known = usage.months(first).await?;
        let of = |month: Month| known.iter().find(|(at, _)| *at == month).map_or(0, |(_, n)| *n);
        let months = (0..MONTHS).map(|n| first.plus(n)).map(|month| (month, of(month))).collect();
        Ok(Usage { meters, months })
    }

    /// Tells owners of what is nearly used up, or is.
    pub(super) async fn tell_usage(&self) -> Result<(), JobError> {
        let (now, mut after) = (self.now(), None);
        let month = Month::of(now);
        loop {
            let page = self.store().platform().high_usage(month, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.tenant, last.meter));
            for high in page {
                self.tell_of(high, month, now).await?;
            }
        }
    }

    async fn tell_of(&self, high: HighUsage, month: Month, now: Timestamp) -> Result<(), Refusal> {
        let scope = scope_of(high.tenant);
        let mut reader = self.store().read(scope);
        let Some(tenant) = reader.organization().find().await? else { return Ok(()) };
        let limit = self.plans().of(&tenant.plan).entitlements.limit(high.meter);
        let Some(most) = limit.most() else { return Ok(()) };
        let used = reader.usage().used(high.meter, now).await?;
        let reached =
            |percent: &u8| u128::from(used) * 100 >= u128::from(most) * u128::from(*percent);
        let Some(percent) = TOLD.into_iter().find(reached).filter(|it| *it > high.told) else {
            return Ok(());
        };
        let news = News::Used { meter: high.meter, most, percent };
        let letters: Vec<OutboxMessage> = self.letters(&news, &self.owners(scope).await?);
        let work = self.store().write(&scope, move |uow| {
            let letters = letters.clone();
            Box::pin(async move {
                if uow.usage().tell(high.meter, month, percent).await? {
                    for letter in &letters {
                        uow.outbox().send(letter).await?;
                    }
                }
                Ok(())
            })
        });
        Ok(work.await?)
    }
}
