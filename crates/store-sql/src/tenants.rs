//! Tenants.

use wax_kernel::TenantId;
use wax_model::{Plan, Tenant};
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    INSERT_TENANT = both("INSERT INTO tenants (id, slug, name, plan, created_at_ms) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (slug) DO NOTHING");
    FIND_TENANT_BY_SLUG = both("SELECT id, slug, name, plan, created_at_ms FROM tenants WHERE slug = $1");
    COUNT_TENANTS = both("SELECT COUNT(*) AS tenants FROM tenants");
}

fn tenant(row: Fields<'_>) -> Result<Tenant, StoreError> {
    Ok(Tenant {
        id: row.parse("id", TenantId::parse)?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        plan: row.parse("plan", Plan::parse)?,
        created_at: row.at("created_at_ms")?,
    })
}

pub(crate) async fn ensure(session: &mut Session<'_>, new: &Tenant) -> Result<Tenant, StoreError> {
    let insert = sql(INSERT_TENANT)
        .bind(new.id)
        .bind(&*new.slug)
        .bind(&*new.name)
        .bind(new.plan.as_str())
        .bind(new.created_at);
    session.execute(insert).await?;
    let found = session.row(sql(FIND_TENANT_BY_SLUG).bind(&*new.slug)).await?;
    let missing = StoreError::Corrupt { table: "tenants", column: "slug" };
    tenant(found.as_ref().ok_or(missing)?.of("tenants"))
}

pub(crate) async fn count(database: &mut impl Rows) -> Result<u64, StoreError> {
    let row = database.row(sql(COUNT_TENANTS)).await?;
    row.map_or(Ok(0), |row| row.of("tenants").number("tenants"))
}
