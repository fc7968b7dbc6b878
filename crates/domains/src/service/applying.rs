//! Writes what a look means: axes, history, audit, mails, the edges' log, in one transaction.

use std::{collections::HashMap, sync::Arc};

use wax_dns::{ClaimToken, Evidence, Issuance as Asking};
use wax_kernel::{DomainId, EventId, HostPattern, Hostname, TenantId, Timestamp};
use wax_model::{
    Action, Actor, AuditEvent,
    domain::{Axis, AxisChange, Domain, DomainEvent, Ownership},
};
use wax_store::{PlatformUnit, StoreError};

use super::{
    Domains, Refusal,
    acting::scope_of,
    alerts::{Certified, Kept, alerts},
    judging::{Judged, Known, Sight, is_stale, is_token_old, judge, renew_token},
    letters::AddressBook,
    news::{News, of_ownership},
};

/// What stands behind a claim, read before the transaction.
#[derive(Debug, Clone, Default)]
struct Behind {
    known: Known,
    certified: Certified,
    kept: Kept,
}

type Background = HashMap<DomainId, Behind>;

/// Everything that the transaction needs.
#[derive(Debug, Clone)]
struct Looked {
    domains: Domains,
    host: HostPattern,
    zone: Hostname,
    evidence: Arc<Evidence>,
    asking: Option<Asking>,
    background: Background,
    book: AddressBook,
    now: Timestamp,
}

/// What the transaction came to.
enum Written {
    /// It is written.
    Done(Vec<Judged>),
    /// These have to be told, and nobody knows how: nothing is written.
    Unaddressed(Vec<TenantId>),
}

/// What happens to one claim.
struct Plan {
    judged: Judged,
    changes: Vec<AxisChange>,
    news: Vec<News>,
    kept: Option<Kept>,
}

impl Domains {
    /// Looks at a host and writes what follows, for every claim to it.
    pub(super) async fn look(&self, host: &HostPattern) -> Result<(), Refusal> {
        let Some(zone) = self.settings().zone.clone() else { return Ok(()) };
        let Some(evidence) = self.evidence(host).await else { return Ok(()) };
        let mut looked = Looked {
            domains: self.clone(),
            host: host.clone(),
            zone,
            evidence,
            asking: self.asking(host).await?,
            background: self.background(host).await?,
            book: AddressBook::new(),
            now: self.now(),
        };
        loop {
            let unit = looked.clone();
            let work = self.store().write_platform(move |platform| {
                let unit = unit.clone();
                Box::pin(async move { unit.write(platform).await })
            });
            match work.await? {
                Written::Done(judged) => return self.order_what_is_fit(judged).await,
                Written::Unaddressed(tenants) => {
                    for tenant in tenants {
                        looked.book.insert(tenant, self.addressees(tenant).await?);
                    }
                }
            }
        }
    }

    /// All claims to a host, as they are now.
    pub(super) async fn claims(&self, host: &HostPattern) -> Result<Vec<Domain>, Refusal> {
        let host = host.clone();
        let work = self.store().write_platform(move |unit| {
            let host = host.clone();
            Box::pin(async move { unit.domains().lock_host(&host).await })
        });
        Ok(work.await?)
    }

    async fn background(&self, host: &HostPattern) -> Result<Background, Refusal> {
        let mut background = Background::new();
        for claim in self.claims(host).await? {
            background.insert(claim.id(), self.behind(&claim).await?);
        }
        Ok(background)
    }

    async fn behind(&self, claim: &Domain) -> Result<Behind, Refusal> {
        let (id, holds) = (claim.id(), claim.claim.ownership.holds());
        let mut reader = self.store().read(scope_of(claim.tenant()));
        let domains = reader.domains();
        let kept = domains.report(id).await?;
        let kept: Kept = kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default();
        let has_live_secrets = holds && domains.live_secrets(id).await? > 0;
        let issuance = self.orders().issuance(&id).await?;
        let certificate = if holds { self.orders().certificate(&id).await? } else { None };
        let known = Known {
            has_live_secrets,
            has_order: issuance.is_some() || certificate.is_some(),
            clears_at: kept.report["caches_clear_at_ms"].as_i64().map(Timestamp::from_ms),
        };
        let validity = certificate.map(|certificate| certificate.facts.validity);
        Ok(Behind { known, certified: Certified { issuance, validity }, kept })
    }

    /// A row of history. `evidence`: JSON.
    pub(super) fn event(
        &self,
        domain: DomainId,
        change: AxisChange,
        (actor, code, evidence): (Option<Actor>, Option<String>, Option<String>),
        at: Timestamp,
    ) -> DomainEvent {
        DomainEvent { id: EventId::random(self.rng()), domain, at, change, actor, code, evidence }
    }

    /// The same for the audit trail.
    pub(super) fn audit_of(
        &self,
        domain: DomainId,
        change: AxisChange,
        at: Timestamp,
    ) -> AuditEvent {
        let action = match change.axis() {
            Axis::Ownership => Action::DomainOwnershipChanged,
            Axis::Pointing => Action::DomainPointingChanged,
            Axis::Certificate => Action::DomainCertificateChanged,
            Axis::Gate => Action::DomainGateChanged,
        };
        let id = EventId::random(self.rng());
        AuditEvent { id, at, action, actor: None, subject: domain.to_string(), network: None }
    }
}

/// What differs, axis by axis. That of the certificate is noted by itself.
pub(super) fn changes(before: &Domain, after: &Domain) -> Vec<AxisChange> {
    let ownership = (before.claim.ownership, after.claim.ownership);
    let pointing = (before.pointing, after.pointing);
    let gate = (before.gate, after.gate);
    [
        (ownership.0 != ownership.1).then_some(AxisChange::Ownership(ownership.0, ownership.1)),
        (pointing.0 != pointing.1).then_some(AxisChange::Pointing(pointing.0, pointing.1)),
        (gate.0 != gate.1).then_some(AxisChange::Gate(gate.0, gate.1)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Looked {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<Written, StoreError> {
        let claims = unit.domains().lock_host(&self.host).await?;
        if is_stale(&claims, &self.evidence) {
            return Ok(Written::Done(Vec::new()));
        }
        let settings = self.domains.settings();
        let sight = Sight {
            evidence: &self.evidence,
            zone: &self.zone,
            settings,
            asking: self.asking.clone(),
            from: &settings.vantage,
            now: self.now,
        };
        let known = |id| self.background.get(&id).map(|behind| behind.known).unwrap_or_default();
        let judged = judge(&claims, &known, &sight);
        let overridden = self.overridden(unit, &judged).await?;
        let mut plans: Vec<Plan> = judged.into_iter().map(|one| self.plan(one)).collect();
        let unaddressed = self.unaddressed(&plans, overridden.as_ref());
        if !unaddressed.is_empty() {
            return Ok(Written::Unaddressed(unaddressed));
        }
        // Of two claims of which one takes the host from the other, the loser first.
        plans.sort_by_key(|plan| !plan.judged.lost());
        for plan in &plans {
            self.write_plan(unit, plan).await?;
        }
        if let Some((wildcard, news)) = &overridden {
            self.tell(unit, wildcard, news).await?;
        }
        // Last: it holds the log until the unit ends.
        for plan in &plans {
            if plan.judged.before.claim.ownership != plan.judged.after.claim.ownership {
                unit.domains().announce(plan.judged.after.id(), self.now).await?;
            }
        }
        Ok(Written::Done(plans.into_iter().map(|plan| plan.judged).collect()))
    }

    fn plan(&self, mut judged: Judged) -> Plan {
        if is_token_old(&judged, self.now) {
            let token = ClaimToken::draw(self.domains.rng());
            renew_token(&mut judged.after, token, false, self.now);
        }
        let behind = self.background.get(&judged.after.id()).cloned().unwrap_or_default();
        let (alerts, told) = alerts(&judged, &behind.certified, &behind.kept.told, self.now);
        let news = of_ownership(&judged.before, &judged.after).into_iter().chain(alerts).collect();
        let kept = judged.report.as_ref().map(|report| Kept {
            report: serde_json::to_value(report).expect("a report has only text keys"),
            told,
        });
        Plan { changes: changes(&judged.before, &judged.after), judged, news, kept }
    }

    /// A wildcard of another tenant, of which a host was just proved.
    async fn overridden(
        &self,
        unit: &mut dyn PlatformUnit,
        judged: &[Judged],
    ) -> Result<Option<(Domain, News)>, StoreError> {
        let proved = judged.iter().find(|one| {
            one.after.claim.ownership == Ownership::Verified && !one.before.claim.ownership.holds()
        });
        let parent = self.host.host().as_str().split_once('.').map(|(_, parent)| parent);
        let parent = parent.and_then(|parent| Hostname::parse(parent).ok());
        let (Some(proved), Some(parent)) = (proved.filter(|_| !self.host.is_wildcard()), parent)
        else {
            return Ok(None);
        };
        let claims = unit.domains().lock_host(&HostPattern::wildcard(parent)).await?;
        let holder = claims.into_iter().find(|claim| claim.claim.ownership.holds());
        let holder = holder.filter(|holder| holder.tenant() != proved.after.tenant());
        Ok(holder.map(|holder| (holder, News::Overridden { host: self.host.to_string() })))
    }

    fn unaddressed(&self, plans: &[Plan], overridden: Option<&(Domain, News)>) -> Vec<TenantId> {
        let told = plans.iter().filter(|plan| !plan.news.is_empty());
        let mut tenants: Vec<TenantId> = told.map(|plan| plan.judged.after.tenant()).collect();
        tenants.extend(overridden.map(|(wildcard, _)| wildcard.tenant()));
        tenants.retain(|tenant| !self.book.contains_key(tenant));
        tenants
    }

    async fn write_plan(&self, unit: &mut dyn PlatformUnit, plan: &Plan) -> Result<(), StoreError> {
        let after = &plan.judged.after;
        if !unit.domains().update(after).await? {
            // Removed meanwhile: there is nothing left to write to.
            return Ok(());
        }
        if let Some(kept) = &plan.kept {
            let kept = serde_json::to_string(kept).expect("a report has only text keys");
            unit.domains().keep_report(after.id(), &kept).await?;
        }
        for change in &plan.changes {
            let code = plan.judged.report.as_ref().and_then(|report| report.code);
            let code = code.map(|code| code.as_str().to_owned());
            let seen = serde_json::to_string(&*self.evidence).ok();
            let event = self.domains.event(after.id(), *change, (None, code, seen), self.now);
            unit.domains().record(after, &event).await?;
            let audit = self.domains.audit_of(after.id(), *change, self.now);
            unit.within(scope_of(after.tenant())).audit().record(&audit).await?;
        }
        for news in &plan.news {
            self.tell(unit, after, news).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        unit: &mut dyn PlatformUnit,
        domain: &Domain,
        news: &News,
    ) -> Result<(), StoreError> {
        let Some(to) = self.book.get(&domain.tenant()) else { return Ok(()) };
        let mut within = unit.within(scope_of(domain.tenant()));
        for letter in self.domains.letters(domain, news, to, self.now) {
            within.outbox().send(&letter).await?;
        }
        Ok(())
    }
}
