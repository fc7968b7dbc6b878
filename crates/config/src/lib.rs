#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod accounts;
mod acme;
mod billing;
mod console;
mod domains;
mod error;
mod mail;
mod overlay;
mod parts;
mod rules;
mod sections;
mod upstream;

use std::{fs, path::Path};

use serde::Deserialize;

pub use accounts::{Accounts, SignUp};
pub use acme::{Acme, AcmeIssuer, ExternalAccount};
pub use billing::{Billing, Stripe};
pub use console::Console;
pub use domains::{CertificateFeed, Domains, NameServer, RootKey};
pub use error::{ConfigError, Source};
pub use mail::{Mail, SmtpUrl};
pub use overlay::Flag;
pub use parts::{Part, Parts};
pub use sections::{
    Audit, DatabaseUrl, Limits, Listeners, Log, LogFormat, Secrets, Server, Store, Upstream,
};
pub use upstream::Endpoint;

/// The commented defaults: the documentation of every key, and the file `config` prints.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Everything the server can be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What kind of server this is.
    pub server: Server,
    /// Where it listens.
    pub listeners: Listeners,
    /// Where members are.
    pub console: Console,
    /// Tenants' own domains, and our zone that they point into.
    pub domains: Domains,
    /// Who issues certificates for them.
    pub acme: Acme,
    /// Who answers what it does not answer itself.
    pub upstream: Upstream,
    /// Where it keeps things.
    pub store: Store,
    /// What a secret may be.
    pub secrets: Secrets,
    /// Who may be a member, and for how long they are let in.
    pub accounts: Accounts,
    /// What is sold, and who takes the money.
    pub billing: Billing,
    /// Who takes its mails, and who writes them.
    pub mail: Mail,
    /// What is remembered, and how long.
    pub audit: Audit,
    /// How much anyone may ask for.
    pub limits: Limits,
    /// What it says about itself.
    pub log: Log,
}

impl Config {
    /// Reads the defaults, then the file, then the environment, then the command line; each later one wins.
    ///
    /// # Errors
    /// Names the key, where its value came from, what is wrong with it and what to do.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Result<Self, ConfigError> {
        let mut table = overlay::Table::default();
        if let Some(path) = file {
            let text = fs::read_to_string(path).map_err(|source| ConfigError::File {
                path: path.to_owned(),
                reason: source.to_string(),
            })?;
            table.apply_file(path, &text)?;
        }
        table.apply_env(env)?;
        for flag in flags {
            table.apply_flag(&flag)?;
        }
        let config = table.into_config();
        config.check()?;
        Ok(config)
    }

    /// The rules that tie two keys together.
    fn check(&self) -> Result<(), ConfigError> {
        rules::check(self)
    }
}

impl Default for Config {
    /// What `default.toml` says.
    fn default() -> Self {
        overlay::Table::default().into_config()
    }
}

#[cfg(test)]
mod tests;
