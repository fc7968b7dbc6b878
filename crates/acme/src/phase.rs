//! The life of an issuance, as data. The engine can go no other way.

use serde::{Deserialize, Serialize};
use wax_kernel::CertificateId;

use crate::{Answer, SealedKey};

/// Where an issuance is: the request to the issuer that comes **next**, with all that it takes.
///
/// It is stored before the request is made. Whoever finds it later makes the request again, and every request is one that
/// may be made twice (ADR 0024 says why, step by step).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub enum Step {
    /// Waits for its turn, its pause, or the ledger.
    Queued,
    /// Asks for an order.
    Ordering,
    /// Asks which proofs the issuer takes.
    Choosing {
        /// The order's URL.
        order: String,
    },
    /// Puts the answer where the issuer will look, and waits until it is everywhere.
    Publishing {
        /// The order's URL.
        order: String,
        /// What is put there.
        answer: Answer,
    },
    /// Tells the issuer to look.
    Asking {
        /// The order's URL.
        order: String,
        /// What it will see.
        answer: Answer,
    },
    /// Asks what the issuer saw.
    Validating {
        /// The order's URL.
        order: String,
        /// What it looks at.
        answer: Answer,
    },
    /// Sends the request for the certificate. Its key was made, sealed and stored before.
    Finalizing {
        /// The order's URL.
        order: String,
        /// What the certificate will be called.
        certificate: CertificateId,
        /// Its key.
        key: SealedKey,
    },
    /// Fetches the certificate.
    Collecting {
        /// The order's URL.
        order: String,
        /// What the certificate will be called.
        certificate: CertificateId,
        /// Its key.
        key: SealedKey,
    },
    /// The certificate is in use: asks when to renew it.
    Active,
    /// Waits for a person.
    Blocked,
}

/// A step without what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of `Step`")]
pub enum Phase {
    Queued,
    Ordering,
    Choosing,
    Publishing,
    Asking,
    Validating,
    Finalizing,
    Collecting,
    Active,
    Blocked,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The ledger had room.
    Granted,
    /// The issuer made an order.
    Ordered,
    /// A proof was chosen.
    Chosen,
    /// The answer is on every edge.
    Published,
    /// The issuer was told to look.
    Told,
    /// The issuer has what it needs: now, or from an earlier order.
    Proven,
    /// The issuer took the request for the certificate.
    Submitted,
    /// The issuer never got it.
    NotSubmitted,
    /// The certificate has come, and is what was ordered.
    Issued,
    /// It is time to renew.
    Due,
    /// It takes a new order.
    Failed,
    /// It takes a person.
    Stuck,
    /// A person says that it is mended.
    Mended,
}

/// Every step that there is.
pub const TRANSITIONS: &[(Phase, Event, Phase)] = &[
    (Phase::Queued, Event::Granted, Phase::Ordering),
    (Phase::Ordering, Event::Ordered, Phase::Choosing),
    (Phase::Choosing, Event::Chosen, Phase::Publishing),
    (Phase::Choosing, Event::Proven, Phase::Finalizing),
    (Phase::Publishing, Event::Published, Phase::Asking),
    (Phase::Asking, Event::Told, Phase::Validating),
    (Phase::Validating, Event::Proven, Phase::Finalizing),
    (Phase::Finalizing, Event::Submitted, Phase::Collecting),
    (Phase::Collecting, Event::NotSubmitted, Phase::Finalizing),
    (Phase::Collecting, Event::Issued, Phase::Active),
    (Phase::Active, Event::Due, Phase::Queued),
    (Phase::Ordering, Event::Failed, Phase::Queued),
    (Phase::Choosing, Event::Failed, Phase::Queued),
    (Phase::Publishing, Event::Failed, Phase::Queued),
    (Phase::Asking, Event::Failed, Phase::Queued),
    (Phase::Validating, Event::Failed, Phase::Queued),
    (Phase::Finalizing, Event::Failed, Phase::Queued),
    (Phase::Collecting, Event::Failed, Phase::Queued),
    (Phase::Ordering, Event::Stuck, Phase::Blocked),
    (Phase::Choosing, Event::Stuck, Phase::Blocked),
    (Phase::Asking, Event::Stuck, Phase::Blocked),
    (Phase::Validating, Event::Stuck, Phase::Blocked),
    (Phase::Finalizing, Event::Stuck, Phase::Blocked),
    (Phase::Collecting, Event::Stuck, Phase::Blocked),
    (Phase::Blocked, Event::Mended, Phase::Queued),
];

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Ordering,
        Self::Choosing,
        Self::Publishing,
        Self::Asking,
        Self::Validating,
        Self::Finalizing,
        Self::Collecting,
        Self::Active,
        Self::Blocked,
    ];

    /// Where `event` leads, if it can happen here.
    pub fn after(self, event: Event) -> Option<Self> {
        let found = TRANSITIONS.iter().find(|(from, on, _)| (*from, *on) == (self, event));
        found.map(|(_, _, to)| *to)
    }

    /// Whether there is an order at the issuer.
    pub const fn has_order(self) -> bool {
        !matches!(self, Self::Queued | Self::Ordering | Self::Active | Self::Blocked)
    }
}

impl Step {
    /// Its phase.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Queued => Phase::Queued,
            Self::Ordering => Phase::Ordering,
            Self::Choosing { .. } => Phase::Choosing,
            Self::Publishing { .. } => Phase::Publishing,
            Self::Asking { .. } => Phase::Asking,
            Self::Validating { .. } => Phase::Validating,
            Self::Finalizing { .. } => Phase::Finalizing,
            Self::Collecting { .. } => Phase::Collecting,
            Self::Active => Phase::Active,
            Self::Blocked => Phase::Blocked,
        }
    }

    /// What is out for the issuer to see.
    pub const fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Publishing { answer, .. }
            | Self::Asking { answer, .. }
            | Self::Validating { answer, .. } => Some(answer),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn reachable_from(start: Phase) -> BTreeSet<Phase> {
        let mut seen = BTreeSet::from([start]);
        loop {
            let next: Vec<_> = TRANSITIONS
                .iter()
                .filter(|(from, _, to)| seen.contains(from) && !seen.contains(to))
                .map(|(_, _, to)| *to)
                .collect();
            if next.is_empty() {
                return seen;
            }
            seen.extend(next);
        }
    }

    #[test]
    fn no_phase_is_a_dead_end() {
        for phase in Phase::ALL {
            assert_eq!(reachable_from(phase).len(), Phase::ALL.len(), "from {phase:?}");
        }
    }

    #[test]
    fn an_event_leads_to_one_place() {
        let pairs: std::collections::HashSet<_> =
            TRANSITIONS.iter().map(|(from, event, _)| (*from, *event)).collect();
        assert_eq!(pairs.len(), TRANSITIONS.len());
    }

    #[test]
    fn every_phase_with_an_order_can_give_it_up() {
        for phase in Phase::ALL.into_iter().filter(|phase| phase.has_order()) {
            assert_eq!(phase.after(Event::Failed), Some(Phase::Queued), "{phase:?}");
        }
    }

    #[test]
    fn a_certificate_comes_only_from_an_order_and_an_order_only_past_the_ledger() {
        let into =
            |to| TRANSITIONS.iter().filter(move |(_, _, t)| *t == to).map(|(from, ..)| *from);
        assert_eq!(into(Phase::Active).collect::<Vec<_>>(), [Phase::Collecting]);
        assert_eq!(into(Phase::Ordering).collect::<Vec<_>>(), [Phase::Queued]);
    }
}
