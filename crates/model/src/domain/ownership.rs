//! Who holds a host: one function over every tenant's claim to it (docs/domains.md §2 "Ownership").

use std::time::Duration;

use wax_kernel::{DomainId, TenantId, Timestamp};

use super::Ownership;

/// How long a holder has to answer when another tenant proved its host.
pub const CONTEST: Duration = Duration::from_hours(72);
/// How long a host is held before only its name and certificate are kept.
pub const HELD: Duration = Duration::from_hours(72);
/// How long after it became held a host is lost.
pub const LOST_AFTER: Duration = Duration::from_hours(14 * 24);
/// How far apart the two sightings of a proof are that take a host from its holder.
pub const SIGHTINGS_APART: Duration = Duration::from_mins(10);
/// How long a claim waits after the holder proved that the host is its own.
pub const TURNED_DOWN: Duration = Duration::from_hours(7 * 24);

/// Where a check was made from. Two of them must have seen a proof before a host changes hands: whoever can lie to one
/// network's resolvers can seldom lie to another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vantage(pub Box<str>);

/// The first time that a proof was seen against a holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub from: Vantage,
}

/// One tenant's claim to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostClaim {
    /// The domain: this claim.
    pub domain: DomainId,
    /// Who claims.
    pub tenant: TenantId,
    /// How far it got.
    pub ownership: Ownership,
    /// Since when.
    pub since: Timestamp,
    /// When the DNS began to name somebody else; kept through grace.
    pub held_since: Option<Timestamp>,
    /// When its proof was first seen while another held the host.
    pub sighting: Option<Sighting>,
    /// Which claim contests this one.
    pub contested_by: Option<DomainId>,
    /// Until when it is not heard: the holder proved that the host is its own.
    pub turned_down_until: Option<Timestamp>,
}

impl HostClaim {
    /// A claim without any proof.
    pub const fn pending(domain: DomainId, tenant: TenantId, now: Timestamp) -> Self {
        Self {
            domain,
            tenant,
            ownership: Ownership::Pending,
            since: now,
            held_since: None,
            sighting: None,
            contested_by: None,
            turned_down_until: None,
        }
    }
}

/// What a check says about who owns the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// This claim's proof, at every server. `fresh`: the record that the contest asked for.
    Proof {
        /// Whether it can only have been set since the contest began.
        fresh: bool,
    },
    /// No proof, and the host leads here.
    Here,
    /// Every server names somebody else, or says that the name does not exist.
    Elsewhere,
    /// Errors, silence, or servers that disagree.
    Unclear,
}

/// Something that may change who holds the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A claim's records were looked at.
    Checked {
        /// Whose.
        domain: DomainId,
        /// What they said.
        seen: Seen,
        /// From where.
        from: &'a Vantage,
        /// Who alone may hold the host, if its registered domain has an owner lock.
        locked_to: Option<&'a [TenantId]>,
    },
    /// Nothing but time has passed.
    TimePassed,
    /// A tenant gave its claim up.
    Released {
        /// Which.
        domain: DomainId,
    },
}

/// All claims to one host. Whoever loads them locks them, applies one event and stores what differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host(pub Vec<HostClaim>);

impl Host {
    /// The claim that holds the host.
    pub fn holder(&self) -> Option<&HostClaim> {
        self.0.iter().find(|claim| claim.ownership.holds())
    }

    /// The first moment after `now` at which time alone changes what follows from a look at the host.
    pub fn due_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.iter().flat_map(HostClaim::due).filter(|due| *due > now).min()
    }

    /// Lets something happen. What is overdue happens first.
    pub fn apply(&mut self, event: &Event<'_>, now: Timestamp) {
        self.let_time_pass(now);
        match *event {
            Event::TimePassed => {}
            Event::Released { domain } => self.release(domain, now),
            Event::Checked { domain, seen, from, locked_to } => {
                self.heed_lock(locked_to, now);
                if let Some(index) = self.index(domain) {
                    self.check(index, seen, from, locked_to, now);
                }
            }
        }
    }

    fn let_time_pass(&mut self, now: Timestamp) {
        for claim in &mut self.0 {
            let Some(held_since) = claim.held_since else { continue };
            if held_since.plus(LOST_AFTER) <= now {
                claim.enter(Ownership::Lapsed, now);
            } else if claim.ownership == Ownership::Held && held_since.plus(HELD) <= now {
                claim.enter(Ownership::Grace, now);
            }
        }
    }

    fn release(&mut self, domain: DomainId, now: Timestamp) {
        if let Some(index) = self.index(domain) {
            self.0[index].enter(Ownership::Released, now);
        }
        self.end_contest_of(domain, now);
    }

    /// A lock that names the holder and not who contests it ends the contest.
    fn heed_lock(&mut self, locked_to: Option<&[TenantId]>, now: Timestamp) {
        let Some((tenants, contest)) = locked_to.zip(self.contest()) else { return };
        let [holder, challenger] = contest.map(|index| self.0[index].tenant);
        if tenants.contains(&holder) && !tenants.contains(&challenger) {
            self.turn_down(contest, now);
        }
    }

    fn check(
        &mut self,
        index: usize,
        seen: Seen,
        from: &Vantage,
        locked_to: Option<&[TenantId]>,
        now: Timestamp,
    ) {
        let claim = &mut self.0[index];
        match (claim.ownership, seen) {
            (Ownership::Pending | Ownership::Lapsed, Seen::Proof { .. }) => {
                let is_let_in = locked_to.is_none_or(|tenants| tenants.contains(&claim.tenant));
                if is_let_in && claim.turned_down_until.is_none_or(|until| until <= now) {
                    self.prove(index, from, now);
                }
            }
            (Ownership::Pending | Ownership::Lapsed, Seen::Here | Seen::Elsewhere) => {
                claim.sighting = None;
                let domain = claim.domain;
                self.end_contest_of(domain, now);
            }
            (Ownership::Contested, Seen::Proof { fresh: true }) => {
                if let Some(contest) = self.contest() {
                    self.turn_down(contest, now);
                }
            }
            (Ownership::Verified | Ownership::Contested, Seen::Elsewhere) => {
                claim.enter(Ownership::Held, now);
            }
            (Ownership::Held | Ownership::Grace, Seen::Proof { .. } | Seen::Here) => {
                claim.enter(Ownership::Verified, now);
            }
            // It is as it was, nobody can tell, or it is over for good.
            _ => {}
        }
    }

    /// A claim that does not hold the host has been proved.
    fn prove(&mut self, index: usize, from: &Vantage, now: Timestamp) {
        let Some(holder) = self.0.iter().position(|claim| claim.ownership.holds()) else {
            self.0[index].enter(Ownership::Verified, now);
            return;
        };
        let challenger = self.0[index].domain;
        let held = &mut self.0[holder];
        if held.ownership == Ownership::Contested {
            if held.contested_by != Some(challenger) || now < held.since.plus(CONTEST) {
                return;
            }
        } else if !self.0[index].is_seen_again(from, now) {
            return;
        } else if self.0[holder].ownership == Ownership::Verified {
            self.0[holder].enter(Ownership::Contested, now);
            self.0[holder].contested_by = Some(challenger);
            return;
        }
        self.0[holder].enter(Ownership::Lapsed, now);
        self.0[index].enter(Ownership::Verified, now);
    }

    fn index(&self, domain: DomainId) -> Option<usize> {
        self.0.iter().position(|claim| claim.domain == domain)
    }

    /// The holder and who contests it.
    fn contest(&self) -> Option<[usize; 2]> {
        let holder = self.0.iter().position(|claim| claim.ownership == Ownership::Contested)?;
        let challenger = self.index(self.0[holder].contested_by?)?;
        Some([holder, challenger])
    }

    fn turn_down(&mut self, [holder, challenger]: [usize; 2], now: Timestamp) {
        self.0[holder].enter(Ownership::Verified, now);
        let challenger = &mut self.0[challenger];
        challenger.sighting = None;
        challenger.turned_down_until = Some(now.plus(TURNED_DOWN));
    }

    /// The proof that a contest rests on is gone.
    fn end_contest_of(&mut self, challenger: DomainId, now: Timestamp) {
        for claim in &mut self.0 {
            if claim.contested_by == Some(challenger) {
                claim.enter(Ownership::Verified, now);
            }
        }
    }
}

impl HostClaim {
    /// When its waits end.
    fn due(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let contested = self.ownership == Ownership::Contested;
        let held = (self.ownership == Ownership::Held).then_some(HELD);
        [
            contested.then(|| self.since.plus(CONTEST)),
            self.held_since.zip(held).map(|(since, held)| since.plus(held)),
            self.held_since.map(|since| since.plus(LOST_AFTER)),
            self.sighting.as_ref().map(|first| first.at.plus(SIGHTINGS_APART)),
            self.turned_down_until,
        ]
        .into_iter()
        .flatten()
    }

    /// Every state begins without the traces of another.
    fn enter(&mut self, ownership: Ownership, now: Timestamp) {
        self.held_since = match ownership {
            Ownership::Held => Some(now),
            Ownership::Grace => self.held_since,
            _ => None,
        };
        (self.sighting, self.contested_by) = (None, None);
        (self.ownership, self.since) = (ownership, now);
    }

    /// Remembers the first sighting; the second counts from elsewhere, and later.
    fn is_seen_again(&mut self, from: &Vantage, now: Timestamp) -> bool {
        match &self.sighting {
            None => {
                self.sighting = Some(Sighting { at: now, from: from.clone() });
                false
            }
            Some(first) => first.from != *from && first.at.plus(SIGHTINGS_APART) <= now,
        }
    }
}

#[cfg(test)]
mod tests;
