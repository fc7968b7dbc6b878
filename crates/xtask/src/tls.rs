//! TLS as a scanner sees it: a running server, held against Mozilla's recommendation.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::python;
use crate::results::{Record, Results};

/// `tests/interop/tls.py` starts the server, has it scanned, and prints one result a line, as results.rs describes.
pub(crate) fn test(waxseald: &Path, results: &mut Results) -> Result<()> {
    let failures_before = results.failures();
    let ending = match check(waxseald) {
        Ok(lines) => lines.lines().try_for_each(|line| results.add(Record::parse(line)?)),
        Err(error) => Err(error),
    };
    results.add_ending("tls", failures_before, ending)
}

fn check(waxseald: &Path) -> Result<String> {
    let sslyze = python::executable("tests/interop/sslyze.txt", "sslyze")?;
    let mut scan = Command::new("python3");
    scan.args(["-B", "tests/interop/tls.py"]).env("WAXSEALD", waxseald).env("SSLYZE", sslyze);
    process::output(&mut scan)
}
