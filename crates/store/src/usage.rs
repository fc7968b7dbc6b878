//! What an organization uses, and what its plan leaves of it (docs/billing.md §3).

use async_trait::async_trait;
use wax_kernel::{AccountId, ApiKeyId, DomainId, HostPattern, TenantId, Timestamp};
use wax_model::{Denied, Domain, Entitlements, Meter, Month, PlanId, Plans, Tenant};

use crate::{StoreError, UnitOfWork};

/// For how many months before the current one it is known what was used.
pub const MONTHS_KEPT: i64 = 13;

/// A domain, with what its organization's row says of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Premises {
    /// The domain.
    pub domain: Domain,
    /// As [`Tenant::plan`].
    pub plan: PlanId,
    /// As [`Tenant::limited`].
    pub limited: bool,
}

/// What is frozen or not by its place among its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranked {
    /// By when it was added. The platform's own name for an organization has no place.
    Domain(DomainId),
    /// Owners first, then by when they joined.
    Member(AccountId),
    /// By when it was made, among those that are not over.
    Key(ApiKeyId),
}

/// What is beyond the plan, with names for people, in the order of places, at most 200 of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frozen {
    /// Domains.
    pub domains: Vec<(DomainId, HostPattern)>,
    /// Members.
    pub members: Vec<(AccountId, String)>,
    /// Keys.
    pub keys: Vec<(ApiKeyId, String)>,
}

/// A meter that was at 80 % of its limit at least once in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighUsage {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub meter: Meter,
    /// Of how many percent the owners were told: 0 or 80.
    pub told: u8,
}

/// Looking at what is used.
#[async_trait]
pub trait UsageReads: Send {
    /// How much of a meter is used: how many secrets were counted in the month of `now`, how many domains there are, how
    /// many members with invitations that stand, how many keys that are not over.
    async fn used(&mut self, meter: Meter, now: Timestamp) -> Result<u64, StoreError>;
    /// Secrets that were counted in the months from `since` on, oldest first. A month without any is left out.
    async fn months(&mut self, since: Month) -> Result<Vec<(Month, u64)>, StoreError>;
    /// How many of its like come before it: it is frozen if that is the limit or more. `None`: it has no place, and is never
    /// frozen.
    async fn place(&mut self, of: Ranked, now: Timestamp) -> Result<Option<u64>, StoreError>;
    /// What is beyond these limits.
    async fn frozen(&mut self, limits: &Entitlements, now: Timestamp)
    -> Result<Frozen, StoreError>;
}

/// Counting.
#[async_trait]
pub trait UsageRepository: UsageReads {
    /// Counts a secret in this month. `false`: `most` were counted already, and nothing was written. However many race, exactly
    /// `most` are counted. `draw`, which is random, says where it tries first. Last in a unit: it may hold what others wait for.
    async fn count_secret(
        &mut self,
        month: Month,
        most: u64,
        draw: u64,
    ) -> Result<bool, StoreError>;
    /// Notes that a meter reached 80 % of its limit in this month, once. [`Self::count_secret`] does it by itself.
    async fn note_high(&mut self, meter: Meter, month: Month) -> Result<(), StoreError>;
    /// Says that owners are told of `percent` (80 or 100) in the same unit. `false`: they were, or there is nothing to tell.
    async fn tell(&mut self, meter: Meter, month: Month, percent: u8) -> Result<bool, StoreError>;
    /// Writes the organization's plan and whether it is limited. What was counted is spread over the shards of the new limit,
    /// alerts begin anew, and edges are told of all its domains. Under the organization's lock, and last in a unit.
    async fn change_plan(
        &mut self,
        plan: &PlanId,
        limited: bool,
        limits: &Entitlements,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// Asks under the organization's lock whether one more may be added to what there is: domains, members (an invitation is one)
/// or keys. `tenant`: as the lock read it.
pub async fn room_for(
    uow: &mut dyn UnitOfWork,
    plans: &Plans,
    tenant: &Tenant,
    meter: Meter,
    now: Timestamp,
) -> Result<Result<(), Denied>, StoreError> {
    if !plans.are_sold() {
        return Ok(Ok(()));
    }
    if tenant.limited {
        return Ok(Err(Denied::Limited));
    }
    let limit = plans.of(&tenant.plan).entitlements.limit(meter);
    let Some(max) = limit.most() else { return Ok(Ok(())) };
    let used = uow.usage().used(meter, now).await?;
    if !limit.admits_beside(used) {
        return Ok(Err(Denied::Beyond { meter, max }));
    }
    if limit.is_high(used + 1) {
        uow.usage().note_high(meter, Month::of(now)).await?;
    }
    Ok(Ok(()))
}

/// Asks under the organization's lock whether somebody who was invited may become a member. The invitation has had its place
/// since it was made; after a change of plan, members that there are come before those who are invited.
pub async fn room_to_join(
    uow: &mut dyn UnitOfWork,
    plans: &Plans,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Result<(), Denied>, StoreError> {
    if !plans.are_sold() {
        return Ok(Ok(()));
    }
    if tenant.limited {
        return Ok(Err(Denied::Limited));
    }
    let limit = plans.of(&tenant.plan).entitlements.members;
    let Some(max) = limit.most() else { return Ok(Ok(())) };
    let invited = u64::try_from(uow.organization().invitations(now).await?.len()).unwrap_or(0);
    let members = uow.usage().used(Meter::Members, now).await?.saturating_sub(invited);
    let denied = Denied::Beyond { meter: Meter::Members, max };
    Ok(limit.admits_beside(members).then_some(()).ok_or(denied))
}
