//! `cargo xtask bench`: what DESIGN's budgets ask for, measured beside what people would use instead.
//!
//! The measuring itself is `tests/bench`; this installs, builds and starts what it needs.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres::{self, Postgres};
use crate::{process, rust, tools, web};

/// The commands of the measuring program, cheapest first.
const PARTS: &[&str] = &["store"];

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
    match &*missed {
        [] => Ok(()),
        faults => {
            let faults = faults.iter().map(|(part, error)| format!("{part}: {error:#}"));
            bail!("{}", faults.collect::<Vec<_>>().join("\n"))
        }
    }
}

fn measure(part: &str, options: &[&str]) -> Result<()> {
    let out = rust::target_directory()?.join("bench");
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let mut command = Command::new(released("waxseal-bench")?);
    command.arg(part).arg("--out").arg(&out);
    // It runs until the measuring ends.
    let _postgres = match part {
        "store" => Some(beside_pgbench(&mut command)?),
        _ => None,
    };
    process::run(command.args(options))
}

fn beside_pgbench(command: &mut Command) -> Result<Postgres> {
    let server = Postgres::start()?;
    let programs = postgres::programs().context("Postgres is not installed")?;
    command.args(["--postgres", &server.url()]).arg("--pgbench").arg(programs.join("pgbench"));
    Ok(server)
}

fn released(name: &str) -> Result<PathBuf> {
    Ok(rust::target_directory()?.join("release").join(name))
}
