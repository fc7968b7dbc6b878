//! Cargo: where it builds, one way to build, the Rust tests.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{self, Job};
use crate::python;
use crate::results::{Record, Results, Verdict};

pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments);
    command
}

/// Builds every binary and every test in one go: Cargo unites the features that tests need with those of the
/// binaries, so building them one after the other would compile the dependencies twice.
pub(crate) fn build_all() -> Result<()> {
    process::run(&mut cargo(&["build", "--workspace", "--all-targets"]))
}

/// What Cargo says about the members of the workspace.
pub(crate) fn metadata() -> Result<Value> {
    let text = process::output(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_str(&text).context("cargo metadata")
}

pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = metadata()?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo metadata names no target directory")
}

/// A binary of the workspace in its debug build.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    Ok(target_directory()?.join("debug").join(name))
}

/// Runs unit and integration tests, those whose names contain a filter if there is one.
pub(crate) fn test(
    filters: &[&str],
    environment: &[(&str, String)],
    results: &mut Results,
) -> Result<()> {
    let mut command = nextest()?;
    command
        .args([
            "nextest",
            "run",
            "--workspace",
            "--no-tests=pass",
            "--message-format",
            "libtest-json",
        ])
        .args(filters)
        .env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1")
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .stdout(Stdio::piped());
    let sources = rust_files(Path::new("crates"))?;
    watch("rust", &mut command, results, |line| nextest_record(line, &sources))
}

/// Compiles and runs the examples in the documentation.
pub(crate) fn doc_test(environment: &[(&str, String)], results: &mut Results) -> Result<()> {
    let mut command = cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
    command.envs(environment.iter().map(|(name, value)| (*name, value))).stdout(Stdio::piped());
    watch("doc", &mut command, results, |line| {
        println!("{line}");
        doc_record(line)
    })
}

/// Runs a test command and records what each of its lines tells.
fn watch(
    suite: &str,
    command: &mut Command,
    results: &mut Results,
    record: impl Fn(&str) -> Option<Record>,
) -> Result<()> {
    let failures_before = results.failures();
    let mut job = Job::start(command)?;
    for line in BufReader::new(job.stdout()).lines() {
        if let Some(record) = record(&line?) {
            results.add(record)?;
        }
    }
    results.add_ending(suite, failures_before, job.finish())
}

/// The nextest of this machine, or else the pinned one.
fn nextest() -> Result<Command> {
    if process::succeeds(&mut cargo(&["nextest", "--version"])) {
        return Ok(cargo(&[]));
    }
    python::executable("crates/xtask/tools/cargo-nextest.txt", "cargo-nextest").map(Command::new)
}

/// Reads one line of nextest's `libtest-json`. Names look like `wax-model::wax_model$lifetime::tests::rounds_up`.
fn nextest_record(line: &str, sources: &[PathBuf]) -> Option<Record> {
    let event: Value = serde_json::from_str(line).ok()?;
    let (binary, name) = event["name"].as_str()?.split_once('$')?;
    let verdict = match event["event"].as_str()? {
        "started" => return None,
        "ok" => Verdict::Passed,
        "ignored" => Verdict::Skipped(ignore_reason(sources, name)),
        _ => Verdict::Failed,
    };
    Some(Record { suite: suite(binary), name: name.to_owned(), verdict })
}

/// Tests inside a package are of the suite `package`, integration tests of `package::binary`.
fn suite(binary: &str) -> String {
    match binary.split_once("::") {
        Some((package, target)) if package.replace('-', "_") == target.replace('-', "_") => {
            package.to_owned()
        }
        _ => binary.to_owned(),
    }
}

/// Reads a line such as `test crates/model/src/lib.rs - Lifetime (line 12) ... ok`.
fn doc_record(line: &str) -> Option<Record> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let verdict = match outcome {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed,
        _ => Verdict::Skipped("the example is marked `ignore`".to_owned()),
    };
    Some(Record { suite: "doc".to_owned(), name: name.to_owned(), verdict })
}

/// Nextest keeps the reason of `#[ignore = "reason"]` to itself, so the source has to tell.
fn ignore_reason(sources: &[PathBuf], test: &str) -> String {
    let function = format!("fn {}(", test.rsplit("::").next().unwrap_or(test));
    sources
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|source| reason_above(&source, &function))
        .unwrap_or_else(|| "ignored, no reason given".to_owned())
}

fn reason_above(source: &str, function: &str) -> Option<String> {
    let above = &source[..source.find(function)?];
    let attributes = above.rsplit("}\n").next()?;
    let reason = attributes.split_once("#[ignore = \"")?.1;
    Some(reason.split_once("\"]")?.0.to_owned())
}

fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension() == Some(OsStr::new("rs")) {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event: &str, name: &str) -> Option<Record> {
        nextest_record(&format!(r#"{{"type":"test","event":"{event}","name":"{name}"}}"#), &[])
    }

    #[test]
    fn a_unit_test_belongs_to_its_package() {
        let record = event("ok", "wax-model::wax_model$lifetime::rounds_up").unwrap();
        assert_eq!(
            (record.suite.as_str(), record.name.as_str()),
            ("wax-model", "lifetime::rounds_up")
        );
        assert_eq!(record.verdict, Verdict::Passed);
    }

    #[test]
    fn an_integration_test_belongs_to_its_binary() {
        assert_eq!(event("ok", "wax-edge::it$sni").unwrap().suite, "wax-edge::it");
    }

    #[test]
    fn anything_but_ok_and_ignored_is_a_failure() {
        assert_eq!(event("failed", "a::a$b").unwrap().verdict, Verdict::Failed);
        assert_eq!(event("timeout", "a::a$b").unwrap().verdict, Verdict::Failed);
        assert!(event("started", "a::a$b").is_none());
        assert!(nextest_record(r#"{"type":"suite","event":"ok","passed":1}"#, &[]).is_none());
    }

    #[test]
    fn the_reason_of_an_ignored_test_is_the_one_above_it() {
        let source = "fn one() {\n}\n#[test]\n#[ignore = \"needs the moon\"]\nfn two() {\n}\n#[test]\nfn three() {}\n";
        assert_eq!(reason_above(source, "fn two(").unwrap(), "needs the moon");
        assert_eq!(reason_above(source, "fn three("), None);
    }

    #[test]
    fn examples_in_documents_are_counted_one_by_one() {
        let record = doc_record("test crates/model/src/lib.rs - (line 3) ... ok").unwrap();
        assert_eq!(record.name, "crates/model/src/lib.rs - (line 3)");
        assert_eq!(doc_record("test a.rs - (line 3) ... FAILED").unwrap().verdict, Verdict::Failed);
        assert!(doc_record("test result: ok. 1 passed; 0 failed").is_none());
    }
}
