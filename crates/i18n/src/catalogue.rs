//! The embedded catalogues.

use std::{collections::HashMap, sync::LazyLock};

use crate::{Lang, Message, Value};

type Area = HashMap<String, Message>;

/// One row per area, one column per language in the order of `Lang::ALL`.
macro_rules! areas {
    ($($area:literal),* $(,)?) => {
        [$(($area, [
            include_str!(concat!("../../../web/packages/i18n/locales/en/", $area, ".json")),
            include_str!(concat!("../../../web/packages/i18n/locales/ja/", $area, ".json")),
        ])),*]
    };
}

const FILES: &[(&str, [&str; Lang::ALL.len()])] = &areas![
    "account",
    "billing",
    "bound",
    "certificate",
    "cli",
    "common",
    "console",
    "create",
    "dns",
    "domains",
    "further",
    "invitation",
    "mail",
    "open",
    "organization",
    "pages",
    "passkey",
    "plan",
    "problems",
    "receipt",
    "refused",
    "ui",
];

static CATALOGUES: LazyLock<HashMap<&str, [Area; Lang::ALL.len()]>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(area, files)| {
            (*area, files.map(|file| serde_json::from_str(file).unwrap_or_default()))
        })
        .collect()
});

/// The message `area.key` in a language, with its values put in; the key itself if there is no such message.
pub fn text(lang: Lang, key: &str, values: &[(&str, &dyn Value)]) -> String {
    find(lang, key).map_or_else(|| key.to_owned(), |message| message.format(lang, values))
}

/// Whether every language has the message `area.key`.
pub fn is_known(key: &str) -> bool {
    Lang::ALL.into_iter().all(|lang| find(lang, key).is_some())
}

fn find(lang: Lang, key: &str) -> Option<&'static Message> {
    let (area, key) = key.split_once('.')?;
    CATALOGUES.get(area)?[lang as usize].get(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_every_language_has_every_key() {
        for (area, languages) in &*CATALOGUES {
            for (lang, messages) in Lang::ALL.into_iter().zip(languages) {
                assert!(!messages.is_empty(), "{area} in {lang} is not a catalogue");
            }
            for key in languages.iter().flat_map(HashMap::keys) {
                assert!(
                    is_known(&format!("{area}.{key}")),
                    "{area}.{key} is missing in a language"
                );
            }
        }
    }

    #[test]
    fn every_area_on_disk_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/packages/i18n/locales/en");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".json", ""))
            .collect();
        on_disk.sort();
        assert_eq!(on_disk, FILES.iter().map(|(area, _)| *area).collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_key_comes_back_as_itself() {
        assert_eq!(text(Lang::Ja, "open.no.such", &[]), "open.no.such");
        assert_eq!(text(Lang::Ja, "nothing", &[]), "nothing");
        assert!(!is_known("open.no.such"));
    }

    #[test]
    fn every_problem_of_the_protocol_has_a_title_and_a_detail() {
        let protocol = include_str!("../../../docs/protocol.md");
        let (_, problems) = protocol.split_once("## 9. Problems").unwrap();
        let (table, _) = problems.split_once("## 10.").unwrap();
        let codes: Vec<&str> =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert!(codes.len() >= 18, "{codes:?}");
        for code in codes {
            for part in ["title", "detail"] {
                assert!(is_known(&format!("problems.{code}.{part}")), "problems.{code}.{part}");
            }
        }
    }
}
