//! `cargo xtask bench`: what DESIGN's budgets ask for, measured beside what people would use instead.
//!
//! The measuring itself is `tests/bench`; this installs, builds and starts what it needs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres::{self, Postgres};
use crate::{process, python, rust, tools, web};

/// The commands of the measuring program, cheapest first.
const PARTS: &[&str] = &["hosts", "edge", "page", "flood", "cycle", "store"];
/// `SnapPass` with everything it needs.
const SNAPPASS: &str = "tests/bench/tools/snappass.txt";
const CADDY: &str = "tests/bench/tools/caddy.txt";
/// The last one that runs on Node.js 20.
const LIGHTHOUSE: &str = "lighthouse@12.2.3";

/// Measures one part or all of them. A budget that is missed is an error, after everything was measured.
pub(crate) fn bench(part: &str, options: &[&str], install: bool) -> Result<()> {
    let parts: Vec<&str> =
        PARTS.iter().copied().filter(|known| part == "all" || part == *known).collect();
    if parts.is_empty() {
        bail!("nothing to measure is called `{part}`: choose {} or all", PARTS.join(", "));
    }
    tools::require(&[tools::TO_RUN, tools::TO_TEST, tools::TO_BENCH], install)?;
    web::build()?;
    println!("Building what is released; the first time takes a few minutes.");
    process::run(&mut rust::cargo(&[
        "build",
        "--release",
        "-p",
        "waxseald",
        "-p",
        "waxseal-bench",
    ]))?;
    let missed: Vec<_> = parts
        .iter()
        .filter_map(|part| measure(part, options).err().map(|error| (part, error)))
        .collect();
    println!("To keep what was found: cp {}/* docs/benchmarks/", out()?.display());
    match &*missed {
        [] => Ok(()),
        faults => {
            let faults = faults.iter().map(|(part, error)| format!("{part}: {error:#}"));
            bail!("{}", faults.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn measure(part: &str, options: &[&str]) -> Result<()> {
    let out = out()?;
    let mut command = Command::new(released("waxseal-bench")?);
    command.arg(part).arg("--out").arg(&out).arg("--source").arg(source()?);
    // It runs until the measuring ends.
    let mut postgres = None;
    match part {
        "page" => {
            command.arg("--waxseald").arg(released("waxseald")?);
            command.args(["--playwright", "web/e2e"]).arg("--lighthouse").arg(lighthouse()?);
        }
        "edge" => {
            command.arg("--waxseald").arg(released("waxseald")?);
            command.arg("--caddy").arg(python::executable(CADDY, "caddy")?);
        }
        "flood" => {
            command.arg("--waxseald").arg(released("waxseald")?);
        }
        "cycle" => {
            command.arg("--waxseald").arg(released("waxseald")?);
            command.arg("--gunicorn").arg(python::executable(SNAPPASS, "gunicorn")?);
        }
        "store" => postgres = Some(beside_pgbench(&mut command)?),
        _ => {}
    }
    let ending = process::run(command.args(options));
    drop(postgres);
    ending
}

/// The folder of what is found.
fn out() -> Result<PathBuf> {
    let out = rust::target_directory()?.join("bench");
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    Ok(out)
}

/// What is measured, and when. An unpacked archive has no commit to tell.
fn source() -> Result<String> {
    let date = said("date", &["--utc", "+%Y-%m-%d"])?;
    let commit = said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let clean = said("git", &["status", "--porcelain"]).is_ok_and(|changes| changes.is_empty());
    let changes = if clean { "" } else { " and changes" };
    let compiler = said("rustc", &["--version"])?;
    Ok(format!("{date}, commit {commit}{changes}, {compiler}, profile `release`"))
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    Ok(process::output(Command::new(program).args(arguments))?.trim().to_owned())
}

fn beside_pgbench(command: &mut Command) -> Result<Postgres> {
    let server = Postgres::start()?;
    let programs = postgres::programs().context("Postgres is not installed")?;
    command.args(["--postgres", &server.url()]).arg("--pgbench").arg(programs.join("pgbench"));
    Ok(server)
}

/// Makes sure that Lighthouse is installed, in a folder of its own, and returns its program.
fn lighthouse() -> Result<PathBuf> {
    let folder = rust::target_directory()?.join("tools").join(LIGHTHOUSE);
    let program = folder.join("node_modules/lighthouse/cli/index.js");
    if !program.exists() {
        fs::create_dir_all(&folder)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", LIGHTHOUSE]).arg("--prefix").arg(&folder);
        process::run(&mut npm)?;
    }
    Ok(program)
}

fn released(name: &str) -> Result<PathBuf> {
    Ok(rust::target_directory()?.join("release").join(name))
}
