//! When a domain is looked at next (docs/domains.md §3): often while somebody waits for it, never not at all.

use std::time::Duration;

use wax_kernel::{DomainId, Timestamp};

use super::Ownership;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// The first pauses of a claim that waits for its proof.
const FIRST: Duration = Duration::from_secs(30);
const FIRST_PAUSES: u32 = 5;
const GROWS_BY: f64 = 1.15;
const LONGEST: Duration = Duration::from_hours(4);
/// How long somebody is taken to be waiting.
const EAGER_FOR: Duration = Duration::from_hours(7 * 24);

/// What the schedule depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Which domain: spreads the daily checks over the day.
    pub domain: DomainId,
    /// What the last check led to.
    pub ownership: Ownership,
    /// Since when; asking for a check by hand begins it anew.
    pub since: Timestamp,
    /// How many checks there were since then, this one included.
    pub checks: u32,
    /// Whether secrets of it are alive.
    pub has_live_secrets: bool,
}

/// When the next check is due after one at `now`. `None`: a released host is looked at no more.
pub fn next_check(looked: &Looked, now: Timestamp) -> Option<Timestamp> {
    let pause = match looked.ownership {
        Ownership::Released => return None,
        Ownership::Pending | Ownership::Lapsed if looked.since.until(now) < EAGER_FOR => {
            eager_pause(looked.checks)
        }
        Ownership::Contested => HOUR,
        Ownership::Held | Ownership::Grace if looked.has_live_secrets => HOUR,
        Ownership::Pending
        | Ownership::Lapsed
        | Ownership::Verified
        | Ownership::Held
        | Ownership::Grace => return Some(daily(looked.domain, now)),
    };
    Some(now.plus(pause))
}

fn eager_pause(checks: u32) -> Duration {
    let grown = checks.saturating_sub(FIRST_PAUSES);
    // Beyond this many the longest pause is reached long since; the power stays finite.
    let factor = GROWS_BY.powi(i32::try_from(grown.min(100)).unwrap_or(100));
    FIRST.mul_f64(factor).min(LONGEST)
}

/// The domain's own time of day, the first that is at least half a day away.
fn daily(domain: DomainId, now: Timestamp) -> Timestamp {
    let day_ms = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    let own =
        domain.as_bytes().iter().fold(0, |sum: i64, byte| (sum * 256 + i64::from(*byte)) % day_ms);
    let earliest = now.plus(DAY / 2).as_ms();
    let wait = (own - earliest).rem_euclid(day_ms);
    Timestamp::from_ms(earliest + wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn looked(ownership: Ownership, checks: u32) -> Looked {
        let domain = DomainId::from_bytes([7; 16]);
        Looked { domain, ownership, since: START, checks, has_live_secrets: false }
    }

    fn pause(looked: &Looked, now: Timestamp) -> Duration {
        now.until(next_check(looked, now).unwrap())
    }

    #[test]
    fn a_pending_host_is_looked_at_every_30_seconds_and_then_ever_less_up_to_four_hours() {
        let pauses: Vec<_> =
            (1..=60).map(|checks| pause(&looked(Ownership::Pending, checks), START)).collect();
        assert!(pauses[..5].iter().all(|pause| *pause == FIRST));
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(pauses[5] > FIRST && pauses[6] > pauses[5]);
        assert_eq!(pauses[59], LONGEST);
        assert_eq!(pause(&looked(Ownership::Pending, u32::MAX), START), LONGEST);
    }

    #[test]
    fn no_host_is_ever_forgotten_but_one_that_was_released() {
        let much_later = START.plus(DAY * 4_000);
        for ownership in Ownership::ALL.iter().copied() {
            let next = next_check(&looked(ownership, 1_000), much_later);
            assert_eq!(next.is_none(), ownership == Ownership::Released, "{ownership:?}");
            assert!(next.is_none_or(|at| at > much_later && at <= much_later.plus(DAY * 3 / 2)));
        }
    }

    #[test]
    fn daily_checks_come_at_each_domains_own_time_of_day() {
        let mut hours = std::collections::BTreeSet::new();
        let rng = wax_kernel::SeededRng::new(1);
        for _ in 0..400 {
            let domain = DomainId::random(&rng);
            let looked = Looked { domain, ..looked(Ownership::Verified, 1) };
            let first = next_check(&looked, START).unwrap();
            let second = next_check(&looked, first).unwrap();
            assert_eq!(first.until(second), DAY);
            hours.insert(first.as_ms() / 3_600_000 % 24);
        }
        assert_eq!(hours.len(), 24, "spread over the whole day");
    }

    #[test]
    fn a_held_host_with_living_secrets_is_looked_at_every_hour() {
        for ownership in [Ownership::Held, Ownership::Grace] {
            let looked = Looked { has_live_secrets: true, ..looked(ownership, 9) };
            assert_eq!(pause(&looked, START), HOUR);
        }
    }
}
