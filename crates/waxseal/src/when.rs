//! Times and sizes as people write them.

use std::time::Duration;

use jiff::{Timestamp as Instant, civil::DateTime, tz::TimeZone};
use wax_i18n::Lang;
use wax_kernel::Timestamp;
use wax_model::Expires;

use crate::words::Words;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Until then the past is now.
const JUST_NOW: Duration = Duration::from_secs(10);

/// Shortest and longest lifetime that the protocol allows (protocol.md §4), in seconds.
const LIFETIME: std::ops::RangeInclusive<i64> = 60..=31_536_000;

/// A date, a time and the zone of this machine: `29 Nov 2026, 15:04 JST`.
pub(crate) fn moment(words: Words, at: Timestamp) -> String {
    moment_in(words, at, TimeZone::system())
}

fn moment_in(words: Words, at: Timestamp, zone: TimeZone) -> String {
    let format = match words.lang {
        Lang::En => "%-d %b %Y, %H:%M %Z",
        Lang::Ja => "%Y年%-m月%-d日 %H:%M %Z",
    };
    match Instant::from_millisecond(at.as_ms()) {
        Ok(instant) => instant.to_zoned(zone).strftime(format).to_string(),
        Err(_) => at.as_ms().to_string(),
    }
}

/// A moment that has been, and how long ago: `22 Nov 2026, 15:04 JST (3 hours ago)`. Two clocks never agree, so one
/// that seems to come is now.
pub(crate) fn past(words: Words, at: Timestamp, now: Timestamp) -> String {
    let distance = distance(at, now);
    let key = if at > now || distance < JUST_NOW { "when.now" } else { "when.ago" };
    moment_and_span(words, key, at, distance)
}

/// A moment to come, and how far away it is: `29 Nov 2026, 15:04 JST (in 7 days)`.
pub(crate) fn future(words: Words, at: Timestamp, now: Timestamp) -> String {
    let key = if at > now { "when.in" } else { "when.ago" };
    moment_and_span(words, key, at, distance(at, now))
}

/// How long ago a moment was, for lists: `3 hours ago`.
pub(crate) fn ago(words: Words, at: Timestamp, now: Timestamp) -> String {
    let distance = distance(at, now);
    if at > now || distance < JUST_NOW {
        return words.plain("when.just-now");
    }
    words.say("when.span-ago", &[("span", &span(words, distance))])
}

/// How far away a moment is, for lists: `in 7 days`.
pub(crate) fn ahead(words: Words, at: Timestamp, now: Timestamp) -> String {
    if at <= now {
        return ago(words, at, now);
    }
    words.say("when.span-in", &[("span", &span(words, distance(at, now)))])
}

const fn distance(at: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(at.as_ms().abs_diff(now.as_ms()))
}

fn moment_and_span(words: Words, key: &str, at: Timestamp, distance: Duration) -> String {
    words.say(key, &[("time", &moment(words, at)), ("span", &span(words, distance))])
}

/// In the largest unit of which there are about two or more, rounded.
pub(crate) fn span(words: Words, duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_millis() >= 500);
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    let (key, count) = match seconds {
        0..90 => ("when.seconds", seconds),
        90..5_370 => ("when.minutes", rounded(MINUTE)),
        5_370..127_800 => ("when.hours", rounded(HOUR)),
        _ => ("when.days", rounded(DAY)),
    };
    words.say(key, &[("count", &count)])
}

/// `1.5 KB`, in units of 1,024 bytes.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal of a size below 2 MiB is shown")]
    let bytes_f = bytes as f64;
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KB", bytes_f / 1_024.0).replace(".0 ", " "),
        _ => format!("{:.1} MB", bytes_f / 1_048_576.0).replace(".0 ", " "),
    }
}

/// Why a text is not an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenError {
    /// Neither a lifetime nor a moment.
    Unreadable,
    /// Not from 60 seconds to 365 days from now.
    OutOfRange,
}

/// Reads `90m`, `7d`, `1d12h`, or a moment: `2026-12-01T10:00Z`, or in this machine's zone without one.
pub(crate) fn read_expires(text: &str, now: Timestamp) -> Result<Expires, WhenError> {
    read_expires_in(text, now, &TimeZone::system())
}

fn read_expires_in(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Expires, WhenError> {
    if let Some(seconds) = read_lifetime(text) {
        return if LIFETIME.contains(&seconds) {
            Ok(Expires::AfterS(seconds))
        } else {
            Err(WhenError::OutOfRange)
        };
    }
    let at = read_moment(text, zone).ok_or(WhenError::Unreadable)?;
    let from_now = (at - now.as_ms()) / 1_000;
    if LIFETIME.contains(&from_now) { Ok(Expires::AtMs(at)) } else { Err(WhenError::OutOfRange) }
}

/// Reads an end, as a lifetime or a moment: how far away it may be, and by which clock, the server decides.
pub(crate) fn read_end(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(seconds) = read_seconds(text) {
        return (seconds > 0).then(|| now.plus(Duration::from_secs(seconds)));
    }
    read_moment(text, &TimeZone::system()).map(Timestamp::from_ms)
}

/// Reads `90m`, `7d` or `0s` as seconds.
pub(crate) fn read_seconds(text: &str) -> Option<u64> {
    read_lifetime(text).and_then(|seconds| u64::try_from(seconds).ok())
}

/// Numbers with units, added up. Too much to count is more than any limit.
fn read_lifetime(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: i64 = rest[..end].parse().ok()?;
        let unit = match rest.as_bytes()[end] {
            b's' => 1,
            b'm' => MINUTE,
            b'h' => HOUR,
            b'd' => DAY,
            b'w' => 7 * DAY,
            _ => return None,
        };
        total = total.saturating_add(number.saturating_mul(unit.cast_signed()));
        rest = &rest[end + 1..];
    }
    (!text.is_empty()).then_some(total)
}

/// A date alone is refused: it could mean its first or its last second.
fn read_moment(text: &str, zone: &TimeZone) -> Option<i64> {
    if !text.contains(['T', 't', ' ']) {
        return None;
    }
    if let Ok(instant) = text.parse::<Instant>() {
        return Some(instant.as_millisecond());
    }
    let zoned = text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: Words = Words::new(Lang::En);
    const NOW: Timestamp = Timestamp::from_ms(1_795_305_600_000); // 2026-11-22T00:00Z

    fn read(text: &str) -> Result<Expires, WhenError> {
        read_expires_in(text, NOW, &TimeZone::fixed(jiff::tz::offset(9)))
    }

    #[test]
    fn lifetimes_and_moments_are_read() {
        for (text, seconds) in
            [("60s", 60), ("90m", 5_400), ("7d", 604_800), ("1d12h", 129_600), ("52w", 31_449_600)]
        {
            assert_eq!(read(text), Ok(Expires::AfterS(seconds)), "{text}");
        }
        for text in [
            "2026-12-01T10:00Z",
            "2026-12-01T10:00:00Z",
            "2026-12-01T19:00+09:00",
            "2026-12-01T19:00",
            "2026-12-01 19:00",
        ] {
            assert_eq!(read(text), Ok(Expires::AtMs(1_796_119_200_000)), "{text}");
        }
    }

    #[test]
    fn other_texts_and_other_times_are_refused() {
        for text in [
            "",
            "7",
            "d",
            "7 d",
            "7D",
            "-1d",
            "1.5h",
            "tomorrow",
            "2026-12-01",
            "2026-13-01T00:00Z",
        ] {
            assert_eq!(read(text), Err(WhenError::Unreadable), "{text}");
        }
        for text in
            ["0s", "59s", "366d", "9223372036854775807w", "2026-11-22T00:00Z", "2028-01-01T00:00Z"]
        {
            assert_eq!(read(text), Err(WhenError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn an_end_is_read_as_a_lifetime_or_a_moment_to_come() {
        let end = |text| read_end(text, NOW).map(|at| at.as_ms() - NOW.as_ms());
        assert_eq!(end("730d"), Some(63_072_000_000));
        assert_eq!(end("2026-11-23T00:00Z"), Some(86_400_000));
        for text in ["", "0s", "2026-12-01", "never"] {
            assert_eq!(end(text), None, "{text}");
        }
        assert_eq!((read_seconds("0s"), read_seconds("1h30m")), (Some(0), Some(5_400)));
    }

    #[test]
    fn lists_say_how_far_away_a_moment_is() {
        let at = |seconds: i64| Timestamp::from_ms(NOW.as_ms() + seconds * 1_000);
        assert_eq!(ago(EN, at(-10_800), NOW), "3 hours ago");
        assert_eq!(ago(EN, at(5), NOW), "just now");
        assert_eq!(ahead(EN, at(10_800), NOW), "in 3 hours");
    }

    #[test]
    fn spans_are_rounded_in_a_unit_that_fits() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (89, "89 seconds"),
            (299, "5 minutes"),
            (5_369, "89 minutes"),
            (5_400, "2 hours"),
            (86_399, "24 hours"),
            (604_799, "7 days"),
        ] {
            assert_eq!(span(EN, Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn clocks_that_disagree_do_not_put_the_past_into_the_future() {
        let at = |seconds: i64| Timestamp::from_ms(NOW.as_ms() + seconds * 1_000);
        for (seconds, text) in
            [(30, "(just now)"), (0, "(just now)"), (-9, "(just now)"), (-10, "(10 seconds ago)")]
        {
            assert!(past(EN, at(seconds), NOW).ends_with(text), "{seconds}");
        }
        assert!(future(EN, at(60), NOW).ends_with("(in 60 seconds)"));
        assert!(future(EN, at(-60), NOW).ends_with("(60 seconds ago)"));
    }

    #[test]
    fn moments_name_their_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(moment_in(EN, NOW, zone.clone()), "22 Nov 2026, 09:00 +09");
        assert_eq!(moment_in(Words::new(Lang::Ja), NOW, zone), "2026年11月22日 09:00 +09");
    }

    #[test]
    fn sizes_have_one_decimal_at_most() {
        assert_eq!(
            [0, 1_023, 1_024, 1_600, 1_048_576].map(size),
            ["0 B", "1023 B", "1 KB", "1.6 KB", "1 MB"]
        );
    }
}
