//! Where a tenant's pages and API live.

use std::fmt;

use wax_kernel::Hostname;

/// A scheme, a host name and a port: what stands before the path in links and in `@target-uri`.
///
/// Always `https`, except that `http` may be used below `localhost`, which never leaves the machine (RFC 6761 §6.3).
/// The scheme's default port is never written (RFC 6454 §6.2), so one place has one text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Hostname,
    port: Option<u16>,
}

/// The text is not the origin of a place where secrets may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an https origin, nor http below localhost")]
pub struct OriginError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn text(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Origin {
    /// Reads `scheme://host[:port]`, without a path.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, authority) = match text.split_once("://") {
            Some(("https", authority)) => (Scheme::Https, authority),
            Some(("http", authority)) => (Scheme::Http, authority),
            _ => return Err(OriginError),
        };
        Self::from_authority(scheme, authority)
    }

    /// The `https` origin of `host[:port]`.
    pub fn https(authority: &str) -> Result<Self, OriginError> {
        Self::from_authority(Scheme::Https, authority)
    }

    fn from_authority(scheme: Scheme, authority: &str) -> Result<Self, OriginError> {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(read_port(port)?)),
            None => (authority, None),
        };
        let host = Hostname::parse(host).map_err(|_| OriginError)?;
        if scheme == Scheme::Http && !host.is_localhost() {
            return Err(OriginError);
        }
        Ok(Self { scheme, host, port: port.filter(|port| *port != scheme.default_port()) })
    }

    /// The host name, without the port.
    pub fn host(&self) -> &Hostname {
        &self.host
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.default_port())
    }

    /// Whether connections use TLS.
    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// `host[:port]`, as the `Host` header has it.
    pub fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.to_string(), |port| format!("{}:{port}", self.host))
    }
}

/// A port has one text: no sign, no leading zero.
fn read_port(text: &str) -> Result<u16, OriginError> {
    let port: u16 = text.parse().map_err(|_| OriginError)?;
    if port == 0 || port.to_string() != text { Err(OriginError) } else { Ok(port) }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.text(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_text() {
        for (text, normal) in [
            ("https://Secrets.Example.com", "https://secrets.example.com"),
            ("https://secrets.example.com:443", "https://secrets.example.com"),
            ("https://secrets.example.com:8443", "https://secrets.example.com:8443"),
            ("http://acme.localhost:80", "http://acme.localhost"),
            ("http://acme.localhost:443", "http://acme.localhost:443"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), normal);
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        assert_eq!(Origin::parse("http://secrets.example.com"), Err(OriginError));
        assert!(!Origin::parse("http://acme.localhost").unwrap().is_tls());
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for text in [
            "",
            "https://",
            "https:/a.example",
            "ftp://a.example",
            "HTTPS://a.example",
            "https://a.example/",
            "https://u@a.example",
            "https://a.example:",
            "https://a.example:0",
            "https://a.example:+1",
            "https://a.example:080",
            "https://a.example:65536",
            "https://a.example:1:2",
            "https://127.0.0.1",
            "https://[::1]",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError), "{text:?}");
        }
    }
}
