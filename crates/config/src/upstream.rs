//! Where services in other processes are.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, de::Error as _};

/// `https://host:port`, or `http://host:port` on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is reached over TLS.
    pub tls: bool,
    /// A name or an address, an IPv6 one without brackets.
    pub host: String,
    /// The port. There is no usual one, so it is always named.
    pub port: u16,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let form = || {
            format!("has {text:?}, which is no endpoint such as https://secrets-1.internal:8090")
        };
        let (scheme, authority) = text.split_once("://").ok_or_else(form)?;
        let (host, port) = authority.rsplit_once(':').ok_or_else(form)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bracketed.unwrap_or(host);
        let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        let is_host = if bracketed.is_some() {
            host.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            named && !host.is_empty()
        };
        let port = port.parse().ok().filter(|port| *port != 0).filter(|_| is_host);
        let port = port.ok_or_else(form)?;
        let tls = match scheme {
            "https" => true,
            "http" if is_loopback(host) => false,
            "http" => {
                return Err(format!(
                    "has {text:?}, but plain http:// is for loopback addresses only"
                ));
            }
            _ => return Err(form()),
        };
        Ok(Self { tls, host: host.to_owned(), port })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}
