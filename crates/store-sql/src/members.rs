//! Members: what accounts are in an organization.

use wax_kernel::{AccountId, DomainId, EmailAddress, TenantId, Timestamp};
use wax_model::{Membership, Role};
use wax_store::{Member, StoreError};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    FIND_MEMBER = both("SELECT account_id, role, domain_id, joined_at_ms FROM memberships
        WHERE tenant_id = $1 AND account_id = $2");
    LIST_MEMBERS = both("SELECT account_id, role, domain_id, joined_at_ms, name, email,
            totp_key IS NOT NULL AS guarded,
            (SELECT MAX(last_used_at_ms) FROM sessions WHERE sessions.account_id = accounts.id) AS last_seen_at_ms
        FROM memberships JOIN accounts ON accounts.id = memberships.account_id
        WHERE tenant_id = $1 AND (joined_at_ms, account_id) > ($2, $3)
        ORDER BY joined_at_ms, account_id LIMIT $4");
    INSERT_MEMBER = both("INSERT INTO memberships (tenant_id, account_id, role, domain_id, joined_at_ms)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, account_id) DO NOTHING");
    UPDATE_MEMBER = both("UPDATE memberships SET role = $3, domain_id = $4 WHERE tenant_id = $1 AND account_id = $2");
    DELETE_MEMBER = both("DELETE FROM memberships WHERE tenant_id = $1 AND account_id = $2");
    COUNT_MEMBERS = both("SELECT COUNT(*) AS members FROM memberships WHERE tenant_id = $1 AND role = $2");
}

/// Of a row with these columns, in whatever company.
pub(crate) fn membership(row: Fields<'_>) -> Result<Membership, StoreError> {
    Ok(Membership {
        account: row.parse("account_id", AccountId::parse)?,
        role: row.parse("role", Role::parse)?,
        domain: row.maybe_parse("domain_id", DomainId::parse)?,
        joined_at: row.at("joined_at_ms")?,
    })
}

fn member(row: Fields<'_>) -> Result<Member, StoreError> {
    Ok(Member {
        membership: membership(row)?,
        name: row.get("name")?,
        email: row.parse("email", EmailAddress::parse)?,
        guarded: row.get("guarded")?,
        last_seen_at: row.maybe_at("last_seen_at_ms")?,
    })
}

pub(crate) async fn find(
    database: &mut impl Rows,
    tenant: TenantId,
    account: AccountId,
) -> Result<Option<Membership>, StoreError> {
    let row = database.row(sql(FIND_MEMBER).bind(tenant).bind(account)).await?;
    row.map(|row| membership(row.of("memberships"))).transpose()
}

/// By when they joined.
pub(crate) async fn list(
    database: &mut impl Rows,
    tenant: TenantId,
    after: Option<(Timestamp, AccountId)>,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let query = sql(LIST_MEMBERS).bind(tenant).after(after).bind(limit);
    let rows = database.rows(query).await?;
    rows.iter().map(|row| member(row.of("memberships"))).collect()
}

/// `false`: the account is a member.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: TenantId,
    membership: &Membership,
) -> Result<bool, StoreError> {
    let insert = sql(INSERT_MEMBER)
        .bind(tenant)
        .bind(membership.account)
        .bind(membership.role.as_str())
        .bind(membership.domain)
        .bind(membership.joined_at);
    session.changed(insert).await
}

/// Writes role and domain.
pub(crate) async fn update(
    session: &mut Session<'_>,
    tenant: TenantId,
    membership: &Membership,
) -> Result<bool, StoreError> {
    let update = sql(UPDATE_MEMBER)
        .bind(tenant)
        .bind(membership.account)
        .bind(membership.role.as_str())
        .bind(membership.domain);
    session.changed(update).await
}

pub(crate) async fn delete(
    session: &mut Session<'_>,
    tenant: TenantId,
    account: AccountId,
) -> Result<bool, StoreError> {
    session.changed(sql(DELETE_MEMBER).bind(tenant).bind(account)).await
}

pub(crate) async fn count(
    session: &mut Session<'_>,
    tenant: TenantId,
    role: Role,
) -> Result<u64, StoreError> {
    let row = session.row(sql(COUNT_MEMBERS).bind(tenant).bind(role.as_str())).await?;
    row.map_or(Ok(0), |row| row.of("memberships").number("members"))
}
