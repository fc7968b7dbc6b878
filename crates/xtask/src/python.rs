//! Tools that come as Python packages, in a virtual environment of their own each.
//!
//! The requirement files pin every package by version and hash: no other file than the one that was looked at is
//! ever run (docs/adr/0020).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, rust};

/// Makes sure that `executable` from the pinned requirements is installed, and returns its path.
pub(crate) fn executable(requirements: &str, executable: &str) -> Result<PathBuf> {
    let wanted = fs::read_to_string(requirements).with_context(|| requirements.to_owned())?;
    let name = Path::new(requirements).file_stem().unwrap_or_default();
    let venv = rust::target_directory()?.join("tools").join(name);
    let installed = venv.join("installed.txt");
    if !fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        create(&venv, requirements).with_context(|| format!("cannot install {requirements}"))?;
        fs::write(&installed, wanted)?;
    }
    Ok(venv.join("bin").join(executable))
}

/// As [`executable`], of a package that comes as source only, pinned in a file of its own. It is built with what the
/// requirements name, and nothing else is fetched for that.
pub(crate) fn built(requirements: &str, source: &str, name: &str) -> Result<PathBuf> {
    let python = executable(requirements, "python")?;
    let built = python.with_file_name(name).with_extension("built");
    let wanted = fs::read_to_string(source).with_context(|| source.to_owned())?;
    if !fs::read_to_string(&built).is_ok_and(|text| text == wanted) {
        process::run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--no-build-isolation", "--no-deps"])
                .args(["--require-hashes", "--requirement", source]),
        )
        .with_context(|| format!("cannot build {source}"))?;
        fs::write(&built, wanted)?;
    }
    Ok(python)
}

fn create(venv: &Path, requirements: &str) -> Result<()> {
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    process::run(
        Command::new(venv.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--require-hashes", "--only-binary", ":all:", "--requirement", requirements]),
    )
}
