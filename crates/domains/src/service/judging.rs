//! What one look at a host means for every claim to it. Values in, values out: a simulation judges as the service does.

use std::time::Duration;

use wax_dns::{
    CaaVerdict, ClaimToken, EdgePlaces, Evidence, Expected, Issuance as Asking, Lock, Proof,
    Report, seen, shows_text,
};
use wax_kernel::{DomainId, Hostname, Timestamp};
use wax_model::domain::{
    Domain, Ownership, Pointing, Transport,
    ownership::{Event, Host, Seen, Vantage},
    schedule::{Looked, next_check},
};

use super::{Settings, looking::says_something, records::claim_of};

/// How long a token that proved nothing stays the same.
const TOKEN_KEPT: Duration = Duration::from_hours(30 * 24);

/// What was seen, from where, and what it is held against.
#[derive(Debug, Clone)]
pub(super) struct Sight<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) zone: &'a Hostname,
    pub(super) settings: &'a Settings,
    /// Who will be asked for certificates.
    pub(super) asking: Option<Asking>,
    pub(super) from: &'a Vantage,
    pub(super) now: Timestamp,
}

/// What is known of a claim besides its row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) has_live_secrets: bool,
    /// Whether a certificate is there, or on its way.
    pub(super) has_order: bool,
    /// What the last look said about caches.
    pub(super) clears_at: Option<Timestamp>,
}

/// One claim before and after.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) before: Domain,
    pub(super) after: Domain,
    /// `None`: the claim makes no promise that records could keep.
    pub(super) report: Option<Report>,
}

impl Judged {
    /// Whether a certificate can be ordered: the host is the tenant's and leads here, and no record forbids it.
    pub(super) fn is_fit_for_order(&self) -> bool {
        let owned =
            matches!(self.after.claim.ownership, Ownership::Verified | Ownership::Contested);
        let ordered = self.after.transport == Transport::Acme && !self.after.label.is_empty();
        let leads = self.after.host.is_wildcard()
            || matches!(self.after.pointing, Pointing::Pointing | Pointing::Proxied);
        let permitted = self.report.as_ref().is_some_and(|report| {
            let caa = matches!(report.caa, CaaVerdict::Open | CaaVerdict::Permits { .. });
            caa && report.pointing != Pointing::Bogus
        });
        owned && ordered && leads && permitted
    }

    /// Whether the host is no longer held by this claim.
    pub(super) const fn lost(&self) -> bool {
        self.before.claim.ownership.holds() && !self.after.claim.ownership.holds()
    }
}

/// Whether the look is older than what the claims stand on: it decides nothing.
pub(super) fn is_stale(claims: &[Domain], evidence: &Evidence) -> bool {
    claims.iter().any(|claim| claim.checks.last_at.is_some_and(|last| last > evidence.asked_at))
}

/// Judges all claims to a host, oldest first.
pub(super) fn judge(
    claims: &[Domain],
    known: &impl Fn(DomainId) -> Known,
    sight: &Sight<'_>,
) -> Vec<Judged> {
    let reports: Vec<Option<Report>> =
        claims.iter().map(|claim| report(claim, known(claim.id()), sight)).collect();
    let host = look(claims, &reports, sight);
    let due = host.due_after(sight.now);
    let heard = says_something(sight.evidence);
    let looked = claims.iter().zip(host.0).zip(reports).map(|((before, claim), report)| {
        let mut after = Domain { claim, ..before.clone() };
        if let Some(report) = report.as_ref().filter(|_| heard) {
            after.pointing = report.pointing;
            after.checks.last_at = Some(sight.evidence.asked_at);
        }
        // The record of this contest is no fresh proof in the next one.
        after.token.answers_contest &= after.claim.ownership == Ownership::Contested;
        schedule(&mut after, before, known(before.id()), due, sight.now);
        Judged { before: before.clone(), after, report }
    });
    looked.collect()
}

fn report(claim: &Domain, known: Known, sight: &Sight<'_>) -> Option<Report> {
    let promise = claim_of(claim, sight.settings)?;
    let edge = EdgePlaces { zone: sight.zone.clone(), addresses: sight.settings.addresses.clone() };
    let issuance = sight.asking.clone().unwrap_or_else(|| Asking {
        authority: String::new(),
        account: None,
        methods: Vec::new(),
        wildcard: promise.host.is_wildcard(),
    });
    let expected = Expected { claim: promise, edge, issuance };
    Some(Report::new(sight.evidence.clone(), &expected, known.clears_at))
}

/// The rules of ownership, over what each claim's records say.
fn look(claims: &[Domain], reports: &[Option<Report>], sight: &Sight<'_>) -> Host {
    let mut host = Host(claims.iter().map(|claim| claim.claim.clone()).collect());
    host.apply(&Event::TimePassed, sight.now);
    for (claim, report) in claims.iter().zip(reports) {
        let Some(report) = report else { continue };
        let locked_to = match &report.lock {
            Lock::To { tenants } => Some(&tenants[..]),
            Lock::Open | Lock::Unknown => None,
        };
        let event = Event::Checked {
            domain: claim.id(),
            seen: seen_of(claim, report, sight),
            from: sight.from,
            locked_to,
        };
        host.apply(&event, sight.now);
    }
    host
}

/// What the rules hear. Where nobody knows whether there is an owner lock, no new proof counts, and no old one is lost.
fn seen_of(claim: &Domain, report: &Report, sight: &Sight<'_>) -> Seen {
    let is_new = !claim.claim.ownership.holds();
    match seen(&report.proof, report.pointing, false) {
        Seen::Proof { .. } if is_new && report.lock == Lock::Unknown => Seen::Unclear,
        Seen::Proof { .. } => Seen::Proof { fresh: is_fresh(claim, sight) },
        seen => seen,
    }
}

/// Whether the record is there that was asked for in answer to a contest. The host may be proved by a CNAME all the while.
fn is_fresh(claim: &Domain, sight: &Sight<'_>) -> bool {
    let promise = claim_of(claim, sight.settings).filter(|_| claim.token.answers_contest);
    promise.is_some_and(|promise| shows_text(sight.evidence, &promise))
}

/// Somebody waits: for a proof, for a first certificate, or for the record that answers a contest.
fn is_awaited(after: &Domain, known: Known) -> bool {
    let certificate = after.transport == Transport::Acme && !known.has_order;
    match after.claim.ownership {
        Ownership::Verified => certificate,
        Ownership::Contested => after.token.answers_contest,
        _ => false,
    }
}

fn schedule(
    after: &mut Domain,
    before: &Domain,
    known: Known,
    due: Option<Timestamp>,
    now: Timestamp,
) {
    if after.claim.ownership != before.claim.ownership {
        (after.checks.since, after.checks.count) = (now, 0);
    }
    after.checks.count = after.checks.count.saturating_add(1);
    let ownership = after.claim.ownership;
    let looked = Looked {
        domain: after.id(),
        ownership: if is_awaited(after, known) { Ownership::Pending } else { ownership },
        since: after.checks.since,
        checks: after.checks.count,
        has_live_secrets: known.has_live_secrets,
    };
    // What has nothing to show is never looked at; its time passes with the others' looks.
    let next = next_check(&looked, now).filter(|_| !after.label.is_empty());
    after.checks.next_at = next.map(|next| due.map_or(next, |due| due.min(next)));
}

/// Whether a claim's token has stood for long without proving anything. Another tenant may have copied it by now.
pub(super) fn is_token_old(judged: &Judged, now: Timestamp) -> bool {
    let waits = matches!(judged.after.claim.ownership, Ownership::Pending | Ownership::Lapsed);
    let unproven = |report: &Report| matches!(report.proof, Proof::Missing | Proof::OtherToken);
    waits
        && judged.report.as_ref().is_some_and(unproven)
        && judged.after.token.drawn_at.plus(TOKEN_KEPT) <= now
}

/// Gives a claim another token.
pub(super) fn renew_token(domain: &mut Domain, token: ClaimToken, contest: bool, now: Timestamp) {
    domain.token.text = token.into();
    domain.token.drawn_at = now;
    domain.token.answers_contest = contest;
}
