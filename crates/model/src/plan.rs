//! What an organization may do: plans, and the limits that follow from them (docs/billing.md §2, §3).

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Kind, text_enum::text_enum};

/// A plan's name in configuration, rows and answers. It is stored, so it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanId(Arc<str>);

/// The text is not 1 to 32 of a-z, 0-9 and `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to 32 of a-z, 0-9 and -")]
pub struct BadPlanId;

impl PlanId {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, BadPlanId> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let named = (1..=32).contains(&text.len()) && text.bytes().all(fits);
        named.then(|| Self(text.into())).ok_or(BadPlanId)
    }

    /// The only plan of a server that sells nothing.
    pub fn self_hosted() -> Self {
        Self("self-hosted".into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PlanId {
    type Error = BadPlanId;

    fn try_from(text: String) -> Result<Self, BadPlanId> {
        Self::parse(&text)
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> Self {
        id.as_str().to_owned()
    }
}

text_enum! {
    /// Something that is counted against a limit.
    Meter {
        /// Secrets made in a calendar month, UTC.
        Secrets = "secrets",
        /// Domains, proved or not.
        Domains = "domains",
        /// Members, and invitations that stand.
        Members = "members",
        /// API keys that are not over.
        Keys = "keys",
    }
}

/// How many of something there may be; or no limit. As a number or `null` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limit(Option<u64>);

impl Limit {
    /// As many as anybody wants.
    pub const NONE: Self = Self(None);

    /// So many, and no more.
    pub const fn at_most(most: u64) -> Self {
        Self(Some(most))
    }

    /// The number; `None`: there is no limit.
    pub const fn most(self) -> Option<u64> {
        self.0
    }

    /// Whether one more fits beside those that there are.
    pub const fn admits_beside(self, there_are: u64) -> bool {
        match self.0 {
            None => true,
            Some(most) => there_are < most,
        }
    }

    /// Whether so many are 80 % of it, of which people are told. Of a limit below 5 nobody is: who takes one of three knows it.
    pub const fn is_high(self, used: u64) -> bool {
        self.percent(used) > 0
    }

    /// How far it is used up, as far as people are told: 100, 80 or 0 percent.
    pub const fn percent(self, used: u64) -> u8 {
        match self.0 {
            Some(most) if most >= 5 && used >= most => 100,
            Some(most) if most >= 5 && used >= most - most / 5 => 80,
            _ => 0,
        }
    }
}

impl From<Option<u64>> for Limit {
    fn from(most: Option<u64>) -> Self {
        Self(most)
    }
}

/// The limits that follow from a plan. Rules ask these, never the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entitlements {
    /// Kinds of secrets that may be made.
    pub kinds: &'static [Kind],
    /// Most views of one secret.
    pub max_views: u32,
    /// Shortest lifetime.
    pub min_lifetime: Duration,
    /// Longest lifetime.
    pub max_lifetime: Duration,
    /// Largest sealed content, in bytes.
    pub max_content_bytes: usize,
    /// Secrets made in a calendar month, UTC.
    pub secrets_per_month: Limit,
    /// Domains.
    pub domains: Limit,
    /// Members, with invitations that stand.
    pub members: Limit,
    /// API keys that are not over.
    pub keys: Limit,
    /// How long the audit trail is kept; `None`: as long as the server keeps any.
    pub audit_kept: Option<Duration>,
}

impl Entitlements {
    /// The protocol's own limits.
    pub const SELF_HOSTED: Self = Self {
        kinds: Kind::ALL,
        max_views: 1_000,
        min_lifetime: Duration::from_secs(60),
        max_lifetime: Duration::from_secs(365 * 86_400),
        max_content_bytes: crate::MAX_CONTENT_BYTES,
        secrets_per_month: Limit::NONE,
        domains: Limit::NONE,
        members: Limit::NONE,
        keys: Limit::NONE,
        audit_kept: None,
    };

    /// What a meter may count to.
    pub const fn limit(&self, meter: Meter) -> Limit {
        match meter {
            Meter::Secrets => self.secrets_per_month,
            Meter::Domains => self.domains,
            Meter::Members => self.members,
            Meter::Keys => self.keys,
        }
    }
}

/// Something an operator sells, or gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is stored.
    pub id: PlanId,
    /// What people read, in English.
    pub name_en: String,
    /// What people read, in Japanese.
    pub name_ja: String,
    /// What it allows.
    pub entitlements: Entitlements,
    /// Stripe's lookup keys of its prices. None: the default plan, which costs nothing.
    pub prices: Vec<String>,
    /// Whether a price is for one member.
    pub per_seat: bool,
    /// How long it may be tried, once; 0 to 90 days.
    pub trial_days: u32,
}

/// Every plan of a server, in the order in which they are offered. Clones share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    plans: Arc<[Plan]>,
    default: usize,
}

/// Why plans do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlans {
    /// What an organization has that pays nothing must be one plan.
    #[error("have {0} plans without prices; exactly one is what those have who pay nothing")]
    Default(usize),
    /// Two plans have one id.
    #[error("have the plan {0} twice")]
    Twice(PlanId),
    /// A price belongs to two plans.
    #[error("have the price {0:?} twice")]
    Price(String),
}

impl Plans {
    /// One plan, which nobody pays for.
    pub fn self_hosted(entitlements: Entitlements) -> Self {
        let plan = Plan {
            id: PlanId::self_hosted(),
            name_en: "Self-hosted".to_owned(),
            name_ja: "セルフホスト".to_owned(),
            entitlements,
            prices: Vec::new(),
            per_seat: false,
            trial_days: 0,
        };
        Self { plans: Arc::new([plan]), default: 0 }
    }

    /// These plans. Exactly one has no prices; ids and prices are all different.
    pub fn new(plans: Vec<Plan>) -> Result<Self, BadPlans> {
        let (mut ids, mut prices) = (HashSet::new(), HashSet::new());
        for plan in &plans {
            if !ids.insert(&plan.id) {
                return Err(BadPlans::Twice(plan.id.clone()));
            }
            if let Some(twice) = plan.prices.iter().find(|price| !prices.insert(*price)) {
                return Err(BadPlans::Price(twice.clone()));
            }
        }
        let free = || plans.iter().enumerate().filter(|(_, plan)| plan.prices.is_empty());
        match (free().next(), free().count()) {
            (Some((default, _)), 1) => Ok(Self { plans: plans.into(), default }),
            (_, count) => Err(BadPlans::Default(count)),
        }
    }

    /// Whether anything can be bought.
    pub fn are_sold(&self) -> bool {
        self.plans.len() > 1
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter()
    }

    /// What no plan goes beyond: what can be asked before anybody knows whose plan counts.
    pub fn most(&self) -> Entitlements {
        let of_default = self.default_plan().entitlements;
        self.iter().map(|plan| plan.entitlements).fold(of_default, |most, one| Entitlements {
            max_views: most.max_views.max(one.max_views),
            max_lifetime: most.max_lifetime.max(one.max_lifetime),
            max_content_bytes: most.max_content_bytes.max(one.max_content_bytes),
            ..most
        })
    }

    /// The plan without prices.
    pub fn default_plan(&self) -> &Plan {
        &self.plans[self.default]
    }

    /// The plan of this id, if there is one (any more).
    pub fn find(&self, id: &PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == *id)
    }

    /// The plan of this id; the default plan for an id that is none (any more).
    pub fn of(&self, id: &PlanId) -> &Plan {
        self.find(id).unwrap_or_else(|| self.default_plan())
    }

    /// Whose price this is.
    pub fn with_price(&self, lookup_key: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.prices.iter().any(|price| price == lookup_key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(id: &str, prices: &[&str]) -> Plan {
        let free = Plans::self_hosted(Entitlements::SELF_HOSTED).default_plan().clone();
        let prices = prices.iter().map(|&price| price.to_owned()).collect();
        Plan { id: PlanId::parse(id).expect("an id"), prices, ..free }
    }

    #[test]
    fn exactly_one_plan_costs_nothing_and_nothing_is_named_twice() {
        let plans = |plans: &[Plan]| Plans::new(plans.to_vec());
        let (free, team) = (plan("free", &[]), plan("team", &["team-m", "team-y"]));
        assert!(plans(&[free.clone(), team.clone()]).is_ok());
        assert_eq!(plans(&[]), Err(BadPlans::Default(0)));
        assert_eq!(plans(std::slice::from_ref(&team)), Err(BadPlans::Default(0)));
        assert_eq!(plans(&[free.clone(), plan("also", &[])]), Err(BadPlans::Default(2)));
        let twice = plans(&[free.clone(), plan("free", &["x"])]);
        assert_eq!(twice, Err(BadPlans::Twice(free.id.clone())));
        let shared = plans(&[free, team, plan("pro", &["pro-m", "team-y"])]);
        assert_eq!(shared, Err(BadPlans::Price("team-y".to_owned())));
    }

    #[test]
    fn a_plan_that_is_no_longer_sold_is_the_default_one() {
        let plans = Plans::new(vec![plan("free", &[]), plan("team", &["team-m"])]).unwrap();
        let id = |text| PlanId::parse(text).unwrap();
        assert_eq!(plans.of(&id("team")).id, id("team"));
        assert_eq!(plans.of(&id("gone")).id, id("free"));
        assert_eq!(plans.with_price("team-m").unwrap().id, id("team"));
        assert_eq!(plans.with_price("other"), None);
    }

    #[test]
    fn an_id_is_1_to_32_small_letters_digits_and_hyphens() {
        for good in ["a", "self-hosted", "team-2026", &"x".repeat(32)] {
            assert_eq!(PlanId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "Team", "a b", "é", "a_b", &"x".repeat(33)] {
            assert_eq!(PlanId::parse(bad), Err(BadPlanId), "{bad:?}");
        }
    }

    #[test]
    fn a_limit_admits_until_it_is_reached() {
        assert!(Limit::NONE.admits_beside(u64::MAX));
        assert!(Limit::at_most(2).admits_beside(1));
        assert!(!Limit::at_most(2).admits_beside(2));
        assert!(!Limit::at_most(0).admits_beside(0));
    }

    #[test]
    fn people_are_told_at_four_fifths_and_at_the_end() {
        let told = |most, used| Limit::at_most(most).percent(used);
        assert_eq!([3, 4, 5, 6].map(|used| told(5, used)), [0, 80, 100, 100]);
        assert_eq!([79, 80, 99, 100].map(|used| told(100, used)), [0, 80, 80, 100]);
        assert_eq!([5, 6, 7].map(|used| told(7, used)), [0, 80, 100]);
        assert_eq!([told(4, 4), told(0, 0), Limit::NONE.percent(u64::MAX)], [0; 3]);
    }

    #[test]
    fn no_plan_goes_beyond_the_most() {
        let (mut free, mut team) = (plan("free", &[]), plan("team", &["team-m"]));
        free.entitlements.max_views = 7;
        team.entitlements.max_views = 5;
        team.entitlements.max_content_bytes = 2_048;
        free.entitlements.max_content_bytes = 1_024;
        let most = Plans::new(vec![free, team]).unwrap().most();
        assert_eq!((most.max_views, most.max_content_bytes), (7, 2_048));
    }
}
