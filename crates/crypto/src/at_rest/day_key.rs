//! Day keys: one per UTC day on which secrets expire.

use std::fmt;

use wax_kernel::{Rng, Timestamp};

use super::{
    DataKey,
    envelope::{self, EnvelopeError, Slot},
};
use crate::secret::secret_bytes;

/// A UTC day, counted from 1970-01-01. Secrets are filed under the day they expire on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

secret_bytes!(
    /// Seals the data keys of all secrets that expire on one day. Destroyed 48 hours after that day has ended.
    DayKey, 32
);

impl Day {
    /// The day that a moment falls on.
    pub const fn of(moment: Timestamp) -> Self {
        Self(moment.day())
    }

    /// The `number`th day since 1970-01-01.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The day this many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The day's first moment.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_ms(self.0.saturating_mul(86_400_000))
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl DayKey {
    /// A new key.
    pub(super) fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }

    /// Seals a data key for its column.
    pub fn seal(&self, slot: Slot<'_>, key: &DataKey, rng: &dyn Rng) -> Vec<u8> {
        envelope::seal(self.expose(), slot, key.expose(), rng)
    }

    /// Opens a data key.
    pub fn open(&self, slot: Slot<'_>, sealed: &[u8]) -> Result<DataKey, EnvelopeError> {
        let key = envelope::open(self.expose(), slot, sealed)?;
        DataKey::from_slice(&key).map_err(|_| EnvelopeError)
    }
}
