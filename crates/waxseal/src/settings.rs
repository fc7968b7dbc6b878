//! The few things a person sets once: `~/.config/waxseal/config.toml`.

use std::{ffi::OsString, fs, io, path::PathBuf};

use serde::Deserialize;
use wax_client_sdk::{Client, KnownHosts, Options, Platform, Profiles, Retry};
use wax_crypto::Origin;
use wax_kernel::Redacted;

use crate::{args::Global, environment::Environment, failure::Failure, words::Words};

const FILE: &str = "config.toml";

/// The settings file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Where to share when `--to` and `WAXSEAL_HOST` do not say.
    host: Option<String>,
    /// PEM certificates to trust besides the system's.
    ca_file: Option<PathBuf>,
    /// Where members sign in, when nobody says.
    platform: Option<String>,
}

/// What holds for this run: the command line before the environment before the file.
pub(crate) struct Settings {
    words: Words,
    /// Of this run.
    host: Option<String>,
    /// Of the settings file.
    usual_host: Option<String>,
    ca_file: Option<PathBuf>,
    platform: Option<String>,
    /// Which profile, if that was said.
    pub(crate) profile: Option<String>,
    /// `WAXSEAL_KEY`, even if there is nothing in it.
    pub(crate) key: Option<Redacted<String>>,
    /// What starts a browser.
    pub(crate) browser: Option<&'static [&'static str]>,
    /// What people call this machine.
    pub(crate) machine: String,
    config_folder: Option<PathBuf>,
    state_folder: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn read(
        global: &Global,
        environment: &Environment,
        words: Words,
    ) -> Result<Self, Failure> {
        let config_folder = environment.config_folder();
        let file = config_folder
            .as_ref()
            .map_or_else(|| Ok(File::default()), |folder| read_file(&folder.join(FILE), words))?;
        Ok(Self {
            words,
            host: environment.text("WAXSEAL_HOST"),
            usual_host: file.host,
            ca_file: global
                .ca_file
                .clone()
                .or_else(|| environment.variable("WAXSEAL_CA_FILE").map(PathBuf::from))
                .or(file.ca_file),
            platform: environment.text("WAXSEAL_PLATFORM").or(file.platform),
            profile: global.profile.clone().or_else(|| environment.text("WAXSEAL_PROFILE")),
            key: environment.set("WAXSEAL_KEY").map(as_key),
            browser: environment.browser(),
            machine: environment.machine(),
            config_folder,
            state_folder: environment.state_folder(),
        })
    }

    /// Where to share.
    pub(crate) fn host(&self, to: Option<&str>) -> Result<Origin, Failure> {
        match self.named_host(to)? {
            Some(named) => Ok(named),
            None => self.usual_host()?.ok_or_else(|| {
                let file = self.file();
                Failure::usage(self.words.plain("host.missing"))
                    .advise(self.words.say("host.missing.advice", &[("file", &file)]))
            }),
        }
    }

    /// Where to share, if this run says so.
    pub(crate) fn named_host(&self, to: Option<&str>) -> Result<Option<Origin>, Failure> {
        to.or(self.host.as_deref()).map(|text| self.origin(text)).transpose()
    }

    /// Where to share, if the settings file says so.
    pub(crate) fn usual_host(&self) -> Result<Option<Origin>, Failure> {
        self.usual_host.as_deref().map(|text| self.origin(text)).transpose()
    }

    /// Where members sign in, if that is known without a profile.
    pub(crate) fn platform_host(&self, typed: Option<&str>) -> Result<Option<Origin>, Failure> {
        typed.or(self.platform.as_deref()).map(|text| self.origin(text)).transpose()
    }

    /// The settings file, for people.
    pub(crate) fn file(&self) -> String {
        let folder = self.config_folder.clone().unwrap_or_default();
        folder.join(FILE).display().to_string()
    }

    fn origin(&self, text: &str) -> Result<Origin, Failure> {
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

    /// Who is signed in.
    pub(crate) fn profiles(&self) -> Result<Profiles, Failure> {
        let folder = self.config_folder.clone();
        folder
            .map(Profiles::new)
            .ok_or_else(|| Failure::local(self.words.plain("profiles.nowhere")))
    }

    /// A client of a platform, where nobody is signed in.
    pub(crate) fn platform(&self, origin: &Origin) -> Result<Platform, Failure> {
        Platform::new(origin.clone(), &self.options()?)
            .map_err(|error| Failure::from_sdk(self.words, &error))
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

/// What is no text is no key either, and is refused as such.
fn as_key(value: OsString) -> Redacted<String> {
    Redacted::new(value.into_string().unwrap_or_default())
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
