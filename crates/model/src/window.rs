//! The time in which a claim may be recovered (protocol.md §6 "heartbeat").

use std::time::Duration;

use wax_kernel::Timestamp;

/// How long a claim stays open after its last authorised call.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);
/// How long a claim stays open at most, however often it is called.
pub const WINDOW_MAX: Duration = Duration::from_secs(24 * 3_600);

/// How many days after the day on which a secret expires its day key is destroyed: at the start of this one. The key
/// outlives its day by 48 hours, and so every window of a claim made before the expiry.
pub const KEY_DESTROYED_ON_DAY: i64 = 3;

/// When the window of a claim ends that was made at `claimed_at` and last called at `now`.
pub fn window_end(claimed_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(WINDOW).min(claimed_at.plus(WINDOW_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_lengthen_the_window_but_not_beyond_a_day() {
        let start = Timestamp::from_ms(0);
        assert_eq!(window_end(start, start), start.plus(WINDOW));
        let late = start.plus(WINDOW_MAX).minus(Duration::from_secs(1));
        assert_eq!(window_end(start, late), start.plus(WINDOW_MAX));
    }
}
