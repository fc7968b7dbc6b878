//! What does not add up between Stripe and us; and the prices, plans and turns that jobs compare it with.

use wax_kernel::{TenantId, Timestamp};
use wax_model::{
    PlanId,
    billing::{Currency, DriftKind, Interval},
};
use wax_store::{BillingPrice, Drift, StoreError};

use crate::{
    dialect::skipping_locked,
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    /// $1 is NULL for what is nobody's.
    DRIFT_OF = both("SELECT kind, subject, tenant_id, since_ms FROM billing_drift
        WHERE tenant_id = $1 OR ($1 IS NULL AND tenant_id IS NULL) ORDER BY kind, subject");
    LIST_DRIFT = both("SELECT kind, subject, tenant_id, since_ms FROM billing_drift ORDER BY kind, subject");
    INSERT_DRIFT = both("INSERT INTO billing_drift (kind, subject, tenant_id, since_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (kind, subject) DO NOTHING");
    DELETE_DRIFT = both("DELETE FROM billing_drift WHERE kind = $1 AND subject = $2");

    LIST_PRICES = both("SELECT lookup_key, currency, period, amount FROM billing_prices ORDER BY lookup_key, currency");
    DELETE_PRICES = both("DELETE FROM billing_prices");
    INSERT_PRICE = both("INSERT INTO billing_prices (lookup_key, currency, period, amount) VALUES ($1, $2, $3, $4)
        ON CONFLICT (lookup_key, currency) DO NOTHING");
    /// Of two that come at once, the second finds it not due.
    TAKE_TURN = both("INSERT INTO billing_turns (name, due_at_ms) VALUES ($1, $3)
        ON CONFLICT (name) DO UPDATE SET due_at_ms = excluded.due_at_ms WHERE billing_turns.due_at_ms <= $2");
    PLANS_IN_USE = both("SELECT DISTINCT plan FROM tenants ORDER BY plan");

    ANY_PARTING = both("SELECT customer FROM billing_partings WHERE due_at_ms <= $1 LIMIT 1");
    TAKE_PARTING = skipping_locked!(
        "WITH due AS MATERIALIZED (SELECT customer FROM billing_partings
            WHERE due_at_ms <= $1 ORDER BY due_at_ms, customer LIMIT 1",
        ") UPDATE billing_partings SET due_at_ms = $2 FROM due
            WHERE billing_partings.customer = due.customer RETURNING billing_partings.customer AS customer"
    );
    DELETE_PARTING = both("DELETE FROM billing_partings WHERE customer = $1");
}

fn one(row: Fields<'_>) -> Result<Drift, StoreError> {
    Ok(Drift {
        kind: row.parse("kind", DriftKind::parse)?,
        subject: row.get("subject")?,
        tenant: row.maybe_parse("tenant_id", TenantId::parse)?,
        since: row.at("since_ms")?,
    })
}

pub(crate) async fn all(database: &mut impl Rows) -> Result<Vec<Drift>, StoreError> {
    let rows = database.rows(sql(LIST_DRIFT)).await?;
    rows.iter().map(|row| one(row.of("billing_drift"))).collect()
}

pub(crate) async fn add(session: &mut Session<'_>, drift: &Drift) -> Result<bool, StoreError> {
    let insert = sql(INSERT_DRIFT).bind(drift.kind.as_str()).bind(&*drift.subject);
    session.changed(insert.bind(drift.tenant).bind(drift.since)).await
}

pub(crate) async fn replace(
    session: &mut Session<'_>,
    tenant: Option<TenantId>,
    drift: &[Drift],
) -> Result<Vec<Drift>, StoreError> {
    let rows = session.rows(sql(DRIFT_OF).bind(tenant)).await?;
    let known = rows.iter().map(|row| one(row.of("billing_drift")));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let same = |a: &Drift, b: &Drift| a.kind == b.kind && a.subject == b.subject;
    for gone in known.iter().filter(|was| !drift.iter().any(|is| same(was, is))) {
        let delete = sql(DELETE_DRIFT).bind(gone.kind.as_str()).bind(&*gone.subject);
        session.execute(delete).await?;
    }
    let mut new = Vec::new();
    for one in drift {
        if add(session, one).await? {
            new.push(one.clone());
        }
    }
    Ok(new)
}

pub(crate) async fn prices(database: &mut impl Rows) -> Result<Vec<BillingPrice>, StoreError> {
    let price = |row: Fields<'_>| {
        Ok(BillingPrice {
            lookup_key: row.get("lookup_key")?,
            interval: row.parse("period", Interval::parse)?,
            currency: row.parse("currency", Currency::parse)?,
            amount: row.get("amount")?,
        })
    };
    let rows = database.rows(sql(LIST_PRICES)).await?;
    rows.iter().map(|row| price(row.of("billing_prices"))).collect()
}

pub(crate) async fn set_prices(
    session: &mut Session<'_>,
    prices: &[BillingPrice],
) -> Result<(), StoreError> {
    session.execute(sql(DELETE_PRICES)).await?;
    for price in prices {
        let insert = sql(INSERT_PRICE).bind(&*price.lookup_key).bind(price.currency.as_str());
        session.execute(insert.bind(price.interval.as_str()).bind(price.amount)).await?;
    }
    Ok(())
}

pub(crate) async fn take_turn(
    session: &mut Session<'_>,
    name: &str,
    now: Timestamp,
    again_at: Timestamp,
) -> Result<bool, StoreError> {
    session.changed(sql(TAKE_TURN).bind(name).bind(now).bind(again_at)).await
}

pub(crate) async fn plans_in_use(database: &mut impl Rows) -> Result<Vec<PlanId>, StoreError> {
    let rows = database.rows(sql(PLANS_IN_USE)).await?;
    rows.iter().map(|row| row.of("tenants").parse("plan", PlanId::parse)).collect()
}

pub(crate) async fn any_parting(
    database: &mut impl Rows,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(database.row(sql(ANY_PARTING).bind(now)).await?.is_some())
}

pub(crate) async fn take_parting(
    session: &mut Session<'_>,
    now: Timestamp,
    again_at: Timestamp,
) -> Result<Option<String>, StoreError> {
    let row = session.row(sql(TAKE_PARTING).bind(now).bind(again_at)).await?;
    row.map(|row| row.of("billing_partings").get("customer")).transpose()
}

pub(crate) async fn parted(session: &mut Session<'_>, customer: &str) -> Result<(), StoreError> {
    session.execute(sql(DELETE_PARTING).bind(customer)).await
}
