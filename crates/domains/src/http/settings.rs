//! `PATCH …/domains/{domain}/settings`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use serde::Deserialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_model::{
    Kind,
    domain::{Creators, DomainDefaults, DomainLimits, Home},
};

use super::{id, names, view::DomainDetailView};
use crate::{Domains, service::SettingsChange};

/// What is to be different. `defaults` and `limits` are replaced as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsBody {
    #[schema(schema_with = names::home, required = false)]
    home: Option<Home>,
    #[schema(schema_with = names::creators, required = false)]
    creators: Option<Creators>,
    defaults: Option<DefaultsBody>,
    limits: Option<LimitsBody>,
    /// Whether recipients are told the name of the member who sent something.
    shows_member: Option<bool>,
}

/// What the form begins with; absent: as ever.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DefaultsBody {
    /// Seconds.
    lifetime_s: Option<u64>,
    views: Option<u32>,
    #[schema(schema_with = names::kind, required = false)]
    kind: Option<Kind>,
}

/// What is allowed: each only takes from the plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LimitsBody {
    /// Seconds.
    max_lifetime_s: Option<u64>,
    max_views: Option<u32>,
    #[schema(schema_with = names::kinds, required = false)]
    kinds: Option<Vec<Kind>>,
    #[serde(default)]
    passphrase_required: bool,
}

impl From<DefaultsBody> for DomainDefaults {
    fn from(DefaultsBody { lifetime_s, views, kind }: DefaultsBody) -> Self {
        Self { lifetime_s, views, kind }
    }
}

impl From<LimitsBody> for DomainLimits {
    fn from(body: LimitsBody) -> Self {
        let LimitsBody { max_lifetime_s, max_views, kinds, passphrase_required } = body;
        Self { max_lifetime_s, max_views, kinds, passphrase_required }
    }
}

/// Changes what a domain's visitors may do.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}/domains/{domain}/settings", tag = "domains", operation_id = "change_domain_settings",
    params(("organization" = String, Path), ("domain" = String, Path)), request_body = SettingsBody,
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.write")))
)]
pub(super) async fn change(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsWrite>,
    Path(path): Path<(String, String)>,
    Json(body): Json<SettingsBody>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    let SettingsBody { home, creators, defaults, limits, shows_member } = body;
    let (defaults, limits) = (defaults.map(Into::into), limits.map(Into::into));
    let change = SettingsChange { home, creators, defaults, limits, shows_member };
    let id = id(&path.1)?;
    Ok(JsonAnswer(domains.change_settings(&allowed.into(), id, change).await?.into()))
}
