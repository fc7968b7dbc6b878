//! What members see of domains.

use wax_acme::{Certificate, Issuance, PlatformName};
use wax_kernel::{DomainId, HostPattern, Timestamp};
use wax_model::domain::{CertificateState, Domain, NodeKind, Service, Transport};

use super::{Acting, Domains, Refusal, ToSet, alerts::Kept, noting::certificate_state};

/// A domain as a list shows it.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) domain: Domain,
    pub(crate) certificate: CertificateState,
    /// When the certificate in use ends.
    pub(crate) until: Option<Timestamp>,
    pub(crate) service: Option<Service>,
    pub(crate) records: Vec<ToSet>,
}

/// How many edges serve a domain as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edges {
    pub(crate) applied: u64,
    pub(crate) alive: u64,
}

/// A domain with all that is known of it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) listed: Listed,
    /// Of the last look; none before the first.
    pub(crate) report: Option<serde_json::Value>,
    pub(crate) in_use: Option<Certificate>,
    pub(crate) issuance: Option<Issuance>,
    /// When the next order is likely to begin.
    pub(crate) estimate: Option<Timestamp>,
    pub(crate) edges: Edges,
    pub(crate) live_secrets: u64,
    /// Whether a DNS provider can be asked to set the records.
    pub(crate) connects: bool,
}

impl Domains {
    /// Domains by host, after this one, at most `limit` (1 to 201).
    pub(crate) async fn list(
        &self,
        acting: &Acting,
        after: Option<&HostPattern>,
        limit: u32,
    ) -> Result<Vec<Listed>, Refusal> {
        let mut reader = self.store().read(acting.scope);
        let rows = match acting.confined {
            Some(own) if after.is_none() => reader.domains().find(own).await?.into_iter().collect(),
            Some(_) => Vec::new(),
            None => self.rows(acting, after, limit).await?,
        };
        let mut listed = Vec::with_capacity(rows.len());
        for domain in rows {
            listed.push(self.listed(domain).await?);
        }
        Ok(listed)
    }

    /// The store gives at most 200 at once; one more tells whether others follow.
    async fn rows(
        &self,
        acting: &Acting,
        after: Option<&HostPattern>,
        limit: u32,
    ) -> Result<Vec<Domain>, Refusal> {
        let mut reader = self.store().read(acting.scope);
        let mut rows = reader.domains().list(after, limit.min(200)).await?;
        if let Some(last) = rows.last().filter(|_| limit > 200).map(|last| last.host.clone()) {
            rows.extend(reader.domains().list(Some(&last), 1).await?);
        }
        Ok(rows)
    }

    async fn listed(&self, domain: Domain) -> Result<Listed, Refusal> {
        let issuance = self.orders().issuance(&self.certified_as(&domain)).await?;
        let in_use = issuance.as_ref().and_then(|issuance| issuance.in_use.as_ref());
        let until = match in_use {
            Some(in_use) => Some(in_use.validity.not_after),
            None => self.in_use(&domain).await?.map(|own| own.facts.validity.not_after),
        };
        Ok(self.as_listed(domain, issuance.as_ref(), until))
    }

    fn as_listed(
        &self,
        domain: Domain,
        issuance: Option<&Issuance>,
        until: Option<Timestamp>,
    ) -> Listed {
        let now = self.now();
        Listed {
            certificate: certificate_state(domain.transport, issuance, until, now),
            service: domain.service(until, now),
            records: self.records(&domain),
            until,
            domain,
        }
    }

    async fn in_use(&self, domain: &Domain) -> Result<Option<Certificate>, Refusal> {
        let has_one = matches!(domain.transport, Transport::Acme | Transport::Own);
        if !has_one {
            return Ok(None);
        }
        Ok(self.orders().certificate(&self.certified_as(domain)).await?)
    }

    /// Whose certificate a domain is shown with: its own, or the platform's for all short names.
    fn certified_as(&self, domain: &Domain) -> DomainId {
        let suffix = self.settings().suffix.as_ref().filter(|_| self.is_given(domain));
        suffix.map_or(domain.id(), |suffix| {
            PlatformName::new(HostPattern::wildcard(suffix.clone())).id
        })
    }

    /// One domain, with everything.
    pub(crate) async fn seen(&self, acting: &Acting, id: DomainId) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        let mut reader = self.store().read(acting.scope);
        let (report, live_secrets) = {
            let domains = reader.domains();
            (domains.report(id).await?, domains.live_secrets(id).await?)
        };
        let change = self.platform().last_change(id).await?;
        let kept: Option<Kept> = report.and_then(|kept| serde_json::from_str(&kept).ok());
        let issuance = self.orders().issuance(&self.certified_as(&domain)).await?;
        let in_use = self.in_use(&domain).await?;
        let until = in_use.as_ref().map(|in_use| in_use.facts.validity.not_after);
        let listed = self.as_listed(domain, issuance.as_ref(), until);
        Ok(Seen {
            connects: self.connect_side().is_some() && !listed.records.is_empty(),
            listed,
            report: kept.map(|kept| kept.report),
            estimate: self.estimate(issuance.as_ref()).await?,
            edges: self.edges(change).await?,
            in_use,
            issuance,
            live_secrets,
        })
    }

    /// A domain of this tenant that the caller may know of.
    pub(super) async fn reached(&self, acting: &Acting, id: DomainId) -> Result<Domain, Refusal> {
        if !acting.reaches(id) {
            return Err(Refusal::NotAvailable);
        }
        let found = self.store().read(acting.scope).domains().find(id).await?;
        found.ok_or(Refusal::NotAvailable)
    }

    async fn edges(&self, change: Option<i64>) -> Result<Edges, Refusal> {
        let nodes = self.platform().nodes(NodeKind::Edge, self.now()).await?;
        let has = |position: i64| change.is_none_or(|change| change <= position);
        let applied = nodes.iter().filter(|node| has(node.position)).count() as u64;
        Ok(Edges { applied, alive: nodes.len() as u64 })
    }
}
