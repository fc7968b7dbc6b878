//! Certificates of domains, with their sealed keys.

use wax_acme::{Certificate, Chain, IssuerId, SealedKey};
use wax_kernel::{CertificateId, DomainId, HostPattern, TenantId, Timestamp};
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
    /// There is one that is shown; those before it are only remembered.
    RETIRE_CERTIFICATE = both("UPDATE certificates SET private_key = NULL
        WHERE domain_id = $1 AND private_key IS NOT NULL");
    FORGET_CERTIFICATES = both("DELETE FROM certificates WHERE domain_id = $1 AND not_after_ms <= $2");
    FIND_CERTIFICATE = both("SELECT id, domain_id, name, issuer, chain, private_key, facts FROM certificates
        WHERE domain_id = $1 AND private_key IS NOT NULL");
    LIST_CHAINS = both("SELECT chain FROM certificates WHERE domain_id = $1 ORDER BY not_after_ms, id");
    FIND_CERTIFICATES = listed!(
        "SELECT id, domain_id, name, issuer, chain, private_key, facts FROM certificates WHERE domain_id IN ",
        " AND private_key IS NOT NULL ORDER BY domain_id"
    );
}

/// Shows a certificate in the place of the one before, whose key is destroyed. That one is remembered until it is over: it is
/// still one of ours, wherever it is seen.
pub(crate) async fn replace(
    session: &mut Session<'_>,
    tenant: TenantId,
    certificate: &Certificate,
    now: Timestamp,
) -> Result<(), StoreError> {
    session.execute(sql(RETIRE_CERTIFICATE).bind(certificate.domain)).await?;
    session.execute(sql(FORGET_CERTIFICATES).bind(certificate.domain).bind(now)).await?;
    insert(session, tenant, certificate).await
}

/// For a domain that shows none.
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

/// The certificate that a domain shows, whether it is over or not.
pub(crate) async fn find(
    database: &mut impl Rows,
    domain: DomainId,
) -> Result<Option<Certificate>, StoreError> {
    let row = database.row(sql(FIND_CERTIFICATE).bind(domain)).await?;
    row.map(|row| certificate(row.of("certificates"))).transpose()
}

/// Those that these domains show.
pub(crate) async fn find_all(
    database: &mut impl Rows,
    domains: &[DomainId],
) -> Result<Vec<Certificate>, StoreError> {
    let rows = database.rows(sql(FIND_CERTIFICATES).bind(domains)).await?;
    rows.iter().map(|row| certificate(row.of("certificates"))).collect()
}

/// Of every certificate that is remembered, whether it has its key or not.
pub(crate) async fn chains(
    database: &mut impl Rows,
    domain: DomainId,
) -> Result<Vec<Chain>, StoreError> {
    let rows = database.rows(sql(LIST_CHAINS).bind(domain)).await?;
    let read = |row: &crate::engine::Row| {
        let bytes: Vec<u8> = row.of("certificates").get("chain")?;
        Ok(Chain::from_concatenated(&bytes).ok())
    };
    let chains: Vec<Option<Chain>> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
    Ok(chains.into_iter().flatten().collect())
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
