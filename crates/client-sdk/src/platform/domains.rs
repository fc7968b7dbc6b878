//! An organization's own domains (docs/domains.md §3 and §6).

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, json};
use wax_kernel::{DomainId, TenantId, Timestamp};

use super::{Platform, organization::path};
use crate::Error;

/// An answer as it came, and what this version reads of it: whoever passes it on loses nothing that is younger.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value", bound = "T: DeserializeOwned")]
pub struct Told<T> {
    /// What is read here.
    pub known: T,
    answer: Value,
}

impl<T: DeserializeOwned> TryFrom<Value> for Told<T> {
    type Error = serde_json::Error;

    fn try_from(answer: Value) -> Result<Self, Self::Error> {
        Ok(Self { known: T::deserialize(&answer)?, answer })
    }
}

impl<T> Serialize for Told<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.answer.serialize(serializer)
    }
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is in the way.
    Ready,
    /// Time will do.
    Wait,
    /// Somebody has to do something.
    Act,
}

/// Where a DNS provider sets a domain's records by itself.
#[derive(Debug, Clone, Deserialize)]
pub struct DomainConnection {
    /// The provider's name, in its own words.
    pub provider: String,
    /// Its host, as a browser will show it.
    pub host: String,
    /// To be opened by whoever manages the zone there.
    pub url: String,
}

/// A domain. States are the words of docs/domains.md §2; a later server may have others.
#[derive(Debug, Clone, Deserialize)]
pub struct Domain {
    /// Names it.
    pub id: DomainId,
    /// A-labels in lower case; `*.` before a wildcard's base.
    pub host: String,
    /// The same as people read it.
    pub unicode: String,
    /// Whose it is, as far as the DNS has said.
    pub ownership: String,
    /// Where it led at the last look.
    pub pointing: String,
    /// How far its certificate is.
    pub certificate: String,
    /// When the one in use ends.
    #[serde(rename = "certificate_until_ms")]
    pub certificate_until: Option<Timestamp>,
    /// Whether the platform lets it.
    pub gate: String,
    /// What its visitors meet; none: nothing.
    pub service: Option<String>,
    /// What its zone has to say.
    pub records: Vec<DnsRecord>,
    /// What the last look came to; lists have none.
    pub report: Option<DomainReport>,
    /// What the organization decided for it; lists have none.
    #[serde(default)]
    pub settings: Value,
    /// Secrets of it that can still be opened; lists do not say.
    #[serde(default)]
    pub live_secrets: u64,
}

impl Domain {
    /// Whether links on it work, and nothing is in the way of their going on.
    pub fn verdict(&self) -> Verdict {
        match (&self.service, &self.report) {
            (_, Some(DomainReport { verdict: Verdict::Act, .. })) => Verdict::Act,
            (Some(service), report) if service == "full" => {
                report.as_ref().map_or(Verdict::Ready, |report| report.verdict)
            }
            (Some(_), _) => Verdict::Act,
            (None, _) => Verdict::Wait,
        }
    }
}

/// A record to set.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct DnsRecord {
    /// `point`, `prove` or `certify`.
    pub purpose: String,
    /// `CNAME`, say.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its whole name.
    pub name: String,
    /// The same without the registered name; `@` for that name itself.
    pub relative: String,
    /// What it should say.
    pub value: String,
}

/// What a look at every server of the zone came to.
#[derive(Debug, Clone, Deserialize)]
pub struct DomainReport {
    /// In a word.
    pub verdict: Verdict,
    /// Who must act.
    pub actor: String,
    /// The edits that are needed.
    pub records: Vec<Change>,
    /// What each server said.
    pub servers: Vec<ServerAnswer>,
    /// Until when resolvers may keep something of what was found wrong.
    #[serde(rename = "caches_clear_at_ms")]
    pub clears_at: Option<Timestamp>,
    /// When.
    #[serde(rename = "checked_at_ms")]
    pub checked_at: Timestamp,
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// One edit of one record.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    /// `add`, `change` or `delete`.
    #[serde(rename = "do")]
    pub action: String,
    /// `CNAME`, say.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its whole name.
    pub name: String,
    /// What it says now.
    pub from: Option<String>,
    /// What it should say.
    pub to: Option<String>,
}

/// What one server of the zone said.
#[derive(Debug, Clone, Deserialize)]
pub struct ServerAnswer {
    /// Its name.
    pub name: String,
    /// `cname`, `address`, `no-data`, `no-name` or `failed`.
    pub answer: String,
    /// What the host is, or the code of why there is no answer.
    pub value: String,
}

/// One thing that was found: its words are in the catalogue `dns`.
#[derive(Debug, Clone, Deserialize)]
pub struct Finding {
    /// What.
    pub code: String,
    /// `good`, `note`, `wait`, `warning` or `wrong`.
    pub severity: String,
    /// What it is about.
    pub check: String,
    /// Values for its words.
    #[serde(default)]
    pub params: BTreeMap<String, String>,
}

/// One change of one axis.
#[derive(Debug, Clone, Deserialize)]
pub struct DomainEvent {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// What changed.
    pub axis: String,
    /// From this state.
    pub from: String,
    /// To this one.
    pub to: String,
    /// The finding or failure that led to it.
    pub code: Option<String>,
}

impl Platform {
    /// Every domain, by host.
    pub async fn domains(&self, organization: TenantId) -> Result<Vec<Told<Domain>>, Error> {
        self.list(&path(organization, "/domains")).await
    }

    /// One domain with everything.
    pub async fn domain(
        &self,
        organization: TenantId,
        domain: DomainId,
    ) -> Result<Told<Domain>, Error> {
        self.get(&one(organization, domain, "")).await
    }

    /// Adds a host, once, however often the answer is lost.
    pub async fn add_domain(
        &self,
        organization: TenantId,
        host: &str,
    ) -> Result<Told<Domain>, Error> {
        self.post_once(&path(organization, "/domains"), &json!({"host": host})).await
    }

    /// Has its records looked at now; refused within 10 s of the last look.
    pub async fn check_domain(
        &self,
        organization: TenantId,
        domain: DomainId,
    ) -> Result<Told<Domain>, Error> {
        self.post(&one(organization, domain, "/check"), &json!({})).await
    }

    /// Asks its DNS provider whether it sets the records by itself, and where to agree to that.
    pub async fn connect_domain(
        &self,
        organization: TenantId,
        domain: DomainId,
    ) -> Result<Told<DomainConnection>, Error> {
        self.post(&one(organization, domain, "/connect"), &json!({})).await
    }

    /// Changes settings; `defaults` and `limits` are replaced as a whole.
    pub async fn set_domain(
        &self,
        organization: TenantId,
        domain: DomainId,
        settings: &Value,
    ) -> Result<Told<Domain>, Error> {
        self.repeat(Method::PATCH, &one(organization, domain, "/settings"), settings).await
    }

    /// What became of it, newest first.
    pub async fn domain_history(
        &self,
        organization: TenantId,
        domain: DomainId,
    ) -> Result<Vec<Told<DomainEvent>>, Error> {
        self.list(&one(organization, domain, "/history")).await
    }

    /// Removes it with its certificates. `host`: its name, once more.
    pub async fn remove_domain(
        &self,
        organization: TenantId,
        domain: DomainId,
        host: &str,
    ) -> Result<(), Error> {
        self.delete_named(&one(organization, domain, ""), &json!({"host": host})).await
    }
}

fn one(organization: TenantId, domain: DomainId, rest: &str) -> String {
    path(organization, &format!("/domains/{domain}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(service: Option<&str>, verdict: Option<&str>) -> Told<Domain> {
        let report = verdict.map(|verdict| {
            json!({"verdict": verdict, "actor": "us", "records": [], "servers": [], "checked_at_ms": 1,
                   "caches_clear_at_ms": null, "findings": [], "younger": {"a": null}})
        });
        let id = DomainId::from_bytes([1; 16]);
        let answer = json!({"id": id, "host": "h", "unicode": "h", "ownership": "pending", "pointing": "unknown",
            "certificate": "none", "gate": "open", "service": service, "records": [], "report": report});
        serde_json::from_value(answer).unwrap()
    }

    #[test]
    fn a_domain_is_ready_when_its_links_work_and_nothing_is_in_the_way() {
        for (service, report, verdict) in [
            (Some("full"), None, Verdict::Ready),
            (Some("full"), Some("ready"), Verdict::Ready),
            (Some("full"), Some("wait"), Verdict::Wait),
            (Some("full"), Some("act"), Verdict::Act),
            (Some("held"), Some("ready"), Verdict::Act),
            (None, None, Verdict::Wait),
            (None, Some("ready"), Verdict::Wait),
            (None, Some("act"), Verdict::Act),
        ] {
            let told = domain(service, report);
            assert_eq!(told.known.verdict(), verdict, "{service:?} {report:?}");
        }
    }

    #[test]
    fn an_answer_is_passed_on_with_what_this_version_does_not_know() {
        let passed = serde_json::to_value(domain(None, Some("act"))).unwrap();
        assert_eq!(passed["report"]["younger"], json!({"a": null}));
        assert_eq!(passed["report"]["caches_clear_at_ms"], Value::Null);
    }
}
