//! Certificates of domains, with their sealed keys.

use wax_acme::{Certificate, Chain, IssuerId, SealedKey};
use wax_kernel::{CertificateId, DomainId, HostPattern, TenantId};
use wax_store::StoreError;

use crate::{
    dialect::listed,
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    INSERT_CERTIFICATE = both("INSERT INTO certificates
            (id, tenant_id, domain_id, name, issuer, chain, private_key, facts, not_after_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    DELETE_CERTIFICATES = both("DELETE FROM certificates WHERE domain_id = $1");
    NEWEST_CERTIFICATE = both("SELECT id, domain_id, name, issuer, chain, private_key, facts FROM certificates
        WHERE domain_id = $1 ORDER BY not_after_ms DESC, id LIMIT 1");
    NEWEST_CERTIFICATES = listed!(
        "SELECT id, domain_id, name, issuer, chain, private_key, facts FROM certificates WHERE domain_id IN ",
        " AND NOT EXISTS (SELECT 1 FROM certificates AS later WHERE later.domain_id = certificates.domain_id
            AND (later.not_after_ms > certificates.not_after_ms
                OR later.not_after_ms = certificates.not_after_ms AND later.id < certificates.id))
        ORDER BY domain_id"
    );
}

pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: TenantId,
    certificate: &Certificate,
) -> Result<(), StoreError> {
    let facts = serde_json::to_string(&certificate.facts).expect("facts have a JSON form");
    let insert = sql(INSERT_CERTIFICATE)
        .bind(certificate.id)
        .bind(tenant)
        .bind(certificate.domain)
        .bind(&*certificate.name.to_string())
        .bind(certificate.issuer.as_ref().map(IssuerId::as_str))
        .bind(&*certificate.chain.to_der())
        .bind(certificate.key.as_bytes())
        .bind(&*facts)
        .bind(certificate.facts.validity.not_after);
    session.execute(insert).await
}

/// All of a domain, with their keys. `false`: there is none.
pub(crate) async fn delete(
    session: &mut Session<'_>,
    domain: DomainId,
) -> Result<bool, StoreError> {
    session.changed(sql(DELETE_CERTIFICATES).bind(domain)).await
}

/// The certificate of a domain that ends last.
pub(crate) async fn newest(
    database: &mut impl Rows,
    domain: DomainId,
) -> Result<Option<Certificate>, StoreError> {
    let row = database.row(sql(NEWEST_CERTIFICATE).bind(domain)).await?;
    row.map(|row| certificate(row.of("certificates"))).transpose()
}

/// Of each of these domains the certificate that ends last.
pub(crate) async fn newest_of(
    database: &mut impl Rows,
    domains: &[DomainId],
) -> Result<Vec<Certificate>, StoreError> {
    let rows = database.rows(sql(NEWEST_CERTIFICATES).bind(domains)).await?;
    rows.iter().map(|row| certificate(row.of("certificates"))).collect()
}

fn certificate(row: Fields<'_>) -> Result<Certificate, StoreError> {
    let chain = Chain::from_concatenated(&row.get::<Vec<u8>>("chain")?);
    let issuer: Option<String> = row.get("issuer")?;
    Ok(Certificate {
        id: row.parse("id", CertificateId::parse)?,
        domain: row.parse("domain_id", DomainId::parse)?,
        name: row.parse("name", HostPattern::parse)?,
        issuer: issuer.as_deref().map(IssuerId::new),
        chain: chain.map_err(|_| row.corrupt("chain"))?,
        key: SealedKey::from_bytes(row.get("private_key")?),
        facts: row.parse("facts", |text| serde_json::from_str(text))?,
    })
}
