//! What is said to people, in their language.

use wax_i18n::{Lang, Value};

/// Finds messages of the catalogue's `cli` area.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) lang: Lang,
}

impl Words {
    pub(crate) const fn new(lang: Lang) -> Self {
        Self { lang }
    }

    /// The message `cli.<key>`.
    pub(crate) fn say(self, key: &str, values: &[(&str, &dyn Value)]) -> String {
        wax_i18n::text(self.lang, &format!("cli.{key}"), values)
    }

    /// The message `cli.<key>` without values.
    pub(crate) fn plain(self, key: &str) -> String {
        self.say(key, &[])
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    /// Every string literal of the program's source that looks like a key of an area: `when.days`.
    fn literals() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let source = fs::read_to_string(path).unwrap();
                    found.extend(source.split('"').map(str::to_owned));
                }
            }
        }
        found
    }

    #[test]
    fn every_message_is_used_and_every_key_that_is_used_exists() {
        let catalogue = include_str!("../../../web/packages/i18n/locales/en/cli.json");
        let catalogue: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(catalogue).unwrap();
        let areas: BTreeSet<&str> =
            catalogue.keys().filter_map(|key| Some(key.split_once('.')?.0)).collect();
        let literals = literals();
        for key in catalogue.keys().filter(|key| !key.starts_with("help.")) {
            assert!(literals.contains(key), "nobody says cli.{key}");
        }
        for literal in &literals {
            let looks_like_a_key = literal.split_once('.').is_some_and(|(area, rest)| {
                areas.contains(area)
                    && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'.')
                    && !rest.is_empty()
            });
            assert!(
                !looks_like_a_key || wax_i18n::is_known(&format!("cli.{literal}")),
                "cli.{literal} is not in the catalogue"
            );
        }
    }
}
