//! What is said when a thread panics.

use std::panic::{self, PanicHookInfo};

/// Logs every panic with its place, and never its message: a message may hold what the code was working on.
pub fn report_panics() {
    panic::set_hook(Box::new(report));
}

fn report(info: &PanicHookInfo<'_>) {
    let (file, line) = info.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    let thread = std::thread::current();
    tracing::error!(file, line, thread = thread.name().unwrap_or("unnamed"), "panicked");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{LogFormat, testing::log_of};

    #[test]
    fn a_panic_is_logged_by_place_and_without_its_message() {
        let log = log_of(LogFormat::Json, "info", || {
            let before = panic::take_hook();
            report_panics();
            let outcome = panic::catch_unwind(|| panic!("passphrase was {}", "hunter2"));
            panic::set_hook(before);
            assert!(outcome.is_err());
        });
        assert!(log.contains("panic.rs") && log.contains("panicked"), "{log}");
        assert!(!log.contains("hunter2"), "{log}");
    }
}
