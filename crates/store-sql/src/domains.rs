//! Domains and how their pages look.

use wax_kernel::{DomainId, Hostname, TenantId};
use wax_model::{Brand, Domain, Logo, LogoType, Route};
use wax_store::{NewDomain, StoreError};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    INSERT_DOMAIN = both("INSERT INTO domains (tenant_id, id, host, created_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (host) DO NOTHING");
    FIND_OWN_DOMAIN = both("SELECT id FROM domains WHERE tenant_id = $1 AND host = $2");
    LIST_DOMAINS = both("SELECT id, host, created_at_ms FROM domains WHERE tenant_id = $1 ORDER BY host");
    UPSERT_BRAND = both("INSERT INTO brands (tenant_id, domain_id, look) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, domain_id) DO UPDATE SET look = excluded.look");
    DELETE_LOGO = both("DELETE FROM brand_logos WHERE tenant_id = $1 AND domain_id = $2");
    INSERT_LOGO = both("INSERT INTO brand_logos (tenant_id, domain_id, content_type, image) VALUES ($1, $2, $3, $4)");
    FIND_BRAND = both("SELECT look FROM brands WHERE tenant_id = $1 AND domain_id = $2");
    LIST_ROUTES = both("SELECT domains.host AS host, domains.tenant_id AS tenant_id, domains.id AS id,
            brands.look AS look, brand_logos.content_type AS content_type, brand_logos.image AS image
        FROM domains
        JOIN brands ON brands.tenant_id = domains.tenant_id AND brands.domain_id = domains.id
        LEFT JOIN brand_logos ON brand_logos.tenant_id = domains.tenant_id AND brand_logos.domain_id = domains.id
        ORDER BY domains.host");
}

fn route(row: Fields<'_>) -> Result<Route, StoreError> {
    let mut brand: Brand = row.parse("look", |json| serde_json::from_str(json))?;
    if let Some(bytes) = row.get("image")? {
        let content_type = row.parse("content_type", LogoType::parse)?;
        brand.logo = Some(Logo { content_type, bytes });
    }
    Ok(Route {
        host: row.parse("host", Hostname::parse)?,
        tenant: row.parse("tenant_id", TenantId::parse)?,
        domain: row.parse("id", DomainId::parse)?,
        brand,
    })
}

/// A tenant's, by host.
pub(crate) async fn list(
    database: &mut impl Rows,
    tenant: TenantId,
) -> Result<Vec<Domain>, StoreError> {
    let rows = database.rows(sql(LIST_DOMAINS).bind(tenant)).await?;
    let domains = rows.iter().map(|row| {
        let row = row.of("domains");
        Ok(Domain {
            id: row.parse("id", DomainId::parse)?,
            host: row.parse("host", Hostname::parse)?,
            created_at: row.at("created_at_ms")?,
        })
    });
    domains.collect()
}

/// `false`: another tenant has the host.
pub(crate) async fn ensure(session: &mut Session<'_>, new: &NewDomain) -> Result<bool, StoreError> {
    let NewDomain { tenant, domain, brand } = new;
    let insert =
        sql(INSERT_DOMAIN).bind(*tenant).bind(domain.id).bind(&domain.host).bind(domain.created_at);
    session.execute(insert).await?;
    let own = session.row(sql(FIND_OWN_DOMAIN).bind(*tenant).bind(&domain.host)).await?;
    let Some(own) = own else { return Ok(false) };
    let id = own.of("domains").parse("id", DomainId::parse)?;
    set_brand(session, *tenant, id, brand).await.map(|()| true)
}

async fn set_brand(
    session: &mut Session<'_>,
    tenant: TenantId,
    domain: DomainId,
    brand: &Brand,
) -> Result<(), StoreError> {
    let look = serde_json::to_string(brand).map_err(|error| StoreError::Backend(error.into()))?;
    session.execute(sql(UPSERT_BRAND).bind(tenant).bind(domain).bind(&*look)).await?;
    session.execute(sql(DELETE_LOGO).bind(tenant).bind(domain)).await?;
    let Some(logo) = &brand.logo else { return Ok(()) };
    let insert = sql(INSERT_LOGO).bind(tenant).bind(domain);
    let insert = insert.bind(logo.content_type.as_str()).bind(&*logo.bytes);
    session.execute(insert).await
}

/// The look of a tenant's domain, without its logo.
pub(crate) async fn brand(
    database: &mut impl Rows,
    tenant: TenantId,
    domain: DomainId,
) -> Result<Option<Brand>, StoreError> {
    let row = database.row(sql(FIND_BRAND).bind(tenant).bind(domain)).await?;
    let look = |json: &str| serde_json::from_str(json);
    row.map(|row| row.of("brands").parse("look", look)).transpose()
}

pub(crate) async fn routes(database: &mut impl Rows) -> Result<Vec<Route>, StoreError> {
    let rows = database.rows(sql(LIST_ROUTES)).await?;
    rows.iter().map(|row| route(row.of("domains"))).collect()
}
