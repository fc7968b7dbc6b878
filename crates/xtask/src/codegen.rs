//! Files that are made from others and checked in: the API's description, the types that the web code reads, and the
//! list of decisions.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, rust, web};

const GENERATED: [&str; 3] =
    ["docs/openapi.json", "web/packages/api/src/schema.gen.ts", DECISIONS_LISTED];
const DECISIONS: &str = "docs/adr";
/// Between these two lines of this file stands a row for every decision.
const DECISIONS_LISTED: &str = "docs/README.md";
const FIRST_LINE: &str = "<!-- decisions, written by `cargo xtask codegen` -->\n";
const LAST_LINE: &str = "<!-- end of decisions -->\n";

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
    list_decisions()?;
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

fn list_decisions() -> Result<()> {
    let page = fs::read_to_string(DECISIONS_LISTED)?;
    let (before, rest) = page.split_once(FIRST_LINE).context("where the decisions begin")?;
    let (_, after) = rest.split_once(LAST_LINE).context("where the decisions end")?;
    let mut files: Vec<_> = fs::read_dir(DECISIONS)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    let mut rows = String::from("| | |\n|---|---|\n");
    for file in files {
        let (name, text) = (file.file_name(), fs::read_to_string(file.path())?);
        rows += &decision(&name.to_string_lossy(), &text)?;
    }
    let page = [before, FIRST_LINE, &rows, LAST_LINE, after].concat();
    Ok(fs::write(DECISIONS_LISTED, page)?)
}

/// The row of a decision. Its heading is `# <number>. <title>`, with the number that its file's name begins with.
fn decision(file: &str, text: &str) -> Result<String> {
    let heading = text.lines().next().and_then(|line| line.strip_prefix("# ")?.split_once(". "));
    let fitting = heading.filter(|(number, _)| file.starts_with(&format!("{number}-")));
    let (number, title) = fitting.with_context(|| format!("the heading of {DECISIONS}/{file}"))?;
    Ok(format!("| [{number}](adr/{file}) | {title} |\n"))
}
