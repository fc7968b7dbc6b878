#![doc = include_str!("../README.md")]

mod assemble;
mod commands;
mod demo;
mod first_tenants;
mod hosts;
mod process;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use wax_config::Config;

/// One-time secrets under your own seal: the server.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// A configuration file; `waxseald config default` prints one.
    #[arg(long, global = true, value_name = "FILE", env = "WAXSEAL_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves.
    Serve {
        /// Writes nothing to disk; everything is gone when the server ends.
        #[arg(long)]
        ephemeral: bool,
        /// Fills an empty store with the demo organization. Not for real secrets.
        #[arg(long)]
        demo: bool,
    },
    /// Brings the database's schema up to date.
    Migrate,
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints the `OpenAPI` document.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Reads it and says what is wrong.
    Check,
    /// Prints the commented defaults.
    Default,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("waxseald: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    process::harden()?;
    match &arguments.command {
        Command::Serve { ephemeral, demo } => {
            let mut config = load(arguments)?;
            config.server.ephemeral |= ephemeral;
            config.server.demo |= demo;
            commands::serve(&config)
        }
        Command::Migrate => commands::migrate(&load(arguments)?),
        Command::Config(ConfigCommand::Check) => {
            load(arguments)?;
            commands::print("The configuration can be used.\n")
        }
        Command::Config(ConfigCommand::Default) => commands::print(wax_config::DEFAULT_TOML),
        Command::Openapi => commands::openapi(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary is where the environment enters")]
fn load(arguments: &Arguments) -> Result<Config> {
    Ok(Config::load(arguments.config.as_deref(), std::env::vars())?)
}
