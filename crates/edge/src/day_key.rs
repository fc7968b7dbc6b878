//! A key that is another one every day, and that nobody can ask for yesterday's.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wax_kernel::{Clock, Rng, Timestamp};

/// A clock that goes back further than this gets a new key: what was counted under the old one lies in the future then,
/// and would refuse networks until it has come.
const SET_BACK: Duration = Duration::from_secs(10);

/// Names things for a day: the same thing has the same name, and no name tells the thing.
#[derive(Debug)]
pub(crate) struct DayKeys {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    held: Mutex<Option<DayKey>>,
}

#[derive(Clone, Copy)]
struct DayKey {
    day: i64,
    key: [u8; 32],
    /// The latest moment at which it was used.
    latest: Timestamp,
}

impl DayKeys {
    pub(crate) fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { clock, rng, held: Mutex::default() }
    }

    /// HMAC-SHA-256(the day's key, thing), cut to 16 bytes.
    pub(crate) fn name(&self, thing: &[u8]) -> [u8; 16] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.todays_key())
            .expect("HMAC takes keys of any length");
        mac.update(thing);
        let digest = mac.finalize().into_bytes();
        std::array::from_fn(|i| digest[i])
    }

    fn todays_key(&self) -> [u8; 32] {
        let now = self.clock.now();
        let day = now.day();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *held {
            Some(today) if today.day == day && today.latest <= now.plus(SET_BACK) => {
                today.latest = today.latest.max(now);
                today.key
            }
            _ => held.insert(DayKey { day, key: self.rng.bytes(), latest: now }).key,
        }
    }
}

impl fmt::Debug for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::{ManualClock, SeededRng};

    use super::*;

    #[test]
    fn a_thing_has_one_name_today_and_another_tomorrow() {
        let clock = Arc::new(ManualClock::at_ms(0));
        let keys = DayKeys::new(clock.clone(), Arc::new(SeededRng::new(1)));
        let today = keys.name(b"a");
        assert_eq!(keys.name(b"a"), today);
        assert_ne!(keys.name(b"b"), today);
        clock.advance(Duration::from_hours(24));
        assert_ne!(keys.name(b"a"), today);
        assert!(!format!("{keys:?}").contains("key: ["));
    }

    #[test]
    fn two_edges_name_the_same_thing_differently() {
        let name = |seed| {
            let keys =
                DayKeys::new(Arc::new(ManualClock::at_ms(0)), Arc::new(SeededRng::new(seed)));
            keys.name(b"a")
        };
        assert_ne!(name(1), name(2));
    }
}
