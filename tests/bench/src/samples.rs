//! Numbers that were measured several times.

use std::fmt;

use serde_json::{Value, json};

/// One number from each round of a run, in the order of the rounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(pub(crate) Vec<f64>);

impl Samples {
    /// The middle one: a round that something else on the machine disturbed does not move it.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            n if n % 2 == 1 => sorted[n / 2],
            n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
        }
    }

    /// The quotients round by round: what was measured in one round met the same weather.
    pub(crate) fn over(&self, other: &Self) -> Self {
        self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect()
    }

    /// The differences round by round.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        self.0.iter().zip(&other.0).map(|(a, b)| a - b).collect()
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        self.0.iter().map(|number| number * factor).collect()
    }

    /// The median for every round of another measurement.
    pub(crate) fn for_rounds_of(&self, other: &Self) -> Self {
        other.0.iter().map(|_| self.median()).collect()
    }

    /// What 99 of 100 stay within.
    pub(crate) fn p99(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    fn extremes(&self) -> (f64, f64) {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, most)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "median": self.median(), "rounds": self.0 })
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

/// Median and extremes: `4,821 (4,510–5,103)`.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (median, (least, most)) = (self.median(), self.extremes());
        let number = |number| grouped(number, digits(median));
        f.write_str(&number(median))?;
        if self.0.len() > 1 {
            write!(f, " ({}–{})", number(least), number(most))?;
        }
        Ok(())
    }
}

/// With a comma between every three digits before the point.
fn grouped(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let whole = text.split('.').next().unwrap_or_default().len();
    let comma = |at: usize| at < whole && (whole - at).is_multiple_of(3);
    let follows_digit = |at: usize| text[..at].ends_with(|c: char| c.is_ascii_digit());
    let grouped = text
        .char_indices()
        .flat_map(|(at, c)| (comma(at) && follows_digit(at)).then_some(',').into_iter().chain([c]));
    grouped.collect()
}

/// Three digits that mean something.
fn digits(number: f64) -> usize {
    match number.abs() {
        number if number >= 100.0 => 0,
        number if number >= 10.0 => 1,
        _ => 2,
    }
}
