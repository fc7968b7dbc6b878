//! Where a name leads, as of one check.

use std::net::IpAddr;

use wax_kernel::Hostname;
use wax_model::domain::Pointing;

use crate::{Answer, DnsName, Dnssec, Evidence, Fault, Proxy, ServerSeen};

/// Where our own edges are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgePlaces {
    /// What every target is below of.
    pub zone: Hostname,
    /// Addresses that no other service has; for names that cannot be a CNAME.
    pub addresses: Vec<IpAddr>,
}

/// Where one server says that the name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leads {
    Here,
    Mixed,
    Proxy,
    Elsewhere,
    Nowhere,
    /// It answered, and not everything.
    Unsure,
}

/// Where the host leads. Failures never say "elsewhere": that takes every server of the zone.
pub fn pointing(evidence: &Evidence, target: &Hostname, edge: &EdgePlaces) -> Pointing {
    if matches!(evidence.dnssec, Dnssec::Bogus { server: None, .. }) {
        return Pointing::Bogus;
    }
    if let Some((_, fault)) = &evidence.lost {
        let is_gone = *fault == Fault::NoSuchName;
        return if is_gone { Pointing::Nxdomain } else { Pointing::Unreachable };
    }
    let said: Vec<Leads> =
        evidence.heard().map(|server| leads(server, evidence, target, edge)).collect();
    let all = |leads| !said.is_empty() && said.iter().all(|one| *one == leads);
    let any = |leads| said.contains(&leads);
    if all(Leads::Here) && evidence.has_quorum() {
        Pointing::Pointing
    } else if all(Leads::Here) {
        Pointing::Unreachable
    } else if any(Leads::Here) || any(Leads::Mixed) {
        Pointing::Partial
    } else if any(Leads::Proxy) {
        Pointing::Proxied
    } else if any(Leads::Unsure) || !evidence.is_complete() {
        Pointing::Unreachable
    } else if all(Leads::Nowhere) {
        Pointing::Nxdomain
    } else {
        Pointing::Elsewhere
    }
}

fn leads(server: &ServerSeen, evidence: &Evidence, target: &Hostname, edge: &EdgePlaces) -> Leads {
    let zone = DnsName::from(&edge.zone);
    match &server.alias {
        Answer::Alias { target: to, .. } if *to == DnsName::from(target) => Leads::Here,
        // Another tenant's label, or one that is no more: nobody answers there for this name.
        Answer::Alias { target: to, .. } if to.is_within(&zone) => Leads::Elsewhere,
        Answer::Alias { target: to, .. } => at_end_of_chain(to, evidence, target, edge),
        Answer::NoName { .. } => Leads::Nowhere,
        _ if server.v4.fault().or(server.v6.fault()).is_some() => Leads::Unsure,
        _ => {
            let addresses: Vec<IpAddr> = server.addresses().collect();
            by_address(&addresses, edge)
        }
    }
}

fn at_end_of_chain(
    alias: &DnsName,
    evidence: &Evidence,
    target: &Hostname,
    edge: &EdgePlaces,
) -> Leads {
    // One alias is followed to its end. Where servers have several, nothing is known of the others.
    let followed = evidence.chain.as_ref().filter(|chain| chain.hops.first() == Some(alias));
    let Some(chain) = followed else { return Leads::Unsure };
    let last = chain.hops.last();
    if last == Some(&DnsName::from(target)) {
        return Leads::Here;
    }
    if chain.dangling {
        return Leads::Nowhere;
    }
    match chain.fault {
        Some(Fault::Endless) => Leads::Nowhere,
        Some(_) => Leads::Unsure,
        None if last.is_some_and(|last| last.is_within(&DnsName::from(&edge.zone))) => {
            Leads::Elsewhere
        }
        None => by_address(&chain.addresses, edge),
    }
}

fn by_address(addresses: &[IpAddr], edge: &EdgePlaces) -> Leads {
    let ours = addresses.iter().filter(|address| edge.addresses.contains(address)).count();
    if addresses.is_empty() {
        Leads::Nowhere
    } else if ours == addresses.len() {
        Leads::Here
    } else if ours > 0 {
        Leads::Mixed
    } else if addresses.iter().any(|address| Proxy::of(*address).is_some()) {
        Leads::Proxy
    } else {
        Leads::Elsewhere
    }
}
