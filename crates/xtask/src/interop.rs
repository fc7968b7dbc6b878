//! The third implementation of the seal: Python, written from docs/protocol.md alone.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::python;
use crate::results::{Record, Results, Verdict};

const SUITE: &str = "interop";

/// `tests/interop/open_vectors.py` opens, produces and refuses every vector; one line a check.
pub(crate) fn test(results: &mut Results) -> Result<()> {
    let failures_before = results.failures();
    let ending = match check() {
        Ok(lines) => lines.lines().filter_map(record).try_for_each(|record| results.add(record)),
        Err(error) => Err(error),
    };
    results.add_ending(SUITE, failures_before, ending)
}

fn check() -> Result<String> {
    let python = python::executable("tests/interop/interop.txt", "python")?;
    process::output(Command::new(python).args(["-B", "tests/interop/open_vectors.py"]))
}

/// `ok <name>` or `FAILED <name>: why`; the closing line is neither.
fn record(line: &str) -> Option<Record> {
    let (name, verdict) = match line.strip_prefix("ok ") {
        Some(name) => (name, Verdict::Passed),
        None => (line.strip_prefix("FAILED ")?, Verdict::Failed),
    };
    Some(Record { suite: SUITE.to_owned(), name: name.to_owned(), verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_a_failed_test_and_the_closing_line_is_none() {
        assert_eq!(record("ok rust/seal.json one").unwrap().verdict, Verdict::Passed);
        assert_eq!(record("FAILED rust/seal.json one: no").unwrap().verdict, Verdict::Failed);
        assert!(record("325 passed, 0 failed").is_none());
    }
}
