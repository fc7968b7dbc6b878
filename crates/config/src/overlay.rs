//! One value at a time over the defaults, so that a mistake is always about exactly one key.

use std::path::Path;

use toml::Value;

use crate::{Config, ConfigError, DEFAULT_TOML, Source};

/// What every variable of ours starts with.
const PREFIX: &str = "WAXSEAL_";

/// A key that the command line sets.
#[derive(Debug)]
pub struct Flag {
    name: &'static str,
    key: &'static str,
    value: String,
}

impl Flag {
    /// `--name` sets `section.key` to what `value` says, written as in the environment.
    pub fn new(name: &'static str, key: &'static str, value: &str) -> Self {
        Self { name, key, value: value.to_owned() }
    }
}

/// The defaults with some values replaced. Invariant: it always reads as a [`Config`].
pub(crate) struct Table(toml::Table);

impl Default for Table {
    fn default() -> Self {
        Self(DEFAULT_TOML.parse().expect("default.toml is TOML: a test reads it"))
    }
}

impl Table {
    pub(crate) fn into_config(self) -> Config {
        self.0.try_into().expect("every value was tried when it was set, the defaults by a test")
    }

    pub(crate) fn apply_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let file: toml::Table =
            text.parse().map_err(|error: toml::de::Error| ConfigError::File {
                path: path.to_owned(),
                reason: format!("{}{}", error.message(), line_of(text, error.span())),
            })?;
        let source = Source::File(path.to_owned());
        for (section, keys) in file {
            let Value::Table(keys) = keys else {
                return Err(self.unknown(&section, &source));
            };
            for (key, value) in keys {
                self.set(&section, &key, value, &source)?;
            }
        }
        Ok(())
    }

    pub(crate) fn apply_env(
        &mut self,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        // Sorted, so that of two mistakes the same one is always told first.
        let mut ours: Vec<_> =
            env.filter(|(name, _)| name.starts_with(PREFIX) || name == "DATABASE_URL").collect();
        ours.sort();
        for (name, text) in ours {
            let path = match name.strip_prefix(PREFIX) {
                Some(rest) => rest.to_ascii_lowercase(),
                None => "store__database_url".to_owned(),
            };
            let source = Source::Env(name);
            let Some((section, key)) = path.split_once("__") else {
                if self.names_a_section(&path) {
                    return Err(self.unknown(&path, &source));
                }
                continue;
            };
            let value = self.read_text(section, key, &text, &source)?;
            self.set(section, key, value, &source)?;
        }
        Ok(())
    }

    pub(crate) fn apply_flag(&mut self, flag: &Flag) -> Result<(), ConfigError> {
        let source = Source::Flag(flag.name);
        let Some((section, key)) = flag.key.split_once('.') else {
            return Err(self.unknown(flag.key, &source));
        };
        let value = self.read_text(section, key, &flag.value, &source)?;
        self.set(section, key, value, &source)
    }

    /// `store_data_dir` is a key whose second underscore was forgotten; `host` belongs to another program of ours.
    fn names_a_section(&self, path: &str) -> bool {
        self.0.keys().any(|section| {
            path.strip_prefix(section.as_str()).is_some_and(|rest| rest.starts_with('_'))
        })
    }

    /// Reads a variable's text as the type its default has.
    fn read_text(
        &self,
        section: &str,
        key: &str,
        text: &str,
        source: &Source,
    ) -> Result<Value, ConfigError> {
        let not = |reason: &str| ConfigError::Value {
            key: format!("{section}.{key}"),
            source_of_value: source.clone(),
            reason: reason.to_owned(),
        };
        match self.find(section, key) {
            Some(Value::Integer(_)) => {
                text.parse().map(Value::Integer).map_err(|_| not("must be a whole number"))
            }
            Some(Value::Boolean(_)) => {
                text.parse().map(Value::Boolean).map_err(|_| not("must be true or false"))
            }
            Some(Value::Array(_)) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
            _ => Ok(Value::String(text.to_owned())),
        }
    }

    fn set(
        &mut self,
        section: &str,
        key: &str,
        value: Value,
        source: &Source,
    ) -> Result<(), ConfigError> {
        let path = format!("{section}.{key}");
        if self.find(section, key).is_none() {
            return Err(self.unknown(&path, source));
        }
        let mut tried = self.0.clone();
        tried[section][key] = value;
        // The table read as a configuration before this one value, so whatever fails now is about it.
        tried.clone().try_into::<Config>().map_err(|error| ConfigError::Value {
            key: path,
            source_of_value: source.clone(),
            reason: error.message().to_owned(),
        })?;
        self.0 = tried;
        Ok(())
    }

    fn find(&self, section: &str, key: &str) -> Option<&Value> {
        self.0.get(section)?.get(key)
    }

    fn unknown(&self, key: &str, source: &Source) -> ConfigError {
        let name = key.rsplit('.').next().unwrap_or(key);
        let same_name = self.0.iter().find(|(_, keys)| keys.get(name).is_some());
        let todo = same_name.map_or_else(
            || "`waxseald config` prints every key".to_owned(),
            |(section, _)| format!("did you mean {section}.{name}?"),
        );
        ConfigError::Unknown { key: key.to_owned(), source_of_key: source.clone(), todo }
    }
}

fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let before = span.and_then(|span| text.get(..span.start));
    before
        .map_or_else(String::new, |before| format!(" (line {})", before.matches('\n').count() + 1))
}
