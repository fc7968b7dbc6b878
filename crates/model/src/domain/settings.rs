//! What a tenant decides for one domain: its home page, who may create there, what is filled in, what is allowed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use wax_kernel::Timestamp;

use crate::{Entitlements, Invalid, Kind, Policy, Rule, text_enum::text_enum};

text_enum! {
    /// What stands at `/` of a domain.
    Home {
        /// The form to make a secret.
        Create = "create",
        /// A page that says whose it is, and that links open here. Links go on opening.
        Closed = "closed",
    }
}

text_enum! {
    /// Who may make secrets on a domain.
    Creators {
        /// Whoever comes by, where [`Home::Create`] is.
        Everyone = "everyone",
        /// Members and keys of the organization.
        Members = "members",
    }
}

/// What a tenant decides for one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainSettings {
    /// What stands at `/`.
    pub home: Home,
    /// Who may create.
    pub creators: Creators,
    /// What the form begins with.
    #[serde(default)]
    pub defaults: DomainDefaults,
    /// What is allowed, within the plan.
    #[serde(default)]
    pub limits: DomainLimits,
    /// Whether recipients are told the name of the member who sent something.
    #[serde(default)]
    pub shows_member: bool,
}

/// What the form to make a secret begins with; nothing: as ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainDefaults {
    /// How long a secret lives, in seconds.
    #[serde(default)]
    pub lifetime_s: Option<u64>,
    /// How many views it has.
    #[serde(default)]
    pub views: Option<u32>,
    /// How it is kept.
    #[serde(default)]
    pub kind: Option<Kind>,
}

/// What is allowed on a domain. Each only takes from what the plan allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainLimits {
    /// The longest life of a secret, in seconds.
    #[serde(default)]
    pub max_lifetime_s: Option<u64>,
    /// The most views of one.
    #[serde(default)]
    pub max_views: Option<u32>,
    /// These kinds only.
    #[serde(default)]
    pub kinds: Option<Vec<Kind>>,
    /// Whether none may be without a passphrase.
    #[serde(default)]
    pub passphrase_required: bool,
}

impl Default for DomainSettings {
    fn default() -> Self {
        Self {
            home: Home::Create,
            creators: Creators::Everyone,
            defaults: DomainDefaults::default(),
            limits: DomainLimits::default(),
            shows_member: false,
        }
    }
}

impl DomainSettings {
    /// Whether somebody who is no member may make a secret here.
    pub const fn strangers_create(&self) -> bool {
        matches!((self.home, self.creators), (Home::Create, Creators::Everyone))
    }
}

impl DomainLimits {
    /// What is left of the plan's limits.
    pub fn within(&self, plan: &Entitlements) -> Entitlements {
        let max_lifetime = self.max_lifetime_s.map_or(plan.max_lifetime, Duration::from_secs);
        Entitlements {
            max_lifetime: max_lifetime.clamp(plan.min_lifetime, plan.max_lifetime),
            max_views: self.max_views.unwrap_or(plan.max_views).clamp(1, plan.max_views),
            ..*plan
        }
    }

    /// Checks a sender's rules against these limits, and the plan's, and answers when the secret expires. A passphrase is
    /// one that the policy names: nobody but sender and recipient can tell whether it is a good one.
    ///
    /// # Errors
    /// The field that goes beyond.
    pub fn check(
        &self,
        policy: &Policy,
        plan: &Entitlements,
        now: Timestamp,
    ) -> Result<Timestamp, Invalid> {
        if !self.allows(policy.kind) {
            return Err(Invalid::new("policy.kind", Rule::NotOffered));
        }
        if self.passphrase_required && policy.passphrase.is_none() {
            return Err(Invalid::new("policy.passphrase", Rule::Required));
        }
        policy.check(&self.within(plan), now)
    }

    /// Whether secrets of this kind may be made.
    pub fn allows(&self, kind: Kind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domains_limits_only_take_from_the_plan() {
        let plan = Entitlements::SELF_HOSTED;
        assert_eq!(DomainLimits::default().within(&plan), plan);
        for (asked, got) in [(1, 60), (3_600, 3_600), (u64::MAX, 365 * 86_400)] {
            let limits = DomainLimits { max_lifetime_s: Some(asked), ..DomainLimits::default() };
            assert_eq!(limits.within(&plan).max_lifetime.as_secs(), got, "{asked}");
        }
        for (asked, got) in [(0, 1), (5, 5), (u32::MAX, 1_000)] {
            let limits = DomainLimits { max_views: Some(asked), ..DomainLimits::default() };
            assert_eq!(limits.within(&plan).max_views, got, "{asked}");
        }
    }

    #[test]
    fn strangers_create_only_where_the_home_is_a_form_for_everyone() {
        for home in Home::ALL.iter().copied() {
            for creators in Creators::ALL.iter().copied() {
                let settings = DomainSettings { home, creators, ..DomainSettings::default() };
                let open = home == Home::Create && creators == Creators::Everyone;
                assert_eq!(settings.strangers_create(), open, "{home:?} {creators:?}");
            }
        }
    }

    #[test]
    fn a_sender_keeps_within_every_limit_to_the_second_and_the_view() {
        const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
        let limits = DomainLimits {
            max_lifetime_s: Some(3_600),
            max_views: Some(2),
            kinds: Some(vec![Kind::OneTime]),
            passphrase_required: true,
        };
        let cost = r#"{"m_kib":65536,"t":3,"p":1}"#;
        let at = NOW.as_ms() + 3_600_000;
        let some = |field: &str, rule| Some((field.to_owned(), rule));
        for (kind, views, expires, passphrase, expected) in [
            ("one_time", 2, r#"{"after_s":3600}"#.to_owned(), cost, None),
            ("one_time", 2, format!(r#"{{"at_ms":{at}}}"#), cost, None),
            (
                "one_time",
                2,
                r#"{"after_s":3601}"#.to_owned(),
                cost,
                some("policy.expires.after_s", "range"),
            ),
            (
                "one_time",
                2,
                format!(r#"{{"at_ms":{}}}"#, at + 1),
                cost,
                some("policy.expires.at_ms", "range"),
            ),
            ("one_time", 3, r#"{"after_s":60}"#.to_owned(), cost, some("policy.views", "plan")),
            (
                "device_bound",
                1,
                r#"{"after_s":60}"#.to_owned(),
                cost,
                some("policy.kind", "not-offered"),
            ),
            (
                "one_time",
                1,
                r#"{"after_s":60}"#.to_owned(),
                "null",
                some("policy.passphrase", "required"),
            ),
        ] {
            let text = format!(
                r#"{{"kind":"{kind}","views":{views},"expires":{expires},"passphrase":{passphrase},"sealed":"client"}}"#
            );
            let policy = Policy::parse(text.as_bytes()).unwrap();
            let checked = limits.check(&policy, &Entitlements::SELF_HOSTED, NOW);
            let refused = checked.err().map(|invalid| (invalid.field, invalid.rule.code()));
            assert_eq!(refused, expected, "{text}");
            let free = DomainLimits::default().check(&policy, &Entitlements::SELF_HOSTED, NOW);
            assert!(free.is_ok(), "{text}");
        }
    }

    #[test]
    fn what_was_stored_without_a_part_reads_as_without_it() {
        let stored = r#"{"home":"closed","creators":"members"}"#;
        let settings: DomainSettings = serde_json::from_str(stored).unwrap();
        assert_eq!(settings.limits, DomainLimits::default());
        assert!(!settings.shows_member);
        assert!(serde_json::from_str::<DomainSettings>(r#"{"home":"open"}"#).is_err());
    }
}
