//! What is over the limit of a plan (docs/billing.md §3): worked out when asked, never stored.

use wax_model::{Entitlements, Limit, Role, TenantScope};

use super::{Billing, Refusal};

/// Members of one page.
const PAGE: u32 = 200;

/// A thing that may not be used for anything new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) domains: Vec<Over>,
    pub(crate) members: Vec<Over>,
    pub(crate) keys: Vec<Over>,
}

impl Billing {
    /// The oldest count, as many as the limit allows; of members, owners before everybody.
    pub(super) async fn frozen(
        &self,
        scope: TenantScope,
        allowed: &Entitlements,
    ) -> Result<Frozen, Refusal> {
        let mut reader = self.store().read(scope);
        let organization = reader.organization();
        let mut frozen = Frozen::default();
        if allowed.domains != Limit::NONE {
            let mut domains = organization.domains().await?;
            domains.sort_by_key(|domain| (domain.created_at, domain.id().to_string()));
            let named = domains
                .iter()
                .map(|domain| Over { id: domain.id().to_string(), name: domain.host.to_string() });
            frozen.domains = over(allowed.domains, named);
        }
        if allowed.members != Limit::NONE {
            let (mut members, mut after) = (Vec::new(), None);
            loop {
                let page = organization.members(after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some((last.membership.joined_at, last.membership.account));
                members.extend(page);
            }
            // By when they joined, as they came.
            members.sort_by_key(|member| member.membership.role != Role::Owner);
            let named = members.into_iter().map(|member| Over {
                id: member.membership.account.to_string(),
                name: member.name,
            });
            frozen.members = over(allowed.members, named);
        }
        if allowed.keys != Limit::NONE {
            let now = self.now();
            let mut keys = organization.keys().await?;
            keys.retain(|key| key.expires_at > now);
            keys.sort_by_key(|key| (key.created_at, key.id.to_string()));
            let named = keys.into_iter().map(|key| Over { id: key.id.to_string(), name: key.name });
            frozen.keys = over(allowed.keys, named);
        }
        Ok(frozen)
    }
}

fn over(limit: Limit, all: impl Iterator<Item = Over>) -> Vec<Over> {
    let most = limit.most().map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    all.skip(most).collect()
}
