//! Tenants' claims to names.

use async_trait::async_trait;
use wax_kernel::{AccountId, DomainId, EventId, HostPattern, TenantId, Timestamp};
use wax_model::{
    Brand, PlanId,
    domain::{
        Checks, Domain, DomainEvent, DomainSettings, Gate, Ownership, Pointing, ProofToken,
        Transport,
        ownership::{HostClaim, Sighting, Vantage},
    },
};
use wax_store::{DomainReads, DomainRepository, NewDomain, Premises, Sender, StoreError};

use crate::{
    brands, burials, change_log,
    dialect::locking,
    domain_history,
    engine::{Fields, Query, Row, Rows, Session, sql},
    feed,
    scoped::Scoped,
    statements::{both, statements},
    unscoped::Unscoped,
};

/// The columns of a [`Domain`], those that never change last.
macro_rules! columns {
    () => {
        "tenant_id, id, transport, token, token_drawn_at_ms, token_answers_contest, ownership, since_ms, held_since_ms,
        sighting_at_ms, sighting_from, contested_by, turned_down_until_ms, pointing, gate, checks_since_ms, checks,
        checked_at_ms, next_check_at_ms, settings, host, created_at_ms, label"
    };
}

/// As [`Ownership::holds`] and the index `domains_by_holder` say.
macro_rules! holding {
    () => {
        "('verified', 'contested', 'held', 'grace')"
    };
}

pub(crate) use {columns, holding};

statements! {
    /// Whichever rule it would break: it is the same as if it had come a moment later.
    INSERT_DOMAIN = both(concat!("INSERT INTO domains (", columns!(), ")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
        ON CONFLICT DO NOTHING"));
    /// Of two that become a name's holder at once, the engine runs the second again, which then sees the first.
    UPDATE_DOMAIN = both(concat!("UPDATE domains SET transport = $3, token = $4, token_drawn_at_ms = $5,
            token_answers_contest = $6, ownership = $7, since_ms = $8, held_since_ms = $9, sighting_at_ms = $10,
            sighting_from = $11, contested_by = $12, turned_down_until_ms = $13, pointing = $14, gate = $15,
            checks_since_ms = $16, checks = $17, checked_at_ms = $18, next_check_at_ms = $19, settings = $20
        WHERE tenant_id = $1 AND id = $2 AND ($7 NOT IN ", holding!(), " OR NOT EXISTS (SELECT 1 FROM domains AS other
            WHERE other.host = domains.host AND other.id <> $2 AND other.ownership IN ", holding!(), "))"));
    LOCK_HOST = locking!(concat!("SELECT ", columns!(), " FROM domains WHERE host = $1 ORDER BY created_at_ms, id"));
    FIND_DOMAIN = both(concat!("SELECT ", columns!(), " FROM domains WHERE tenant_id = $1 AND id = $2"));
    FIND_PREMISES = both(concat!("SELECT ", columns!(), ",
            (SELECT plan FROM tenants WHERE tenants.id = domains.tenant_id) AS plan,
            (SELECT limited FROM tenants WHERE tenants.id = domains.tenant_id) AS limited
        FROM domains WHERE tenant_id = $1 AND id = $2"));
    FIND_DOMAIN_ANYWHERE = both(concat!("SELECT ", columns!(), " FROM domains WHERE id = $1"));
    FIND_OWN_DOMAIN = both("SELECT id FROM domains WHERE tenant_id = $1 AND host = $2");
    LIST_DOMAINS = both(concat!("SELECT ", columns!(), " FROM domains WHERE tenant_id = $1 AND host > $2
        ORDER BY host LIMIT $3"));
    COUNT_DOMAINS = both("SELECT COUNT(*) AS domains FROM domains WHERE tenant_id = $1");
    KEEP_REPORT = both("INSERT INTO domain_reports (tenant_id, domain_id, report)
        SELECT tenant_id, id, $2 FROM domains WHERE id = $1
        ON CONFLICT (tenant_id, domain_id) DO UPDATE SET report = excluded.report");
    FIND_REPORT = both("SELECT report FROM domain_reports WHERE tenant_id = $1 AND domain_id = $2");
    /// A contest that its holder wins is no break. Whoever is no member any more has no name here.
    FIND_SENDER = both("SELECT domains.host, domains.token, domains.settings, domains.since_ms, tenants.name AS organization,
            (SELECT at_ms FROM domain_history
                WHERE tenant_id = $1 AND domain_id = $2 AND axis = 'ownership' AND became = 'verified' AND was <> 'contested'
                ORDER BY at_ms DESC LIMIT 1) AS proved_at_ms,
            (SELECT accounts.name FROM memberships JOIN accounts ON accounts.id = memberships.account_id
                WHERE memberships.tenant_id = $1 AND memberships.account_id = $3) AS member
        FROM domains JOIN tenants ON tenants.id = domains.tenant_id
        WHERE domains.tenant_id = $1 AND domains.id = $2");
    /// The states are those of the index `secrets_by_domain`.
    COUNT_LIVE_SECRETS = both("SELECT COUNT(*) AS secrets FROM secrets
        WHERE tenant_id = $1 AND domain_id = $2 AND state IN ('ready', 'locked', 'draining', 'bound')");
}

pub(crate) fn domain(row: Fields<'_>) -> Result<Domain, StoreError> {
    Ok(Domain {
        claim: claim(row)?,
        host: row.parse("host", HostPattern::parse)?,
        created_at: row.at("created_at_ms")?,
        transport: row.parse("transport", Transport::parse)?,
        token: ProofToken {
            text: row.get("token")?,
            drawn_at: row.at("token_drawn_at_ms")?,
            answers_contest: row.get::<i64>("token_answers_contest")? != 0,
        },
        label: row.get("label")?,
        pointing: row.parse("pointing", Pointing::parse)?,
        gate: row.parse("gate", Gate::parse)?,
        checks: Checks {
            since: row.at("checks_since_ms")?,
            count: row.number("checks")?,
            last_at: row.maybe_at("checked_at_ms")?,
            next_at: row.maybe_at("next_check_at_ms")?,
        },
        settings: row.parse("settings", |json| serde_json::from_str(json))?,
    })
}

fn claim(row: Fields<'_>) -> Result<HostClaim, StoreError> {
    let seen_at = row.maybe_at("sighting_at_ms")?;
    let seen_from = row.get::<Option<String>>("sighting_from")?;
    let sighting = |(at, from): (_, String)| Sighting { at, from: Vantage(from.into()) };
    Ok(HostClaim {
        domain: row.parse("id", DomainId::parse)?,
        tenant: row.parse("tenant_id", TenantId::parse)?,
        ownership: row.parse("ownership", Ownership::parse)?,
        since: row.at("since_ms")?,
        held_since: row.maybe_at("held_since_ms")?,
        sighting: seen_at.zip(seen_from).map(sighting),
        contested_by: row.maybe_parse("contested_by", DomainId::parse)?,
        turned_down_until: row.maybe_at("turned_down_until_ms")?,
    })
}

fn sender(row: Fields<'_>) -> Result<Sender, StoreError> {
    let settings: DomainSettings = row.parse("settings", |json| serde_json::from_str(json))?;
    let proved_at = row.maybe_at("proved_at_ms")?.unwrap_or(row.at("since_ms")?);
    let is_given = row.get::<String>("token")?.is_empty();
    Ok(Sender {
        organization: row.get("organization")?,
        host: row.parse("host", HostPattern::parse)?,
        proven_since: (!is_given).then_some(proved_at),
        shows_member: settings.shows_member,
        member: row.get("member")?,
    })
}

/// Gives the values of everything that may change, $1 to $20.
fn bind(query: Query, domain: &Domain) -> Query {
    let Domain { claim, token, checks, .. } = domain;
    let seen_from = claim.sighting.as_ref().map(|sighting| &*sighting.from.0);
    let settings = serde_json::to_string(&domain.settings).expect("settings have a JSON form");
    query
        .bind(claim.tenant)
        .bind(claim.domain)
        .bind(domain.transport.as_str())
        .bind(&*token.text)
        .bind(token.drawn_at)
        .bind(i64::from(token.answers_contest))
        .bind(claim.ownership.as_str())
        .bind(claim.since)
        .bind(claim.held_since)
        .bind(claim.sighting.as_ref().map(|sighting| sighting.at))
        .bind(seen_from)
        .bind(claim.contested_by)
        .bind(claim.turned_down_until)
        .bind(domain.pointing.as_str())
        .bind(domain.gate.as_str())
        .bind(checks.since)
        .bind(checks.count)
        .bind(checks.last_at)
        .bind(checks.next_at)
        .bind(&*settings)
}

async fn insert(session: &mut Session<'_>, new: &NewDomain) -> Result<bool, StoreError> {
    let domain = &new.domain;
    let insert = bind(sql(INSERT_DOMAIN), domain);
    let insert = insert.bind(&domain.host).bind(domain.created_at).bind(&*domain.label);
    if !session.changed(insert).await? {
        return Ok(false);
    }
    brands::set(session, domain.tenant(), domain.id(), &new.brand).await.map(|()| true)
}

/// `false`: another tenant holds the host.
pub(crate) async fn ensure(session: &mut Session<'_>, new: &NewDomain) -> Result<bool, StoreError> {
    let (domain, tenant) = (&new.domain, new.domain.tenant());
    let mut id = domain.id();
    if !insert(session, new).await? {
        let own = session.row(sql(FIND_OWN_DOMAIN).bind(tenant).bind(&domain.host)).await?;
        let Some(own) = own else { return Ok(false) };
        id = own.of("domains").parse("id", DomainId::parse)?;
        if brands::find(session, tenant, id).await?.as_ref() == Some(&new.brand) {
            return Ok(true);
        }
        brands::set(session, tenant, id, &new.brand).await?;
    }
    change_log::announce(session, id, domain.created_at).await.map(|_| true)
}

/// A tenant's, by host.
pub(crate) async fn list(
    database: &mut impl Rows,
    tenant: TenantId,
    after: Option<&HostPattern>,
    limit: u32,
) -> Result<Vec<Domain>, StoreError> {
    let after = after.map(ToString::to_string).unwrap_or_default();
    let rows = database.rows(sql(LIST_DOMAINS).bind(tenant).bind(&*after).bind(limit)).await?;
    rows.iter().map(|row| domain(row.of("domains"))).collect()
}

/// Whosesoever.
pub(crate) async fn find_anywhere(
    database: &mut impl Rows,
    id: DomainId,
) -> Result<Option<Domain>, StoreError> {
    let row = database.row(sql(FIND_DOMAIN_ANYWHERE).bind(id)).await?;
    row.map(|row| domain(row.of("domains"))).transpose()
}

#[async_trait]
impl<S: Rows> DomainReads for Scoped<S> {
    async fn find(&mut self, id: DomainId) -> Result<Option<Domain>, StoreError> {
        let row = self.session.row(sql(FIND_DOMAIN).bind(self.tenant).bind(id)).await?;
        row.map(|row| domain(row.of("domains"))).transpose()
    }

    async fn premises(&mut self, id: DomainId) -> Result<Option<Premises>, StoreError> {
        let row = self.session.row(sql(FIND_PREMISES).bind(self.tenant).bind(id)).await?;
        let premises = |row: Row| {
            let row = row.of("domains");
            Ok(Premises {
                domain: domain(row)?,
                plan: row.parse("plan", PlanId::parse)?,
                limited: row.get::<i64>("limited")? != 0,
            })
        };
        row.map(premises).transpose()
    }

    async fn list(
        &mut self,
        after: Option<&HostPattern>,
        limit: u32,
    ) -> Result<Vec<Domain>, StoreError> {
        list(&mut self.session, self.tenant, after, limit).await
    }

    async fn report(&mut self, id: DomainId) -> Result<Option<String>, StoreError> {
        let row = self.session.row(sql(FIND_REPORT).bind(self.tenant).bind(id)).await?;
        row.map(|row| row.of("domain_reports").get("report")).transpose()
    }

    async fn brand(&mut self, id: DomainId) -> Result<Option<Brand>, StoreError> {
        brands::find(&mut self.session, self.tenant, id).await
    }

    async fn history(
        &mut self,
        id: DomainId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<DomainEvent>, StoreError> {
        domain_history::list_back(&mut self.session, self.tenant, id, before, limit).await
    }

    async fn sender(
        &mut self,
        id: DomainId,
        member: Option<AccountId>,
    ) -> Result<Option<Sender>, StoreError> {
        let query = sql(FIND_SENDER).bind(self.tenant).bind(id).bind(member);
        self.session.row(query).await?.map(|row| sender(row.of("domains"))).transpose()
    }

    async fn live_secrets(&mut self, id: DomainId) -> Result<u64, StoreError> {
        let row = self.session.row(sql(COUNT_LIVE_SECRETS).bind(self.tenant).bind(id)).await?;
        row.map_or(Ok(0), |row| row.of("secrets").number("secrets"))
    }
}

#[async_trait]
impl DomainRepository for Unscoped<Session<'_>> {
    async fn lock_host(&mut self, host: &HostPattern) -> Result<Vec<Domain>, StoreError> {
        let rows = self.session.rows(sql(LOCK_HOST).bind(host)).await?;
        rows.iter().map(|row| domain(row.of("domains"))).collect()
    }

    async fn domain(&mut self, id: DomainId) -> Result<Option<Domain>, StoreError> {
        find_anywhere(&mut self.session, id).await
    }

    async fn count(&mut self, tenant: TenantId) -> Result<u64, StoreError> {
        let row = self.session.row(sql(COUNT_DOMAINS).bind(tenant)).await?;
        row.map_or(Ok(0), |row| row.of("domains").number("domains"))
    }

    async fn insert(&mut self, new: &NewDomain) -> Result<bool, StoreError> {
        insert(&mut self.session, new).await
    }

    async fn update(&mut self, domain: &Domain) -> Result<bool, StoreError> {
        self.session.changed(bind(sql(UPDATE_DOMAIN), domain)).await
    }

    async fn keep_report(&mut self, id: DomainId, report: &str) -> Result<(), StoreError> {
        self.session.execute(sql(KEEP_REPORT).bind(id).bind(report)).await
    }

    async fn sight(
        &mut self,
        domain: &Domain,
        about: &str,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        feed::sight(&mut self.session, domain, about, now).await
    }

    async fn set_brand(&mut self, domain: &Domain, brand: &Brand) -> Result<(), StoreError> {
        brands::set(&mut self.session, domain.tenant(), domain.id(), brand).await
    }

    async fn record(&mut self, domain: &Domain, event: &DomainEvent) -> Result<(), StoreError> {
        debug_assert_eq!(domain.id(), event.domain);
        domain_history::record(&mut self.session, event).await.map(drop)
    }

    async fn bury(&mut self, domain: &Domain, now: Timestamp) -> Result<(), StoreError> {
        burials::bury(&mut self.session, domain, now).await
    }

    async fn announce(&mut self, id: DomainId, now: Timestamp) -> Result<i64, StoreError> {
        change_log::announce(&mut self.session, id, now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_know_who_holds_a_name() {
        for ownership in Ownership::ALL.iter().copied() {
            let named = holding!().contains(&format!("'{}'", ownership.as_str()));
            assert_eq!(named, ownership.holds(), "{ownership:?}");
        }
    }
}
