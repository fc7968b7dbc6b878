//! `/v1/organizations/{organization}/keys`: no list tells a key's text.

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
    response::IntoResponse,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wax_crypto::ApiKeyText;
use wax_httpkit::{
    Body, Code, Json, Page, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::{AccountId, ApiKeyId, Timestamp};
use wax_model::{ApiKey, Invalid, Scope};

use super::{names, once::IdempotencyKey};
use crate::{
    Accounts,
    service::{KeyChange, KeyNetwork, Name, NewKey},
};

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyBody {
    /// What people call it, 1 to 80 characters.
    name: String,
    #[schema(schema_with = names::scopes)]
    scopes: Vec<Scope>,
    /// UTC milliseconds, within two years; in one year unless said.
    expires_at_ms: Option<i64>,
    /// From where it may be used, in CIDR notation; from anywhere unless said. At most 32.
    #[serde(default)]
    networks: Vec<String>,
}

/// What is to be different.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyChangeBody {
    name: Option<String>,
    /// UTC milliseconds, within two years.
    expires_at_ms: Option<i64>,
    /// Empty: from anywhere.
    networks: Option<Vec<String>>,
}

/// A new text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateBody {
    /// How long the old text works beside the new one: 0 to 604,800 seconds.
    overlap_s: u64,
}

/// A key, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    #[schema(value_type = String)]
    id: ApiKeyId,
    name: String,
    /// The first characters of its text, by which people recognise it.
    prefix: String,
    #[schema(schema_with = names::scopes)]
    scopes: Vec<Scope>,
    networks: Vec<String>,
    /// The member who made it.
    #[schema(value_type = String)]
    created_by: AccountId,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// From then on it opens nothing, UTC milliseconds.
    expires_at_ms: i64,
    /// To the minute, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at_ms: Option<i64>,
    /// Until when the text before the last rotation works, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap_ends_at_ms: Option<i64>,
}

/// A key with its text: the only time that it is told.
#[derive(Serialize, ToSchema)]
pub(super) struct NewKeyView {
    /// `wxk_`, 32 random characters and 6 of their checksum.
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.hint,
            scopes: key.scopes,
            networks: key.networks,
            created_by: key.created_by,
            created_at_ms: key.created_at.as_ms(),
            expires_at_ms: key.expires_at.as_ms(),
            last_used_at_ms: key.last_used_at.map(Timestamp::as_ms),
            overlap_ends_at_ms: key.overlap_ends_at.map(Timestamp::as_ms),
        }
    }
}

impl From<(ApiKey, ApiKeyText)> for NewKeyView {
    fn from((key, text): (ApiKey, ApiKeyText)) -> Self {
        Self { key: text.expose().to_owned(), view: key.into() }
    }
}

/// Lists keys, newest first, expired ones too.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/keys", tag = "keys", operation_id = "list_keys",
    params(("organization" = String, Path)),
    responses((status = 200, body = Page<KeyView>), ProblemResponses),
    extensions(("x-permission" = json!("keys.read")))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::KeysRead>,
) -> Result<JsonAnswer<Page<KeyView>>, Problem> {
    let keys = accounts.keys(&allowed.into()).await?;
    Ok(JsonAnswer(Page::whole(keys.into_iter().map(KeyView::from).collect())))
}

/// Makes a key. Its text is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/keys", tag = "keys", operation_id = "make_key", request_body = KeyBody,
    params(("organization" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 characters of base64url, drawn by the caller")),
    responses((status = 201, body = NewKeyView), ProblemResponses),
    extensions(("x-permission" = json!("keys.write")))
)]
pub(super) async fn make(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::KeysWrite>,
    key: IdempotencyKey,
    body: Body<KeyBody>,
) -> Result<impl IntoResponse, Problem> {
    let what = format!("make key {}", allowed.scope.tenant());
    let once = key.of(&accounts, allowed.actor, &what, &body.bytes);
    let body = body.value;
    let new = NewKey {
        name: Name::parse("name", &body.name)?,
        scopes: body.scopes,
        networks: networks(&body.networks)?,
        expires_at: body.expires_at_ms.map(Timestamp::from_ms),
    };
    let acting = allowed.into();
    let made = async { accounts.make_key(&acting, new).await.map(NewKeyView::from) };
    Ok((StatusCode::CREATED, JsonAnswer(accounts.done_once(once, made).await?)))
}

/// Changes a key's name, networks and expiry.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}/keys/{key}", tag = "keys", operation_id = "change_key", request_body = KeyChangeBody,
    params(("organization" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = KeyView), ProblemResponses),
    extensions(("x-permission" = json!("keys.write")))
)]
pub(super) async fn change(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::KeysWrite>,
    Path(path): Path<(String, String)>,
    Json(body): Json<KeyChangeBody>,
) -> Result<JsonAnswer<KeyView>, Problem> {
    let change = KeyChange {
        name: body.name.as_deref().map(|name| Name::parse("name", name)).transpose()?,
        networks: body.networks.as_deref().map(networks).transpose()?,
        expires_at: body.expires_at_ms.map(Timestamp::from_ms),
    };
    Ok(JsonAnswer(accounts.change_key(&allowed.into(), id(&path.1)?, change).await?.into()))
}

/// Gives a key a new text. The old one works until the overlap ends; one that still overlapped ends now.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/keys/{key}/rotate", tag = "keys", operation_id = "rotate_key",
    request_body = RotateBody,
    params(("organization" = String, Path), ("key" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 characters of base64url, drawn by the caller")),
    responses((status = 200, body = NewKeyView), ProblemResponses),
    extensions(("x-permission" = json!("keys.write")))
)]
pub(super) async fn rotate(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::KeysWrite>,
    Path(path): Path<(String, String)>,
    key: IdempotencyKey,
    body: Body<RotateBody>,
) -> Result<JsonAnswer<Value>, Problem> {
    let id = id(&path.1)?;
    let what = format!("rotate {} {id}", allowed.scope.tenant());
    let once = key.of(&accounts, allowed.actor, &what, &body.bytes);
    let (acting, overlap_s) = (allowed.into(), body.value.overlap_s);
    let rotated = async { accounts.rotate_key(&acting, id, overlap_s).await.map(NewKeyView::from) };
    Ok(JsonAnswer(accounts.done_once(once, rotated).await?))
}

/// Ends a key at once.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/keys/{key}", tag = "keys", operation_id = "revoke_key",
    params(("organization" = String, Path), ("key" = String, Path)),
    responses((status = 204, description = "ended"), ProblemResponses),
    extensions(("x-permission" = json!("keys.write")))
)]
pub(super) async fn revoke(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::KeysWrite>,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    accounts.revoke_key(&allowed.into(), id(&path.1)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn networks(texts: &[String]) -> Result<Vec<KeyNetwork>, Invalid> {
    texts.iter().map(|text| KeyNetwork::parse(text)).collect()
}

fn id(text: &str) -> Result<ApiKeyId, Problem> {
    ApiKeyId::parse(text).map_err(|_| Problem::new(Code::NotAvailable))
}
