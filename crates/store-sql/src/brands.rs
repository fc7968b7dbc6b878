//! What visitors of a domain see.

use wax_kernel::{DomainId, TenantId};
use wax_model::{Brand, Logo, LogoType};
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    UPSERT_BRAND = both("INSERT INTO brands (tenant_id, domain_id, look) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, domain_id) DO UPDATE SET look = excluded.look");
    DELETE_LOGO = both("DELETE FROM brand_logos WHERE tenant_id = $1 AND domain_id = $2");
    INSERT_LOGO = both("INSERT INTO brand_logos (tenant_id, domain_id, content_type, image) VALUES ($1, $2, $3, $4)");
    FIND_LOOK = both("SELECT look FROM brands WHERE tenant_id = $1 AND domain_id = $2");
    FIND_BRAND = both("SELECT look, content_type, image FROM brands
        LEFT JOIN brand_logos ON brand_logos.tenant_id = brands.tenant_id AND brand_logos.domain_id = brands.domain_id
        WHERE brands.tenant_id = $1 AND brands.domain_id = $2");
}

/// Of the columns `look`, and `content_type` and `image`, which are both there or NULL.
pub(crate) fn brand(row: Fields<'_>) -> Result<Brand, StoreError> {
    let mut brand = look(row)?;
    if let Some(bytes) = row.get("image")? {
        let content_type = row.parse("content_type", LogoType::parse)?;
        brand.logo = Some(Logo { content_type, bytes });
    }
    Ok(brand)
}

fn look(row: Fields<'_>) -> Result<Brand, StoreError> {
    row.parse("look", |json| serde_json::from_str(json))
}

pub(crate) async fn set(
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

pub(crate) async fn find(
    database: &mut impl Rows,
    tenant: TenantId,
    domain: DomainId,
) -> Result<Option<Brand>, StoreError> {
    let row = database.row(sql(FIND_BRAND).bind(tenant).bind(domain)).await?;
    row.map(|row| brand(row.of("brands"))).transpose()
}

/// Without its logo.
pub(crate) async fn find_look(
    database: &mut impl Rows,
    tenant: TenantId,
    domain: DomainId,
) -> Result<Option<Brand>, StoreError> {
    let row = database.row(sql(FIND_LOOK).bind(tenant).bind(domain)).await?;
    row.map(|row| look(row.of("brands"))).transpose()
}
