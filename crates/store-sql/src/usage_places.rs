//! How many things there are, and which come first: what is beyond a limit is frozen, and nobody stores it.

use wax_kernel::{AccountId, ApiKeyId, DomainId, HostPattern, TenantId, Timestamp};
use wax_model::{Entitlements, Limit, Meter};
use wax_store::{Frozen, Ranked, StoreError};

use crate::{
    engine::{Query, Row, Rows, sql},
    statements::{both, statements},
};

/// What an organization brought, and what is below localhost. The platform's own name for it is not counted.
macro_rules! counted {
    ($domain:literal) => {
        concat!("(", $domain, ".label <> '' OR ", $domain, ".transport = 'loopback')")
    };
}

/// In the order in which members have places.
macro_rules! place_of_member {
    ($member:literal) => {
        concat!(
            "CASE ",
            $member,
            ".role WHEN 'owner' THEN 0 ELSE 1 END, ",
            $member,
            ".joined_at_ms, ",
            $member,
            ".account_id"
        )
    };
}

statements! {
    COUNT_OWN_DOMAINS = both(concat!("SELECT COUNT(*) AS things FROM domains WHERE tenant_id = $1 AND ", counted!("domains")));
    COUNT_MEMBERS_AND_INVITED = both("SELECT (SELECT COUNT(*) FROM memberships WHERE tenant_id = $1)
        + (SELECT COUNT(*) FROM invitations WHERE tenant_id = $1 AND expires_at_ms > $2) AS things");
    COUNT_KEYS = both("SELECT COUNT(*) AS things FROM api_keys WHERE tenant_id = $1 AND expires_at_ms > $2");

    PLACE_OF_DOMAIN = both(concat!("SELECT (SELECT COUNT(*) FROM domains AS other WHERE other.tenant_id = $1
                AND (other.created_at_ms, other.id) < (this.created_at_ms, this.id) AND ", counted!("other"), ") AS place
        FROM domains AS this WHERE this.tenant_id = $1 AND this.id = $2 AND ", counted!("this")));
    PLACE_OF_MEMBER = both(concat!("SELECT (SELECT COUNT(*) FROM memberships AS other WHERE other.tenant_id = $1
                AND (", place_of_member!("other"), ") < (", place_of_member!("this"), ")) AS place
        FROM memberships AS this WHERE this.tenant_id = $1 AND this.account_id = $2"));
    PLACE_OF_KEY = both("SELECT (SELECT COUNT(*) FROM api_keys AS other WHERE other.tenant_id = $1 AND other.expires_at_ms > $3
                AND (other.created_at_ms, other.id) < (this.created_at_ms, this.id)) AS place
        FROM api_keys AS this WHERE this.tenant_id = $1 AND this.id = $2 AND this.expires_at_ms > $3");

    FROZEN_DOMAINS = both(concat!("SELECT id, host FROM domains WHERE tenant_id = $1 AND ", counted!("domains"), "
        ORDER BY created_at_ms, id LIMIT 200 OFFSET $2"));
    FROZEN_MEMBERS = both(concat!("SELECT account_id, name FROM memberships JOIN accounts ON accounts.id = memberships.account_id
        WHERE tenant_id = $1 ORDER BY ", place_of_member!("memberships"), " LIMIT 200 OFFSET $2"));
    FROZEN_KEYS = both("SELECT id, name FROM api_keys WHERE tenant_id = $1 AND expires_at_ms > $3
        ORDER BY created_at_ms, id LIMIT 200 OFFSET $2");
}

/// How many there are; of secrets, none.
pub(crate) async fn count(
    database: &mut impl Rows,
    tenant: TenantId,
    meter: Meter,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let query = match meter {
        Meter::Secrets => return Ok(0),
        Meter::Domains => sql(COUNT_OWN_DOMAINS).bind(tenant),
        Meter::Members => sql(COUNT_MEMBERS_AND_INVITED).bind(tenant).bind(now),
        Meter::Keys => sql(COUNT_KEYS).bind(tenant).bind(now),
    };
    database.row(query).await?.map_or(Ok(0), |row| row.of(meter.as_str()).number("things"))
}

/// How many come before it. `None`: it has no place.
pub(crate) async fn place(
    database: &mut impl Rows,
    tenant: TenantId,
    of: Ranked,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let (query, table) = match of {
        Ranked::Domain(id) => (sql(PLACE_OF_DOMAIN).bind(tenant).bind(id), "domains"),
        Ranked::Member(id) => (sql(PLACE_OF_MEMBER).bind(tenant).bind(id), "memberships"),
        Ranked::Key(id) => (sql(PLACE_OF_KEY).bind(tenant).bind(id).bind(now), "api_keys"),
    };
    database.row(query).await?.map(|row| row.of(table).number("place")).transpose()
}

/// Everything from the first place on that a limit does not admit.
pub(crate) async fn frozen(
    database: &mut impl Rows,
    tenant: TenantId,
    limits: &Entitlements,
    now: Timestamp,
) -> Result<Frozen, StoreError> {
    let domains = beyond(database, sql(FROZEN_DOMAINS).bind(tenant), limits.domains, None).await?;
    let members = beyond(database, sql(FROZEN_MEMBERS).bind(tenant), limits.members, None).await?;
    let keys = beyond(database, sql(FROZEN_KEYS).bind(tenant), limits.keys, Some(now)).await?;
    let domain = |row: &Row| {
        let row = row.of("domains");
        Ok((row.parse("id", DomainId::parse)?, row.parse("host", HostPattern::parse)?))
    };
    let member = |row: &Row| {
        let row = row.of("memberships");
        Ok((row.parse("account_id", AccountId::parse)?, row.get("name")?))
    };
    let key = |row: &Row| {
        let row = row.of("api_keys");
        Ok((row.parse("id", ApiKeyId::parse)?, row.get("name")?))
    };
    Ok(Frozen {
        domains: domains.iter().map(domain).collect::<Result<_, StoreError>>()?,
        members: members.iter().map(member).collect::<Result<_, StoreError>>()?,
        keys: keys.iter().map(key).collect::<Result<_, StoreError>>()?,
    })
}

/// None where there is no limit, which nobody need be asked about.
async fn beyond(
    database: &mut impl Rows,
    query: Query,
    limit: Limit,
    now: Option<Timestamp>,
) -> Result<Vec<Row>, StoreError> {
    let Some(most) = limit.most() else { return Ok(Vec::new()) };
    let query = query.bind(i64::try_from(most).unwrap_or(i64::MAX));
    database.rows(if now.is_some() { query.bind(now) } else { query }).await
}
