//! API keys of an organization. Of their text there is a hash, and of the text before the last rotation another.

use wax_kernel::{AccountId, ApiKeyId, TenantId, Timestamp};
use wax_model::{ApiKey, KeyBearer, Scope};
use wax_store::{StoreError, TokenHash};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

/// The columns of an [`ApiKey`].
macro_rules! columns {
    () => {
        "id, name, hint, scopes, networks, created_by, created_at_ms, expires_at_ms, last_used_at_ms, overlap_ends_at_ms"
    };
}

statements! {
    FIND_KEY_BEARER = both(concat!("SELECT tenant_id, ", columns!(), " FROM api_keys
        WHERE (token_sha256 = $1 OR old_sha256 = $1 AND overlap_ends_at_ms > $2) AND expires_at_ms > $2"));
    LIST_API_KEYS = both(concat!("SELECT ", columns!(), " FROM api_keys
        WHERE tenant_id = $1 ORDER BY created_at_ms DESC, id DESC LIMIT 200"));
    FIND_API_KEY = both(concat!("SELECT ", columns!(), " FROM api_keys WHERE tenant_id = $1 AND id = $2"));
    INSERT_API_KEY = both(concat!("INSERT INTO api_keys (tenant_id, token_sha256, ", columns!(), ")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"));
    UPDATE_API_KEY = both("UPDATE api_keys SET name = $3, networks = $4, expires_at_ms = $5
        WHERE tenant_id = $1 AND id = $2");
    /// On the right of every `=` stands the row as it was.
    ROTATE_API_KEY = both("UPDATE api_keys
        SET old_sha256 = token_sha256, token_sha256 = $3, hint = $4, overlap_ends_at_ms = $5
        WHERE tenant_id = $1 AND id = $2");
    TOUCH_API_KEY = both("UPDATE api_keys SET last_used_at_ms = $3 WHERE tenant_id = $1 AND id = $2");
    DELETE_API_KEY = both("DELETE FROM api_keys WHERE tenant_id = $1 AND id = $2");
}

fn key(row: Fields<'_>) -> Result<ApiKey, StoreError> {
    let scopes = |text: &str| text.split_whitespace().map(Scope::parse).collect();
    Ok(ApiKey {
        id: row.parse("id", ApiKeyId::parse)?,
        name: row.get("name")?,
        hint: row.get("hint")?,
        scopes: row.parse("scopes", scopes)?,
        networks: row.get::<String>("networks")?.split_whitespace().map(str::to_owned).collect(),
        created_by: row.parse("created_by", AccountId::parse)?,
        created_at: row.at("created_at_ms")?,
        expires_at: row.at("expires_at_ms")?,
        last_used_at: row.maybe_at("last_used_at_ms")?,
        overlap_ends_at: row.maybe_at("overlap_ends_at_ms")?,
    })
}

/// Who bears this text, or bore it before the last rotation while the overlap lasts.
pub(crate) async fn bearer(
    database: &mut impl Rows,
    hash: TokenHash,
    now: Timestamp,
) -> Result<Option<KeyBearer>, StoreError> {
    let Some(row) = database.row(sql(FIND_KEY_BEARER).bind(&hash).bind(now)).await? else {
        return Ok(None);
    };
    let row = row.of("api_keys");
    Ok(Some(KeyBearer { tenant: row.parse("tenant_id", TenantId::parse)?, key: key(row)? }))
}

/// Newest first, expired ones too.
pub(crate) async fn list(
    database: &mut impl Rows,
    tenant: TenantId,
) -> Result<Vec<ApiKey>, StoreError> {
    let rows = database.rows(sql(LIST_API_KEYS).bind(tenant)).await?;
    rows.iter().map(|row| key(row.of("api_keys"))).collect()
}

pub(crate) async fn find(
    database: &mut impl Rows,
    tenant: TenantId,
    id: ApiKeyId,
) -> Result<Option<ApiKey>, StoreError> {
    let row = database.row(sql(FIND_API_KEY).bind(tenant).bind(id)).await?;
    row.map(|row| key(row.of("api_keys"))).transpose()
}

pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: TenantId,
    key: &ApiKey,
    hash: TokenHash,
) -> Result<(), StoreError> {
    let scopes = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let insert = sql(INSERT_API_KEY)
        .bind(tenant)
        .bind(&hash)
        .bind(key.id)
        .bind(&*key.name)
        .bind(&*key.hint)
        .bind(&*scopes)
        .bind(&*key.networks.join(" "))
        .bind(key.created_by)
        .bind(key.created_at)
        .bind(key.expires_at)
        .bind(key.last_used_at)
        .bind(key.overlap_ends_at);
    session.execute(insert).await
}

/// Writes name, networks and expiry.
pub(crate) async fn update(
    session: &mut Session<'_>,
    tenant: TenantId,
    key: &ApiKey,
) -> Result<bool, StoreError> {
    let update = sql(UPDATE_API_KEY)
        .bind(tenant)
        .bind(key.id)
        .bind(&*key.name)
        .bind(&*key.networks.join(" "))
        .bind(key.expires_at);
    session.changed(update).await
}

/// Whatever still overlapped ends.
pub(crate) async fn rotate(
    session: &mut Session<'_>,
    tenant: TenantId,
    id: ApiKeyId,
    (hint, hash): (&str, TokenHash),
    overlap_ends_at: Timestamp,
) -> Result<bool, StoreError> {
    let rotate = sql(ROTATE_API_KEY).bind(tenant).bind(id).bind(&hash).bind(hint);
    session.changed(rotate.bind(overlap_ends_at)).await
}

pub(crate) async fn touch(
    session: &mut Session<'_>,
    tenant: TenantId,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<(), StoreError> {
    session.execute(sql(TOUCH_API_KEY).bind(tenant).bind(id).bind(now)).await
}

pub(crate) async fn delete(
    session: &mut Session<'_>,
    tenant: TenantId,
    id: ApiKeyId,
) -> Result<bool, StoreError> {
    session.changed(sql(DELETE_API_KEY).bind(tenant).bind(id)).await
}
