//! The sections, one type each. What a key means stands in `default.toml`; what it may be stands here.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};
use wax_kernel::Redacted;

use crate::{Endpoint, Parts, parts::parts};

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Writes nothing to disk.
    pub ephemeral: bool,
    /// Fills an empty store with the demo organization.
    pub demo: bool,
    /// What this process serves.
    #[serde(deserialize_with = "parts")]
    pub only: Parts,
    /// How long a stopping server waits for requests in flight.
    #[serde(rename = "drain_s", deserialize_with = "seconds::<1, 300, _>")]
    pub drain: Duration,
}

/// `[listeners]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// Plain HTTP for this machine.
    #[serde(deserialize_with = "address")]
    pub plain: Option<SocketAddr>,
    /// HTTPS.
    #[serde(deserialize_with = "address")]
    pub tls: Option<SocketAddr>,
    /// The way to HTTPS.
    #[serde(deserialize_with = "address")]
    pub redirect: Option<SocketAddr>,
    /// Whose word on who their clients are is taken.
    #[serde(deserialize_with = "networks")]
    pub proxies: Vec<IpNet>,
    /// The port browsers see for `plain`, if not its own.
    #[serde(deserialize_with = "port")]
    pub plain_public_port: Option<u16>,
    /// The port browsers see for `tls`, if not its own.
    #[serde(deserialize_with = "port")]
    pub tls_public_port: Option<u16>,
    /// Services, for edges in other processes.
    #[serde(deserialize_with = "address")]
    pub services: Option<SocketAddr>,
    /// Our own name server, over UDP and TCP.
    #[serde(deserialize_with = "addresses")]
    pub dns: Vec<SocketAddr>,
    /// Health, readiness, metrics.
    #[serde(deserialize_with = "address")]
    pub management: Option<SocketAddr>,
}

/// `[upstream]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Where secrets are served, if not in this process.
    pub secrets: Vec<Endpoint>,
    /// Where accounts are served, if not in this process.
    pub accounts: Vec<Endpoint>,
    /// The authority that all processes trust.
    #[serde(deserialize_with = "maybe_path")]
    pub ca: Option<PathBuf>,
    /// This process's certificate and its chain.
    #[serde(deserialize_with = "maybe_path")]
    pub certificate: Option<PathBuf>,
    /// The certificate's key.
    #[serde(deserialize_with = "maybe_path")]
    pub key: Option<PathBuf>,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Where files are kept.
    #[serde(deserialize_with = "path")]
    pub data_dir: PathBuf,
    /// Which database.
    pub database_url: DatabaseUrl,
}

/// Which engine, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file, relative to the data directory.
    Sqlite(PathBuf),
    /// A `postgres://` URL. It may hold a password.
    Postgres(Redacted<String>),
}

/// `[secrets]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Longest lifetime.
    #[serde(rename = "max_lifetime_s", deserialize_with = "seconds::<60, 31_536_000, _>")]
    pub max_lifetime: Duration,
    /// Most views.
    #[serde(deserialize_with = "within::<1, 1_000, _>")]
    pub max_views: u32,
    /// Most bytes of padded content.
    #[serde(deserialize_with = "within::<1_024, 1_048_576, _>")]
    pub max_content_bytes: u32,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// How many days an event is kept.
    #[serde(deserialize_with = "within::<1, 36_500, _>")]
    pub retention_days: u32,
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Connections open at once.
    #[serde(deserialize_with = "positive")]
    pub connections: u32,
    /// Connections open at once from one network.
    #[serde(deserialize_with = "positive")]
    pub connections_per_network: u32,
    /// Creations a minute from one network.
    #[serde(deserialize_with = "positive")]
    pub creates_per_minute: u32,
    /// Tries to sign in, to sign up or to have mail sent, a minute from one network.
    #[serde(deserialize_with = "positive")]
    pub sign_ins_per_minute: u32,
    /// Other requests a minute from one network.
    #[serde(deserialize_with = "positive")]
    pub requests_per_minute: u32,
    /// Creations that may come at once.
    #[serde(deserialize_with = "positive")]
    pub create_burst: u32,
    /// Such tries that may come at once.
    #[serde(deserialize_with = "positive")]
    pub sign_in_burst: u32,
    /// Other requests that may come at once.
    #[serde(deserialize_with = "positive")]
    pub request_burst: u32,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The shape of a line.
    pub format: LogFormat,
    /// Which lines.
    pub filter: String,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// For collectors.
    Json,
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.split_once(':') {
            Some(("sqlite", file)) if !file.is_empty() => {
                Ok(Self::Sqlite(file.strip_prefix("//").unwrap_or(file).into()))
            }
            Some(("postgres" | "postgresql", rest)) if rest.len() > 2 && rest.starts_with("//") => {
                Ok(Self::Postgres(text.into()))
            }
            // The text itself is left out: it may hold a password.
            _ => Err(D::Error::custom("must be sqlite:<file> or postgres://<user>@<host>/<name>")),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    /// The engine alone: what a log may say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "Postgres",
        })
    }
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        D::Error::custom("must be an address and a port, such as 127.0.0.1:8080, or empty")
    })
}

fn addresses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = texts.iter().map(|text| {
        let form = || D::Error::custom("must be addresses with ports, such as 192.0.2.53:53");
        text.parse().map_err(|_| form())
    });
    read.collect()
}

/// Networks, or addresses, which are networks of one.
fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: String| {
        let network = text.parse().or_else(|_| text.parse().map(|one: IpAddr| one.into()));
        network.map_err(|_| {
            D::Error::custom(format!(
                "has {text:?}, which is no address or network such as 10.0.0.0/8"
            ))
        })
    };
    Vec::<String>::deserialize(from)?.into_iter().map(network).collect()
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    let port = within::<0, 65_535, _>(from)?;
    Ok(u16::try_from(port).ok().filter(|port| *port != 0))
}

fn path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text.into()) }
}

pub(crate) fn maybe_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(from)?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(Into::into))
}

pub(crate) fn positive<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    within::<1, 100_000_000, _>(from)
}

pub(crate) fn seconds<'de, const MIN: u32, const MAX: u32, D: Deserializer<'de>>(
    from: D,
) -> Result<Duration, D::Error> {
    within::<MIN, MAX, _>(from).map(|seconds| Duration::from_secs(seconds.into()))
}

pub(crate) fn within<'de, const MIN: u32, const MAX: u32, D: Deserializer<'de>>(
    from: D,
) -> Result<u32, D::Error> {
    let number = i64::deserialize(from)?;
    u32::try_from(number)
        .ok()
        .filter(|number| (MIN..=MAX).contains(number))
        .ok_or_else(|| D::Error::custom(format!("must be from {MIN} to {MAX}")))
}
