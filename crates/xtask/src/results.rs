//! What every test of a run came to, in `target/test-results.jsonl`, one JSON object a line:
//! `{"suite": "wax-model", "name": "lifetime::rounds_up", "ok": true}`, and `"skipped": "why"` for one that did not
//! run. Browser tests write the same lines to the file that `WAXSEAL_RESULTS` names.

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::rust;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    /// Did not run, and why.
    Skipped(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) suite: String,
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
}

impl Record {
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let value: Value =
            serde_json::from_str(line).with_context(|| format!("not a test result: {line}"))?;
        let text = |key: &str| {
            value[key].as_str().map(str::to_owned).with_context(|| format!("no `{key}` in {line}"))
        };
        let verdict = match (value["skipped"].as_str(), value["ok"].as_bool()) {
            (Some(reason), _) => Verdict::Skipped(reason.to_owned()),
            (None, Some(true)) => Verdict::Passed,
            (None, Some(false)) => Verdict::Failed,
            (None, None) => bail!("neither `ok` nor `skipped` in {line}"),
        };
        Ok(Self { suite: text("suite")?, name: text("name")?, verdict })
    }

    fn to_json(&self) -> Value {
        let mut value = json!({ "suite": self.suite, "name": self.name, "ok": self.verdict == Verdict::Passed });
        if let Verdict::Skipped(reason) = &self.verdict {
            value["skipped"] = json!(reason);
        }
        value
    }
}

/// `wax-model: lifetime::rounds_up`: the way docs/features.md names a test.
impl Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.suite, self.name)
    }
}

pub(crate) fn path() -> Result<PathBuf> {
    Ok(rust::target_directory()?.join("test-results.jsonl"))
}

/// Reads a file of results. A file that is not there holds none.
pub(crate) fn read(path: &Path) -> Result<Vec<Record>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    fs::read_to_string(path)?.lines().map(Record::parse).collect()
}

/// The results of the run under way.
pub(crate) struct Results {
    file: File,
    records: Vec<Record>,
}

impl Results {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        Ok(Self {
            file: File::create(path).with_context(|| path.display().to_string())?,
            records: Vec::new(),
        })
    }

    pub(crate) fn add(&mut self, record: Record) -> Result<()> {
        writeln!(self.file, "{}", record.to_json())?;
        self.records.push(record);
        Ok(())
    }

    pub(crate) fn failures(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Failed)
    }

    /// Counts a suite that broke down as a failure of its own, unless one of its tests failed since there were
    /// `failures_before`: a suite that dies before its first test has no other.
    pub(crate) fn add_ending(
        &mut self,
        suite: &str,
        failures_before: usize,
        ending: Result<()>,
    ) -> Result<()> {
        let Err(error) = ending else { return Ok(()) };
        if self.failures() > failures_before {
            return Ok(());
        }
        let name = format!("runs to its end: {error:#}");
        self.add(Record { suite: suite.to_owned(), name, verdict: Verdict::Failed })
    }

    /// Names the tests that were skipped, with their reasons, and those that failed.
    pub(crate) fn report(&self) -> String {
        let lines = |describe: fn(&Record) -> Option<String>| {
            self.records.iter().filter_map(describe).collect::<String>()
        };
        let skipped = lines(|record| match &record.verdict {
            Verdict::Skipped(reason) => Some(format!("skipped  {record}: {reason}\n")),
            _ => None,
        });
        let failed = lines(|record| {
            (record.verdict == Verdict::Failed).then(|| format!("FAILED   {record}\n"))
        });
        format!("\n{skipped}{failed}")
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            passed: self.count(|verdict| *verdict == Verdict::Passed),
            failed: self.failures(),
            skipped: self.count(|verdict| matches!(verdict, Verdict::Skipped(_))),
        }
    }

    fn count(&self, which: fn(&Verdict) -> bool) -> usize {
        self.records.iter().filter(|record| which(&record.verdict)).count()
    }
}

/// How a test run went, in one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    /// A run in which nothing ran has proved nothing.
    pub(crate) fn all_passed(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> (PathBuf, Results) {
        let path = std::env::temp_dir()
            .join(format!("waxseal-results-{:?}.jsonl", std::thread::current().id()));
        let results = Results::create(&path).unwrap();
        (path, results)
    }

    fn record(name: &str, verdict: Verdict) -> Record {
        Record { suite: "wax-model".to_owned(), name: name.to_owned(), verdict }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (path, mut results) = results();
        let written = [
            record("a", Verdict::Passed),
            record("b \"é\"", Verdict::Failed),
            record("c", Verdict::Skipped("why".into())),
        ];
        for record in &written {
            results.add(record.clone()).unwrap();
        }
        assert_eq!(read(&path).unwrap(), written);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn skipped_tests_are_listed_with_their_reasons() {
        let (path, mut results) = results();
        results.add(record("a", Verdict::Passed)).unwrap();
        results.add(record("b", Verdict::Skipped("no moon".into()))).unwrap();
        assert_eq!(results.tally().to_string(), "1 passed, 0 failed, 1 skipped");
        assert_eq!(results.report().trim(), "skipped  wax-model: b: no moon");
        assert!(results.tally().all_passed());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_run_without_a_test_has_not_passed() {
        let (path, results) = results();
        assert!(!results.tally().all_passed());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_suite_that_breaks_down_without_a_failed_test_is_a_failure() {
        let (path, mut results) = results();
        results.add(record("a", Verdict::Passed)).unwrap();
        results.add_ending("browser", 0, Err(anyhow::anyhow!("no Chromium"))).unwrap();
        assert_eq!(results.report().trim(), "FAILED   browser: runs to its end: no Chromium");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_that_is_no_result_is_refused() {
        assert!(Record::parse(r#"{"suite":"a","name":"b"}"#).is_err());
        assert!(Record::parse(r#"{"name":"b","ok":true}"#).is_err());
        assert!(Record::parse("ok").is_err());
    }
}
