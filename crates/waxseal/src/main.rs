#![doc = include_str!("../README.md")]

mod args;
mod commands;
mod domain_view;
mod environment;
mod failure;
mod generate;
mod help;
mod identity;
mod input;
mod new_file;
mod outcome;
mod output;
mod qr;
mod receipt_view;
mod refusal;
mod report_view;
mod sender_view;
mod settings;
mod table;
mod terminal;
mod when;
mod words;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::{args::Cli, environment::Environment, failure::Failure, output::Output, words::Words};

fn main() -> ExitCode {
    let environment = Environment::of_this_process();
    let words = Words::new(environment.language());
    let output = Output::new(&environment);
    let cli = match parse(&environment, words) {
        Ok(cli) => cli,
        Err(error) => return help::report(&error, words, &output),
    };
    match run(&cli, &environment, words, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(words, &output),
    }
}

fn parse(environment: &Environment, words: Words) -> Result<Cli, clap::Error> {
    let matches = help::command(words).try_get_matches_from(environment.arguments())?;
    Cli::from_arg_matches(&matches)
}

/// One thread is enough for one request at a time.
fn run(cli: &Cli, environment: &Environment, words: Words, output: &Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::local(error.to_string()))?;
    runtime.block_on(commands::run(cli, environment, words, output))
}
