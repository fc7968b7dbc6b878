//! `waxseal completions SHELL`

use clap_complete::Shell;

use crate::{failure::Failure, help, output::Output, words::Words};

pub(crate) fn run(shell: Shell, words: Words, output: &Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command(words), "waxseal", &mut script);
    output.bytes(&script)
}
