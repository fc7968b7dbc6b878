//! What is shared and who reads it, drawn from a seed: the same seed gives the same secrets, readers and kills. How they
//! interleave is the machine's affair and differs from run to run.

use serde::{Deserialize, Serialize};
use wax_kernel::{Rng, SeededRng};
use wax_model::Kind;
use wax_testkit::Fault;

/// Readers of one secret.
pub const READERS: usize = 8;

/// What a reader does besides reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Habit {
    /// Claims, opens, acknowledges.
    Plain,
    /// Claims twice at once, as two tabs of one browser do.
    TwoTabs,
    /// Having claimed, waits for the next kill and recovers before going on; so it does between openings.
    Interrupted,
    /// Sends two heartbeats with one counter at once, or opens what is bound to it twice at once, as somebody does who
    /// repeats a captured request.
    Replayed,
    /// Has the link and a wrong key.
    Guesser,
}

/// One secret and its readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which secret of the run.
    pub number: usize,
    /// One-time or device-bound.
    pub kind: Kind,
    /// How many devices may open it.
    pub views: u32,
    /// One habit per reader.
    pub readers: Vec<Habit>,
    /// The sender burns it in the middle of the race, or what is bound, between its openings.
    pub burned: bool,
    /// Winners wait for each other before they acknowledge, so that the acknowledgements meet.
    pub together: bool,
}

impl Plan {
    /// The text: no two secrets have the same.
    pub fn text(&self) -> String {
        format!("secret number {}", self.number)
    }

    /// Readers that can open it.
    pub fn rightful(&self) -> usize {
        self.readers.iter().filter(|habit| **habit != Habit::Guesser).count()
    }
}

/// Which secrets a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Of everything something: mostly one view that eight plain readers want.
    Everything,
    /// One view, eight plain readers.
    Plain,
    /// Two views, eight plain readers, acknowledgements that meet.
    Together,
    /// Views for everybody, and every reader has two tabs.
    TwoTabs,
    /// Guessers only.
    Guessers,
    /// Every reader's heartbeat is replayed.
    Replays,
}

impl Mix {
    /// What makes a fault show itself: the race that it loses.
    pub fn that_shows(fault: Fault) -> Self {
        match fault {
            Fault::SelectThenDelete | Fault::AnswerBeforeCommit => Self::Plain,
            Fault::NotExists => Self::TwoTabs,
            Fault::AckWithoutLock => Self::Together,
            Fault::TriesOutsideUpdate => Self::Guessers,
            Fault::CounterInMemory => Self::Replays,
        }
    }
}

/// Draws plans.
#[derive(Debug)]
pub struct Plans {
    mix: Mix,
    dice: Dice,
    next: usize,
}

impl Plans {
    /// The plans that belong to `seed`.
    pub fn new(mix: Mix, seed: u64) -> Self {
        Self { mix, dice: Dice::new(seed), next: 0 }
    }

    /// The next secret.
    pub fn draw(&mut self) -> Plan {
        let number = self.next;
        self.next += 1;
        let plan = Plan {
            number,
            kind: Kind::OneTime,
            views: 1,
            readers: vec![Habit::Plain; READERS],
            burned: false,
            together: false,
        };
        match self.mix {
            Mix::Everything => self.everything(plan),
            Mix::Plain => plan,
            Mix::Together => Plan { views: 2, together: true, ..plan },
            Mix::TwoTabs => Plan { views: 4, readers: vec![Habit::TwoTabs; 2], ..plan },
            Mix::Guessers => Plan { readers: vec![Habit::Guesser; 4], ..plan },
            Mix::Replays => Plan { readers: vec![Habit::Replayed; READERS], ..plan },
        }
    }

    fn everything(&mut self, mut plan: Plan) -> Plan {
        for habit in &mut plan.readers {
            *habit = match self.dice.below(12) {
                0 | 1 => Habit::Interrupted,
                2 => Habit::Replayed,
                3 => Habit::TwoTabs,
                _ => Habit::Plain,
            };
        }
        match self.dice.below(10) {
            0 => plan.views = 2 + self.dice.below(2),
            1 => (plan.views, plan.together) = (2, true),
            2 => (plan.kind, plan.burned) = (Kind::DeviceBound, self.dice.once_in(2)),
            3 => plan.burned = true,
            // Fewer than hold tries back: the others would have to wait for a minute.
            4 => plan.readers[..2].fill(Habit::Guesser),
            _ => {}
        }
        plan
    }
}

/// Small numbers from a seed.
#[derive(Debug)]
pub struct Dice(SeededRng);

impl Dice {
    /// The numbers that belong to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(SeededRng::new(seed))
    }

    /// A number from 0 to `bound` − 1.
    pub fn below(&self, bound: u32) -> u32 {
        let bytes: [u8; 4] = (&self.0 as &dyn Rng).bytes();
        u32::from_be_bytes(bytes) % bound
    }

    /// True once in `bound` times.
    pub fn once_in(&self, bound: u32) -> bool {
        self.below(bound) == 0
    }
}
