//! `cargo xtask mails`: every mail as its reader sees it.

use anyhow::Result;

use crate::{process, rust};

pub(crate) fn preview() -> Result<()> {
    let example =
        ["run", "--quiet", "-p", "wax-mail", "--example", "preview", "--", "target/mails"];
    process::run(&mut rust::cargo(&example))
}
