//! npm: install, build, the unit tests of the workspaces under web/, the browser tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process;
use crate::results::{self, Record, Results, Verdict};
use crate::rust;

/// Where the workspace of the browser tests is, inside web/.
const BROWSER_TESTS: &str = "e2e";

pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir("web");
    command
}

/// Installs the packages if they changed, and builds the pages if they or their sources did: files that were written
/// anew would make cargo link the server anew, which takes minutes in a release.
pub(crate) fn build() -> Result<()> {
    install()?;
    let built = Path::new("web/node_modules/.built.txt");
    if fs::read_to_string(built).is_ok_and(|last| state().is_ok_and(|now| last == now)) {
        return Ok(());
    }
    process::run(&mut npm(&["run", "build"]))?;
    // Without git nothing is remembered, and the next time everything is built again.
    if let Ok(now) = state() {
        fs::write(built, now)?;
    }
    Ok(())
}

/// Every file that the pages are made of, and that they are made into, with its hash.
fn state() -> Result<String> {
    const BUILT: &str = "web/apps/*/dist/**";
    let listed = |arguments: &[&str]| {
        process::output(
            Command::new("git").args(["ls-files", "--cached", "--others"]).args(arguments),
        )
    };
    let mut files = listed(&["--exclude-standard", "--", "web"])?;
    let built = listed(&["--", BUILT])?;
    ensure!(!built.is_empty(), "nothing is built");
    files.push_str(&built);
    // Those that were deleted and not yet committed are listed too.
    let present: Vec<_> = files.lines().filter(|file| Path::new(file).is_file()).collect();
    let hashes = process::output(Command::new("git").args(["hash-object", "--"]).args(&present))?;
    Ok(hashes + &present.join("\n"))
}

/// Types and style.
pub(crate) fn lint() -> Result<()> {
    process::run(&mut npm(&["run", "typecheck"]))?;
    process::run(&mut npm(&["run", "lint"]))
}

/// `npm ci` empties `node_modules` first, so it runs only when the lock file is another than at the last time.
pub(crate) fn install() -> Result<()> {
    let wanted = fs::read_to_string("web/package-lock.json").context("web/package-lock.json")?;
    let installed = Path::new("web/node_modules/.installed-lock.json");
    if !fs::read_to_string(installed).is_ok_and(|lock| lock == wanted) {
        process::run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
        fs::write(installed, wanted)?;
    }
    Ok(())
}

/// Runs the unit tests of every workspace that has some.
pub(crate) fn test(filters: &[&str], results: &mut Results) -> Result<()> {
    let workspaces: Value =
        serde_json::from_str(&process::output(&mut npm(&["query", ".workspace"]))?)?;
    for workspace in workspaces.as_array().into_iter().flatten() {
        if workspace["scripts"]["test"].is_string() {
            test_workspace(
                workspace["name"].as_str().context("a workspace without a name")?,
                filters,
                results,
            )?;
        }
    }
    Ok(())
}

fn test_workspace(name: &str, filters: &[&str], results: &mut Results) -> Result<()> {
    let report = rust::target_directory()?.join("vitest.json");
    let _ = fs::remove_file(&report); // Absent is what it should be.
    let output = format!("--outputFile.json={}", report.display());
    let mut command = npm(&[
        "run",
        "test",
        "--workspace",
        name,
        "--",
        "--reporter=default",
        "--reporter=json",
        &output,
    ]);
    if !filters.is_empty() {
        command.args(["--passWithNoTests", "--testNamePattern", &filters.join("|")]);
    }
    let failures_before = results.failures();
    let ending = process::run(&mut command);
    for record in vitest_records(name, &fs::read_to_string(&report).unwrap_or_default()) {
        results.add(record)?;
    }
    results.add_ending(name, failures_before, ending)
}

/// Reads vitest's JSON report. A test that the filters left out is not part of the run.
fn vitest_records(suite: &str, report: &str) -> Vec<Record> {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let files = report["testResults"].as_array().into_iter().flatten();
    let tests = files.flat_map(|file| file["assertionResults"].as_array().into_iter().flatten());
    tests.filter_map(|test| vitest_record(suite, test)).collect()
}

fn vitest_record(suite: &str, test: &Value) -> Option<Record> {
    let verdict = match test["status"].as_str()? {
        "passed" => Verdict::Passed,
        "failed" => Verdict::Failed,
        "todo" => Verdict::Skipped("still to be written".to_owned()),
        "pending" => Verdict::Skipped("skipped in its source".to_owned()),
        _ => return None,
    };
    Some(Record {
        suite: suite.to_owned(),
        name: test["fullName"].as_str()?.trim().to_owned(),
        verdict,
    })
}

/// How the server's parts are spread over processes while the browser tests run: all of the tests in one process, and
/// those in which parts work together on two edges and two secrets nodes.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    One,
    Fleet,
}

impl Shape {
    const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Fleet => "fleet",
        }
    }

    const fn suite(self) -> &'static str {
        match self {
            Self::One => "browser",
            Self::Fleet => "browser-fleet",
        }
    }
}

/// Runs the browser tests, which write one line for each test to the file that `WAXSEAL_RESULTS` names.
pub(crate) fn browser_test(
    shape: Shape,
    filters: &[&str],
    environment: &[(&str, String)],
    results: &mut Results,
) -> Result<()> {
    let lines = rust::target_directory()?.join("browser-results.jsonl");
    fs::write(&lines, "")?;
    let mut command = npm(&["run", "e2e", "--workspace", BROWSER_TESTS, "--"]);
    command
        .args(filters)
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .env("WAXSEAL_SHAPE", shape.name())
        .env("WAXSEAL_RESULTS", &lines);
    let failures_before = results.failures();
    let mut ending = process::run(&mut command);
    let records = results::read(&lines)?;
    if records.is_empty() && filters.is_empty() {
        ending = ending.and_then(|()| bail!("no test ran"));
    }
    for record in records {
        results.add(record)?;
    }
    results.add_ending(shape.suite(), failures_before, ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_of_every_file_in_a_vitest_report_is_recorded() {
        let report = r#"{"testResults":[
            {"assertionResults":[{"fullName":"link parses","status":"passed"},{"fullName":" opens ","status":"failed"}]},
            {"assertionResults":[{"fullName":"later","status":"todo"}]}]}"#;
        let records = vitest_records("@waxseal/crypto", report);
        let lines: Vec<_> = records.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            ["@waxseal/crypto: link parses", "@waxseal/crypto: opens", "@waxseal/crypto: later"]
        );
        assert_eq!(records[0].verdict, Verdict::Passed);
        assert_eq!(records[1].verdict, Verdict::Failed);
        assert!(matches!(records[2].verdict, Verdict::Skipped(_)));
    }

    #[test]
    fn a_report_that_was_never_written_holds_no_tests() {
        assert!(vitest_records("@waxseal/crypto", "").is_empty());
    }
}
