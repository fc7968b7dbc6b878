//! What a tenant decides for one domain.

use wax_kernel::{DomainId, HostPattern, Timestamp};
use wax_model::{
    Action, AuditEvent, Entitlements, Invalid, Kind, Plans, Rule,
    domain::{Creators, DomainDefaults, DomainLimits, DomainSettings, Home},
};
use wax_store::PlatformUnit;

use super::{
    Acting, Domains, Refusal, Seen,
    acting::{Ruled, scope_of},
};

/// What is to be different. `defaults` and `limits` are replaced as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingsChange {
    pub(crate) home: Option<Home>,
    pub(crate) creators: Option<Creators>,
    pub(crate) defaults: Option<DomainDefaults>,
    pub(crate) limits: Option<DomainLimits>,
    pub(crate) shows_member: Option<bool>,
}

#[derive(Debug, Clone)]
struct Resetting {
    id: DomainId,
    host: HostPattern,
    change: SettingsChange,
    plans: Plans,
    event: AuditEvent,
    now: Timestamp,
}

impl Domains {
    /// Changes a domain's settings.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]: a limit or default is beyond the plan, or beyond the domain's own limits.
    pub(crate) async fn change_settings(
        &self,
        acting: &Acting,
        id: DomainId,
        change: SettingsChange,
    ) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        let resetting = Resetting {
            id,
            host: domain.host,
            change,
            plans: self.settings().plans.clone(),
            event: self.audit(acting, Action::DomainSettingsChanged, id),
            now: self.now(),
        };
        let work = self.store().write_platform(move |unit| {
            let resetting = resetting.clone();
            Box::pin(async move { resetting.write(unit).await })
        });
        work.await??;
        self.seen(acting, id).await
    }
}

impl Resetting {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let claims = unit.domains().lock_host(&self.host).await?;
        let Some(mut domain) = claims.into_iter().find(|claim| claim.id() == self.id) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        let settings = changed(&domain.settings, &self.change);
        let tenant = unit.within(scope_of(domain.tenant())).organization().find().await?;
        let Some(tenant) = tenant else { return Ok(Err(Refusal::NotAvailable)) };
        if let Err(invalid) = check(&settings, &self.plans.of(&tenant.plan).entitlements) {
            return Ok(Err(invalid.into()));
        }
        if settings == domain.settings {
            return Ok(Ok(()));
        }
        domain.settings = settings;
        unit.domains().update(&domain).await?;
        unit.within(scope_of(domain.tenant())).audit().record(&self.event).await?;
        unit.domains().announce(self.id, self.now).await?;
        Ok(Ok(()))
    }
}

fn changed(settings: &DomainSettings, change: &SettingsChange) -> DomainSettings {
    DomainSettings {
        home: change.home.unwrap_or(settings.home),
        creators: change.creators.unwrap_or(settings.creators),
        defaults: change.defaults.unwrap_or(settings.defaults),
        limits: change.limits.clone().unwrap_or_else(|| settings.limits.clone()),
        shows_member: change.shows_member.unwrap_or(settings.shows_member),
    }
}

/// Limits only take from the plan, and what is filled in is within them.
fn check(settings: &DomainSettings, plan: &Entitlements) -> Result<(), Invalid> {
    let (shortest, longest) = (plan.min_lifetime.as_secs(), plan.max_lifetime.as_secs());
    let DomainSettings { defaults, limits, .. } = settings;
    within("limits.max_lifetime_s", limits.max_lifetime_s, shortest, longest)?;
    let views = limits.max_views.map(u64::from);
    within("limits.max_views", views, 1, u64::from(plan.max_views))?;
    if let Some(kinds) = &limits.kinds {
        check_kinds(kinds, plan)?;
    }
    let left = limits.within(plan);
    within("defaults.lifetime_s", defaults.lifetime_s, shortest, left.max_lifetime.as_secs())?;
    let views = defaults.views.map(u64::from);
    within("defaults.views", views, 1, u64::from(left.max_views))?;
    match defaults.kind {
        Some(kind) if !limits.allows(kind) || !plan.kinds.contains(&kind) => {
            Err(Invalid::new("defaults.kind", Rule::Choice))
        }
        _ => Ok(()),
    }
}

fn within(field: &str, value: Option<u64>, min: u64, max: u64) -> Result<(), Invalid> {
    match value {
        Some(value) if value > max => Err(Invalid::new(field, Rule::Plan { max })),
        Some(value) if value < min => Err(Invalid::new(field, Rule::Range { min, max })),
        _ => Ok(()),
    }
}

/// At least one, each once, each in the plan.
fn check_kinds(kinds: &[Kind], plan: &Entitlements) -> Result<(), Invalid> {
    let field = "limits.kinds";
    let twice = |kind: &Kind| kinds.iter().filter(|other| *other == kind).count() > 1;
    if kinds.is_empty() {
        Err(Invalid::new(field, Rule::Required))
    } else if kinds.iter().any(twice) {
        Err(Invalid::new(field, Rule::Duplicate))
    } else if kinds.iter().any(|kind| !plan.kinds.contains(kind)) {
        Err(Invalid::new(field, Rule::NotOffered))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Entitlements = Entitlements::SELF_HOSTED;

    fn refused(limits: DomainLimits, defaults: DomainDefaults) -> Option<(String, &'static str)> {
        let settings = DomainSettings { limits, defaults, ..DomainSettings::default() };
        let refused = check(&settings, &PLAN).err()?;
        Some((refused.field, refused.rule.code()))
    }

    #[test]
    fn limits_beyond_the_plan_and_defaults_beyond_the_limits_are_refused() {
        let none = DomainDefaults::default;
        let limits = |max_lifetime_s, max_views, kinds: Option<&[Kind]>| DomainLimits {
            max_lifetime_s,
            max_views,
            kinds: kinds.map(<[Kind]>::to_vec),
            passphrase_required: false,
        };
        let some = |field: &str, rule| Some((field.to_owned(), rule));
        for (given, expected) in [
            (limits(None, None, None), None),
            (limits(Some(3_600), Some(5), Some(Kind::ALL)), None),
            (limits(Some(u64::MAX), None, None), some("limits.max_lifetime_s", "plan")),
            (limits(Some(1), None, None), some("limits.max_lifetime_s", "range")),
            (limits(None, Some(0), None), some("limits.max_views", "range")),
            (limits(None, Some(1_001), None), some("limits.max_views", "plan")),
            (limits(None, None, Some(&[])), some("limits.kinds", "required")),
            (
                limits(None, None, Some(&[Kind::OneTime, Kind::OneTime])),
                some("limits.kinds", "duplicate"),
            ),
        ] {
            assert_eq!(refused(given.clone(), none()), expected, "{given:?}");
        }
        let day = || limits(Some(86_400), Some(5), Some(&[Kind::OneTime]));
        for (defaults, expected) in [
            (
                DomainDefaults {
                    lifetime_s: Some(86_400),
                    views: Some(5),
                    kind: Some(Kind::OneTime),
                },
                None,
            ),
            (
                DomainDefaults { lifetime_s: Some(86_401), ..none() },
                some("defaults.lifetime_s", "plan"),
            ),
            (DomainDefaults { views: Some(6), ..none() }, some("defaults.views", "plan")),
            (
                DomainDefaults { kind: Some(Kind::DeviceBound), ..none() },
                some("defaults.kind", "choice"),
            ),
        ] {
            assert_eq!(refused(day(), defaults), expected, "{defaults:?}");
        }
    }
}
