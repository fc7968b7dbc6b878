//! Which findings follow from a check, and which records to edit.

use std::{collections::BTreeSet, net::IpAddr};

use wax_kernel::Timestamp;
use wax_model::domain::Pointing;

use crate::{
    Action, CaaRefusal, CaaVerdict, Change, Code, DnsName, Dnssec, Evidence, Expected, Fault,
    Finding, Flaw, Lock, Method, Proof, Proxy, RecordKind, ServerSeen, address::is_public,
    hold_record, ownership::is_challenge, report::Verdicts,
};

/// Everything that a finding may depend on.
pub(crate) struct Advisor<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) expected: &'a Expected,
    pub(crate) verdicts: &'a Verdicts,
}

impl Advisor<'_> {
    /// `clears_at`: until when a resolver may have an answer that was wrong.
    pub(crate) fn findings(&self, clears_at: Option<Timestamp>) -> Vec<Finding> {
        if let Some((zone, fault)) = &self.evidence.lost {
            return vec![self.lost(zone, *fault)];
        }
        let mut findings = self.zone();
        findings.push(self.ownership());
        findings.extend(self.lock());
        findings.extend(self.pointing(clears_at));
        findings.push(self.caa());
        findings.push(self.dnssec());
        findings
    }

    /// Until when resolvers may keep something of the proof or the pointing that was found wrong.
    pub(crate) fn clears_at(&self) -> Option<Timestamp> {
        let proven = matches!(self.verdicts.proof, Proof::Proven { .. });
        let pointing = self.verdicts.pointing == Pointing::Pointing;
        let heard = self.evidence.heard();
        let kept = heard.flat_map(|server| {
            let proof = [server.challenge.kept_s()].into_iter().filter(move |_| !proven);
            let host = [server.alias.kept_s(), server.v4.kept_s(), server.v6.kept_s()];
            proof.chain(host.into_iter().filter(move |_| !pointing))
        });
        let longest = kept.flatten().max()?;
        Some(self.evidence.asked_at.plus(std::time::Duration::from_secs(longest.into())))
    }

    fn lost(&self, zone: &DnsName, fault: Fault) -> Finding {
        let registrable = self.expected.claim.host.registrable();
        match fault {
            Fault::NoSuchName => {
                Finding::new(Code::NotRegistered).with("name", registrable).with("zone", zone)
            }
            Fault::Budget => Finding::new(Code::BudgetSpent).with("zone", zone),
            _ if *zone == DnsName::root() => {
                Finding::new(Code::NetworkDown).with("fault", code(fault))
            }
            _ => {
                let finding = Finding::new(Code::ZoneUnreachable);
                finding.with("zone", zone).with("fault", code(fault))
            }
        }
    }

    fn zone(&self) -> Vec<Finding> {
        let evidence = self.evidence;
        let mut findings = Vec::new();
        let zone = evidence.zone.as_ref().map(|zone| zone.apex.to_string()).unwrap_or_default();
        if evidence.heard().next().is_none() {
            let fault = evidence.servers.iter().find_map(|server| server.fault);
            let fault = code(fault.unwrap_or(Fault::NoAddress));
            findings
                .push(Finding::new(Code::ZoneUnreachable).with("zone", &zone).with("fault", fault));
        } else {
            findings.extend(evidence.servers.iter().filter_map(server_fails));
        }
        let serials: BTreeSet<u32> =
            evidence.servers.iter().filter_map(|server| server.serial).collect();
        if serials.len() > 1 {
            let list = join(serials);
            findings.push(Finding::new(Code::ServersDiffer).with("serials", &list));
        }
        let differing = evidence.zone.iter().flat_map(|zone| &zone.differing_servers);
        let differing = join(differing);
        if !differing.is_empty() {
            findings.push(Finding::new(Code::DelegationDiffers).with("servers", &differing));
        }
        if evidence.is_cut_short() {
            findings.push(Finding::new(Code::BudgetSpent).with("zone", &zone));
        }
        findings
    }

    fn ownership(&self) -> Finding {
        let name = self.expected.claim.host.challenge_name();
        let said = name.as_ref().map(DnsName::to_string).unwrap_or_default();
        let wrong =
            |code, change: Option<Change>| Finding::new(code).with("name", &said).change(change);
        match self.verdicts.proof {
            Proof::Proven { by: Method::Txt } => Finding::new(Code::ProvenTxt),
            Proof::Proven { by: Method::Cname | Method::Delegation } => {
                Finding::new(Code::ProvenCname)
            }
            Proof::Partial { showing, heard, .. } => {
                Finding::new(Code::ProofPartial).with("showing", &showing).with("heard", &heard)
            }
            Proof::Unknown => Finding::new(Code::ProofUnknown),
            Proof::Missing => wrong(Code::ProofMissing, self.add_challenge()),
            Proof::Wildcard => wrong(Code::ProofWildcard, self.add_challenge()),
            Proof::OtherToken => wrong(Code::ProofOtherToken, self.replace_challenge()),
            Proof::PointsAway => {
                let delete = name.map(|name| {
                    let to = self.evidence.heard().find_map(|server| server.challenge.alias());
                    self.edit(Action::Delete, name, RecordKind::Cname).from(to)
                });
                wrong(Code::ProofPointsAway, delete).change(self.add_challenge())
            }
        }
    }

    fn add_challenge(&self) -> Option<Change> {
        let claim = &self.expected.claim;
        let name = claim.host.challenge_name()?;
        Some(self.edit(Action::Add, name, RecordKind::Txt).to(&claim.token.record()))
    }

    fn replace_challenge(&self) -> Option<Change> {
        let add = self.add_challenge()?;
        let texts = self.evidence.heard().flat_map(|server| server.challenge.records());
        let other = texts.into_iter().find(|text| is_challenge(text));
        Some(Change { action: Action::Change, ..add }.from(other))
    }

    fn lock(&self) -> Option<Finding> {
        let claim = &self.expected.claim;
        let name = claim.host.hold_name()?;
        let finding = |code| Finding::new(code).with("name", &name);
        match &self.verdicts.lock {
            Lock::Open => None,
            Lock::Unknown => Some(finding(Code::LockUnknown)),
            lock if lock.admits(claim.tenant) => Some(finding(Code::LockAdmits)),
            Lock::To { tenants } => {
                let with_ours = hold_record(&[&tenants[..], &[claim.tenant]].concat());
                let edit = self.edit(Action::Change, name.clone(), RecordKind::Txt);
                let edit = edit.from(Some(&hold_record(tenants))).to(&with_ours);
                Some(finding(Code::LockRefuses).change([edit]))
            }
        }
    }

    fn pointing(&self, clears_at: Option<Timestamp>) -> Vec<Finding> {
        let stale = clears_at.filter(|until| *until > self.evidence.asked_at);
        let mut findings = match self.verdicts.pointing {
            Pointing::Pointing => self.points_here(stale),
            Pointing::Unknown | Pointing::Unreachable | Pointing::Bogus => {
                vec![Finding::new(Code::PointingUnknown)]
            }
            Pointing::Nxdomain | Pointing::Elsewhere | Pointing::Partial | Pointing::Proxied => {
                vec![self.points_wrong()]
            }
        };
        for finding in &mut findings {
            finding.until = stale.filter(|_| finding.code != Code::PointsHere);
        }
        if self.is_apex() && self.alias().is_some() {
            let to = self.alias().map(DnsName::to_string).unwrap_or_default();
            findings =
                vec![Finding::new(Code::CnameAtApex).with("found", &to).change(self.redirect())];
        }
        findings
    }

    fn points_here(&self, stale: Option<Timestamp>) -> Vec<Finding> {
        let target = DnsName::from(&self.expected.claim.target);
        let mut findings = match self.alias() {
            Some(alias) if *alias != target => {
                let finding = Finding::new(Code::PointsHereByChain).with("found", alias);
                vec![finding.change(self.redirect())]
            }
            _ => vec![Finding::new(Code::PointsHere)],
        };
        if stale.is_some() {
            findings.push(Finding::new(Code::OldAnswersKept));
        }
        findings
    }

    /// The nearest miss of what the servers say, and the edits that mend it.
    fn points_wrong(&self) -> Finding {
        let edge = &self.expected.edge.addresses;
        let found = self.addresses();
        let (ours, others): (Vec<IpAddr>, Vec<IpAddr>) =
            found.iter().partition(|address| edge.contains(address));
        let said = join(&others);
        if let Some(alias) = self.alias() {
            return self.alias_wrong(alias, &others);
        }
        if !ours.is_empty() && !others.is_empty() {
            let only_v6 = others.iter().all(IpAddr::is_ipv6) && ours.iter().all(IpAddr::is_ipv4);
            let code = if only_v6 { Code::StrayV6 } else { Code::ExtraAddresses };
            let deletes = others.iter().map(|address| self.delete_address(*address));
            return Finding::new(code).with("found", &said).change(deletes);
        }
        if self.verdicts.pointing == Pointing::Partial {
            return Finding::new(Code::PointingPartial);
        }
        let code = match others.first() {
            None => return Finding::new(Code::NoRecord).change(self.redirect()),
            Some(_) if others.iter().any(|address| !is_public(*address)) => Code::PrivateAddress,
            Some(_) => match others.iter().find_map(|address| Proxy::of(*address)) {
                Some(network) => {
                    return Finding::new(Code::Proxied)
                        .with("network", network.name())
                        .change(self.redirect());
                }
                None => Code::PointsElsewhere,
            },
        };
        Finding::new(code).with("found", &said).change(self.redirect())
    }

    fn alias_wrong(&self, alias: &DnsName, others: &[IpAddr]) -> Finding {
        let finding = |code| Finding::new(code).with("found", alias).change(self.redirect());
        if *alias == DnsName::from(&self.expected.claim.target) {
            // One server has it already, and others do not.
            return Finding::new(Code::PointingPartial);
        }
        if alias.is_within(&DnsName::from(&self.expected.edge.zone)) {
            return finding(Code::OtherTarget);
        }
        match &self.evidence.chain {
            Some(chain) if chain.fault == Some(Fault::Endless) => finding(Code::ChainEndless),
            Some(chain) if chain.dangling => finding(Code::ChainDangling),
            _ => match others.iter().find_map(|address| Proxy::of(*address)) {
                Some(network) => finding(Code::Proxied).with("network", network.name()),
                None => finding(Code::PointsElsewhere),
            },
        }
    }

    /// What brings the host here: a CNAME record, or at the top of a zone our addresses, in place of what is there.
    fn redirect(&self) -> Vec<Change> {
        let target = self.expected.claim.target.as_str();
        let host = self.host_name();
        let old = self.own_addresses();
        if !self.is_apex() {
            // A name has one CNAME record, and nothing beside it.
            let action = if self.alias().is_some() { Action::Change } else { Action::Add };
            let cname = self.edit(action, host, RecordKind::Cname).from(self.alias()).to(target);
            let deletes = old.into_iter().map(|address| self.delete_address(address));
            return deletes.chain([cname]).collect();
        }
        let edge = &self.expected.edge.addresses;
        let edit = |action, kind| self.edit(action, host.clone(), kind);
        let mut changes: Vec<Change> = self
            .alias()
            .map(|to| edit(Action::Delete, RecordKind::Cname).from(Some(to)))
            .into_iter()
            .collect();
        let others = old.iter().filter(|address| !edge.contains(address));
        changes.extend(others.map(|address| self.delete_address(*address)));
        let missing = edge.iter().filter(|address| !old.contains(address));
        changes.extend(
            missing.map(|address| edit(Action::Add, kind_of(*address)).to(&address.to_string())),
        );
        if edge.is_empty() {
            changes.push(edit(Action::Add, RecordKind::Alias).to(target));
        }
        changes
    }

    fn delete_address(&self, address: IpAddr) -> Change {
        self.edit(Action::Delete, self.host_name(), kind_of(address)).from(Some(&address))
    }

    fn caa(&self) -> Finding {
        let issuance = &self.expected.issuance;
        let finding = |code| Finding::new(code).with("authority", &issuance.authority);
        let at = self.evidence.caa.at.clone();
        let lock =
            |at: DnsName| self.edit(Action::Add, at, RecordKind::Caa).to(&issuance.lock().text());
        let base = DnsName::from(self.expected.claim.host.base());
        match &self.verdicts.caa {
            // A CAA record beside a CNAME is not possible, so advice is for the name above.
            CaaVerdict::Open => finding(Code::CaaOpen).change([lock(self.caa_home(base))]),
            CaaVerdict::Permits { bound: true, .. } => {
                finding(Code::CaaBound).with("name", &at.unwrap_or(base))
            }
            CaaVerdict::Permits { bound: false, .. } => {
                finding(Code::CaaPermits).with("name", &at.unwrap_or(base))
            }
            CaaVerdict::Forbids { at, why } => {
                let code = match why {
                    CaaRefusal::OtherAuthority => Code::CaaOtherAuthority,
                    CaaRefusal::OtherAccount => Code::CaaOtherAccount,
                    CaaRefusal::OtherMethods => Code::CaaOtherMethods,
                    CaaRefusal::UnknownCritical => Code::CaaUnknownCritical,
                };
                let change = match why {
                    CaaRefusal::UnknownCritical => self.critical_caa(at),
                    _ => vec![lock(at.clone())],
                };
                finding(code).with("name", at).change(change)
            }
            CaaVerdict::Unknown { at, fault } => {
                finding(Code::CaaUnanswered).with("name", at).with("fault", code(*fault))
            }
        }
    }

    /// Where a record for the host can stand: at its zone's top if the host is or should be a CNAME.
    fn caa_home(&self, base: DnsName) -> DnsName {
        let zone = self.evidence.zone.as_ref().map(|zone| zone.apex.clone());
        zone.filter(|_| !self.is_apex()).unwrap_or(base)
    }

    fn critical_caa(&self, at: &DnsName) -> Vec<Change> {
        let known = ["issue", "issuewild", "iodef"];
        let records = self.evidence.caa.records.iter();
        let unknown = records.filter(|record| record.critical && !known.contains(&&*record.tag));
        unknown
            .map(|record| {
                self.edit(Action::Delete, at.clone(), RecordKind::Caa).from(Some(&record.text()))
            })
            .collect()
    }

    fn dnssec(&self) -> Finding {
        match &self.evidence.dnssec {
            Dnssec::Secure => Finding::new(Code::DnssecSecure),
            Dnssec::Unsigned { zone } => Finding::new(Code::DnssecUnsigned).with("zone", zone),
            Dnssec::Unknown { fault } => {
                Finding::new(Code::DnssecUnknown).with("fault", code(*fault))
            }
            Dnssec::Bogus { zone, server: Some(server), .. } => {
                Finding::new(Code::DnssecOneServer).with("zone", zone).with("server", server)
            }
            Dnssec::Bogus { zone, flaw, server: None } => {
                let code = match flaw {
                    Flaw::NoMatchingKey => Code::DnssecNoMatchingKey,
                    Flaw::MissingSignature => Code::DnssecMissingSignature,
                    Flaw::WrongSignature => Code::DnssecWrongSignature,
                    Flaw::Expired => Code::DnssecExpired,
                    Flaw::NotYetValid => Code::DnssecNotYetValid,
                    Flaw::MissingDenial => Code::DnssecMissingDenial,
                };
                let delete = (*flaw == Flaw::NoMatchingKey)
                    .then(|| self.edit(Action::Delete, zone.clone(), RecordKind::Ds));
                Finding::new(code).with("zone", zone).change(delete)
            }
        }
    }

    /// The host as it is written in a zone: a wildcard with its `*`.
    fn host_name(&self) -> DnsName {
        let host = &self.expected.claim.host;
        let base = DnsName::from(host.base());
        if host.is_wildcard() { base.child("*").unwrap_or(base) } else { base }
    }

    fn is_apex(&self) -> bool {
        let host = &self.expected.claim.host;
        let zone = self.evidence.zone.as_ref();
        !host.is_wildcard() && zone.is_some_and(|zone| zone.apex == DnsName::from(host.base()))
    }

    fn alias(&self) -> Option<&DnsName> {
        self.evidence.heard().find_map(|server| server.alias.alias())
    }

    /// Where visitors end up: the host's own addresses, or those at the end of its chain.
    fn addresses(&self) -> BTreeSet<IpAddr> {
        let chain = self.evidence.chain.iter().flat_map(|chain| chain.addresses.iter().copied());
        self.own_addresses().into_iter().chain(chain).collect()
    }

    fn own_addresses(&self) -> BTreeSet<IpAddr> {
        self.evidence.heard().flat_map(ServerSeen::addresses).collect()
    }

    /// An edit that does not say yet from what to what.
    fn edit(&self, action: Action, name: DnsName, kind: RecordKind) -> Change {
        let zone = self.evidence.zone.as_ref().map(|zone| &zone.apex);
        let relative = zone.map_or_else(|| name.to_string(), |zone| name.relative_to(zone));
        Change { action, kind, name, relative, from: None, to: None }
    }
}

impl Change {
    fn from(self, value: Option<&(impl ToString + ?Sized)>) -> Self {
        Self { from: value.map(ToString::to_string), ..self }
    }

    fn to(self, value: &str) -> Self {
        Self { to: Some(value.to_owned()), ..self }
    }
}

const fn kind_of(address: IpAddr) -> RecordKind {
    match address {
        IpAddr::V4(_) => RecordKind::A,
        IpAddr::V6(_) => RecordKind::Aaaa,
    }
}

fn server_fails(server: &ServerSeen) -> Option<Finding> {
    let answers = [server.alias.fault(), server.v4.fault(), server.v6.fault()];
    let fault = server.fault.or(answers.into_iter().flatten().next())?;
    // Our own limit is not the server's fault.
    (fault != Fault::Budget).then(|| {
        Finding::new(Code::ServerFails).with("server", &server.name).with("fault", code(fault))
    })
}

fn join(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

const fn code(fault: Fault) -> &'static str {
    fault.code()
}
