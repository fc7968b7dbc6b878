//! Invitations that nobody has taken yet.

use wax_kernel::{DomainId, EmailAddress, InvitationId, TenantId, Timestamp};
use wax_model::{Actor, Invitation, Role};
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

/// The columns of an [`Invitation`].
macro_rules! columns {
    () => {
        "id, email, role, domain_id, invited_by, lang, created_at_ms, expires_at_ms"
    };
}

statements! {
    LIST_INVITATIONS = both(concat!("SELECT ", columns!(), " FROM invitations
        WHERE tenant_id = $1 AND expires_at_ms > $2 ORDER BY created_at_ms DESC, id DESC LIMIT 200"));
    FIND_INVITATION = both(concat!("SELECT ", columns!(), " FROM invitations
        WHERE tenant_id = $1 AND id = $2 AND expires_at_ms > $3"));
    INSERT_INVITATION = both(concat!("INSERT INTO invitations (tenant_id, email_key, ", columns!(), ")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (tenant_id, email_key) DO UPDATE SET id = excluded.id, email = excluded.email,
            role = excluded.role, domain_id = excluded.domain_id, invited_by = excluded.invited_by,
            lang = excluded.lang, created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms"));
    DELETE_INVITATION = both("DELETE FROM invitations WHERE tenant_id = $1 AND id = $2");
}

fn invitation(row: Fields<'_>) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: row.parse("id", InvitationId::parse)?,
        email: row.parse("email", EmailAddress::parse)?,
        role: row.parse("role", Role::parse)?,
        domain: row.maybe_parse("domain_id", DomainId::parse)?,
        invited_by: row.parse("invited_by", Actor::parse)?,
        lang: row.get("lang")?,
        created_at: row.at("created_at_ms")?,
        expires_at: row.at("expires_at_ms")?,
    })
}

/// Those that stand, newest first.
pub(crate) async fn list(
    database: &mut impl Rows,
    tenant: TenantId,
    now: Timestamp,
) -> Result<Vec<Invitation>, StoreError> {
    let rows = database.rows(sql(LIST_INVITATIONS).bind(tenant).bind(now)).await?;
    rows.iter().map(|row| invitation(row.of("invitations"))).collect()
}

pub(crate) async fn find(
    database: &mut impl Rows,
    tenant: TenantId,
    id: InvitationId,
    now: Timestamp,
) -> Result<Option<Invitation>, StoreError> {
    let row = database.row(sql(FIND_INVITATION).bind(tenant).bind(id).bind(now)).await?;
    row.map(|row| invitation(row.of("invitations"))).transpose()
}

/// Replaces one of the same address.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: TenantId,
    invitation: &Invitation,
) -> Result<(), StoreError> {
    let insert = sql(INSERT_INVITATION)
        .bind(tenant)
        .bind(invitation.email.key())
        .bind(invitation.id)
        .bind(invitation.email.as_str())
        .bind(invitation.role.as_str())
        .bind(invitation.domain)
        .bind(invitation.invited_by)
        .bind(&*invitation.lang)
        .bind(invitation.created_at)
        .bind(invitation.expires_at);
    session.execute(insert).await
}

pub(crate) async fn delete(
    session: &mut Session<'_>,
    tenant: TenantId,
    id: InvitationId,
) -> Result<bool, StoreError> {
    session.changed(sql(DELETE_INVITATION).bind(tenant).bind(id)).await
}
