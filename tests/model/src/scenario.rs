//! How large a world is explored, and which rule is broken in it.

use wax_model::Kind;

/// A rule that a build may break. The same six are built into real servers for the checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// Looks first, and writes what it saw later.
    SelectThenDelete,
    /// Relies on a look for an existing claim from before the lock.
    NotExists,
    /// Decides what an acknowledgement ends from a row that it did not lock.
    AckWithoutLock,
    /// Writes back a number of wrong tries that it read before the lock.
    TriesOutsideUpdate,
    /// Compares a counter with one that it read before the lock.
    CounterInMemory,
    /// Answers before it commits.
    AnswerBeforeCommit,
}

/// A world: every budget is finite, so that every path ends and all of them can be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// One-time or device-bound.
    pub kind: Kind,
    /// Views there are.
    pub views: u32,
    /// Devices with the right key.
    pub rightful: u8,
    /// Devices with a wrong one.
    pub guessers: u8,
    /// Claims and recoveries that one device may send, repetitions and second tabs included.
    pub asks: u8,
    /// Heartbeats with one counter that one device may send (the second is a captured one), and then acknowledgements.
    pub beats: u8,
    /// Acknowledgements that one device may send.
    pub acks: u8,
    /// Times a bound device may open again.
    pub opens: u8,
    /// Wrong tries that lock.
    pub lock_at: u32,
    /// Answers that may be lost on the way.
    pub losses: u8,
    /// Server processes that may crash, each with everything it had in hand.
    pub crashes: u8,
    /// Whether the sender burns it at some moment.
    pub burns: bool,
    /// The rule that is broken, if one is.
    pub broken: Option<Broken>,
}

impl Scenario {
    /// Three devices race for one view, on two servers of which one may crash; an answer may get lost.
    pub const RACE: Self = Self {
        kind: Kind::OneTime,
        views: 1,
        rightful: 3,
        guessers: 0,
        asks: 1,
        beats: 0,
        acks: 1,
        opens: 0,
        lock_at: 2,
        losses: 1,
        crashes: 1,
        burns: false,
        broken: None,
    };

    /// Two devices race, and ask again when they hear nothing, or only in case they should.
    pub const CRASH: Self = Self { rightful: 2, asks: 2, ..Self::RACE };

    /// Two views and two devices with two tabs each; their acknowledgements meet.
    pub const TABS: Self =
        Self { views: 2, rightful: 2, asks: 2, losses: 0, crashes: 0, ..Self::RACE };

    /// One device whose calls somebody captured and sends again, through a crash.
    pub const REPLAYS: Self =
        Self { rightful: 1, asks: 2, beats: 2, acks: 2, losses: 0, ..Self::RACE };

    /// A device-bound secret that its device opens again, while another wants it and the sender may burn it.
    pub const BOUND: Self = Self {
        kind: Kind::DeviceBound,
        rightful: 2,
        opens: 2,
        burns: true,
        losses: 0,
        ..Self::RACE
    };

    /// Two guessers lock it while a device holds a claim; the sender unlocks, or burns.
    pub const LOCKED: Self = Self {
        views: 2,
        rightful: 1,
        guessers: 2,
        lock_at: 1,
        burns: true,
        losses: 0,
        crashes: 0,
        ..Self::RACE
    };

    /// The same world with a broken rule.
    #[must_use]
    pub const fn with(self, broken: Broken) -> Self {
        Self { broken: Some(broken), ..self }
    }

    /// All devices; guessers come last.
    pub(crate) const fn devices(&self) -> u8 {
        self.rightful + self.guessers
    }

    pub(crate) const fn has_right_key(&self, device: u8) -> bool {
        device < self.rightful
    }

    pub(crate) fn breaks(&self, rule: Broken) -> bool {
        self.broken == Some(rule)
    }
}
