//! What our own zone knows of domains.

use wax_kernel::{DomainId, HostPattern};
use wax_store::{DomainLabel, StoreError};

use crate::{
    dialect::listed,
    engine::{Fields, Rows, sql},
    statements::{both, statements},
};

statements! {
    LIST_LABELS = both("SELECT id, host, label FROM domains WHERE id > $1 ORDER BY id LIMIT $2");
    FIND_LABELS = listed!("SELECT id, host, label FROM domains WHERE id IN ", " ORDER BY id");
}

/// A page of all.
pub(crate) async fn list(
    database: &mut impl Rows,
    after: Option<DomainId>,
    limit: u32,
) -> Result<Vec<DomainLabel>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let rows = database.rows(sql(LIST_LABELS).bind(&*after).bind(limit)).await?;
    rows.iter().map(|row| label(row.of("domains"))).collect()
}

/// Of these.
pub(crate) async fn of(
    database: &mut impl Rows,
    domains: &[DomainId],
) -> Result<Vec<DomainLabel>, StoreError> {
    let rows = database.rows(sql(FIND_LABELS).bind(domains)).await?;
    rows.iter().map(|row| label(row.of("domains"))).collect()
}

fn label(row: Fields<'_>) -> Result<DomainLabel, StoreError> {
    Ok(DomainLabel {
        domain: row.parse("id", DomainId::parse)?,
        host: row.parse("host", HostPattern::parse)?,
        label: row.get("label")?,
    })
}
