//! A look's report, as it is kept and as the document describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names;

/// What a look at the host's records came to: codes and values. Their words are in the catalogue `dns`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct ReportView {
    #[schema(schema_with = names::verdict)]
    verdict: String,
    #[schema(schema_with = names::actor)]
    actor: String,
    /// The finding that it comes down to; none when all is well.
    #[schema(required)]
    code: Option<String>,
    /// The edits that are needed.
    records: Vec<ChangeView>,
    servers: Vec<ServerView>,
    /// Until when resolvers may keep something of what was found wrong, UTC milliseconds.
    #[schema(required)]
    caches_clear_at_ms: Option<i64>,
    /// UTC milliseconds.
    checked_at_ms: i64,
    /// Whether the claim is proven.
    #[schema(value_type = Object)]
    proof: serde_json::Value,
    /// Whom the owner lets prove the name.
    #[schema(value_type = Object)]
    lock: serde_json::Value,
    #[schema(schema_with = names::pointing)]
    pointing: String,
    /// Whether the authority may issue.
    #[schema(value_type = Object)]
    caa: serde_json::Value,
    /// Who runs the zone's servers, if we know.
    #[schema(required)]
    provider: Option<ProviderView>,
    /// The worst first.
    findings: Vec<FindingView>,
    /// What makes the first edit easier at the provider's form.
    hints: Vec<HintView>,
}

/// One edit of one record.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct ChangeView {
    #[serde(rename = "do")]
    #[schema(schema_with = names::action)]
    action: String,
    #[serde(rename = "type")]
    #[schema(schema_with = names::record_kind)]
    kind: String,
    name: String,
    /// Without the zone, `@` for the zone itself.
    relative: String,
    from: Option<String>,
    to: Option<String>,
}

/// What one server said.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct ServerView {
    name: String,
    #[schema(required)]
    address: Option<String>,
    #[schema(schema_with = names::answer)]
    answer: String,
    value: String,
    #[schema(required)]
    ttl_s: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct ProviderView {
    id: String,
    name: String,
    /// What it calls a record that is a CNAME at the top of a zone.
    #[schema(required)]
    alias: Option<String>,
    /// Whether it can stand between visitors and us.
    proxies: bool,
}

/// One thing that was found.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct FindingView {
    code: String,
    #[schema(schema_with = names::check)]
    check: String,
    #[schema(schema_with = names::severity)]
    severity: String,
    #[schema(schema_with = names::actor)]
    actor: String,
    /// Values for its words.
    #[serde(default)]
    params: BTreeMap<String, String>,
    /// All of these are to be done.
    #[serde(default)]
    changes: Vec<ChangeView>,
    /// Until when resolvers may keep the answer that was found, UTC milliseconds.
    until_ms: Option<i64>,
}

/// A `code` (`relative`, `alias`, `proxy`) and values for its words.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct HintView {
    code: String,
    zone: Option<String>,
    relative: Option<String>,
    provider: Option<String>,
    alias: Option<String>,
    target: Option<String>,
}
