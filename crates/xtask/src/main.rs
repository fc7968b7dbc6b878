#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a command line tool answers on standard output")]

mod arrows;
mod bench;
mod ci;
mod codegen;
mod features;
mod helm;
mod interop;
mod mails;
mod postgres;
mod process;
mod prove;
mod python;
mod results;
mod run;
mod rust;
mod test;
mod tls;
mod tools;
mod web;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::results::Tally;
use crate::run::Transport;
use crate::test::Scale;

const USAGE: &str = "\
cargo xtask <command>

  run [--tls] [--install]        build everything and start the demo server
  test [--install] [--scale ci|full] [filter …]
                                 every Rust, web, chart and browser test, or those whose names contain a filter. full: as
                                 many domains and certificates as the figures are promised for, with a release build
  ci [--install]                 everything that must be green before a change lands
  bench <part> [option …]        measure hosts, page, cycle, store or all in a release build, beside what else there is
  prove [--minutes <n>] [--seed <n>] [--shape one|fleet] [--fault <name>]
                                 kill servers and Postgres under racing readers, and judge what the readers saw
  arrows                         crates depend only on lower floors
  features                       rows marked done in docs/features.md name tests that passed in the last run
  codegen [--check]              write the generated files; --check fails if that changes them
  web                            build the web pages
  mails                          write every mail, as it looks to its reader, to target/mails/index.html

--install lets a command that misses a tool install it (root on Debian always may).
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(tally)) => {
            // Build servers read the outcome of a run from its last line.
            println!("{tally}");
            ExitCode::from(u8::from(!tally.all_passed()))
        }
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<Option<Tally>> {
    enter_workspace()?;
    process::forward_signals()?;
    let (install, words) = take_flag(arguments, "--install");
    match words.as_slice() {
        ["test", "--scale", scale, filters @ ..] => {
            return test::test(Scale::parse(scale)?, filters, install).map(Some);
        }
        ["test", filters @ ..] => return test::test(Scale::Ci, filters, install).map(Some),
        ["ci"] => return ci::ci(install).map(Some),
        ["run"] => run::run(Transport::Plain, install)?,
        ["run", "--tls"] => run::run(Transport::Tls, install)?,
        ["bench", part, options @ ..] => bench::bench(part, options, install)?,
        ["prove", arguments @ ..] => prove::prove(arguments, install)?,
        ["arrows"] => arrows::check()?,
        ["features"] => features::check()?,
        ["codegen"] => codegen::write()?,
        ["codegen", "--check"] => codegen::check()?,
        ["web"] => web::build()?,
        ["mails"] => mails::preview()?,
        ["help" | "--help" | "-h"] => print!("{USAGE}"),
        _ => bail!("unknown command\n\n{USAGE}"),
    }
    Ok(None)
}

/// Every path in this crate is relative to the workspace's root.
fn enter_workspace() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::set_current_dir(&root).with_context(|| format!("no workspace at {}", root.display()))
}

fn take_flag<'a>(arguments: &'a [String], flag: &str) -> (bool, Vec<&'a str>) {
    let others: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| *word != flag).collect();
    (others.len() < arguments.len(), others)
}
