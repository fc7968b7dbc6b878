//! Where log lines go and what they look like.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Libraries whose debug and trace lines print headers, frames or rows. They never get below a warning.
const CARRIERS: [&str; 8] =
    ["axum", "h2", "hyper", "hyper_util", "reqwest", "rustls", "sqlx", "tower"];

/// Libraries that print what they were given in their warnings and errors, too, so that a stranger would write our log.
/// What they refuse is known by our own answers.
const SILENT: [&str; 2] = ["webauthn_rs", "webauthn_rs_core"];

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for people, coloured when the writer is a terminal.
    Human,
    /// One JSON object a line, for collectors.
    Json,
}

impl LogFormat {
    /// Human when standard error is a terminal, JSON when something collects it.
    pub fn detect() -> Self {
        if io::stderr().is_terminal() { Self::Human } else { Self::Json }
    }
}

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not in the `target=level,…` form.
    #[error("the log filter is not valid: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else in this process has already set a subscriber.
    #[error("logging is already set up")]
    AlreadySet(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sends this process's log to standard error. Once per process.
///
/// `filter` is a list of levels such as `info` or `info,wax_edge=debug`.
pub fn init(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let subscriber = subscriber(format, filter, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(())
}

/// Builds what [`init`] installs, with a writer of one's own.
pub fn subscriber<W>(
    format: LogFormat,
    filter: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt().with_env_filter(guarded(filter)?).with_writer(writer);
    Ok(match format {
        LogFormat::Human => Box::new(lines.with_ansi(io::stderr().is_terminal()).finish()),
        LogFormat::Json => Box::new(
            lines.json().flatten_event(true).with_current_span(false).with_span_list(true).finish(),
        ),
    })
}

/// The asked-for filter, with the carriers held down and the silent ones off. A directive for the same target replaces an earlier one.
fn guarded(filter: &str) -> Result<EnvFilter, LogError> {
    let kept = filter
        .split(',')
        .map(str::trim)
        .filter(|directive| !directive.is_empty() && !names_carrier(directive));
    let held = CARRIERS.map(|name| format!("{name}=warn"));
    let held = held.into_iter().chain(SILENT.map(|name| format!("{name}=off")));
    let all = kept.map(str::to_owned).chain(held).collect::<Vec<_>>().join(",");
    Ok(EnvFilter::builder().parse(all)?)
}

/// `h2=trace` and `h2::codec=trace` alike: a narrower target would win over our cap.
fn names_carrier(directive: &str) -> bool {
    let target = directive.split(['=', '[', ':']).next().unwrap_or(directive);
    CARRIERS.contains(&target) || SILENT.contains(&target)
}

/// What a piece of code logs, for the tests of this crate.
#[cfg(test)]
pub(crate) mod testing {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(crate) fn log_of(format: LogFormat, filter: &str, act: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = subscriber(format, filter, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::log_of, *};

    #[test]
    fn a_library_that_prints_what_it_was_given_prints_nothing() {
        for filter in ["trace", "trace,webauthn_rs_core=trace", "webauthn_rs_core::internals=error"]
        {
            let log = log_of(LogFormat::Json, filter, || {
                tracing::error!(target: "webauthn_rs_core::internals", bytes = "sent", "parser");
                tracing::error!(target: "wax_accounts", "ours");
            });
            assert!(!log.contains("sent"), "{filter}: {log}");
        }
    }

    #[test]
    fn a_carrier_stays_quiet_whatever_the_filter_says() {
        for filter in ["trace", "trace,h2=trace", "trace,h2::codec=trace", "h2[frame]=trace", "h2"]
        {
            let log = log_of(LogFormat::Json, filter, || {
                tracing::debug!(target: "h2::codec", header = "passphrase", "frame");
                tracing::warn!(target: "h2::codec", "reset");
            });
            assert!(!log.contains("passphrase"), "{filter}: {log}");
            assert!(log.contains("reset"), "{filter}: {log}");
        }
    }

    #[test]
    fn json_is_one_object_a_line() {
        let log = log_of(LogFormat::Json, "info", || tracing::info!(port = 8080, "listening"));
        let line: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(line["message"], "listening");
        assert_eq!(line["port"], 8080);
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        assert!(subscriber(LogFormat::Human, "info,wax=loud", io::sink).is_err());
    }
}
