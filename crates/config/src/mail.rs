//! `[mail]`

use std::{net::IpAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};
use wax_kernel::{EmailAddress, Hostname, Redacted};

use crate::sections::{maybe_path, seconds};

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server, if there is one.
    #[serde(deserialize_with = "url")]
    pub smtp_url: Option<SmtpUrl>,
    /// Who we are there; may be empty.
    pub smtp_user: String,
    /// The password of that user; may be empty.
    pub smtp_password: Redacted<String>,
    /// A file that holds it.
    #[serde(deserialize_with = "maybe_path")]
    pub smtp_password_file: Option<PathBuf>,
    /// The authority behind the server's certificate, if it is not a public one.
    #[serde(deserialize_with = "maybe_path")]
    pub smtp_ca: Option<PathBuf>,
    /// Whether a relay on this machine may do without TLS.
    pub allow_plaintext_loopback: bool,
    /// Longest time for one mail.
    #[serde(rename = "timeout_s", deserialize_with = "seconds::<5, 120, _>")]
    pub timeout: Duration,
    /// Where mails come from.
    #[serde(deserialize_with = "maybe_address")]
    pub from_address: Option<EmailAddress>,
    /// The platform's name in mails.
    pub from_name: String,
    /// Where recipients may ask; may be empty.
    pub support: String,
}

/// `smtps://host:port`, or `smtp://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    /// TLS from the first byte; otherwise STARTTLS.
    pub tls: bool,
    /// A name, or an IPv4 address.
    pub host: String,
    /// The port; 465 and 587 where none is named (RFC 8314 §7.3, RFC 6409 §3.1).
    pub port: u16,
}

impl SmtpUrl {
    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        let is_loopback = |address: IpAddr| address.is_loopback();
        self.host == "localhost" || self.host.parse().is_ok_and(is_loopback)
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (tls, usual) = match scheme {
            "smtps" => (true, 465),
            "smtp" => (false, 587),
            _ => return None,
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)?),
            None => (authority, usual),
        };
        let is_host = Hostname::parse(host).is_ok() || host.parse::<std::net::Ipv4Addr>().is_ok();
        is_host.then(|| Self { tls, host: host.to_owned(), port })
    }
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SmtpUrl>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    // The text itself is left out: it may hold a password.
    let form = "must be smtps://<host> or smtp://<host>, perhaps with a port; user and password are keys of their own";
    SmtpUrl::parse(&text).map(Some).ok_or_else(|| D::Error::custom(form))
}

pub(crate) fn maybe_address<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<EmailAddress>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let bare =
        |_| D::Error::custom("must be an e-mail address alone, such as no-reply@waxseal.example");
    EmailAddress::parse(&text).map(Some).map_err(bare)
}
