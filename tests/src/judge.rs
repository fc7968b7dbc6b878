//! Decides from the history of one secret whether every promise was kept. Pure: the same history gets the same judgement,
//! today or in ten years.
//!
//! The judge knows what the sender and the readers know, and nothing else. What was asked and never answered may have
//! happened or not: only what contradicts both is a violation.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use wax_model::{Kind, SecretState};

use crate::{
    history::{Answer, Ask, Call, Event, Seen, TextDigest, Who, calls},
    plan::{Habit, Plan},
};

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// More devices hold the text than there were views.
    OpenedByMore {
        /// Devices that hold it.
        devices: usize,
        /// Views there were.
        views: u32,
    },
    /// Fewer devices opened it than there were views and rightful readers.
    OpenedByFewer {
        /// Devices that opened it.
        devices: usize,
        /// Devices that should have.
        expected: usize,
    },
    /// A reader holds something else than what was sealed.
    AnotherText(Who),
    /// A reader never heard a final word.
    NoVerdict(Who),
    /// What a reader had been given could not be had again, though nothing had ended it.
    LostAfterAnswer(Who),
    /// What was stored was unknown afterwards.
    NotStored,
    /// It was opened by a call that began after the burn was answered.
    OpenedAfterBurn(Who),
    /// A counter was taken that was not larger than one taken before.
    CounterTakenTwice(Who, i64),
    /// A counter that had been taken was forgotten.
    CounterWentBack(Who),
    /// Two wrong tries were counted as one.
    TriesCountedAsOne(u32),
    /// Wrong tries on the receipt are not those that readers made.
    TriesDisagree {
        /// On the receipt.
        counted: u32,
        /// Answered to readers.
        answered: u32,
        /// Asked by readers.
        asked: u32,
    },
    /// Views taken and views left do not make the views there were.
    ViewsNotConserved {
        /// The receipt.
        seen: Seen,
        /// Views there were.
        views: u32,
    },
    /// The receipt tells another story than the readers.
    ReceiptDisagrees {
        /// The receipt.
        seen: Seen,
        /// What is wrong with it.
        because: &'static str,
    },
    /// A later receipt shows more views, or a secret that had ended and lives again.
    WentBack,
    /// An answer that no sound server gives to an honest client.
    Impossible(Who, String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenedByMore { devices, views } => {
                write!(f, "{devices} devices hold the text of {views} view(s)")
            }
            Self::OpenedByFewer { devices, expected } => {
                write!(f, "{devices} device(s) opened it; it should have been {expected}")
            }
            Self::AnotherText(who) => write!(f, "{who:?} holds another text than was sealed"),
            Self::NoVerdict(who) => write!(f, "{who:?} never heard a final word"),
            Self::LostAfterAnswer(who) => write!(f, "{who:?} was given the text and lost it"),
            Self::NotStored => write!(f, "a secret whose storing was answered is unknown"),
            Self::OpenedAfterBurn(who) => write!(f, "{who:?} opened it after it was burned"),
            Self::CounterTakenTwice(who, counter) => {
                write!(f, "counter {counter} of {who:?} was taken though it did not rise")
            }
            Self::CounterWentBack(who) => write!(f, "a counter of {who:?} was forgotten"),
            Self::TriesCountedAsOne(wrong) => {
                write!(f, "two wrong tries were both counted as number {wrong}")
            }
            Self::TriesDisagree { counted, answered, asked } => write!(
                f,
                "{counted} wrong tries on the receipt; readers made {asked} and heard of {answered}"
            ),
            Self::ViewsNotConserved { seen, views } => {
                write!(f, "of {views} view(s) the receipt accounts otherwise: {seen:?}")
            }
            Self::ReceiptDisagrees { seen, because } => {
                write!(f, "the receipt says {seen:?}, but {because}")
            }
            Self::WentBack => write!(f, "a later receipt takes back what an earlier one said"),
            Self::Impossible(who, what) => write!(f, "{who:?} was answered {what}"),
        }
    }
}

/// Judges the whole history of one secret. Call it when every reader has finished and the receipt was seen last.
pub fn judge(plan: &Plan, events: &[Event]) -> Vec<Violation> {
    let case = Case { plan, calls: calls(events) };
    let rules: [Rule<'_>; 9] = [
        Case::texts,
        Case::devices,
        Case::verdicts,
        Case::losses,
        Case::burn,
        Case::counters,
        Case::tries,
        Case::receipts,
        Case::impossible,
    ];
    rules.iter().flat_map(|rule| rule(&case)).collect()
}

type Rule<'a> = fn(&Case<'a>) -> Vec<Violation>;

struct Case<'a> {
    plan: &'a Plan,
    calls: Vec<Call>,
}

impl Case<'_> {
    fn asked(&self, ask: impl Fn(&Call) -> bool) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| ask(call))
    }

    fn of(&self, who: Who) -> impl Iterator<Item = &Call> {
        self.asked(move |call| call.who == who)
    }

    fn readers(&self) -> impl Iterator<Item = (Who, Habit)> {
        self.plan.readers.iter().enumerate().map(|(number, habit)| (Who::Reader(number), *habit))
    }

    /// Answers that brought the text.
    fn openings(&self) -> impl Iterator<Item = (&Call, TextDigest, i64)> {
        self.calls.iter().filter_map(|call| match call.answer {
            Answer::Text(text, counter) => Some((call, text, counter)),
            _ => None,
        })
    }

    fn openers(&self) -> BTreeSet<Who> {
        self.openings().map(|(call, ..)| call.who).collect()
    }

    fn acked(&self) -> BTreeSet<Who> {
        let acks = |call: &Call| matches!(call.ask, Ask::Ack(_)) && call.answer == Answer::Done;
        self.asked(acks).map(|call| call.who).collect()
    }

    fn was_burned(&self) -> bool {
        self.asked(|call| call.ask == Ask::Burn).next().is_some()
    }

    fn last_receipt(&self) -> Option<Seen> {
        self.seen().last().map(|(_, seen)| seen)
    }

    fn seen(&self) -> impl Iterator<Item = (&Call, Seen)> {
        self.calls.iter().filter_map(|call| match call.answer {
            Answer::Receipt(seen) => Some((call, seen)),
            _ => None,
        })
    }

    /// Plaintext equals what was sealed.
    fn texts(&self) -> Vec<Violation> {
        let sealed = TextDigest::of(&self.plan.text());
        let others = self.openings().filter(|(_, text, _)| *text != sealed);
        others.map(|(call, ..)| Violation::AnotherText(call.who)).collect()
    }

    /// Exactly as many devices as there are views, or as want them.
    fn devices(&self) -> Vec<Violation> {
        let (devices, views) = (self.openers().len(), self.plan.views);
        let expected = (views as usize).min(self.plan.rightful());
        if devices > views as usize {
            vec![Violation::OpenedByMore { devices, views }]
        } else if devices < expected && !self.was_burned() {
            vec![Violation::OpenedByFewer { devices, expected }]
        } else {
            Vec::new()
        }
    }

    /// Whoever opened it has acknowledged it or was cut off by the burn; everybody else was refused for good.
    fn verdicts(&self) -> Vec<Violation> {
        let (openers, acked) = (self.openers(), self.acked());
        let decided = |who: Who, habit: Habit| {
            let refused = self.of(who).any(|call| match call.answer {
                Answer::Gone => true,
                Answer::WrongKey(_) | Answer::NoTry => habit == Habit::Guesser,
                _ => false,
            });
            if openers.contains(&who) {
                acked.contains(&who) || (refused && self.was_burned())
            } else {
                refused
            }
        };
        let undecided = self.readers().filter(|(who, habit)| !decided(*who, *habit));
        undecided.map(|(who, _)| Violation::NoVerdict(who)).collect()
    }

    /// A claim that was answered can be recovered until it is acknowledged; a bound device can open until the end.
    fn losses(&self) -> Vec<Violation> {
        let unknown = self.asked(|call| call.answer == Answer::NotAvailable).next();
        let mut losses: Vec<_> = unknown.map(|_| Violation::NotStored).into_iter().collect();
        for (given, ..) in self.openings() {
            let finished = |later: &Call| {
                // An acknowledgement that was sent may have been taken, whether it was answered or not.
                self.of(given.who).any(|call| {
                    matches!(call.ask, Ask::Ack(_))
                        && self.plan.kind == Kind::OneTime
                        && call.asked_us < later.answered_us
                })
            };
            let denied = self.of(given.who).find(|later| {
                given.precedes(later)
                    && matches!(later.answer, Answer::NoClaim | Answer::Gone)
                    && matches!(
                        later.ask,
                        Ask::Peek | Ask::Recover | Ask::Claim | Ask::Heartbeat(_) | Ask::Open(_)
                    )
                    && !finished(later)
                    && !self.burn_may_precede(later)
            });
            losses.extend(denied.map(|later| Violation::LostAfterAnswer(later.who)));
        }
        losses.dedup();
        losses
    }

    fn burn_may_precede(&self, call: &Call) -> bool {
        self.asked(|burn| burn.ask == Ask::Burn).any(|burn| burn.asked_us < call.answered_us)
    }

    /// Nothing opens after the burn was answered.
    fn burn(&self) -> Vec<Violation> {
        let done =
            |call: &&Call| call.ask == Ask::Burn && matches!(call.answer, Answer::Receipt(_));
        let Some(burn) = self.calls.iter().find(done) else { return Vec::new() };
        let after = self.openings().filter(|(call, ..)| burn.precedes(call));
        after.map(|(call, ..)| Violation::OpenedAfterBurn(call.who)).collect()
    }

    /// A counter is taken once, and only if it is larger than every one taken before; what was taken is remembered.
    fn counters(&self) -> Vec<Violation> {
        let taken: Vec<(&Call, i64)> = self
            .calls
            .iter()
            .filter_map(|call| match (call.ask, &call.answer) {
                (Ask::Heartbeat(counter), Answer::Done)
                | (Ask::Open(counter), Answer::Text(..)) => Some((call, counter)),
                _ => None,
            })
            .collect();
        let mut violations = Vec::new();
        for (index, (call, counter)) in taken.iter().enumerate() {
            let twice = taken.iter().enumerate().any(|(other, (earlier, before))| {
                earlier.who == call.who
                    && ((other < index && before == counter)
                        || (earlier.precedes(call) && before >= counter))
            });
            violations.extend(twice.then_some(Violation::CounterTakenTwice(call.who, *counter)));
        }
        for (told, _, counter) in self.openings() {
            let forgotten = taken.iter().any(|(call, taken)| {
                call.who == told.who && call.precedes(told) && *taken > counter
            });
            violations.extend(forgotten.then_some(Violation::CounterWentBack(told.who)));
        }
        violations
    }

    /// Every wrong try is counted, one by one.
    fn tries(&self) -> Vec<Violation> {
        if self.asked(|call| call.ask == Ask::Unlock).next().is_some() {
            return Vec::new();
        }
        let mut heard: BTreeMap<u32, u32> = BTreeMap::new();
        for call in &self.calls {
            if let Answer::WrongKey(wrong) = call.answer {
                *heard.entry(wrong).or_default() += 1;
            }
        }
        let as_one = heard.iter().find(|(_, times)| **times > 1);
        let mut violations: Vec<_> =
            as_one.map(|(wrong, _)| Violation::TriesCountedAsOne(*wrong)).into_iter().collect();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let asked = number(self.asked(|call| call.ask == Ask::Guess).count());
        let answered = heard.values().sum();
        if let Some(Seen { wrong: counted, .. }) = self.last_receipt()
            && !(answered..=asked).contains(&counted)
        {
            violations.push(Violation::TriesDisagree { counted, answered, asked });
        }
        violations
    }

    /// Receipts agree with each other and, in the end, with the readers.
    fn receipts(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (call, seen) in self.seen() {
            let taken = seen.open + seen.acked + seen.lapsed;
            if taken + seen.views_left != self.plan.views {
                violations.push(Violation::ViewsNotConserved { seen, views: self.plan.views });
            }
            let back = self.seen().any(|(earlier, before)| {
                earlier.precedes(call)
                    && (before.views_left < seen.views_left
                        || before.acked > seen.acked
                        || (before.state.is_final() && before.state != seen.state))
            });
            violations.extend(back.then_some(Violation::WentBack));
        }
        if let Some(seen) = self.last_receipt() {
            let because = self.disagreement(seen);
            violations.extend(because.map(|because| Violation::ReceiptDisagrees { seen, because }));
        }
        violations.dedup();
        violations
    }

    fn disagreement(&self, seen: Seen) -> Option<&'static str> {
        let (openers, acked) = (self.openers().len(), self.acked().len());
        if (seen.acked as usize) < acked {
            return Some("more devices acknowledged it");
        }
        if seen.state == SecretState::Burned {
            return (!self.was_burned()).then_some("nobody burned it");
        }
        // A burn that came too late changes nothing: the secret had ended already.
        let burn_failed = self.asked(|call| call.ask == Ask::Burn).any(|call| {
            let ended = |state: SecretState| state.is_final() && state == seen.state;
            matches!(call.answer, Answer::Receipt(answered) if !ended(answered.state))
        });
        let ended = match self.plan.kind {
            Kind::OneTime => SecretState::Destroyed,
            Kind::DeviceBound => SecretState::Bound,
        };
        if burn_failed {
            Some("it was burned")
        } else if seen.acked as usize != acked {
            Some("fewer devices acknowledged it")
        } else if (seen.open + seen.acked) as usize != openers {
            Some("other devices hold the text")
        } else if seen.lapsed > 0 {
            Some("no window has ended")
        } else if seen.views_left == 0 && seen.open == 0 && seen.state != ended {
            Some("every view was taken and acknowledged")
        } else {
            None
        }
    }

    fn impossible(&self) -> Vec<Violation> {
        let answers = self.calls.iter().filter_map(|call| match &call.answer {
            Answer::Impossible(what) => Some(Violation::Impossible(call.who, what.clone())),
            _ => None,
        });
        answers.collect()
    }
}

#[cfg(test)]
mod tests;
