//! The platform's own host, where members are.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, de::Error as _};
use wax_kernel::Hostname;

use crate::{Config, Listeners, domains::is_within};

/// `[console]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// The host of the console and of the members' API. `None`: there is no console.
    #[serde(deserialize_with = "host")]
    pub host: Option<Hostname>,
}

impl Console {
    /// Whether a tenant's domain of this name and the console cannot be told apart by browsers: it is the console's host, or
    /// one of them is below the other, and so they would be one site (RFC 6265bis §5.2, same-site).
    pub fn conflicts_with(&self, domain: &Hostname) -> bool {
        let host = self.host.as_ref();
        host.is_some_and(|host| is_within(host, domain) || is_within(domain, host))
    }
}

impl Config {
    /// Where browsers find the console, `scheme://host[:port]`; `None` without one. For what is written when nobody asks:
    /// a request's own origin is in its context.
    ///
    /// `http` on the plain listener's port below `localhost`, else `https` on the TLS listener's, or on 443 where another
    /// process listens.
    pub fn console_origin(&self) -> Option<String> {
        let host = self.console.host.as_ref()?;
        let Listeners { plain, tls, plain_public_port, tls_public_port, .. } = self.listeners;
        let port = |listener: Option<SocketAddr>, public: Option<u16>| {
            public.or(listener.map(|at| at.port()))
        };
        let (scheme, port, usual) = match plain.filter(|_| host.is_localhost()) {
            Some(plain) => ("http", port(Some(plain), plain_public_port), 80),
            None => ("https", port(tls, tls_public_port), 443),
        };
        let port = port.filter(|port| *port != usual).map(|port| format!(":{port}"));
        Some(format!("{scheme}://{host}{}", port.unwrap_or_default()))
    }
}

fn host<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hostname>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    Hostname::parse(&text).map(Some).map_err(|error| {
        D::Error::custom(format!("{error}: it must be one such as app.example.com, or empty"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Config {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, pairs, None).unwrap()
    }

    fn name(text: &str) -> Hostname {
        Hostname::parse(text).unwrap()
    }

    #[test]
    fn a_tenant_cannot_have_the_consoles_name_nor_one_above_or_below_it() {
        let console = with(&[("WAXSEAL_CONSOLE__HOST", "App.Example.com")]).console;
        for taken in ["app.example.com", "example.com", "com", "x.app.example.com"] {
            assert!(console.conflicts_with(&name(taken)), "{taken}");
        }
        for free in ["secrets.example.com", "xapp.example.com", "app.example.org", "p.example.com"]
        {
            assert!(!console.conflicts_with(&name(free)), "{free}");
        }
        let none = with(&[("WAXSEAL_CONSOLE__HOST", "")]).console;
        assert!(!none.conflicts_with(&name("app.localhost")));
    }

    #[test]
    fn the_console_is_where_the_listeners_are() {
        let host = |host| ("WAXSEAL_CONSOLE__HOST", host);
        let tls = |at| ("WAXSEAL_LISTENERS__TLS", at);
        let no_plain = ("WAXSEAL_LISTENERS__PLAIN", "");
        for (pairs, origin) in [
            (vec![], "http://app.localhost:8080"),
            (vec![("WAXSEAL_LISTENERS__PLAIN_PUBLIC_PORT", "80")], "http://app.localhost"),
            (vec![no_plain, tls("127.0.0.1:8443")], "https://app.localhost:8443"),
            (vec![host("app.example.com"), tls("[::]:443")], "https://app.example.com"),
            (
                vec![
                    host("app.example.com"),
                    tls("[::]:8443"),
                    ("WAXSEAL_LISTENERS__TLS_PUBLIC_PORT", "443"),
                ],
                "https://app.example.com",
            ),
            (vec![host("app.example.com")], "https://app.example.com"),
        ] {
            assert_eq!(with(&pairs).console_origin().as_deref(), Some(origin), "{pairs:?}");
        }
        assert_eq!(with(&[host("")]).console_origin(), None);
    }

    #[test]
    fn what_is_no_host_name_is_told_with_the_key() {
        for bad in ["127.0.0.1", "https://app.example.com", "app.example.com:8080", "a..b"] {
            let pairs = [("WAXSEAL_CONSOLE__HOST".to_owned(), bad.to_owned())];
            let told = Config::load(None, pairs.into_iter(), None).unwrap_err().to_string();
            assert!(told.starts_with("console.host"), "{told}");
            assert!(told.contains("app.example.com, or empty"), "{told}");
        }
    }
}
