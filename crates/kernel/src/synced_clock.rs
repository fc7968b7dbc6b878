//! A node's clock that no jump of the machine's clock moves.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Clock, Timestamp};

/// How far a measurement may be from what was expected: clocks differ a little, and drift.
pub const TOLERANCE: Duration = Duration::from_secs(2);

/// Time since it was made: it runs on evenly, whatever is done to the machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock(Instant);

impl SteadyClock {
    /// Starts at the epoch.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(0).plus(self.0.elapsed())
    }
}

/// The time of a reference (the database's clock) as a node knows it: measured now and then, and carried on by a clock
/// that runs steadily. Between two measurements nothing moves it.
///
/// A measurement that is more than [`TOLERANCE`] from what was expected is not believed at once: either the reference
/// has jumped or this node slept. Until the next measurement agrees with it, time goes on as before and
/// [`SyncedClock::is_sure`] says no.
#[derive(Debug)]
pub struct SyncedClock {
    steady: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// What is added to the steady clock.
    offset_ms: i64,
    /// The offset that the last measurement spoke for, if it was not believed.
    doubted_ms: Option<i64>,
}

impl SyncedClock {
    /// It is `now`, by the machine's clock, until the reference is measured.
    pub fn new(now: Timestamp, steady: Arc<dyn Clock>) -> Self {
        let offset_ms = offset(now, steady.now());
        Self { steady, known: Mutex::new(Known { offset_ms, doubted_ms: None }) }
    }

    /// The first measurement, at start: it is believed.
    pub fn begin(&self, measured: Measured) {
        *self.known() = Known { offset_ms: measured.offset_ms, doubted_ms: None };
    }

    /// Any later measurement.
    pub fn correct(&self, measured: Measured) {
        let mut known = self.known();
        let Measured { offset_ms } = measured;
        let near = |other| Duration::from_millis(offset_ms.abs_diff(other)) <= TOLERANCE;
        if near(known.offset_ms) || known.doubted_ms.is_some_and(near) {
            *known = Known { offset_ms, doubted_ms: None };
        } else {
            known.doubted_ms = Some(offset_ms);
        }
    }

    /// Whether the last measurement was what was expected. A node that is not sure should not be sent requests.
    pub fn is_sure(&self) -> bool {
        self.known().doubted_ms.is_none()
    }

    /// The start of a measurement.
    pub fn asking(&self) -> Asking {
        Asking(self.steady.now())
    }

    /// What the reference answered: it was so in the middle of the round trip.
    pub fn answered(&self, asking: Asking, reference: Timestamp) -> Measured {
        let round_trip = asking.0.until(self.steady.now());
        Measured { offset_ms: offset(reference, asking.0.plus(round_trip / 2)) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a measurement began.
#[derive(Debug, Clone, Copy)]
pub struct Asking(Timestamp);

/// A measurement of the reference.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    offset_ms: i64,
}

fn offset(reference: Timestamp, steady: Timestamp) -> i64 {
    reference.as_ms().saturating_sub(steady.as_ms())
}

impl Clock for SyncedClock {
    fn now(&self) -> Timestamp {
        let offset_ms = self.known().offset_ms;
        Timestamp::from_ms(self.steady.now().as_ms().saturating_add(offset_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    const START: i64 = 1_700_000_000_000;
    const HOUR: i64 = 3_600_000;

    fn clock() -> (Arc<ManualClock>, SyncedClock) {
        let steady = Arc::new(ManualClock::at_ms(0));
        let synced =
            SyncedClock::new(Timestamp::from_ms(START), Arc::clone(&steady) as Arc<dyn Clock>);
        (steady, synced)
    }

    /// A measurement that takes no time.
    fn measured(clock: &SyncedClock, reference_ms: i64) -> Measured {
        clock.answered(clock.asking(), Timestamp::from_ms(reference_ms))
    }

    #[test]
    fn it_runs_with_the_steady_clock_from_the_moment_it_was_given() {
        let (steady, clock) = clock();
        assert_eq!(clock.now().as_ms(), START);
        steady.advance(Duration::from_secs(5));
        assert_eq!(clock.now().as_ms(), START + 5_000);
    }

    #[test]
    fn a_round_trip_is_halved() {
        let (steady, clock) = clock();
        let asking = clock.asking();
        steady.advance(Duration::from_millis(400));
        clock.begin(clock.answered(asking, Timestamp::from_ms(START + 1_000)));
        assert_eq!(clock.now().as_ms(), START + 1_200);
    }

    #[test]
    fn a_drift_of_two_seconds_is_followed_and_a_millisecond_more_is_doubted() {
        let (_, clock) = clock();
        clock.correct(measured(&clock, START + 2_000));
        assert_eq!((clock.now().as_ms(), clock.is_sure()), (START + 2_000, true));
        clock.correct(measured(&clock, START + 4_001));
        assert_eq!((clock.now().as_ms(), clock.is_sure()), (START + 2_000, false));
    }

    #[test]
    fn a_jump_that_is_taken_back_moves_nothing() {
        let (steady, clock) = clock();
        for jump in [HOUR, -HOUR] {
            clock.correct(measured(&clock, START + jump));
            assert_eq!((clock.now().as_ms(), clock.is_sure()), (START, false));
            clock.correct(measured(&clock, START));
            assert_eq!((clock.now().as_ms(), clock.is_sure()), (START, true));
        }
        steady.advance(Duration::from_secs(1));
        assert_eq!(clock.now().as_ms(), START + 1_000);
    }

    #[test]
    fn a_jump_that_two_measurements_agree_on_is_believed() {
        let (steady, clock) = clock();
        clock.correct(measured(&clock, START + HOUR));
        steady.advance(Duration::from_secs(30));
        assert_eq!(clock.now().as_ms(), START + 30_000);
        clock.correct(measured(&clock, START + HOUR + 30_000));
        assert_eq!((clock.now().as_ms(), clock.is_sure()), (START + HOUR + 30_000, true));
    }

    #[test]
    fn two_jumps_that_disagree_are_both_doubted() {
        let (_, clock) = clock();
        clock.correct(measured(&clock, START + HOUR));
        clock.correct(measured(&clock, START - HOUR));
        assert_eq!((clock.now().as_ms(), clock.is_sure()), (START, false));
    }
}
