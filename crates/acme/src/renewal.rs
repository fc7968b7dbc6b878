//! When a certificate is renewed: by the issuer's window (ARI, RFC 9773), or by its remaining life.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_kernel::{HostPattern, Rng, Timestamp};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Lives shorter than this are renewed at half of them.
const SHORT: Duration = Duration::from_secs(10 * 86_400);

/// From when to when a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// From.
    pub not_before: Timestamp,
    /// Until.
    pub not_after: Timestamp,
}

/// What an issuer suggests (RFC 9773 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Not sooner.
    pub start: Timestamp,
    /// Not later.
    pub end: Timestamp,
}

/// What is planned for a certificate that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The last window heard of.
    pub window: Option<Window>,
    /// When to renew.
    pub renew_at: Timestamp,
    /// When to ask for the window again.
    pub poll_at: Timestamp,
    /// How many times in a row asking failed.
    pub unanswered: u32,
}

impl Validity {
    fn life(self) -> Duration {
        self.not_before.until(self.not_after)
    }

    /// In the last twentieth of a life nothing is waited for, whatever the window says.
    pub fn is_emergency(self, now: Timestamp) -> bool {
        now >= self.not_after.minus(self.life() / 20)
    }

    /// With a third of its life left, or half of a short one; spread over a tenth of its life by the name, so that what was
    /// issued together is not renewed together.
    fn without_window(self, name: &HostPattern) -> Timestamp {
        let life = self.life();
        let left = if life < SHORT { life / 2 } else { life / 3 };
        let spread = life.mul_f64(f64::from(spread_of(name)) / 10_000.0);
        self.not_after.minus(left).minus(spread)
    }
}

/// 0 to 999, the same for one name on every machine.
fn spread_of(name: &HostPattern) -> u16 {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(name.to_string());
    u16::from_be_bytes([digest[0], digest[1]]) % 1_000
}

impl Plan {
    /// For a certificate that has just come.
    pub fn first(name: &HostPattern, validity: Validity, now: Timestamp) -> Self {
        let renew_at = validity.without_window(name);
        Self { window: None, renew_at, poll_at: now, unanswered: 0 }
    }

    /// The issuer has answered. A moment in the window is drawn once, and kept as long as the window is the same:
    /// drawn again at each poll, it would move towards the window's start.
    #[must_use]
    pub fn told(self, window: Window, ask_again: Duration, now: Timestamp, rng: &dyn Rng) -> Self {
        let renew_at =
            if self.window == Some(window) { self.renew_at } else { moment_in(window, rng) };
        let poll_at = now.plus(ask_again.clamp(Duration::from_secs(60), DAY));
        Self { window: Some(window), renew_at, poll_at, unanswered: 0 }
    }

    /// The issuer has not answered (RFC 9773 §4.3.3): soon again at first, then every six hours.
    #[must_use]
    pub fn not_told(self, retry_after: Option<Duration>, now: Timestamp) -> Self {
        let pause = Duration::from_secs(60_u64 << self.unanswered.min(9)).min(6 * HOUR);
        let pause = retry_after.unwrap_or(pause).clamp(Duration::from_secs(60), DAY);
        Self { poll_at: now.plus(pause), unanswered: self.unanswered.saturating_add(1), ..self }
    }

    /// The issuer knows no windows.
    #[must_use]
    pub fn without_windows(self, now: Timestamp) -> Self {
        Self { window: None, poll_at: now.plus(DAY), ..self }
    }

    /// Whether it is time to renew.
    pub fn is_due(&self, validity: Validity, now: Timestamp) -> bool {
        now >= self.renew_at || validity.is_emergency(now)
    }

    /// When to look at it again.
    pub fn next(&self, validity: Validity) -> Timestamp {
        self.renew_at.min(self.poll_at).min(validity.not_after.minus(validity.life() / 20))
    }
}

fn moment_in(window: Window, rng: &dyn Rng) -> Timestamp {
    let width = window.start.until(window.end).as_millis();
    let drawn = u128::from(u64::from_be_bytes(rng.bytes()));
    let into = u64::try_from((width * drawn) >> 64).unwrap_or(u64::MAX);
    window.start.plus(Duration::from_millis(into))
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    fn at(days: u64) -> Timestamp {
        Timestamp::from_ms(0).plus(DAY * u32::try_from(days).unwrap())
    }

    fn name(text: &str) -> HostPattern {
        HostPattern::parse(text).unwrap()
    }

    const LONG: Validity = Validity {
        not_before: Timestamp::from_ms(0),
        not_after: Timestamp::from_ms(90 * 86_400_000),
    };

    #[test]
    fn without_a_window_a_third_of_a_life_is_left_and_names_are_spread() {
        let due: Vec<_> = (0..200)
            .map(|n| Plan::first(&name(&format!("n{n}.example")), LONG, at(0)).renew_at)
            .collect();
        assert!(due.iter().all(|due| (at(51)..=at(60)).contains(due)), "{due:?}");
        let days: std::collections::HashSet<_> = due.iter().map(|due| due.day()).collect();
        assert_eq!(days.len(), 9, "every day of the spread has some");
    }

    #[test]
    fn short_lives_are_renewed_at_half() {
        let short = Validity { not_before: at(0), not_after: at(6) };
        let due = Plan::first(&name("a.example"), short, at(0)).renew_at;
        assert!(due <= at(3) && due >= at(2), "{due:?}");
    }

    #[test]
    fn a_moment_is_drawn_once_for_one_window() {
        let rng = SeededRng::new(1);
        let window = Window { start: at(50), end: at(52) };
        let plan = Plan::first(&name("a.example"), LONG, at(0)).told(window, HOUR, at(1), &rng);
        assert!((window.start..window.end).contains(&plan.renew_at));
        for day in 2..50 {
            assert_eq!(plan.told(window, HOUR, at(day), &rng).renew_at, plan.renew_at);
        }
        let moved = Window { start: at(10), end: at(11) };
        assert!(plan.told(moved, HOUR, at(3), &rng).renew_at < at(11));
    }

    #[test]
    fn a_window_in_the_past_means_now() {
        let window = Window { start: at(1), end: at(2) };
        let plan = Plan::first(&name("a.example"), LONG, at(0));
        assert!(plan.told(window, HOUR, at(5), &SeededRng::new(1)).is_due(LONG, at(5)));
    }

    #[test]
    fn a_window_beyond_the_end_does_not_let_a_certificate_lapse() {
        let window = Window { start: at(200), end: at(201) };
        let plan = Plan::first(&name("a.example"), LONG, at(0));
        let plan = plan.told(window, DAY, at(1), &SeededRng::new(1));
        assert!(!plan.is_due(LONG, at(85)));
        assert!(plan.is_due(LONG, at(86)));
        assert!(plan.next(LONG) < LONG.not_after);
    }

    #[test]
    fn how_often_to_ask_is_the_issuers_within_reason() {
        let window = Window { start: at(50), end: at(52) };
        let plan = Plan::first(&name("a.example"), LONG, at(0));
        let told = |again| plan.told(window, again, at(1), &SeededRng::new(1)).poll_at;
        assert_eq!(told(Duration::ZERO), at(1).plus(Duration::from_secs(60)));
        assert_eq!(told(6 * HOUR), at(1).plus(6 * HOUR));
        assert_eq!(told(400 * DAY), at(2));
    }

    #[test]
    fn an_issuer_that_does_not_answer_is_asked_less_often_and_never_dropped() {
        let mut plan = Plan::first(&name("a.example"), LONG, at(0));
        let mut pauses = Vec::new();
        for _ in 0..12 {
            plan = plan.not_told(None, at(0));
            pauses.push(at(0).until(plan.poll_at).as_secs());
        }
        assert_eq!(pauses[..4], [60, 120, 240, 480]);
        assert_eq!(pauses[11], 6 * 3_600);
        assert_eq!(plan.renew_at, Plan::first(&name("a.example"), LONG, at(0)).renew_at);
    }
}
