//! Certificate authorities, and our account at each.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use wax_kernel::Redacted;

use crate::ledger::{CAREFUL, LETS_ENCRYPT, Limit};

/// Our short name of an issuer: `letsencrypt`. It is a part of bucket and account keys, so it never changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IssuerId(Box<str>);

impl IssuerId {
    /// An issuer of this name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account that the issuer knows us by already (RFC 8555 §7.3.4).
#[derive(Debug, Clone)]
pub struct ExternalAccount {
    /// Which.
    pub id: String,
    /// The MAC key, decoded.
    pub key: Redacted<Vec<u8>>,
}

/// Whom this server trusts to be the issuer.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Whoever the machine trusts.
    #[default]
    Platform,
    /// Only certificates of these authorities, as PEM.
    Only(String),
}

/// A certificate authority that speaks ACME (RFC 8555).
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Our name for it.
    pub id: IssuerId,
    /// Its directory's URL.
    pub directory: String,
    /// Where it may write to us, as `mailto:` URLs; may be empty.
    pub contacts: Vec<String>,
    /// Asked for if the directory lists it: what an issuer does not know it may refuse, or ignore.
    pub profile: Option<String>,
    /// For issuers that know their customers.
    pub external_account: Option<ExternalAccount>,
    /// What may be spent.
    pub limits: &'static [Limit],
    /// Who may answer for it.
    pub trust: Trust,
    /// For one request, from the first byte out to the last one in.
    pub timeout: Duration,
}

impl Issuer {
    /// Let's Encrypt, with the profile for servers (45 days, no common name; so names beyond 64 characters work).
    pub fn lets_encrypt() -> Self {
        Self {
            profile: Some("tlsserver".to_owned()),
            limits: LETS_ENCRYPT,
            ..Self::at("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory")
        }
    }

    /// Some issuer, with careful limits.
    pub fn at(name: &str, directory: &str) -> Self {
        Self {
            id: IssuerId::new(name),
            directory: directory.to_owned(),
            contacts: Vec::new(),
            profile: None,
            external_account: None,
            limits: CAREFUL,
            trust: Trust::Platform,
            timeout: Duration::from_secs(30),
        }
    }
}
