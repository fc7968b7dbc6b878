//! From what was heard to what to do.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use wax_kernel::{Hostname, Timestamp};
use wax_model::domain::Pointing;

use crate::{
    Action, Actor, Answer, CaaVerdict, Change, Check, Claim, Code, DnsName, Dnssec, EdgePlaces,
    Evidence, Fault, Finding, Hint, Issuance, Lock, Proof, Provider, RecordKind, ServerSeen,
    Severity, advice::Advisor, pointing,
};

/// What a host should be like.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Whose it should be.
    pub claim: Claim,
    /// Where it should lead.
    pub edge: EdgePlaces,
    /// Who should issue its certificate.
    pub issuance: Issuance,
}

/// What it comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is in the way.
    Ready,
    /// Time will do.
    Wait,
    /// Somebody has to do something.
    Act,
}

/// What one server said, in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerSays {
    /// Its name.
    pub name: DnsName,
    /// The address that was asked.
    pub address: Option<IpAddr>,
    /// `cname`, `address`, `no-data`, `no-name`, or `failed`.
    pub answer: &'static str,
    /// What the host is, or why there is no answer; empty for nothing.
    pub value: String,
    /// For how long resolvers may keep that.
    pub ttl_s: Option<u32>,
}

impl ServerSays {
    fn of(server: &ServerSeen) -> Self {
        let addresses: Vec<String> =
            server.addresses().map(|address| address.to_string()).collect();
        let kept = [server.v4.kept_s(), server.v6.kept_s()].into_iter().flatten().max();
        let fault = server.fault.or(server.alias.fault()).or(server.v4.fault());
        let (answer, value, ttl_s) = match (&server.alias, fault) {
            (_, Some(fault)) => ("failed", fault.code().to_owned(), None),
            (Answer::Alias { target, ttl_s }, _) => ("cname", target.to_string(), Some(*ttl_s)),
            (Answer::NoName { ttl_s }, _) => ("no-name", String::new(), *ttl_s),
            _ if addresses.is_empty() => ("no-data", String::new(), kept),
            _ => ("address", addresses.join(", "), kept),
        };
        Self { name: server.name.clone(), address: server.address, answer, value, ttl_s }
    }
}

/// The report of one check: the same JSON for a screen, a command line and a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What it comes down to.
    pub verdict: Verdict,
    /// Who must act, so that it comes down to something better.
    pub actor: Actor,
    /// The finding that it comes down to; none when all is well.
    pub code: Option<Code>,
    /// The edits that are needed. A finding may advise further ones.
    pub records: Vec<Change>,
    /// What each server said.
    pub servers: Vec<ServerSays>,
    /// Until when resolvers may keep something of what was found wrong.
    #[serde(rename = "caches_clear_at_ms")]
    pub clears_at: Option<Timestamp>,
    /// When the check began.
    #[serde(rename = "checked_at_ms")]
    pub checked_at: Timestamp,
    /// Whether the claim is proven.
    pub proof: Proof,
    /// Whom the owner lets prove the name.
    pub lock: Lock,
    /// Where it leads.
    pub pointing: Pointing,
    /// Whether the authority may issue.
    pub caa: CaaVerdict,
    /// Who runs the zone's servers, if we know.
    pub provider: Option<Provider>,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// What makes the first edit easier at the provider's form.
    pub hints: Vec<Hint>,
    /// What all this follows from; stored by itself, where history needs it.
    #[serde(skip)]
    pub evidence: Evidence,
}

impl Report {
    /// Judges a check. `clears_before` is what the check before this one said about caches, if there was one.
    pub fn new(evidence: Evidence, expected: &Expected, clears_before: Option<Timestamp>) -> Self {
        let target: &Hostname = &expected.claim.target;
        let verdicts = Verdicts {
            proof: Proof::of(&evidence, &expected.claim),
            lock: Lock::of(&evidence),
            pointing: pointing(&evidence, target, &expected.edge),
            caa: CaaVerdict::of(&evidence.caa, &expected.issuance),
        };
        let provider = Provider::of(evidence.servers.iter().map(|server| &server.name)).copied();
        let advisor = Advisor { evidence: &evidence, expected, verdicts: &verdicts };
        let clears_at = advisor.clears_at();
        let mut findings = advisor.findings(clears_at.or(clears_before));
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.check));
        let verdict = verdict(&findings);
        let decides = match verdict {
            Verdict::Ready => None,
            Verdict::Wait => findings.iter().find(|finding| finding.severity == Severity::Wait),
            Verdict::Act => in_the_way(&findings).next(),
        };
        Self {
            verdict,
            actor: decides.map_or(Actor::Nobody, |finding| finding.actor),
            code: decides.map(|finding| finding.code),
            records: in_the_way(&findings).flat_map(|one| one.changes.clone()).collect(),
            servers: evidence.servers.iter().map(ServerSays::of).collect(),
            clears_at,
            checked_at: evidence.asked_at,
            proof: verdicts.proof,
            lock: verdicts.lock,
            pointing: verdicts.pointing,
            caa: verdicts.caa,
            provider,
            hints: hints(&findings, provider.as_ref(), &evidence, target),
            findings,
            evidence,
        }
    }
}

/// A warning works today: it keeps nobody waiting.
fn verdict(findings: &[Finding]) -> Verdict {
    let any = |severity| findings.iter().any(|finding| finding.severity == severity);
    if any(Severity::Wrong) {
        Verdict::Act
    } else if any(Severity::Wait) {
        Verdict::Wait
    } else {
        Verdict::Ready
    }
}

/// What is wrong. A CNAME record to the target proves as well as it leads here: where one is advised, a missing proof is
/// nothing of its own.
fn in_the_way(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let wrong = || findings.iter().filter(|finding| finding.severity == Severity::Wrong);
    let will_prove = wrong()
        .filter(|finding| finding.check == Check::Pointing)
        .flat_map(|finding| &finding.changes)
        .filter(|change| change.kind == RecordKind::Cname && change.to.is_some())
        .any(|change| !change.name.is_wildcard());
    wrong().filter(move |finding| !(will_prove && finding.code == Code::ProofMissing))
}

/// For the edit that brings the host here, or else the first one.
fn hints(
    findings: &[Finding],
    provider: Option<&Provider>,
    evidence: &Evidence,
    target: &Hostname,
) -> Vec<Hint> {
    let edits = |check: Option<Check>| {
        let about = findings.iter().filter(move |one| check.is_none_or(|check| one.check == check));
        let mut changes = about.flat_map(|finding| &finding.changes);
        changes.find(|change| change.action != Action::Delete)
    };
    let edit = edits(Some(Check::Pointing)).or_else(|| edits(None));
    match (edit, &evidence.zone) {
        (Some(record), Some(zone)) => Hint::for_edit(provider, record, &zone.apex, target.as_str()),
        _ => Vec::new(),
    }
}

/// What the pure judges say.
#[derive(Debug)]
pub(crate) struct Verdicts {
    pub(crate) proof: Proof,
    pub(crate) lock: Lock,
    pub(crate) pointing: Pointing,
    pub(crate) caa: CaaVerdict,
}

impl Evidence {
    /// Whether anything was left out because the check had spent its budget.
    pub(crate) fn is_cut_short(&self) -> bool {
        let spent = |fault: Option<Fault>| fault == Some(Fault::Budget);
        let servers = self.servers.iter().any(|server| {
            spent(server.fault)
                || spent(server.alias.fault())
                || spent(server.v4.fault())
                || spent(server.v6.fault())
                || spent(server.challenge.fault())
                || spent(server.sibling.fault())
        });
        let caa = self.caa.failed.as_ref().is_some_and(|(_, fault)| *fault == Fault::Budget);
        let chain = self.chain.as_ref().is_some_and(|chain| spent(chain.fault));
        let dnssec = matches!(self.dnssec, Dnssec::Unknown { fault: Fault::Budget });
        let lost = self.lost.as_ref().is_some_and(|(_, fault)| *fault == Fault::Budget);
        servers || caa || chain || lost || (dnssec && self.lost.is_none())
    }
}
