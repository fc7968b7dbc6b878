//! The mistakes that the checker must notice.

use std::{sync::Arc, time::Duration};

use wax_store::Store;

use crate::{SelectThenDelete, early::EarlyAnswers, mistaken::Mistaken};

/// How long a mistake stays open, so that others step into it. Without a pause each is as wrong, only more rarely.
const PAUSE: Duration = Duration::from_millis(25);

/// A way to break the rules of the store. Each looks right while nobody else is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Looks first, and deletes what it saw in a second transaction.
    SelectThenDelete,
    /// Asks for an existing claim of the device before it holds the row's lock, and relies on that afterwards.
    NotExists,
    /// Decides what an acknowledgement ends from a row that it did not lock.
    AckWithoutLock,
    /// Reads the number of wrong tries, and writes it back one higher.
    TriesOutsideUpdate,
    /// Compares a call's counter with a claim that was read before the lock.
    CounterInMemory,
    /// Answers before the transaction is committed.
    AnswerBeforeCommit,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::SelectThenDelete,
        Self::NotExists,
        Self::AckWithoutLock,
        Self::TriesOutsideUpdate,
        Self::CounterInMemory,
        Self::AnswerBeforeCommit,
    ];

    /// As a command line names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelectThenDelete => "select-then-delete",
            Self::NotExists => "not-exists",
            Self::AckWithoutLock => "ack-without-lock",
            Self::TriesOutsideUpdate => "tries-outside-update",
            Self::CounterInMemory => "counter-in-memory",
            Self::AnswerBeforeCommit => "answer-before-commit",
        }
    }

    /// Reads what [`as_str`](Self::as_str) gives.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == name)
    }
}

/// The store with one mistake added.
pub fn broken(inner: Arc<dyn Store>, fault: Fault) -> Arc<dyn Store> {
    match fault {
        Fault::SelectThenDelete => Arc::new(SelectThenDelete::new(inner, PAUSE)),
        Fault::AnswerBeforeCommit => Arc::new(EarlyAnswers::new(inner, PAUSE * 8)),
        _ => Arc::new(Mistaken::new(inner, fault, PAUSE)),
    }
}
