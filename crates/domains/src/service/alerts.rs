//! What is told although no state has changed: that it is served, what will break a renewal, certificates that end.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wax_acme::{Actor, Issuance, Validity};
use wax_dns::{Check, Severity};
use wax_kernel::Timestamp;
use wax_model::domain::{CertificateState, Ownership, Transport};

use super::{judging::Judged, news::News};

const DAY: Duration = Duration::from_hours(24);
/// Days before its end at which a certificate that we order should have had a successor long since.
const ORDERED: [u32; 4] = [14, 7, 3, 1];
/// The same for one that was brought along: people need longer.
const BROUGHT: [u32; 3] = [30, 14, 3];

/// What is kept of a look: the report, and what was told because of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// As it was made.
    pub(super) report: Value,
    /// Which alerts were told, and when: each once, until it was gone for a day.
    #[serde(default)]
    pub(super) told: BTreeMap<String, Timestamp>,
}

/// What is known of a claim's certificate.
#[derive(Debug, Clone, Default)]
pub(super) struct Certified {
    pub(super) issuance: Option<Issuance>,
    pub(super) validity: Option<Validity>,
}

/// An alert and the word by which it is remembered.
struct Alert {
    key: String,
    news: News,
}

/// What is to be told now, and what was told by then.
pub(super) fn alerts(
    judged: &Judged,
    certified: &Certified,
    told: &BTreeMap<String, Timestamp>,
    now: Timestamp,
) -> (Vec<News>, BTreeMap<String, Timestamp>) {
    let standing = standing(judged, certified, now);
    let mut kept: BTreeMap<_, _> = told
        .iter()
        .filter(|(key, at)| at.plus(DAY) > now || standing.iter().any(|alert| alert.key == **key))
        .map(|(key, at)| (key.clone(), *at))
        .collect();
    let mut news = Vec::new();
    for Alert { key, news: one } in standing {
        if let Entry::Vacant(untold) = kept.entry(key) {
            untold.insert(now);
            news.push(one);
        }
    }
    (news, kept)
}

fn standing(judged: &Judged, certified: &Certified, now: Timestamp) -> Vec<Alert> {
    let owned = matches!(judged.after.claim.ownership, Ownership::Verified | Ownership::Contested);
    if !owned {
        return Vec::new();
    }
    let alerts = [
        ready(certified, now),
        at_risk(judged, certified),
        troubled(certified, now),
        ends(judged, certified, now),
    ];
    alerts.into_iter().flatten().collect()
}

/// Not an alert, and told like one: once.
fn ready(certified: &Certified, now: Timestamp) -> Option<Alert> {
    let is_served = certified.validity.is_some_and(|validity| now < validity.not_after);
    is_served.then(|| Alert { key: "ready".to_owned(), news: News::Ready })
}

/// The worst thing that is wrong with a host that is served.
fn at_risk(judged: &Judged, certified: &Certified) -> Option<Alert> {
    certified.validity?;
    let decides = |check| matches!(check, Check::Pointing | Check::Caa | Check::Dnssec);
    let mut findings = judged.report.iter().flat_map(|report| &report.findings);
    let worst = findings
        .find(|finding| finding.severity >= Severity::Warning && decides(finding.check))?
        .clone();
    let key = worst.code.as_str().to_owned();
    Some(Alert { key, news: News::AtRisk { finding: Box::new(worst) } })
}

/// An order that the tenant, or a person here, has to help; or one that fails again and again.
fn troubled(certified: &Certified, now: Timestamp) -> Option<Alert> {
    let issuance = certified.issuance.as_ref()?;
    let trouble = issuance.trouble.as_ref()?;
    let rule = trouble.reason.rule();
    let stuck = match issuance.axis(now) {
        CertificateState::Blocked | CertificateState::Expired => true,
        CertificateState::Backoff => rule.actor == Actor::Tenant || issuance.failures.orders >= 2,
        _ => false,
    };
    stuck.then(|| Alert {
        key: format!("order-{}", rule.code),
        news: News::NoCertificate { reason: rule.code },
    })
}

fn ends(judged: &Judged, certified: &Certified, now: Timestamp) -> Option<Alert> {
    let Validity { not_before, not_after } = certified.validity?;
    let days: &[u32] = match judged.after.transport {
        Transport::Acme => &ORDERED,
        Transport::Own => &BROUGHT,
        Transport::Onion | Transport::Loopback => return None,
    };
    let (life, left) = (not_before.until(not_after), now.until(not_after));
    // A short-lived certificate has less than that to live from its first day.
    let passed = days.iter().filter(|days| left <= DAY * **days && DAY * **days * 3 <= life);
    let days = *passed.min()?;
    (now < not_after)
        .then(|| Alert { key: format!("ends-{days}"), news: News::Ends { at: not_after, days } })
}
