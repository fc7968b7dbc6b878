#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod error;
mod overlay;
mod sections;

use std::{fs, path::Path};

use serde::Deserialize;

pub use error::{ConfigError, Source};
pub use sections::{DatabaseUrl, Limits, Listeners, Log, LogFormat, Secrets, Server, Store};

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
    /// Where it keeps things.
    pub store: Store,
    /// What a secret may be.
    pub secrets: Secrets,
    /// How much anyone may ask for.
    pub limits: Limits,
    /// What it says about itself.
    pub log: Log,
}

impl Config {
    /// Reads the defaults, then the file, then the environment; each later one wins.
    ///
    /// # Errors
    /// Names the key, where its value came from, what is wrong with it and what to do.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
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
        let config = table.into_config();
        config.check()?;
        Ok(config)
    }

    /// The rules that tie two keys together.
    fn check(&self) -> Result<(), ConfigError> {
        let Listeners { plain, tls, management, .. } = self.listeners;
        if plain.is_none() && tls.is_none() {
            return Err(ConfigError::rule(
                "listeners.plain",
                "and listeners.tls are both off",
                "set one of them",
            ));
        }
        let addresses = [("plain", plain), ("tls", tls), ("management", management)];
        for (i, (name, address)) in addresses.iter().enumerate() {
            let taken = addresses[..i]
                .iter()
                .any(|(_, other)| other.is_some_and(|o| Some(o) == *address && o.port() != 0));
            if taken {
                let key = format!("listeners.{name}");
                return Err(ConfigError::rule(
                    &key,
                    "is the address of another listener",
                    "give it its own port",
                ));
            }
        }
        if self.server.ephemeral && !matches!(self.store.database_url, DatabaseUrl::Sqlite(_)) {
            let todo = "leave out the database, or turn server.ephemeral off";
            return Err(ConfigError::rule(
                "server.ephemeral",
                "keeps nothing, but a Postgres database is set",
                todo,
            ));
        }
        Ok(())
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
