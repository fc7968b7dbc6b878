//! `[acme]`

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error as _};
use wax_kernel::{EmailAddress, Hostname};

use crate::sections::maybe_path;

/// `[acme]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// Who issues certificates: the first one, and the others when it fails.
    pub issuers: Vec<AcmeIssuer>,
    /// Where issuers may write to us; may be empty.
    #[serde(deserialize_with = "contacts")]
    pub contacts: Vec<EmailAddress>,
}

/// A certificate authority that speaks ACME (RFC 8555).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeIssuer {
    /// Our name for it. A part of what is stored, so it never changes.
    pub name: String,
    /// Its directory's URL, which is https://.
    pub directory: String,
    /// Its name in CAA records (RFC 8659 §4.2).
    pub caa: Hostname,
    /// Asked for if the directory lists it.
    pub profile: Option<String>,
    /// The account that it knows us by already (RFC 8555 §7.3.4).
    pub external_account: Option<ExternalAccount>,
    /// A PEM file: the authorities behind its own certificate, if it is not a public one.
    pub ca: Option<PathBuf>,
    /// Whether it counts nothing, so that we need not either.
    pub unlimited: bool,
}

/// An account that an issuer knows us by already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// Its key's id.
    pub id: String,
    /// A file that holds the key, in base64url, as issuers hand it out.
    pub key_file: PathBuf,
}

/// Issuers that need no table.
const KNOWN: [(&str, &str); 2] = [
    ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
    ("letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"),
];

impl AcmeIssuer {
    fn known(name: &str) -> Option<Self> {
        let (name, directory) = KNOWN.into_iter().find(|(known, _)| *known == name)?;
        Some(Self {
            name: name.to_owned(),
            directory: directory.to_owned(),
            caa: Hostname::parse("letsencrypt.org").ok()?,
            profile: Some("tlsserver".to_owned()),
            external_account: None,
            ca: None,
            unlimited: false,
        })
    }
}

/// As it is written: a known name, or everything.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Table(toml::Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: String,
    directory: String,
    caa: Hostname,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    eab_key_id: String,
    #[serde(default, deserialize_with = "maybe_path")]
    eab_key_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "maybe_path")]
    ca: Option<PathBuf>,
    #[serde(default)]
    unlimited: bool,
}

impl TryFrom<Fields> for AcmeIssuer {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let Fields { name, directory, caa, profile, eab_key_id, eab_key_file, ca, unlimited } =
            fields;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 32 || !name.bytes().all(is_name) {
            return Err(format!("has the name {name:?}, which is not 1 to 32 of a-z, 0-9 and -"));
        }
        let host = directory.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        if host.is_none_or(str::is_empty) || directory.contains(char::is_whitespace) {
            return Err(format!("has {name} with a directory that is not an https:// URL"));
        }
        let external_account = match (eab_key_id, eab_key_file) {
            (id, None) if id.is_empty() => None,
            (id, Some(key_file)) if !id.is_empty() => Some(ExternalAccount { id, key_file }),
            _ => return Err(format!("has {name} with only one of eab_key_id and eab_key_file")),
        };
        let profile = Some(profile).filter(|profile| !profile.is_empty());
        Ok(Self { name, directory, caa, profile, external_account, ca, unlimited })
    }
}

impl<'de> Deserialize<'de> for AcmeIssuer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(from)
            .map_err(|_| D::Error::custom("must be a list of known names and of tables"))?;
        match written {
            Written::Name(name) => Self::known(&name).ok_or_else(|| {
                let known = KNOWN.map(|(name, _)| name).join(", ");
                D::Error::custom(format!(
                    "has {name:?}, which needs a table with its directory; known are {known}"
                ))
            }),
            Written::Table(table) => {
                let fields: Fields = table.try_into().map_err(|error: toml::de::Error| {
                    D::Error::custom(format!("has a table that does not fit: {}", error.message()))
                })?;
                Self::try_from(fields).map_err(D::Error::custom)
            }
        }
    }
}

fn contacts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<EmailAddress>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = texts.iter().map(|text| {
        let bare = |_| {
            D::Error::custom("must be e-mail addresses alone, such as certificates@example.net")
        };
        EmailAddress::parse(text).map_err(bare)
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use crate::{Acme, Config, overlay::Table};

    fn with_file(text: &str) -> Result<Acme, String> {
        let mut table = Table::default();
        table
            .apply_file(std::path::Path::new("waxseal.toml"), text)
            .map_err(|error| error.to_string())?;
        let config = table.into_config();
        config.check().map(|()| config.acme).map_err(|error| error.to_string())
    }

    fn with_env(issuers: &str) -> Result<Acme, String> {
        let pairs = [("WAXSEAL_ACME__ISSUERS".to_owned(), issuers.to_owned())];
        let config = Config::load(None, pairs.into_iter(), None);
        config.map(|config| config.acme).map_err(|error| error.to_string())
    }

    const EXAMPLE: &str = r#"
        [[acme.issuers]]
        name = "example"
        directory = "https://ca.example/acme/directory"
        caa = "ca.example"
    "#;

    #[test]
    fn a_known_issuer_is_a_name() {
        let issuers = with_env("letsencrypt, letsencrypt-staging").unwrap().issuers;
        assert!(issuers.iter().all(|issuer| issuer.directory.starts_with("https://acme-")));
        assert!(issuers.iter().all(|issuer| issuer.caa.as_str() == "letsencrypt.org"));
        assert_eq!(issuers[0].profile.as_deref(), Some("tlsserver"));
        let told = with_env("letsencript").unwrap_err();
        assert!(told.starts_with("acme.issuers") && told.contains("letsencrypt-staging"), "{told}");
    }

    #[test]
    fn another_issuer_is_a_table_and_may_be_the_second() {
        let full = format!(
            "{EXAMPLE}\n eab_key_id = \"kid\"\n eab_key_file = \"eab\"\n ca = \"ca.pem\"\n unlimited = true"
        );
        let issuers = with_file(&full).unwrap().issuers;
        assert!(issuers[0].unlimited && !with_file(EXAMPLE).unwrap().issuers[0].unlimited);
        let account = issuers[0].external_account.clone().unwrap();
        assert_eq!((account.id.as_str(), account.key_file), ("kid", "eab".into()));
        assert_eq!((&issuers[0].profile, issuers[0].ca.clone()), (&None, Some("ca.pem".into())));
        let mixed = r#"
            [acme]
            issuers = ["letsencrypt", { name = "x", directory = "https://x.example/", caa = "x.example" }]
            contacts = ["certificates@example.net"]
        "#;
        let acme = with_file(mixed).unwrap();
        let names: Vec<&str> = acme.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        assert_eq!((names, acme.contacts.len()), (vec!["letsencrypt", "x"], 1));
    }

    #[test]
    fn an_issuer_that_cannot_be_is_told_with_what_is_wrong() {
        let changed = |from: &str, to: &str| EXAMPLE.replace(from, to);
        for (text, rule) in [
            (changed("\"example\"", "\"Example CA\""), "a-z, 0-9 and -"),
            (changed("https://", "http://"), "not an https:// URL"),
            (changed("https://ca.example/acme/directory", "https://"), "not an https:// URL"),
            (changed("caa = \"ca.example\"", ""), "caa"),
            (changed("\"ca.example\"", "\"192.0.2.1\""), "IP address"),
            (format!("{EXAMPLE}\n eab_key_id = \"kid\""), "only one of eab_key_id"),
            (format!("{EXAMPLE}\n eab_key_file = \"eab\""), "only one of eab_key_id"),
            (format!("{EXAMPLE}\n eab_key = \"x\""), "eab_key"),
            (EXAMPLE.repeat(2), "two of one name"),
            ("[acme]\nissuers = [7]".to_owned(), "a list of known names and of tables"),
            ("[acme]\ncontacts = [\"mailto:a@example.net\"]".to_owned(), "mail addresses alone"),
        ] {
            let told = with_file(&text).unwrap_err();
            assert!(told.starts_with("acme.") && told.contains(rule), "{told}");
        }
    }
}
