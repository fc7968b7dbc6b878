//! What happened, as the sender and the readers of one secret saw it: an append-only list of what was asked and what was
//! answered, with monotonic times. Nothing in it was looked up in a database.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wax_model::SecretState;

/// A text as the history names it: the start of its SHA-256. The text itself is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDigest(u64);

impl TextDigest {
    /// Names a text.
    pub fn of(text: &str) -> Self {
        let hash = Sha256::digest(text.as_bytes());
        Self(u64::from_be_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes")))
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The holder of the receipt.
    Sender,
    /// The reader with this number. Every reader has a key pair of its own.
    Reader(usize),
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Store the secret.
    Share,
    /// Show it, and where this reader's claim stands.
    Peek,
    /// Take a view with the right key.
    Claim,
    /// Take a view with a wrong key.
    Guess,
    /// Give this reader's open claim again.
    Recover,
    /// Keep the claim open.
    Heartbeat(i64),
    /// The text has arrived.
    Ack(i64),
    /// Give a bound device its secret again.
    Open(i64),
    /// Destroy it.
    Burn,
    /// Forget wrong tries.
    Unlock,
    /// Show the receipt.
    Receipt,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was done: stored, shown, kept open, acknowledged, unlocked.
    Done,
    /// This text, after this many counted calls.
    Text(TextDigest, i64),
    /// This reader has no open claim.
    NoClaim,
    /// Nothing can be claimed any more, or this reader's claim has ended.
    Gone,
    /// The key was wrong; so many tries were wrong by now.
    WrongKey(u32),
    /// No try is taken now: held back or locked.
    NoTry,
    /// The counter does not rise.
    CounterRefused,
    /// Unknown, or not proven.
    NotAvailable,
    /// The receipt.
    Receipt(Seen),
    /// None, or "unavailable": it may have been done or not.
    Lost,
    /// One that no sound server gives to an honest client.
    Impossible(String),
}

/// What a receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where the secret stands.
    pub state: SecretState,
    /// Views not yet taken.
    pub views_left: u32,
    /// Claims that wait for their acknowledgement.
    pub open: u32,
    /// Claims that were acknowledged.
    pub acked: u32,
    /// Claims that ended without.
    pub lapsed: u32,
    /// Wrong tries since the last unlock.
    pub wrong: u32,
}

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds since the run began, on a clock that only rises.
    pub at_us: u64,
    /// Which call: an answer bears the number of what was asked.
    pub call: usize,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Written down before the first byte was sent.
    Asked(Who, Ask),
    /// Written down after the last byte had come.
    Answered(Answer),
}

/// One call, both ends of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who asked.
    pub who: Who,
    /// What.
    pub ask: Ask,
    /// When, in microseconds.
    pub asked_us: u64,
    /// When it was answered; for ever later if it never was.
    pub answered_us: u64,
    /// [`Answer::Lost`] if it never was.
    pub answer: Answer,
}

impl Call {
    /// It was over before the other one began: whatever it did, the other one must see.
    pub fn precedes(&self, other: &Self) -> bool {
        self.answered_us < other.asked_us
    }
}

/// The history of one secret while it is written.
#[derive(Debug)]
pub struct History {
    begun: Instant,
    events: Mutex<Vec<Event>>,
}

impl History {
    /// An empty one; its times count from `begun`.
    pub fn new(begun: Instant) -> Self {
        Self { begun, events: Mutex::new(Vec::new()) }
    }

    /// Writes down what is asked, waits for what comes of it, and writes that down.
    pub async fn note<T>(
        &self,
        who: Who,
        ask: Ask,
        answer: impl Future<Output = (Answer, T)>,
    ) -> (Answer, T) {
        let call = self.write(|events| (events.len(), What::Asked(who, ask)));
        let (answer, value) = answer.await;
        self.write(|_| (call, What::Answered(answer.clone())));
        (answer, value)
    }

    fn write(&self, what: impl FnOnce(&[Event]) -> (usize, What)) -> usize {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let (call, what) = what(&events);
        // Taken behind the lock: the order of lines is the order of times.
        let at_us = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        events.push(Event { at_us, call, what });
        call
    }

    /// Everything so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Puts questions and answers together, in the order in which they were asked.
pub fn calls(events: &[Event]) -> Vec<Call> {
    let mut calls: Vec<(usize, Call)> = Vec::new();
    for event in events {
        match &event.what {
            What::Asked(who, ask) => {
                let (who, ask) = (*who, *ask);
                let (asked_us, answered_us, answer) = (event.at_us, u64::MAX, Answer::Lost);
                calls.push((event.call, Call { who, ask, asked_us, answered_us, answer }));
            }
            What::Answered(answer) => {
                if let Some((_, call)) = calls.iter_mut().rfind(|(number, _)| *number == event.call)
                {
                    call.answered_us = event.at_us;
                    call.answer = answer.clone();
                }
            }
        }
    }
    calls.into_iter().map(|(_, call)| call).collect()
}
