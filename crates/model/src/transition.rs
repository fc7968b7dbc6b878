//! Which state of a secret may follow which: the one table that the document, the exhaustive model and the store's
//! conformance suite are compared with (ARCHITECTURE.md "States").

use crate::{Kind, SecretState};

/// What can happen to a secret that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A new device claims with the right key.
    Claim,
    /// A new device claims with a wrong key.
    WrongKey,
    /// An open claim is acknowledged.
    Ack,
    /// An open claim's window ends.
    Lapse,
    /// The device that it is bound to opens it again.
    Open,
    /// The sender forgets wrong tries.
    Unlock,
    /// The reaper comes by after its time.
    Expiry,
    /// The sender destroys it.
    Burn,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::Claim,
        Self::WrongKey,
        Self::Ack,
        Self::Lapse,
        Self::Open,
        Self::Unlock,
        Self::Expiry,
        Self::Burn,
    ];
}

/// What a transition depends on besides the state: the row as it was when the event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// One-time or device-bound.
    pub kind: Kind,
    /// Views not yet taken.
    pub views_left: u32,
    /// Claims between taken and ended, the one that ends included.
    pub open_claims: u32,
    /// Wrong tries so far.
    pub wrong_tries: u32,
    /// How many of them lock it.
    pub lock_at: u32,
    /// Whether its time is over.
    pub is_past_expiry: bool,
}

/// When a transition happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Whatever the facts.
    Always,
    /// Before the expiry, and another view remains.
    AnotherViewIsLeft,
    /// Before the expiry, and this is the last view.
    ThisIsTheLastView,
    /// Before the expiry, and further tries remain.
    MoreTriesAreLeft,
    /// Before the expiry, and no further try remains.
    ThisIsTheLastTry,
    /// After the expiry, and a claim is open.
    ItIsOverButAClaimIsOpen,
    /// After the expiry, and no claim is open.
    ItIsOver,
    /// Another claim stays open.
    AnotherClaimIsOpen,
    /// No other claim is open, and a view is left: the time was over before it was taken.
    AViewIsLeft,
    /// No other claim is open, and no view is left.
    NoViewIsLeft,
    /// The same, of a one-time secret.
    NothingIsLeft,
    /// No other claim is open, and the device may return until the expiry.
    TheDeviceMayReturn,
    /// No other claim is open, and the device could have returned until the expiry, which has passed.
    TheDeviceIsTooLate,
    /// Before the expiry.
    ItIsNotOver,
}

impl When {
    /// Whether it is so.
    pub const fn holds(self, facts: &Facts) -> bool {
        let Facts { kind, views_left, open_claims, wrong_tries, lock_at, is_past_expiry } = *facts;
        let is_last = open_claims == 1;
        let is_bound = matches!(kind, Kind::DeviceBound);
        match self {
            Self::Always => true,
            Self::AnotherViewIsLeft => !is_past_expiry && views_left > 1,
            Self::ThisIsTheLastView => !is_past_expiry && views_left == 1,
            Self::MoreTriesAreLeft => !is_past_expiry && wrong_tries + 1 < lock_at,
            Self::ThisIsTheLastTry => !is_past_expiry && wrong_tries + 1 >= lock_at,
            Self::ItIsOverButAClaimIsOpen => is_past_expiry && open_claims > 0,
            Self::ItIsOver => is_past_expiry && open_claims == 0,
            Self::AnotherClaimIsOpen => open_claims > 1,
            Self::AViewIsLeft => is_last && views_left > 0,
            Self::NoViewIsLeft => is_last && views_left == 0,
            Self::NothingIsLeft => is_last && views_left == 0 && !is_bound,
            Self::TheDeviceMayReturn => is_last && views_left == 0 && is_bound && !is_past_expiry,
            Self::TheDeviceIsTooLate => is_last && views_left == 0 && is_bound && is_past_expiry,
            Self::ItIsNotOver => !is_past_expiry,
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Where it stood.
    pub from: SecretState,
    /// What happened.
    pub event: Event,
    /// Under which condition.
    pub when: When,
    /// Where it stands.
    pub to: SecretState,
}

const fn line(from: SecretState, event: Event, when: When, to: SecretState) -> Transition {
    Transition { from, event, when, to }
}

use Event::{Ack, Burn, Claim, Expiry, Lapse, Open, Unlock, WrongKey};
use SecretState::{Bound, Burned, Destroyed, Draining, Expired, Locked, Ready};
use When::{
    AViewIsLeft, Always, AnotherClaimIsOpen, AnotherViewIsLeft, ItIsNotOver, ItIsOver,
    ItIsOverButAClaimIsOpen, MoreTriesAreLeft, NoViewIsLeft, NothingIsLeft, TheDeviceIsTooLate,
    TheDeviceMayReturn, ThisIsTheLastTry, ThisIsTheLastView,
};

/// Every transition there is. What is not here does not happen: the event changes nothing.
pub const TRANSITIONS: &[Transition] = &[
    line(Ready, Claim, AnotherViewIsLeft, Ready),
    line(Ready, Claim, ThisIsTheLastView, Draining),
    line(Ready, WrongKey, MoreTriesAreLeft, Ready),
    line(Ready, WrongKey, ThisIsTheLastTry, Locked),
    line(Ready, Ack, Always, Ready),
    line(Ready, Lapse, Always, Ready),
    line(Ready, Unlock, Always, Ready),
    line(Ready, Expiry, ItIsOverButAClaimIsOpen, Draining),
    line(Ready, Expiry, ItIsOver, Expired),
    line(Ready, Burn, Always, Burned),
    line(Locked, Ack, Always, Locked),
    line(Locked, Lapse, Always, Locked),
    line(Locked, Unlock, Always, Ready),
    line(Locked, Expiry, ItIsOverButAClaimIsOpen, Draining),
    line(Locked, Expiry, ItIsOver, Expired),
    line(Locked, Burn, Always, Burned),
    line(Draining, Ack, AnotherClaimIsOpen, Draining),
    line(Draining, Ack, AViewIsLeft, Expired),
    line(Draining, Ack, NothingIsLeft, Destroyed),
    line(Draining, Ack, TheDeviceMayReturn, Bound),
    line(Draining, Ack, TheDeviceIsTooLate, Expired),
    line(Draining, Lapse, AnotherClaimIsOpen, Draining),
    line(Draining, Lapse, AViewIsLeft, Expired),
    line(Draining, Lapse, NoViewIsLeft, Destroyed),
    line(Draining, Burn, Always, Burned),
    line(Bound, Open, ItIsNotOver, Bound),
    line(Bound, Expiry, ItIsOver, Expired),
    line(Bound, Burn, Always, Burned),
];

/// Where an event leads, or `None` if nothing happens.
pub fn next_state(from: SecretState, event: Event, facts: &Facts) -> Option<SecretState> {
    let fits =
        |line: &&Transition| line.from == from && line.event == event && line.when.holds(facts);
    TRANSITIONS.iter().find(fits).map(|line| line.to)
}

/// The states that an event may find, in the order of the states: what its `UPDATE` names.
pub fn states_before(event: Event) -> Vec<SecretState> {
    let has_line = |from: &SecretState| {
        TRANSITIONS.iter().any(|line| line.from == *from && line.event == event)
    };
    SecretState::ALL.iter().copied().filter(has_line).collect()
}

#[cfg(test)]
mod tests;
