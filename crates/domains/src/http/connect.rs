//! `POST …/domains/{domain}/connect`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};

use super::{id, view::RecordView};
use crate::{Domains, service::Connection};

/// Where to go.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConnectView {
    /// The DNS provider's name, in its own words.
    provider: String,
    /// Its host, as the browser will show it.
    host: String,
    /// To be opened by whoever manages the zone at the provider. Signed; good until the token is another one.
    url: String,
    /// Comes back as `state` to the domain's page in the console.
    state: String,
    /// What the provider will set, once it was agreed to.
    records: Vec<RecordView>,
}

impl From<Connection> for ConnectView {
    fn from(connection: Connection) -> Self {
        let Connection { provider, host, url, state, records } = connection;
        let records = records.into_iter().map(RecordView::from).collect();
        Self { provider, host, url, state, records }
    }
}

/// Asks the host's DNS provider whether it sets the records by itself (Domain Connect), and says where to agree to that. At most
/// 12 seconds. 409 `conflict` with a `reason`: they have to be set by hand.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/domains/{domain}/connect", tag = "domains", operation_id = "connect_domain",
    params(("organization" = String, Path), ("domain" = String, Path)),
    responses((status = 200, body = ConnectView), ProblemResponses),
    extensions(("x-permission" = json!("domains.write")))
)]
pub(super) async fn connect(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsWrite>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<ConnectView>, Problem> {
    Ok(JsonAnswer(domains.connect(&allowed.into(), id(&path.1)?).await?.into()))
}
