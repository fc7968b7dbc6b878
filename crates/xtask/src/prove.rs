//! `cargo xtask prove`: builds the servers and their besieger, and lets it show that "exactly one device" holds.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{self, Job};
use crate::{rust, tools, web};

/// Short runs are for looking at, and a debug build is there already. From this many minutes on the rate matters more.
const LONG_MINUTES: u64 = 2;

/// Hands every argument on; the besieger explains them.
pub(crate) fn prove(arguments: &[&str], install: bool) -> Result<()> {
    tools::require(&[tools::TO_RUN, tools::TO_TEST], install)?;
    web::build()?;
    let profile = if is_long(arguments) { "release" } else { "dev" };
    println!("Building the servers ({profile}); the first time takes a few minutes.");
    let mut build = rust::cargo(&["build", "--profile", profile, "--package", "waxseald"]);
    process::run(build.args(["--package", "waxseal-tests", "--bins"]))?;
    let folder = rust::target_directory()?.join(if profile == "dev" { "debug" } else { profile });
    Job::start(&mut besieger(&folder, arguments))?.finish()
}

fn besieger(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(folder.join("prove"));
    command.args(arguments).env("WAXSEALD", folder.join("waxseald"));
    command
}

fn is_long(arguments: &[&str]) -> bool {
    let minutes = arguments.windows(2).find(|pair| pair[0] == "--minutes");
    minutes
        .and_then(|pair| pair[1].parse().ok())
        .is_some_and(|minutes: u64| minutes >= LONG_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_runs_are_built_for_speed() {
        assert!(is_long(&["--seed", "1", "--minutes", "10"]));
        assert!(!is_long(&["--minutes", "1"]));
        assert!(!is_long(&[]));
    }
}
