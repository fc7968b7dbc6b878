//! The rows of one secret, and the units of work that change them. Where a row's state goes is looked up in
//! [`wax_model::transition`]; only numbers and keys are kept here.

use wax_model::{
    ClaimState, Kind, SecretState,
    transition::{Event, Facts, next_state},
};

use crate::Scenario;

/// What is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    pub(crate) state: SecretState,
    pub(crate) views_left: u32,
    pub(crate) open_claims: u32,
    pub(crate) wrong_tries: u32,
    /// The data key over the wrapped content key, with everything under it.
    pub(crate) has_wrap: bool,
    /// The data key over header, policy and content, with everything under it.
    pub(crate) has_content: bool,
    /// One per device.
    pub(crate) claims: Vec<Option<Claim>>,
}

/// One claim's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) state: ClaimState,
    pub(crate) counter: u8,
}

/// What a unit of work answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// The delivery, or what a bound device opens.
    Text,
    /// Done: heartbeat, acknowledgement, burn.
    Done,
    /// Counted as wrong.
    WrongKey,
    /// Nothing to have.
    No,
}

impl Database {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            state: SecretState::Ready,
            views_left: scenario.views,
            open_claims: 0,
            wrong_tries: 0,
            has_wrap: true,
            has_content: true,
            claims: vec![None; scenario.devices().into()],
        }
    }

    fn facts(&self, scenario: &Scenario, is_past_expiry: bool) -> Facts {
        Facts {
            kind: scenario.kind,
            views_left: self.views_left,
            open_claims: self.open_claims,
            wrong_tries: self.wrong_tries,
            lock_at: scenario.lock_at + (scenario.views - self.views_left),
            is_past_expiry,
        }
    }

    /// Moves the row if the table has a line for it, and takes away what the new state does not have. `seen` is the row
    /// that the decision is made from: a sound build's is this one, behind its lock.
    pub(crate) fn happens(
        &mut self,
        event: Event,
        seen: &Self,
        scenario: &Scenario,
        is_past_expiry: bool,
    ) -> bool {
        let facts = seen.facts(scenario, is_past_expiry);
        let Some(to) = next_state(seen.state, event, &facts) else { return false };
        match event {
            Event::Claim => {
                self.views_left = self.views_left.saturating_sub(1);
                self.open_claims += 1;
            }
            Event::WrongKey => self.wrong_tries = seen.wrong_tries + 1,
            Event::Ack | Event::Lapse => self.open_claims = self.open_claims.saturating_sub(1),
            Event::Unlock => self.wrong_tries = 0,
            Event::Open | Event::Expiry | Event::Burn => {}
        }
        self.state = to;
        if to.is_final() {
            (self.has_wrap, self.has_content, self.open_claims) = (false, false, 0);
        } else if to == SecretState::Bound {
            self.has_wrap = false;
        }
        true
    }

    pub(crate) fn claim(&self, device: u8) -> Option<Claim> {
        self.claims[usize::from(device)]
    }

    pub(crate) fn has_open_claim(&self, device: u8) -> bool {
        self.claim(device).is_some_and(|claim| claim.state == ClaimState::Open)
    }

    pub(crate) fn set_claim(&mut self, device: u8, state: ClaimState, counter: u8) {
        self.claims[usize::from(device)] = Some(Claim { state, counter });
    }

    pub(crate) fn end_all_claims(&mut self) {
        for claim in self.claims.iter_mut().flatten() {
            if claim.state == ClaimState::Open {
                claim.state = ClaimState::Lapsed;
            }
        }
    }

    /// What a claim or a recovery delivers, if this device has an open claim.
    pub(crate) fn delivery(&self, device: u8) -> Answer {
        let can_open = self.has_open_claim(device) && self.has_wrap && self.has_content;
        if can_open { Answer::Text } else { Answer::No }
    }

    pub(crate) fn can_return(&self, device: u8, kind: Kind) -> bool {
        let acked = self.claim(device).is_some_and(|claim| claim.state == ClaimState::Acked);
        kind == Kind::DeviceBound && acked && self.state == SecretState::Bound && self.has_content
    }
}
