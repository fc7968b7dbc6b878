//! The end of a domain.

use sha2::{Digest as _, Sha256};
use wax_kernel::Timestamp;
use wax_model::Domain;
use wax_store::StoreError;

use crate::{
    engine::{Session, sql},
    statements::{both, statements},
};

statements! {
    BURY_ISSUANCE = both("DELETE FROM issuances WHERE domain_id = $1");
    BURY_CERTIFICATES = both("DELETE FROM certificates WHERE domain_id = $1");
    BURY_INVITATION_TOKENS = both("DELETE FROM tokens WHERE purpose = 'invitation' AND subject IN
        (SELECT id FROM invitations WHERE tenant_id = $1 AND domain_id = $2)");
    BURY_INVITATIONS = both("DELETE FROM invitations WHERE tenant_id = $1 AND domain_id = $2");
    BURY_MEMBERS = both("DELETE FROM memberships WHERE tenant_id = $1 AND domain_id = $2");
    /// Look, history and report go with it (ON DELETE CASCADE).
    BURY_DOMAIN = both("DELETE FROM domains WHERE tenant_id = $1 AND id = $2");
    INSERT_TOMBSTONE = both("INSERT INTO domain_tombstones (host_sha256, erased_at_ms) VALUES ($1, $2)
        ON CONFLICT (host_sha256) DO UPDATE SET erased_at_ms = excluded.erased_at_ms");
}

/// Deletes a domain and what hangs on it. Members that are confined to it go as well: without it, they would be confined
/// to nothing, and see everything.
pub(crate) async fn bury(
    session: &mut Session<'_>,
    domain: &Domain,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (tenant, id) = (domain.tenant(), domain.id());
    tombstone(session, &domain.host.to_string(), now).await?;
    for of_it in [sql(BURY_ISSUANCE), sql(BURY_CERTIFICATES)] {
        session.execute(of_it.bind(id)).await?;
    }
    let batches =
        [sql(BURY_INVITATION_TOKENS), sql(BURY_INVITATIONS), sql(BURY_MEMBERS), sql(BURY_DOMAIN)];
    for of_it in batches {
        session.execute(of_it.bind(tenant).bind(id)).await?;
    }
    Ok(())
}

/// What stays: that somebody had this host, and until when.
pub(crate) async fn tombstone(
    session: &mut Session<'_>,
    host: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let hash: [u8; 32] = Sha256::digest(host).into();
    session.execute(sql(INSERT_TOMBSTONE).bind(&hash).bind(now)).await
}
