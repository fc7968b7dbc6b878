//! Customers at Stripe, and what came from there.

use async_trait::async_trait;
use wax_kernel::{TenantId, Timestamp};
use wax_model::billing::Standing;
use wax_store::{Attended, BillingCustomer, BillingEvent, BillingRepository, Drift, StoreError};

use crate::{
    billing_drift,
    dialect::skipping_locked,
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
    unscoped::Unscoped,
};

/// The columns of a [`BillingCustomer`].
macro_rules! columns {
    () => {
        "billing_customers.tenant_id AS tenant_id, customer, wanted, fetched, fence, failures, asked_at_ms, standing, reminded, copy"
    };
}

statements! {
    INSERT_CUSTOMER = both("INSERT INTO billing_customers (tenant_id, customer, wanted, fetched, fence, leased_until_ms,
            due_at_ms, failures, standing)
        VALUES ($1, $2, 0, 0, 0, 0, $3, 0, $4) ON CONFLICT DO NOTHING");
    MARK_CUSTOMER = both("UPDATE billing_customers
        SET wanted = wanted + 1, due_at_ms = CASE WHEN due_at_ms > $2 THEN $2 ELSE due_at_ms END
        WHERE customer = $1 RETURNING tenant_id");
    /// Only by whoever took it last.
    ATTEND_CUSTOMER = both("UPDATE billing_customers
        SET fetched = $3, failures = $4, asked_at_ms = $5, standing = $6, reminded = $7, seats = $8,
            copy = COALESCE($9, copy), due_at_ms = CASE WHEN wanted > $3 THEN CAST($11 AS BIGINT) ELSE CAST($10 AS BIGINT) END, leased_until_ms = 0
        WHERE tenant_id = $1 AND fence = $2");
    FIND_CUSTOMER = both(concat!("SELECT ", columns!(), " FROM billing_customers WHERE tenant_id = $1"));
    ANY_DUE_CUSTOMER = both("SELECT tenant_id FROM billing_customers WHERE due_at_ms <= $1 AND leased_until_ms <= $1 LIMIT 1");
    TAKE_DUE_CUSTOMER = skipping_locked!(
        "WITH due AS MATERIALIZED (SELECT tenant_id FROM billing_customers
            WHERE due_at_ms <= $1 AND leased_until_ms <= $1 ORDER BY due_at_ms, tenant_id LIMIT 1",
        concat!(") UPDATE billing_customers SET leased_until_ms = $2, fence = fence + 1 FROM due
            WHERE billing_customers.tenant_id = due.tenant_id RETURNING ", columns!())
    );
    TAKE_CUSTOMER = both(concat!("UPDATE billing_customers SET leased_until_ms = $3, fence = fence + 1
        WHERE tenant_id = $1 AND leased_until_ms <= $2 RETURNING ", columns!()));
    /// What is marked already, or was refused, waits for its time.
    MARK_SEATS = both("UPDATE billing_customers SET wanted = wanted + 1, due_at_ms = $1
        WHERE wanted = fetched AND failures = 0 AND seats IS NOT NULL
        AND seats <> (SELECT COUNT(*) FROM memberships WHERE memberships.tenant_id = billing_customers.tenant_id)");
    COUNT_ALL_MEMBERS = both("SELECT COUNT(*) AS members FROM memberships WHERE tenant_id = $1");
    KNOWN_CUSTOMER = both("SELECT tenant_id FROM billing_customers WHERE customer = $1");
    INSERT_BILLING_EVENT = both("INSERT INTO billing_events (id, customer, kind, received_at_ms, body) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO NOTHING");
    FIND_BILLING_EVENT = both("SELECT id, customer, kind, received_at_ms, body FROM billing_events WHERE id = $1");
    FORGET_BILLING_EVENTS = both("DELETE FROM billing_events WHERE id IN
        (SELECT id FROM billing_events WHERE received_at_ms <= $1 ORDER BY received_at_ms LIMIT $2)");
}

fn customer(row: Fields<'_>) -> Result<BillingCustomer, StoreError> {
    Ok(BillingCustomer {
        tenant: row.parse("tenant_id", TenantId::parse)?,
        customer: row.get("customer")?,
        wanted: row.get("wanted")?,
        fetched: row.get("fetched")?,
        fence: row.get("fence")?,
        failures: row.number("failures")?,
        asked_at: row.maybe_at("asked_at_ms")?,
        standing: row.parse("standing", Standing::parse)?,
        reminded: row.get("reminded")?,
        copy: row.get("copy")?,
    })
}

pub(crate) async fn find(
    database: &mut impl Rows,
    tenant: TenantId,
) -> Result<Option<BillingCustomer>, StoreError> {
    let row = database.row(sql(FIND_CUSTOMER).bind(tenant)).await?;
    row.map(|row| customer(row.of("billing_customers"))).transpose()
}

pub(crate) async fn any_due(database: &mut impl Rows, now: Timestamp) -> Result<bool, StoreError> {
    Ok(database.row(sql(ANY_DUE_CUSTOMER).bind(now)).await?.is_some())
}

pub(crate) async fn take_due(
    session: &mut Session<'_>,
    now: Timestamp,
    leased_until: Timestamp,
) -> Result<Option<BillingCustomer>, StoreError> {
    let row = session.row(sql(TAKE_DUE_CUSTOMER).bind(now).bind(leased_until)).await?;
    row.map(|row| customer(row.of("billing_customers"))).transpose()
}

pub(crate) async fn take(
    session: &mut Session<'_>,
    tenant: TenantId,
    now: Timestamp,
    leased_until: Timestamp,
) -> Result<Option<BillingCustomer>, StoreError> {
    let row = session.row(sql(TAKE_CUSTOMER).bind(tenant).bind(now).bind(leased_until)).await?;
    row.map(|row| customer(row.of("billing_customers"))).transpose()
}

pub(crate) async fn mark_seats(
    session: &mut Session<'_>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    session.changes(sql(MARK_SEATS).bind(now)).await
}

pub(crate) async fn members(database: &mut impl Rows, tenant: TenantId) -> Result<u64, StoreError> {
    let row = database.row(sql(COUNT_ALL_MEMBERS).bind(tenant)).await?;
    row.map_or(Ok(0), |row| row.of("memberships").number("members"))
}

/// One after the other: an index answers each, and it happens once a day.
pub(crate) async fn unknown(
    database: &mut impl Rows,
    customers: Vec<String>,
) -> Result<Vec<String>, StoreError> {
    let mut unknown = Vec::new();
    for customer in customers {
        if database.row(sql(KNOWN_CUSTOMER).bind(&*customer)).await?.is_none() {
            unknown.push(customer);
        }
    }
    Ok(unknown)
}

pub(crate) async fn event(
    database: &mut impl Rows,
    id: &str,
) -> Result<Option<BillingEvent>, StoreError> {
    let row = database.row(sql(FIND_BILLING_EVENT).bind(id)).await?;
    let event = |row: Fields<'_>| {
        Ok(BillingEvent {
            id: row.get("id")?,
            customer: row.get("customer")?,
            kind: row.get("kind")?,
            received_at: row.at("received_at_ms")?,
            body: row.get("body")?,
        })
    };
    row.map(|row| event(row.of("billing_events"))).transpose()
}

pub(crate) async fn forget_events(
    session: &mut Session<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    session.changes(sql(FORGET_BILLING_EVENTS).bind(before).bind(limit)).await
}

#[async_trait]
impl BillingRepository for Unscoped<Session<'_>> {
    async fn insert_customer(
        &mut self,
        tenant: TenantId,
        customer: &str,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let insert = sql(INSERT_CUSTOMER).bind(tenant).bind(customer).bind(due_at);
        self.session.changed(insert.bind(Standing::None.as_str())).await
    }

    async fn mark(
        &mut self,
        customer: &str,
        now: Timestamp,
    ) -> Result<Option<TenantId>, StoreError> {
        let row = self.session.row(sql(MARK_CUSTOMER).bind(customer).bind(now)).await?;
        let tenant = |row: Fields<'_>| row.parse("tenant_id", TenantId::parse);
        row.map(|row| tenant(row.of("billing_customers"))).transpose()
    }

    async fn keep_event(&mut self, event: &BillingEvent) -> Result<bool, StoreError> {
        let insert = sql(INSERT_BILLING_EVENT)
            .bind(&*event.id)
            .bind(event.customer.as_deref())
            .bind(&*event.kind)
            .bind(event.received_at)
            .bind(&*event.body);
        self.session.changed(insert).await
    }

    async fn attend(&mut self, attended: &Attended) -> Result<bool, StoreError> {
        let seats = attended.seats.map(|seats| i64::try_from(seats).unwrap_or(i64::MAX));
        let attend = sql(ATTEND_CUSTOMER)
            .bind(attended.tenant)
            .bind(attended.fence)
            .bind(attended.fetched)
            .bind(attended.failures)
            .bind(attended.asked_at)
            .bind(attended.standing.as_str())
            .bind(attended.reminded.as_deref())
            .bind(seats)
            .bind(attended.copy.as_deref())
            .bind(attended.due_at)
            .bind(attended.again_at);
        self.session.changed(attend).await
    }

    async fn replace_drift(
        &mut self,
        tenant: Option<TenantId>,
        drift: &[Drift],
    ) -> Result<Vec<Drift>, StoreError> {
        billing_drift::replace(&mut self.session, tenant, drift).await
    }

    async fn add_drift(&mut self, drift: &Drift) -> Result<bool, StoreError> {
        billing_drift::add(&mut self.session, drift).await
    }
}
