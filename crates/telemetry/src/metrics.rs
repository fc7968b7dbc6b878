//! Numbers about the process, in the Prometheus text format (version 0.0.4).

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The process's numbers. Clones count into the same registry.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Vec<Arc<Family>>>>);

/// A number that only rises.
#[derive(Debug, Clone)]
pub struct Counter(Arc<Family>);

/// A number that rises and falls.
#[derive(Debug, Clone)]
pub struct Gauge(Arc<Family>);

/// How long things took.
#[derive(Debug, Clone)]
pub struct Histogram(Arc<Family>);

/// Upper ends of the histogram's buckets, in seconds: from a memory lookup to the longest deadline.
const BUCKETS_S: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

impl Metrics {
    /// Adds a counter. The name ends in `_total`, the labels are names of fixed words or route templates.
    pub fn counter(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Counter {
        Counter(self.family("counter", name, help, labels))
    }

    /// Adds a gauge.
    pub fn gauge(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Gauge {
        Gauge(self.family("gauge", name, help, labels))
    }

    /// Adds a histogram of durations. The name ends in `_seconds`.
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Histogram {
        Histogram(self.family("histogram", name, help, labels))
    }

    /// Everything, as `GET /metrics` answers it.
    pub fn render(&self) -> String {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::new();
        for family in families {
            family.render(&mut text);
        }
        text
    }

    fn family(
        &self,
        kind: &'static str,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Arc<Family> {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = families.iter().find(|family| family.name == name) {
            return Arc::clone(family);
        }
        let family = Arc::new(Family { kind, name, help, labels, series: Mutex::default() });
        families.push(Arc::clone(&family));
        family
    }
}

impl Counter {
    /// Raises the series with these label values, given in the order of the label names.
    pub fn add(&self, values: &[&str], by: u64) {
        self.0.series(values).count += by;
    }
}

impl Gauge {
    /// Moves the series with these label values up or down.
    pub fn add(&self, values: &[&str], by: i64) {
        self.0.series(values).level += by;
    }

    /// Moves it there.
    pub fn set(&self, values: &[&str], to: i64) {
        self.0.series(values).level = to;
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, values: &[&str], took: Duration) {
        let seconds = took.as_secs_f64();
        let mut series = self.0.series(values);
        series.count += 1;
        series.sum_s += seconds;
        for (end, bucket) in BUCKETS_S.iter().zip(&mut series.buckets) {
            *bucket += u64::from(seconds <= *end);
        }
    }
}

/// All series of one name.
#[derive(Debug)]
struct Family {
    kind: &'static str,
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    /// Keyed by the rendered labels, so that counting needs no second lookup and rendering is a copy.
    series: Mutex<BTreeMap<String, Series>>,
}

#[derive(Debug, Default)]
struct Series {
    count: u64,
    level: i64,
    sum_s: f64,
    buckets: [u64; BUCKETS_S.len()],
}

impl Family {
    fn series(&self, values: &[&str]) -> SeriesGuard<'_> {
        debug_assert_eq!(values.len(), self.labels.len(), "{}", self.name);
        let key = render_labels(self.labels, values);
        let mut guard = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        guard.entry(key.clone()).or_default();
        SeriesGuard { guard, key }
    }

    fn render(&self, text: &mut String) {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# HELP {} {}\n# TYPE {} {}",
            self.name, self.help, self.name, self.kind
        );
        for (labels, series) in series.iter() {
            let _ = match self.kind {
                "histogram" => series.render_buckets(text, self.name, labels),
                "gauge" => writeln!(text, "{}{} {}", self.name, braced(labels), series.level),
                _ => writeln!(text, "{}{} {}", self.name, braced(labels), series.count),
            };
        }
    }
}

impl Series {
    fn render_buckets(&self, text: &mut String, name: &str, labels: &str) -> std::fmt::Result {
        let comma = if labels.is_empty() { "" } else { "," };
        for (end, count) in BUCKETS_S.iter().zip(self.buckets) {
            writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{end}\"}} {count}")?;
        }
        writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {}", self.count)?;
        writeln!(text, "{name}_sum{} {}", braced(labels), self.sum_s)?;
        writeln!(text, "{name}_count{} {}", braced(labels), self.count)
    }
}

/// One series while it is being counted.
struct SeriesGuard<'a> {
    guard: MutexGuard<'a, BTreeMap<String, Series>>,
    key: String,
}

impl std::ops::Deref for SeriesGuard<'_> {
    type Target = Series;

    fn deref(&self) -> &Series {
        &self.guard[&self.key]
    }
}

impl std::ops::DerefMut for SeriesGuard<'_> {
    fn deref_mut(&mut self) -> &mut Series {
        self.guard.get_mut(&self.key).expect("the series was inserted when the guard was made")
    }
}

fn render_labels(names: &[&str], values: &[&str]) -> String {
    let mut text = String::new();
    for (name, value) in names.iter().zip(values) {
        let comma = if text.is_empty() { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{comma}{name}=\"{value}\"");
    }
    text
}

fn braced(labels: &str) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_registered_twice_is_one_family() {
        let metrics = Metrics::default();
        metrics.counter("a_total", "A.", &[]).add(&[], 1);
        metrics.counter("a_total", "A.", &[]).add(&[], 2);
        assert_eq!(metrics.render(), "# HELP a_total A.\n# TYPE a_total counter\na_total 3\n");
    }

    #[test]
    fn buckets_are_cumulative_and_end_at_the_count() {
        let metrics = Metrics::default();
        let took = metrics.histogram("took_seconds", "T.", &["route"]);
        took.observe(&["/v1"], Duration::from_millis(3));
        took.observe(&["/v1"], Duration::from_mins(1));
        let text = metrics.render();
        assert!(text.contains("took_seconds_bucket{route=\"/v1\",le=\"0.0025\"} 0\n"), "{text}");
        assert!(text.contains("took_seconds_bucket{route=\"/v1\",le=\"0.005\"} 1\n"), "{text}");
        assert!(text.contains("took_seconds_bucket{route=\"/v1\",le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.contains("took_seconds_count{route=\"/v1\"} 2\n"), "{text}");
    }

    #[test]
    fn a_gauge_falls_back_and_label_values_are_escaped() {
        let metrics = Metrics::default();
        let open = metrics.gauge("open", "O.", &["kind"]);
        open.add(&["a\"b"], 2);
        open.add(&["a\"b"], -1);
        assert!(metrics.render().ends_with("open{kind=\"a\\\"b\"} 1\n"));
    }
}
