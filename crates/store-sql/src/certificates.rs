//! Certificates of domains, with their sealed keys.

use wax_acme::{Certificate, Chain, IssuerId, SealedKey};
use wax_kernel::{CertificateId, DomainId, HostPattern, TenantId};
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    INSERT_CERTIFICATE = both("INSERT INTO certificates
            (id, tenant_id, domain_id, name, issuer, chain, private_key, facts, not_after_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    NEWEST_CERTIFICATE = both("SELECT id, domain_id, name, issuer, chain, private_key, facts FROM certificates
        WHERE domain_id = $1 ORDER BY not_after_ms DESC, id LIMIT 1");
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

/// The certificate of a domain that ends last.
pub(crate) async fn newest(
    database: &mut impl Rows,
    domain: DomainId,
) -> Result<Option<Certificate>, StoreError> {
    let row = database.row(sql(NEWEST_CERTIFICATE).bind(domain)).await?;
    row.map(|row| certificate(row.of("certificates"))).transpose()
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
