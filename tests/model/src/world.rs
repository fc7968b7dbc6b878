//! Devices, calls on their way through the servers, time, and everything that can happen next.
//!
//! Two server processes share the database and nothing else, so a call is not tied to one of them until one crashes: a
//! crash takes any set of calls with it. Behind the row's lock nobody else reads or writes, so a unit of work is two steps:
//! it takes the lock, and it commits. A broken rule looks at the rows in the first step and holds no lock between.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use stateright::{Model, Property};
use wax_model::{ClaimState, Kind, SecretState, transition::Event};

use crate::{
    Broken, Scenario,
    database::{Answer, Database},
    properties,
};

/// Everything there is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) database: Database,
    /// In an order of its own, so that one set of calls is one state.
    pub(crate) calls: Vec<Call>,
    pub(crate) devices: Vec<Device>,
    pub(crate) is_past_expiry: bool,
    pub(crate) is_unlocked_once: bool,
    pub(crate) burn: Burning,
    losses: u8,
    crashes: u8,
    /// How many devices are alike: those with the right key, which come first.
    rightful: u8,
    pub(crate) seen: Seen,
}

/// What really happened, for the properties: nothing decides by it.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) first_end: Option<SecretState>,
    pub(crate) wrong_tries: u32,
    pub(crate) counter_taken_twice: bool,
    pub(crate) opened_after_burn: bool,
    pub(crate) claimed_while_locked: bool,
    pub(crate) acked_while_locked: bool,
    pub(crate) recovered: bool,
    pub(crate) opened_again: bool,
}

/// One device, and what it may still do.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Device {
    pub(crate) has_text: bool,
    pub(crate) has_sent_ack: bool,
    pub(crate) is_acked: bool,
    pub(crate) is_window_over: bool,
    asks: u8,
    beats: u8,
    acks: u8,
    opens: u8,
}

/// How far the burn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Burning {
    /// The sender may still do it.
    Possible,
    /// It was sent, or never will be.
    Begun,
    /// The sender has the answer.
    Answered,
}

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    /// `None`: the sender.
    device: Option<u8>,
    ask: Ask,
    began_after_burn: bool,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Ask {
    Claim,
    Recover,
    Heartbeat(u8),
    Ack(u8),
    Open(u8),
    Burn,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    /// At a server, which has done nothing yet.
    Arrived,
    /// Holds the row's lock. `answered`: it has answered already, which it must not.
    Locked { answered: bool },
    /// Has looked, and holds no lock.
    Looked(Box<Database>),
    /// Committed; the answer is on its way.
    Answering(Answer),
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Send(u8, Ask),
    SendBurn,
    Begin(usize),
    Commit(usize),
    Deliver(usize),
    Lose(usize),
    /// A server process ends, with these calls (a bit each).
    Crash(u32),
    TimePasses,
    WindowEnds(u8),
    ReapClaim(u8),
    ReapSecret,
    Unlock,
}

impl Call {
    fn holds_the_lock(&self) -> bool {
        matches!(self.phase, Phase::Locked { .. })
    }
}

impl World {
    fn new(scenario: &Scenario) -> Self {
        let device = Device {
            has_text: false,
            has_sent_ack: false,
            is_acked: false,
            is_window_over: false,
            asks: scenario.asks,
            beats: scenario.beats,
            acks: scenario.acks,
            opens: scenario.opens,
        };
        Self {
            database: Database::new(scenario),
            calls: Vec::new(),
            devices: vec![device; scenario.devices().into()],
            is_past_expiry: false,
            is_unlocked_once: false,
            burn: if scenario.burns { Burning::Possible } else { Burning::Begun },
            losses: scenario.losses,
            crashes: scenario.crashes,
            rightful: scenario.rightful,
            seen: Seen::default(),
        }
    }

    fn is_lock_free(&self) -> bool {
        !self.calls.iter().any(Call::holds_the_lock)
    }

    fn device(&mut self, device: u8) -> &mut Device {
        &mut self.devices[usize::from(device)]
    }

    /// What a device may send now.
    fn asks(&self, number: u8, scenario: &Scenario) -> Vec<Ask> {
        let device = &self.devices[usize::from(number)];
        let mut asks = Vec::new();
        if device.asks > 0 && !device.is_acked {
            if !device.has_text {
                asks.push(Ask::Claim);
            }
            if device.asks < scenario.asks && scenario.has_right_key(number) {
                asks.push(Ask::Recover);
            }
        }
        if device.has_text && !device.is_acked {
            if device.beats > 0 && !device.has_sent_ack {
                asks.push(Ask::Heartbeat(1));
            }
            if device.acks > 0 {
                asks.push(Ask::Ack(2 + scenario.acks - device.acks));
            }
        }
        if device.is_acked && device.opens > 0 && scenario.kind == Kind::DeviceBound {
            asks.push(Ask::Open(10));
        }
        asks
    }

    fn send(&mut self, device: Option<u8>, ask: Ask) {
        if let Some(number) = device {
            let device = self.device(number);
            match ask {
                Ask::Claim | Ask::Recover => device.asks -= 1,
                Ask::Heartbeat(_) => device.beats -= 1,
                Ask::Ack(_) => (device.acks, device.has_sent_ack) = (device.acks - 1, true),
                Ask::Open(_) => device.opens -= 1,
                Ask::Burn => {}
            }
        }
        let began_after_burn = self.burn == Burning::Answered;
        self.calls.push(Call { device, ask, began_after_burn, phase: Phase::Arrived });
    }

    /// Takes the lock; or looks without, where that is the mistake; or reads, where nothing is changed.
    fn begin(&mut self, index: usize, scenario: &Scenario) {
        let Call { device, ask, .. } = self.calls[index];
        self.calls[index].phase = if ask == Ask::Recover {
            let device = device.expect("a device recovers");
            let is_over = self.devices[usize::from(device)].is_window_over;
            Phase::Answering(if is_over { Answer::No } else { self.database.delivery(device) })
        } else if looks_first(ask, device, scenario) {
            Phase::Looked(Box::new(self.database.clone()))
        } else {
            Phase::Locked { answered: false }
        };
        if scenario.breaks(Broken::AnswerBeforeCommit) && self.calls[index].holds_the_lock() {
            self.answer_early(index, scenario);
        }
    }

    fn answer_early(&mut self, index: usize, scenario: &Scenario) {
        let mut would_be = self.clone();
        let answer = would_be.execute(&self.calls[index], &self.database, scenario);
        self.calls[index].phase = Phase::Locked { answered: true };
        self.calls.push(Call { phase: Phase::Answering(answer), ..self.calls[index].clone() });
    }

    fn commit(&mut self, index: usize, scenario: &Scenario) {
        let call = self.calls[index].clone();
        let answer = match &call.phase {
            Phase::Looked(looked) if scenario.breaks(Broken::SelectThenDelete) => {
                // Decided then, written now.
                let (actual, mut then) = (self.clone(), self.clone());
                then.database = (**looked).clone();
                let answer = then.execute(&call, looked, scenario);
                *self = World { calls: actual.calls, devices: actual.devices, ..then };
                answer
            }
            Phase::Looked(looked) => self.execute(&call, &looked.clone(), scenario),
            _ => self.execute(&call, &self.database.clone(), scenario),
        };
        if matches!(call.phase, Phase::Locked { answered: true }) {
            self.calls.remove(index);
        } else {
            self.calls[index].phase = Phase::Answering(answer);
        }
    }

    /// The unit of work. `looked` is what was seen in the first step: in a sound build, the rows as they are.
    fn execute(&mut self, call: &Call, looked: &Database, scenario: &Scenario) -> Answer {
        let Some(device) = call.device else {
            if self.happens(Event::Burn, &self.database.clone(), scenario) {
                self.database.end_all_claims();
            }
            return Answer::Done;
        };
        match call.ask {
            Ask::Claim if scenario.has_right_key(device) => self.claim(device, looked, scenario),
            Ask::Claim => self.guess(device, looked, scenario),
            Ask::Heartbeat(counter) => self.heartbeat(device, counter, looked, scenario),
            Ask::Ack(counter) => self.ack(device, counter, looked, scenario),
            Ask::Open(counter) => self.open(device, counter, looked, scenario),
            Ask::Recover | Ask::Burn => Answer::No,
        }
    }

    /// The view first, then the claim's row; if there is one already, the view is given back.
    fn claim(&mut self, device: u8, looked: &Database, scenario: &Scenario) -> Answer {
        let before = self.clone();
        if !self.happens(Event::Claim, &self.database.clone(), scenario) {
            return self.database.delivery(device);
        }
        self.seen.claimed_while_locked |= before.database.state == SecretState::Locked;
        if self.database.claim(device).is_none() {
            self.database.set_claim(device, ClaimState::Open, 0);
        } else if !scenario.breaks(Broken::NotExists) || looked.claim(device).is_some() {
            *self = before;
        }
        self.database.delivery(device)
    }

    fn guess(&mut self, device: u8, looked: &Database, scenario: &Scenario) -> Answer {
        let mut seen = self.database.clone();
        if scenario.breaks(Broken::TriesOutsideUpdate) {
            seen.wrong_tries = looked.wrong_tries;
        }
        if !self.happens(Event::WrongKey, &seen, scenario) {
            return self.database.delivery(device);
        }
        self.seen.wrong_tries += 1;
        Answer::WrongKey
    }

    fn heartbeat(
        &mut self,
        device: u8,
        counter: u8,
        looked: &Database,
        scenario: &Scenario,
    ) -> Answer {
        let is_open = self.database.has_open_claim(device);
        if !is_open || self.device(device).is_window_over {
            return Answer::No;
        }
        self.count(device, counter, looked, scenario, ClaimState::Open)
    }

    fn ack(&mut self, device: u8, counter: u8, looked: &Database, scenario: &Scenario) -> Answer {
        match self.database.claim(device).map(|claim| claim.state) {
            Some(ClaimState::Acked) => return Answer::Done,
            Some(ClaimState::Open) if !self.device(device).is_window_over => {}
            _ => return Answer::No,
        }
        let answer = self.count(device, counter, looked, scenario, ClaimState::Acked);
        if answer == Answer::Done {
            self.seen.acked_while_locked |= self.database.state == SecretState::Locked;
            let unlocked = scenario.breaks(Broken::AckWithoutLock).then(|| looked.clone());
            let seen = unlocked.unwrap_or_else(|| self.database.clone());
            self.happens(Event::Ack, &seen, scenario);
        }
        answer
    }

    fn open(&mut self, device: u8, counter: u8, looked: &Database, scenario: &Scenario) -> Answer {
        if !self.database.can_return(device, scenario.kind) || self.is_past_expiry {
            return Answer::No;
        }
        let counted = self.count(device, counter, looked, scenario, ClaimState::Acked);
        if counted == Answer::Done { Answer::Text } else { Answer::No }
    }

    /// Takes a counter that is larger than the last.
    fn count(
        &mut self,
        device: u8,
        counter: u8,
        looked: &Database,
        scenario: &Scenario,
        state: ClaimState,
    ) -> Answer {
        let last = self.database.claim(device).map_or(0, |claim| claim.counter);
        let in_memory = looked.claim(device).map_or(0, |claim| claim.counter);
        let compared = if scenario.breaks(Broken::CounterInMemory) { in_memory } else { last };
        if counter <= compared {
            return Answer::No;
        }
        self.seen.counter_taken_twice |= counter <= last;
        self.database.set_claim(device, state, counter);
        Answer::Done
    }

    fn happens(&mut self, event: Event, seen: &Database, scenario: &Scenario) -> bool {
        let happened = self.database.happens(event, seen, scenario, self.is_past_expiry);
        if self.database.state.is_final() {
            self.seen.first_end = self.seen.first_end.or(Some(self.database.state));
        }
        happened
    }

    fn deliver(&mut self, index: usize) {
        let call = self.calls.remove(index);
        let Phase::Answering(answer) = call.phase else { return };
        let Some(number) = call.device else {
            self.burn = Burning::Answered;
            return;
        };
        if answer == Answer::Text {
            self.seen.opened_after_burn |= call.began_after_burn;
            self.seen.recovered |= call.ask == Ask::Recover;
            self.seen.opened_again |= matches!(call.ask, Ask::Open(_));
            self.device(number).has_text = true;
        }
        if matches!(call.ask, Ask::Ack(_)) && answer == Answer::Done {
            self.device(number).is_acked = true;
        }
    }

    fn reap_claim(&mut self, device: u8, scenario: &Scenario) {
        let counter = self.database.claim(device).map_or(0, |claim| claim.counter);
        self.database.set_claim(device, ClaimState::Lapsed, counter);
        self.happens(Event::Lapse, &self.database.clone(), scenario);
    }
}

/// An order among calls; which one does not matter.
fn key(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The same world with its rightful devices in one order: which of them is called the first makes no difference, so that
/// of worlds that differ in names only one is walked.
pub(crate) fn without_names(world: &World) -> World {
    let alike = world.rightful;
    let mut order: Vec<u8> = (0..alike).collect();
    order.sort_by_cached_key(|device| {
        let calls: Vec<u64> = world
            .calls
            .iter()
            .filter(|call| call.device == Some(*device))
            .map(|call| key(&(call.ask, call.began_after_burn, &call.phase)))
            .collect();
        key(&(&world.devices[usize::from(*device)], world.database.claim(*device), calls))
    });
    let mut same = world.clone();
    for (new, old) in order.iter().enumerate() {
        same.devices[new] = world.devices[usize::from(*old)];
        same.database.claims[new] = world.database.claims[usize::from(*old)];
    }
    for call in &mut same.calls {
        let renamed =
            |old: u8| order.iter().position(|device| *device == old).unwrap_or(old.into());
        let rightful = call.device.filter(|device| *device < alike);
        call.device = match rightful {
            Some(old) => u8::try_from(renamed(old)).ok(),
            None => call.device,
        };
    }
    same.calls.sort_by_cached_key(key);
    same
}

/// Whether the first step looks without the lock.
fn looks_first(ask: Ask, device: Option<u8>, scenario: &Scenario) -> bool {
    let is_guess = device.is_some_and(|device| !scenario.has_right_key(device));
    match scenario.broken {
        Some(Broken::SelectThenDelete) => true,
        Some(Broken::NotExists) => ask == Ask::Claim,
        Some(Broken::AckWithoutLock) => matches!(ask, Ask::Ack(_)),
        Some(Broken::TriesOutsideUpdate) => ask == Ask::Claim && is_guess,
        Some(Broken::CounterInMemory) => {
            matches!(ask, Ask::Heartbeat(_) | Ask::Ack(_) | Ask::Open(_))
        }
        Some(Broken::AnswerBeforeCommit) | None => false,
    }
}

/// A walk through a scenario.
#[derive(Debug)]
pub(crate) struct Walk(pub(crate) Scenario);

impl Model for Walk {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.0)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for device in 0..self.0.devices() {
            actions.extend(
                world.asks(device, &self.0).into_iter().map(|ask| Action::Send(device, ask)),
            );
            if world.database.has_open_claim(device) {
                let is_over = world.devices[usize::from(device)].is_window_over;
                if !is_over {
                    actions.push(Action::WindowEnds(device));
                } else if world.is_lock_free() {
                    actions.push(Action::ReapClaim(device));
                }
            }
        }
        if world.burn == Burning::Possible {
            actions.push(Action::SendBurn);
        }
        for (index, call) in world.calls.iter().enumerate() {
            let reads = call.ask == Ask::Recover || looks_first(call.ask, call.device, &self.0);
            match &call.phase {
                Phase::Arrived if reads || world.is_lock_free() => {
                    actions.push(Action::Begin(index));
                }
                Phase::Locked { .. } => actions.push(Action::Commit(index)),
                Phase::Looked(_) if world.is_lock_free() => actions.push(Action::Commit(index)),
                Phase::Answering(_) => {
                    actions.push(Action::Deliver(index));
                    if world.losses > 0 {
                        actions.push(Action::Lose(index));
                    }
                }
                Phase::Arrived | Phase::Looked(_) => {}
            }
        }
        if world.crashes > 0 {
            actions.extend((1..1 << world.calls.len()).map(Action::Crash));
        }
        if !world.is_past_expiry {
            actions.push(Action::TimePasses);
        } else if world.is_lock_free()
            && matches!(
                world.database.state,
                SecretState::Ready | SecretState::Locked | SecretState::Bound
            )
        {
            actions.push(Action::ReapSecret);
        }
        if world.database.state == SecretState::Locked
            && !world.is_unlocked_once
            && world.is_lock_free()
        {
            actions.push(Action::Unlock);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Send(device, ask) => next.send(Some(device), ask),
            Action::SendBurn => {
                next.burn = Burning::Begun;
                next.send(None, Ask::Burn);
            }
            Action::Begin(index) => next.begin(index, &self.0),
            Action::Commit(index) => next.commit(index, &self.0),
            Action::Deliver(index) => next.deliver(index),
            Action::Lose(index) => {
                next.losses -= 1;
                next.calls.remove(index);
            }
            Action::Crash(taken) => {
                next.crashes -= 1;
                let mut index = 0;
                next.calls.retain(|_| {
                    index += 1;
                    taken & (1 << (index - 1)) == 0
                });
            }
            Action::TimePasses => next.is_past_expiry = true,
            Action::WindowEnds(device) => next.device(device).is_window_over = true,
            Action::ReapClaim(device) => next.reap_claim(device, &self.0),
            Action::ReapSecret => {
                next.happens(Event::Expiry, &world.database, &self.0);
            }
            Action::Unlock => {
                next.is_unlocked_once = true;
                next.happens(Event::Unlock, &world.database, &self.0);
                next.seen.wrong_tries = 0;
            }
        }
        next.calls.sort_by_cached_key(key);
        (next != *world).then(|| if self.0.broken.is_none() { without_names(&next) } else { next })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
