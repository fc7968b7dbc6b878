//! The few things a person sets once: `~/.config/waxseal/config.toml`.

use std::{fs, io, path::PathBuf};

use serde::Deserialize;
use wax_client_sdk::{Client, KnownHosts, Options, Retry};
use wax_crypto::Origin;

use crate::{args::Global, environment::Environment, failure::Failure, words::Words};

/// The settings file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Where to share when `--to` and `WAXSEAL_HOST` do not say.
    host: Option<String>,
    /// PEM certificates to trust besides the system's.
    ca_file: Option<PathBuf>,
}

/// What holds for this run: the command line before the environment before the file.
pub(crate) struct Settings {
    words: Words,
    host: Option<String>,
    ca_file: Option<PathBuf>,
    config_file: Option<PathBuf>,
    state_folder: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn read(
        global: &Global,
        environment: &Environment,
        words: Words,
    ) -> Result<Self, Failure> {
        let config_file = environment.config_file();
        let file = config_file
            .as_ref()
            .map_or_else(|| Ok(File::default()), |path| read_file(path, words))?;
        Ok(Self {
            words,
            host: environment.text("WAXSEAL_HOST").or(file.host),
            ca_file: global
                .ca_file
                .clone()
                .or_else(|| environment.variable("WAXSEAL_CA_FILE").map(PathBuf::from))
                .or(file.ca_file),
            config_file,
            state_folder: environment.state_folder(),
        })
    }

    /// Where to share.
    pub(crate) fn host(&self, to: Option<&str>) -> Result<Origin, Failure> {
        let Some(text) = to.or(self.host.as_deref()) else {
            let file = self.config_file.as_deref().unwrap_or_else(|| "config.toml".as_ref());
            let file = file.display().to_string();
            return Err(Failure::usage(self.words.plain("host.missing"))
                .advise(self.words.say("host.missing.advice", &[("file", &file)])));
        };
        let text = text.trim_end_matches('/');
        let origin = if text.contains("://") { Origin::parse(text) } else { Origin::https(text) };
        origin.map_err(|_| {
            Failure::usage(self.words.say("host.invalid", &[("host", &text)]))
                .advise(self.words.plain("host.invalid.advice"))
        })
    }

    /// Where keys are kept.
    pub(crate) fn state_folder(&self) -> Result<PathBuf, Failure> {
        self.state_folder.clone().ok_or_else(|| Failure::local(self.words.plain("devices.nowhere")))
    }

    /// The keys that hosts have shown.
    pub(crate) fn known_hosts(&self) -> Result<KnownHosts, Failure> {
        Ok(KnownHosts::new(self.state_folder()?.join("hosts")))
    }

    /// A client of a host.
    pub(crate) fn client(&self, origin: &Origin) -> Result<Client, Failure> {
        let options = Options { known_hosts: Some(self.known_hosts()?), ..self.options()? };
        Client::new(origin.clone(), &options).map_err(|error| Failure::from_sdk(self.words, &error))
    }

    /// How hosts are talked to, known ones or not.
    pub(crate) fn options(&self) -> Result<Options, Failure> {
        let read = |path: &PathBuf| {
            fs::read(path).map_err(|error| Failure::file(self.words, path, &error))
        };
        Ok(Options {
            extra_ca_pem: self.ca_file.as_ref().map(read).transpose()?,
            language: Some(self.words.lang.tag()),
            retry: Retry::default(),
            ..Options::default()
        })
    }
}

fn read_file(path: &PathBuf, words: Words) -> Result<File, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => return Err(Failure::file(words, path, &error)),
    };
    toml::from_str(&text).map_err(|error| {
        let (file, reason) = (path.display().to_string(), error.to_string());
        Failure::usage(
            words.say("settings.invalid", &[("file", &file), ("reason", &reason.trim_end())]),
        )
    })
}
