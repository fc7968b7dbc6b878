//! What a tenant sets in its zone, before anything was looked at.

use std::net::IpAddr;

use serde::Serialize;
use wax_dns::{Claim, ClaimToken, DnsName, RecordKind, TenantHost};
use wax_kernel::Hostname;
use wax_model::domain::{Domain, Transport};

use super::{Domains, Settings};

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Purpose {
    /// Leads visitors here. A CNAME proves the host as well.
    Point,
    /// Proves whose the host is. Not needed where a CNAME points here.
    Prove,
    /// Lets us answer for the certificate.
    Certify,
}

/// A record to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToSet {
    pub(crate) purpose: Purpose,
    pub(crate) kind: RecordKind,
    pub(crate) name: DnsName,
    /// Without the registered name, as most forms want it.
    pub(crate) relative: String,
    pub(crate) value: String,
}

/// The claim that a domain makes, as `wax-dns` judges it. `None`: it needs no proof, or there is no zone to point into.
pub(super) fn claim_of(domain: &Domain, settings: &Settings) -> Option<Claim> {
    let zone = settings.zone.as_ref()?;
    let host = TenantHost::parse(&domain.host.to_string(), &[]).ok()?;
    let token = ClaimToken::try_from(domain.token.text.clone()).ok()?;
    let target = Hostname::parse(&format!("{}.{zone}", domain.label)).ok()?;
    Some(Claim { host, tenant: domain.tenant(), token, target })
}

impl Domains {
    /// The records that a domain's host needs.
    pub(super) fn records(&self, domain: &Domain) -> Vec<ToSet> {
        let claim = claim_of(domain, self.settings());
        claim.map_or_else(Vec::new, |claim| to_set(domain, &claim, self.settings()))
    }
}

fn to_set(domain: &Domain, claim: &Claim, settings: &Settings) -> Vec<ToSet> {
    let registered = DnsName::from(claim.host.registrable());
    let record = |purpose, kind, name: DnsName, value: String| {
        let relative = name.relative_to(&registered);
        ToSet { purpose, kind, name, relative, value }
    };
    let base = DnsName::from(claim.host.base());
    let host = if claim.host.is_wildcard() { base.child("*") } else { Some(base.clone()) };
    let mut records = Vec::new();
    let is_apex = claim.host.base() == claim.host.registrable() && !claim.host.is_wildcard();
    if let Some(host) = host {
        // A CNAME at the top of a zone would hide the zone's other records (RFC 1912 §2.4).
        if is_apex {
            records.extend(settings.addresses.iter().map(|address| {
                let kind = match address {
                    IpAddr::V4(_) => RecordKind::A,
                    IpAddr::V6(_) => RecordKind::Aaaa,
                };
                record(Purpose::Point, kind, host.clone(), address.to_string())
            }));
        } else {
            let target = claim.target.to_string();
            records.push(record(Purpose::Point, RecordKind::Cname, host, target));
        }
    }
    if let Some(name) = claim.host.challenge_name() {
        records.push(record(Purpose::Prove, RecordKind::Txt, name, claim.token.record()));
    }
    let needs_dns = claim.host.is_wildcard() && domain.transport == Transport::Acme;
    if let Some(name) = base.child("_acme-challenge").filter(|_| needs_dns) {
        // Below our zone, and never the target itself: what answers there answers for nothing else.
        let zone = settings.zone.as_ref().map(ToString::to_string).unwrap_or_default();
        let target = format!("{}.acme.{zone}", domain.label);
        records.push(record(Purpose::Certify, RecordKind::Cname, name, target));
    }
    records
}
