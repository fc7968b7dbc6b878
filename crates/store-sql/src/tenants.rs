//! Tenants.

use wax_kernel::{Hostname, TenantId};
use wax_model::{PlanId, Tenant};
use wax_store::StoreError;

use crate::{
    dialect::locking,
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

/// The columns of a [`Tenant`].
macro_rules! columns {
    () => {
        "id, slug, name, plan, limited, created_at_ms, deletion_due_at_ms"
    };
}

statements! {
    INSERT_TENANT = both(concat!("INSERT INTO tenants (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (slug) DO NOTHING"));
    FIND_TENANT = both(concat!("SELECT ", columns!(), " FROM tenants WHERE id = $1"));
    TENANTS_WITHOUT_HOST = both(concat!("SELECT ", columns!(), " FROM tenants WHERE deletion_due_at_ms IS NULL AND NOT EXISTS (
            SELECT 1 FROM domains WHERE tenant_id = tenants.id AND host = tenants.slug || '.' || $1)
        ORDER BY id LIMIT $2"));
    FIND_TENANT_BY_NAME = both(concat!("SELECT ", columns!(), " FROM tenants WHERE id = $1 OR slug = $1"));
    LOCK_TENANT = locking!(concat!("SELECT ", columns!(), " FROM tenants WHERE id = $1"));
    /// Of two that take one slug at once, the engine runs the second again, which then sees the first.
    UPDATE_TENANT = both("UPDATE tenants SET slug = $2, name = $3, deletion_due_at_ms = $4
        WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM tenants AS other WHERE other.slug = $2 AND other.id <> $1)");
    CHANGE_PLAN = both("UPDATE tenants SET plan = $2, limited = $3 WHERE id = $1");
    COUNT_TENANTS = both("SELECT COUNT(*) AS tenants FROM tenants");
}

fn tenant(row: Fields<'_>) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.parse("id", TenantId::parse)?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        plan: row.parse("plan", PlanId::parse)?,
        limited: row.number::<i64>("limited")? != 0,
        created_at: row.at("created_at_ms")?,
        deletion_due_at: row.maybe_at("deletion_due_at_ms")?,
    })
}

/// Those that have no domain `<slug>.<suffix>`.
pub(crate) async fn without_host(
    database: &mut impl Rows,
    suffix: &Hostname,
    limit: u32,
) -> Result<Vec<Tenant>, StoreError> {
    let rows = database.rows(sql(TENANTS_WITHOUT_HOST).bind(suffix.as_str()).bind(limit)).await?;
    rows.iter().map(|row| tenant(row.of("tenants"))).collect()
}

/// `false`: its slug is taken.
pub(crate) async fn insert(session: &mut Session<'_>, new: &Tenant) -> Result<bool, StoreError> {
    let insert = sql(INSERT_TENANT)
        .bind(new.id)
        .bind(&*new.slug)
        .bind(&*new.name)
        .bind(new.plan.as_str())
        .bind(i64::from(new.limited))
        .bind(new.created_at)
        .bind(new.deletion_due_at);
    session.changed(insert).await
}

pub(crate) async fn ensure(session: &mut Session<'_>, new: &Tenant) -> Result<Tenant, StoreError> {
    insert(session, new).await?;
    let found = find_by_name(session, &new.slug).await?;
    found.ok_or(StoreError::Corrupt { table: "tenants", column: "slug" })
}

pub(crate) async fn find(
    database: &mut impl Rows,
    id: TenantId,
) -> Result<Option<Tenant>, StoreError> {
    let row = database.row(sql(FIND_TENANT).bind(id)).await?;
    row.map(|row| tenant(row.of("tenants"))).transpose()
}

/// With this id or slug: no slug looks like an id.
pub(crate) async fn find_by_name(
    database: &mut impl Rows,
    name: &str,
) -> Result<Option<Tenant>, StoreError> {
    let row = database.row(sql(FIND_TENANT_BY_NAME).bind(name)).await?;
    row.map(|row| tenant(row.of("tenants"))).transpose()
}

pub(crate) async fn lock(
    session: &mut Session<'_>,
    id: TenantId,
) -> Result<Option<Tenant>, StoreError> {
    let row = session.row(sql(LOCK_TENANT).bind(id)).await?;
    row.map(|row| tenant(row.of("tenants"))).transpose()
}

/// Writes slug, name and deletion. `false`: another has the slug.
pub(crate) async fn update(
    session: &mut Session<'_>,
    id: TenantId,
    tenant: &Tenant,
) -> Result<bool, StoreError> {
    let update = sql(UPDATE_TENANT).bind(id).bind(&*tenant.slug).bind(&*tenant.name);
    session.changed(update.bind(tenant.deletion_due_at)).await
}

/// Writes plan and whether it is limited.
pub(crate) async fn change_plan(
    session: &mut Session<'_>,
    id: TenantId,
    plan: &PlanId,
    limited: bool,
) -> Result<(), StoreError> {
    session.execute(sql(CHANGE_PLAN).bind(id).bind(plan.as_str()).bind(i64::from(limited))).await
}

pub(crate) async fn count(database: &mut impl Rows) -> Result<u64, StoreError> {
    let row = database.row(sql(COUNT_TENANTS)).await?;
    row.map_or(Ok(0), |row| row.of("tenants").number("tenants"))
}
