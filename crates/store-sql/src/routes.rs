//! Domains as edges know them.

use wax_kernel::{DomainId, HostPattern, TenantId};
use wax_model::{
    PlanId,
    domain::{Gate, Ownership, Route, Transport},
};
use wax_store::{RouteNow, StoreError};

use crate::{
    brands,
    domains::holding,
    engine::{Fields, Row, Rows, sql},
    statements::{both, statements},
};

/// The columns of a [`Route`].
macro_rules! columns {
    () => {
        "domains.host AS host, domains.tenant_id AS tenant_id, domains.id AS id, domains.label AS label,
            domains.transport AS transport, domains.ownership AS ownership, domains.gate AS gate,
            (SELECT plan FROM tenants WHERE tenants.id = domains.tenant_id) AS plan,
            domains.settings AS settings, brands.look AS look, brand_logos.content_type AS content_type,
            brand_logos.image AS image"
    };
}

pub(crate) use columns;

statements! {
    LIST_ROUTES = both(concat!("SELECT ", columns!(), " FROM domains
        JOIN brands ON brands.tenant_id = domains.tenant_id AND brands.domain_id = domains.id
        LEFT JOIN brand_logos ON brand_logos.tenant_id = domains.tenant_id AND brand_logos.domain_id = domains.id
        WHERE domains.id > $1 AND domains.ownership IN ", holding!(), " ORDER BY domains.id LIMIT $2"));
}

/// One row that cannot be read takes nobody else's away.
pub(crate) fn route(row: Fields<'_>) -> Result<RouteNow, StoreError> {
    match read(row) {
        Ok(route) => Ok(RouteNow::Held(Box::new(route))),
        Err(StoreError::Corrupt { column, .. }) => Ok(RouteNow::Unreadable { column }),
        Err(error) => Err(error),
    }
}

fn read(row: Fields<'_>) -> Result<Route, StoreError> {
    Ok(Route {
        host: row.parse("host", HostPattern::parse)?,
        tenant: row.parse("tenant_id", TenantId::parse)?,
        domain: row.parse("id", DomainId::parse)?,
        label: row.get("label")?,
        transport: row.parse("transport", Transport::parse)?,
        ownership: row.parse("ownership", Ownership::parse)?,
        gate: row.parse("gate", Gate::parse)?,
        plan: row.parse("plan", PlanId::parse)?,
        settings: row.parse("settings", |json| serde_json::from_str(json))?,
        brand: brands::brand(row)?,
    })
}

/// Names that are held, by id.
pub(crate) async fn list(
    database: &mut impl Rows,
    after: Option<DomainId>,
    limit: u32,
) -> Result<Vec<(DomainId, RouteNow)>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = database.rows(sql(LIST_ROUTES).bind(&*after).bind(limit)).await?;
    let told = |row: &Row| {
        let row = row.of("domains");
        Ok((row.parse("id", DomainId::parse)?, route(row)?))
    };
    rows.iter().map(told).collect()
}
