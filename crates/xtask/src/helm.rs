//! The Helm chart: rendered by Helm's own engine and held against the API of current Kubernetes versions.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::python;
use crate::results::{Record, Results};

/// `helm/check/check.py` prints one result a line, as results.rs describes.
pub(crate) fn test(results: &mut Results) -> Result<()> {
    let failures_before = results.failures();
    let ending = match check() {
        Ok(lines) => lines.lines().try_for_each(|line| results.add(Record::parse(line)?)),
        Err(error) => Err(error),
    };
    results.add_ending("helm", failures_before, ending)
}

fn check() -> Result<String> {
    let python = python::executable("helm/check/helm-check.txt", "python")?;
    process::output(Command::new(python).args(["-B", "helm/check/check.py"]))
}
