//! How what an organization uses is counted (docs/billing.md §3).

use std::fmt;

use wax_kernel::Timestamp;

use crate::Meter;

const DAY_MS: i64 = 86_400_000;

/// A calendar month, UTC: what secrets are counted in. `2026-11` for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i64);

impl Month {
    /// The month of this moment.
    pub fn of(at: Timestamp) -> Self {
        let day = at.day();
        // The mean month has 146,097 / 4,800 days, so this is off by one at most.
        let mut month = Self(day.saturating_mul(4_800).div_euclid(146_097));
        while month.first_day() > day {
            month.0 -= 1;
        }
        while month.plus(1).first_day() <= day {
            month.0 += 1;
        }
        month
    }

    /// Of so many months after January 1970.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// How many months after January 1970.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// So many months later; earlier, if it is negative.
    #[must_use]
    pub const fn plus(self, months: i64) -> Self {
        Self(self.0.saturating_add(months))
    }

    /// Its first moment.
    pub fn starts_at(self) -> Timestamp {
        Timestamp::from_ms(self.first_day().saturating_mul(DAY_MS))
    }

    /// Days from 1970-01-01 to its first.
    fn first_day(self) -> i64 {
        /// Days before each month of a year that is no leap year.
        const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let (year, month) = (1970 + self.0.div_euclid(12), self.0.rem_euclid(12));
        let leaps = leap_years_to(year - 1);
        let is_after_leap_day = month > 1 && leap_years_to(year) > leaps;
        365 * (year - 1970) + leaps - leap_years_to(1969)
            + usize::try_from(month).map_or(0, |month| BEFORE[month])
            + i64::from(is_after_leap_day)
    }
}

/// Leap years from year 1 to this one, which is one of them if it is a leap year.
const fn leap_years_to(year: i64) -> i64 {
    year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", 1970 + self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

/// A limit in shares, each counted by itself: all shares together are the limit, so whoever keeps to a share keeps to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    most: u64,
}

impl Shards {
    /// Below this, one shard is enough: few requests cannot crowd.
    const UNDIVIDED: u64 = 64;
    /// Otherwise.
    const COUNT: u64 = 16;

    /// Those of a limit.
    pub const fn of(most: u64) -> Self {
        Self { most }
    }

    /// How many there are.
    pub const fn count(self) -> u64 {
        if self.most < Self::UNDIVIDED { 1 } else { Self::COUNT }
    }

    /// What shard `n` may count to.
    pub const fn share(self, n: u64) -> u64 {
        part(self.most, self.count(), n)
    }

    /// What shard `n` counts of `used`, so that what is left of the limit is left of the shares.
    pub const fn spread(self, used: u64, n: u64) -> u64 {
        part(used, self.count(), n)
    }
}

/// The `n`th of `count` parts, the first being one larger where they are not equal.
const fn part(whole: u64, count: u64, n: u64) -> u64 {
    whole / count + (n < whole % count) as u64
}

/// Why an organization gets no more of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Its plan allows so many.
    Beyond {
        /// Of what.
        meter: Meter,
        /// So many.
        max: u64,
    },
    /// What it would be made on, by or with is beyond the plan: kept, and not to be used for anything new.
    Frozen {
        /// A domain, a member or a key.
        meter: Meter,
        /// So many the plan allows.
        max: u64,
    },
    /// It has not paid for too long.
    Limited,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_its_first_midnight_in_utc() {
        for (ms, month) in [
            (0, "1970-01"),
            (-1, "1969-12"),
            (1_709_251_199_999, "2024-02"), // 2024-02-29T23:59:59.999Z
            (1_709_251_200_000, "2024-03"),
            (1_772_323_199_999, "2026-02"), // 2026-02-28T23:59:59.999Z
            (1_772_323_200_000, "2026-03"),
            (4_107_542_400_000, "2100-03"), // the day after 2100-02-28
            (1_798_761_599_999, "2026-12"),
            (1_798_761_600_000, "2027-01"),
        ] {
            assert_eq!(Month::of(Timestamp::from_ms(ms)).to_string(), month, "{ms}");
        }
    }

    #[test]
    fn every_day_is_in_the_month_that_contains_it() {
        for day in -200_000..200_000 {
            let at = Timestamp::from_ms(day * DAY_MS);
            let month = Month::of(at);
            assert!(month.starts_at() <= at && at < month.plus(1).starts_at(), "{day}");
            assert_eq!(Month::from_number(month.number()), month);
        }
        for at in [i64::MIN, i64::MAX] {
            let _ = Month::of(Timestamp::from_ms(at));
        }
    }

    #[test]
    fn all_shares_together_are_the_limit_and_all_parts_what_was_used() {
        for most in (0..300).chain([1_000, 1_000_003]) {
            let shards = Shards::of(most);
            assert_eq!(shards.count(), if most < 64 { 1 } else { 16 });
            let sum = |part: &dyn Fn(u64) -> u64| (0..shards.count()).map(part).sum::<u64>();
            assert_eq!(sum(&|n| shards.share(n)), most);
            for used in [0, 1, most / 2, most.saturating_sub(1), most, most + 7] {
                assert_eq!(sum(&|n| shards.spread(used, n)), used);
                let left = |n| shards.share(n).saturating_sub(shards.spread(used, n));
                assert_eq!(sum(&left), most.saturating_sub(used), "{most} {used}");
            }
        }
    }
}
