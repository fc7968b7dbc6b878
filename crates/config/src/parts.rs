//! The parts of a server that a process may serve alone.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};

/// A part of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Connections, certificates, pages.
    Edge,
    /// The service of secrets.
    Secrets,
    /// The service of members: who they are, and what they may do.
    Accounts,
    /// Jobs that may run on any machine.
    Worker,
    /// The name server of our own zones.
    Dns,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 5] = [Self::Edge, Self::Secrets, Self::Accounts, Self::Worker, Self::Dns];

    /// Its name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Secrets => "secrets",
            Self::Accounts => "accounts",
            Self::Worker => "worker",
            Self::Dns => "dns",
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|part| part.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("must be a list of these: {names}")
        })
    }
}

/// What a process serves: at least one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// These, or every part if none is named.
    pub fn only(mut parts: Vec<Part>) -> Self {
        if parts.is_empty() {
            parts = Part::ALL.to_vec();
        }
        parts.sort_unstable();
        parts.dedup();
        Self(parts)
    }

    /// Whether this is one of them.
    pub fn has(&self, part: Part) -> bool {
        self.0.contains(&part)
    }

    /// Whether this is the only one.
    pub fn is(&self, part: Part) -> bool {
        self.0 == [part]
    }

    /// Whether no other process is needed for anything that people meet; resolvers may be answered elsewhere.
    pub fn is_all(&self) -> bool {
        Part::ALL.into_iter().all(|part| part == Part::Dns || self.has(part))
    }
}

pub(crate) fn parts<'de, D: Deserializer<'de>>(from: D) -> Result<Parts, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let parts: Result<Vec<Part>, String> = names.iter().map(|name| name.parse()).collect();
    parts.map(Parts::only).map_err(D::Error::custom)
}
