//! Domains as JSON.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use wax_acme::{Actor, Certificate, Issuance, Trouble};
use wax_kernel::{DomainId, Timestamp};
use wax_model::{
    Kind,
    domain::{
        DomainSettings, Ownership, Service,
        ownership::{CONTEST, HELD, HostClaim, LOST_AFTER},
    },
};

use super::{names, report::ReportView};
use crate::service::{Edges, Listed, Purpose, Seen, ToSet};

/// A domain as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DomainView {
    #[schema(value_type = String)]
    id: DomainId,
    /// A-labels in lower case; `*.` before a wildcard's base.
    host: String,
    /// The same as people read it.
    unicode: String,
    /// UTC milliseconds.
    created_at_ms: i64,
    #[schema(schema_with = names::transport)]
    transport: &'static str,
    #[schema(schema_with = names::ownership)]
    ownership: &'static str,
    /// Since when it is that, UTC milliseconds.
    ownership_since_ms: i64,
    /// When that ends if nothing happens: an answer is due, or the host is held less, or lost. UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_until_ms: Option<i64>,
    #[schema(schema_with = names::pointing)]
    pointing: &'static str,
    #[schema(schema_with = names::certificate_state)]
    certificate: &'static str,
    /// When the certificate in use ends, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_until_ms: Option<i64>,
    #[schema(schema_with = names::gate)]
    gate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = names::service, required = false)]
    service: Option<&'static str>,
    /// What its zone has to say. None: nothing has to be set.
    records: Vec<RecordView>,
    /// The last look that said something, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at_ms: Option<i64>,
    /// The next look, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_check_at_ms: Option<i64>,
}

/// A record to set.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordView {
    #[schema(schema_with = names::purpose)]
    purpose: Purpose,
    #[serde(rename = "type")]
    #[schema(schema_with = names::record_kind)]
    kind: Value,
    name: String,
    /// Without the registered name, as most forms want it; `@` for that name itself.
    relative: String,
    value: String,
}

/// A domain with everything.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DomainDetailView {
    #[serde(flatten)]
    domain: DomainView,
    /// What the last look came to, as it was made then. Absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ReportView>)]
    report: Option<Value>,
    /// The certificate in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<CertificateView>,
    /// What is being done about the next one. Absent: nothing is ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderView>,
    edges: EdgesView,
    settings: SettingsView,
    /// Secrets of it that can still be opened.
    live_secrets: u64,
    /// Whether its DNS provider can be asked to set the records (`POST …/connect`).
    connects: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct CertificateView {
    /// Whose it is from, in the certificate's own words.
    issuer: String,
    names: Vec<String>,
    /// UTC milliseconds.
    not_before_ms: i64,
    /// UTC milliseconds.
    not_after_ms: i64,
    /// Whether the organization brought it.
    brought: bool,
    /// Whether its key is RSA, which costs a server ten times what P-256 does.
    rsa: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct OrderView {
    /// Our name of the issuer.
    issuer: String,
    /// The request that comes next.
    #[schema(schema_with = phases)]
    phase: String,
    /// Since when it waits for a certificate, UTC milliseconds.
    queued_at_ms: i64,
    /// When it goes on, UTC milliseconds; absent: when a person says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at_ms: Option<i64>,
    /// When an order is likely to begin, by the issuer's limits, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate_ms: Option<i64>,
    /// When the certificate in use is renewed, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    renew_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<TroubleView>,
}

/// Why the last order failed.
#[derive(Debug, Serialize, ToSchema)]
struct TroubleView {
    /// Its words are in the catalogue `certificate`.
    code: &'static str,
    #[schema(schema_with = names::actor)]
    actor: &'static str,
    /// UTC milliseconds.
    at_ms: i64,
    /// When it is tried again, UTC milliseconds; absent: when somebody says that it is mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    again_at_ms: Option<i64>,
    /// In the issuer's words; may be empty.
    detail: String,
}

/// How many edges serve the domain as it is now.
#[derive(Debug, Serialize, ToSchema)]
struct EdgesView {
    applied: u64,
    alive: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct SettingsView {
    #[schema(schema_with = names::home)]
    home: &'static str,
    #[schema(schema_with = names::creators)]
    creators: &'static str,
    defaults: DefaultsView,
    limits: LimitsView,
    /// Whether recipients are told the name of the member who sent something.
    shows_member: bool,
}

/// What the form begins with.
#[derive(Debug, Serialize, ToSchema)]
struct DefaultsView {
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    views: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = names::kind, required = false)]
    kind: Option<Kind>,
}

/// What is allowed, within the plan.
#[derive(Debug, Serialize, ToSchema)]
struct LimitsView {
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_lifetime_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_views: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = names::kinds, required = false)]
    kinds: Option<Vec<Kind>>,
    passphrase_required: bool,
}

fn phases() -> utoipa::openapi::schema::Object {
    let names: Vec<_> = wax_acme::Phase::ALL.iter().map(|phase| phase_name(*phase)).collect();
    utoipa::openapi::schema::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(names))
        .build()
}

/// As stored steps have it.
fn phase_name(phase: wax_acme::Phase) -> String {
    format!("{phase:?}").to_ascii_lowercase()
}

const fn actor(actor: Actor) -> &'static str {
    match actor {
        Actor::Tenant => "tenant",
        Actor::Issuer => "issuer",
        Actor::Us => "us",
        Actor::Nobody => "nobody",
    }
}

/// When a state ends by itself.
fn ends(claim: &HostClaim) -> Option<Timestamp> {
    match claim.ownership {
        Ownership::Contested => Some(claim.since.plus(CONTEST)),
        Ownership::Held => claim.held_since.map(|since| since.plus(HELD)),
        Ownership::Grace => claim.held_since.map(|since| since.plus(LOST_AFTER)),
        Ownership::Pending | Ownership::Lapsed => claim.turned_down_until,
        Ownership::Verified | Ownership::Released => None,
    }
}

impl From<Listed> for DomainView {
    fn from(listed: Listed) -> Self {
        let Listed { domain, certificate, until, service, records } = listed;
        let (unicode, _) = idna::domain_to_unicode(domain.host.host().as_str());
        let star = if domain.host.is_wildcard() { "*." } else { "" };
        Self {
            id: domain.id(),
            host: domain.host.to_string(),
            unicode: format!("{star}{unicode}"),
            created_at_ms: domain.created_at.as_ms(),
            transport: domain.transport.as_str(),
            ownership: domain.claim.ownership.as_str(),
            ownership_since_ms: domain.claim.since.as_ms(),
            ownership_until_ms: ends(&domain.claim).map(Timestamp::as_ms),
            pointing: domain.pointing.as_str(),
            certificate: certificate.as_str(),
            certificate_until_ms: until.map(Timestamp::as_ms),
            gate: domain.gate.as_str(),
            service: service.map(Service::as_str),
            records: records.into_iter().map(RecordView::from).collect(),
            checked_at_ms: domain.checks.last_at.map(Timestamp::as_ms),
            next_check_at_ms: domain.checks.next_at.map(Timestamp::as_ms),
        }
    }
}

impl From<ToSet> for RecordView {
    fn from(record: ToSet) -> Self {
        let ToSet { purpose, kind, name, relative, value } = record;
        let kind = serde_json::to_value(kind).expect("a record's type is a word");
        Self { purpose, kind, name: name.to_string(), relative, value }
    }
}

impl From<Seen> for DomainDetailView {
    fn from(seen: Seen) -> Self {
        let Seen { listed, report, in_use, issuance, estimate, edges, live_secrets, connects } =
            seen;
        let settings = listed.domain.settings.clone().into();
        Self {
            domain: listed.into(),
            report,
            in_use: in_use.map(CertificateView::from),
            order: issuance.map(|issuance| OrderView::of(&issuance, estimate)),
            edges: edges.into(),
            settings,
            live_secrets,
            connects,
        }
    }
}

impl From<Certificate> for CertificateView {
    fn from(certificate: Certificate) -> Self {
        let facts = certificate.facts;
        Self {
            issuer: facts.issuer,
            names: facts.names,
            not_before_ms: facts.validity.not_before.as_ms(),
            not_after_ms: facts.validity.not_after.as_ms(),
            brought: certificate.issuer.is_none(),
            rsa: facts.rsa,
        }
    }
}

impl OrderView {
    fn of(issuance: &Issuance, estimate: Option<Timestamp>) -> Self {
        let phase = issuance.step.phase();
        let goes_on = !matches!(phase, wax_acme::Phase::Blocked | wax_acme::Phase::Active);
        let plan = issuance.in_use.as_ref().map(|in_use| in_use.plan.renew_at.as_ms());
        Self {
            issuer: issuance.issuer.to_string(),
            phase: phase_name(phase),
            queued_at_ms: issuance.queued_at.as_ms(),
            next_at_ms: goes_on.then(|| issuance.next_at.as_ms()),
            estimate_ms: estimate.map(Timestamp::as_ms),
            renew_at_ms: plan,
            trouble: issuance.trouble.clone().map(TroubleView::from),
        }
    }
}

impl From<Trouble> for TroubleView {
    fn from(trouble: Trouble) -> Self {
        let rule = trouble.reason.rule();
        Self {
            code: rule.code,
            actor: actor(rule.actor),
            at_ms: trouble.at.as_ms(),
            again_at_ms: trouble.again_at.map(Timestamp::as_ms),
            detail: trouble.detail.text().to_owned(),
        }
    }
}

impl From<Edges> for EdgesView {
    fn from(Edges { applied, alive }: Edges) -> Self {
        Self { applied, alive }
    }
}

impl From<DomainSettings> for SettingsView {
    fn from(settings: DomainSettings) -> Self {
        let DomainSettings { home, creators, defaults, limits, shows_member } = settings;
        Self {
            home: home.as_str(),
            creators: creators.as_str(),
            defaults: DefaultsView {
                lifetime_s: defaults.lifetime_s,
                views: defaults.views,
                kind: defaults.kind,
            },
            limits: LimitsView {
                max_lifetime_s: limits.max_lifetime_s,
                max_views: limits.max_views,
                kinds: limits.kinds,
                passphrase_required: limits.passphrase_required,
            },
            shows_member,
        }
    }
}
