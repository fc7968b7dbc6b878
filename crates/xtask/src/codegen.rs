//! Files that are made from others and checked in: the API's description and the types that the web code reads.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, rust, web};

const GENERATED: [&str; 2] = ["docs/openapi.json", "web/packages/api/src/schema.gen.ts"];

pub(crate) fn write() -> Result<()> {
    process::run(&mut rust::cargo(&["build", "--package", "waxseald"]))?;
    web::install()?;
    generate()
}

/// Fails if writing the files anew changes them.
pub(crate) fn check() -> Result<()> {
    write()?;
    compare()
}

/// Writes the files with the server that has been built.
pub(crate) fn generate() -> Result<()> {
    let api = process::output(Command::new(rust::binary("waxseald")?).arg("openapi"))?;
    fs::write(GENERATED[0], api)?;
    process::run(&mut web::npm(&["run", "codegen"]))
}

/// Fails if Git sees a difference to the files as they are staged or committed.
pub(crate) fn compare() -> Result<()> {
    let mut known = Command::new("git");
    known
        .args(["ls-files", "--error-unmatch", "--"])
        .args(GENERATED)
        .stdout(std::process::Stdio::null());
    let mut unchanged = Command::new("git");
    unchanged.args(["--no-pager", "diff", "--exit-code", "--"]).args(GENERATED);
    process::run(&mut known)
        .and_then(|()| process::run(&mut unchanged))
        .context("generated files are not current; run `cargo xtask codegen` and commit them")
}
