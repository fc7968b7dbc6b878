//! What the process asks of its system before it touches a secret.

use anyhow::{Context as _, Result};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// No core dumps, no debugger of the same user: memory holds keys. Room for many connections.
pub(crate) fn harden() -> Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("cannot turn off core dumps")?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot turn off memory dumps")?;
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })
        .context("cannot raise the file limit")
}
