#![doc = include_str!("../README.md")]

mod api_document;
mod assemble;
mod billing;
mod classes;
mod commands;
mod context_key;
mod demo;
mod domains;
mod first_tenants;
mod hosts;
mod labels;
mod mutual_tls;
mod name_server;
mod node_time;
mod post;
mod process;
mod ticket_keys;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};
use wax_accounts::OperatorLink;
use wax_config::{Config, Flag};

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
        /// Serves only these parts; others run in other processes on the same database.
        #[arg(long, value_name = "edge|secrets|accounts|worker|dns", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Brings the database's schema up to date.
    Migrate,
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What only the operator of the server may do.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// What organizations pay for.
    #[command(subcommand)]
    Billing(BillingCommand),
    /// Prints what DNS providers are handed for them to set records by themselves: templates, and our public key's records.
    DomainConnect,
    /// Prints the `OpenAPI` document.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum BillingCommand {
    /// Prints the differences between Stripe and us that only people can mend.
    Drift {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Asks Stripe about one organization now, and writes what follows.
    Refresh {
        /// Its id or short name.
        organization: String,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Reads it and says what is wrong.
    Check,
    /// Prints the commented defaults.
    Default,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Who owns organizations.
    #[command(subcommand)]
    Owner(OwnerCommand),
    /// People.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Mails.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Shows who may sign up, or switches it: at once, in every process of the database, whatever `accounts.sign_up` says.
    SignUp {
        /// Everybody, who was invited, or nobody.
        #[arg(value_parser = ["open", "invited", "closed"])]
        policy: Option<String>,
    },
    /// Prints what these commands changed, newest first.
    Log {
        /// At most so many lines.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
}

#[derive(Debug, Subcommand)]
enum OwnerCommand {
    /// Prints a link that signs somebody in once, within the hour, and makes them an owner.
    Create {
        /// Their mail address. Nothing is mailed.
        email: String,
        /// What others read; without it, the address up to the `@`.
        #[arg(long)]
        name: Option<String>,
        /// An existing organization's id or short name, or the name of a new one.
        #[arg(long, value_name = "NAME")]
        organization: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Prints a link that lets somebody back in who has lost every way, once, within the hour. Ends their other sessions and
    /// turns their second factor off.
    Recover {
        /// Their mail address. Nothing is mailed.
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// Sends a test mail, and prints what the mail server answers.
    Test {
        /// To whom.
        address: String,
        /// In which language.
        #[arg(long, default_value = "en", value_parser = ["en", "ja"])]
        language: String,
    },
    /// Tells why an address gets no mail, or no notices.
    Show {
        /// Which.
        address: String,
    },
    /// Has mail sent again to an address that gets none.
    Lift {
        /// Which.
        address: String,
        /// Only what is stopped for this reason: its mail server had no such mailbox, or its owner wanted no notices.
        #[arg(long, value_parser = ["bounced", "unsubscribed"])]
        reason: Option<String>,
    },
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
        Command::Serve { ephemeral, demo, only } => {
            let flags = [
                ephemeral.then(|| Flag::new("--ephemeral", "server.ephemeral", "true")),
                demo.then(|| Flag::new("--demo", "server.demo", "true")),
                (!only.is_empty()).then(|| Flag::new("--only", "server.only", &only.join(","))),
            ];
            commands::serve(&load(arguments, flags.into_iter().flatten())?)
        }
        Command::Migrate => commands::migrate(&load(arguments, None)?),
        Command::Config(ConfigCommand::Check) => {
            load(arguments, None)?;
            commands::print("The configuration can be used.\n")
        }
        Command::Config(ConfigCommand::Default) => commands::print(wax_config::DEFAULT_TOML),
        Command::Admin(command) => administer(&load(arguments, None)?, command),
        Command::Billing(BillingCommand::Drift { json }) => {
            commands::billing_drift(&load(arguments, None)?, *json)
        }
        Command::Billing(BillingCommand::Refresh { organization }) => {
            commands::billing_refresh(&load(arguments, None)?, organization)
        }
        Command::DomainConnect => commands::domain_connect(&load(arguments, None)?),
        Command::Openapi => commands::openapi(),
    }
}

fn administer(config: &Config, command: &AdminCommand) -> Result<()> {
    match command {
        AdminCommand::Owner(OwnerCommand::Create { email, name, organization }) => {
            let (name, organization) = (name.clone(), organization.clone());
            let link = OperatorLink::Owner { name, organization };
            commands::operator_link(config, email, link)
        }
        AdminCommand::Account(AccountCommand::Recover { email }) => {
            commands::operator_link(config, email, OperatorLink::Recover)
        }
        AdminCommand::Mail(MailCommand::Test { address, language }) => {
            commands::mail_test(config, address, language)
        }
        AdminCommand::Mail(MailCommand::Show { address }) => commands::mail_show(config, address),
        AdminCommand::Mail(MailCommand::Lift { address, reason }) => {
            commands::mail_lift(config, address, reason.as_deref())
        }
        AdminCommand::SignUp { policy } => commands::sign_up(config, policy.as_deref()),
        AdminCommand::Log { limit } => commands::log(config, *limit),
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary is where the environment enters")]
fn load(arguments: &Arguments, flags: impl IntoIterator<Item = Flag>) -> Result<Config> {
    Ok(Config::load(arguments.config.as_deref(), std::env::vars(), flags)?)
}
