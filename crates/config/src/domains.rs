//! `[domains]`

use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};
use wax_kernel::{EmailAddress, Hostname, base64url_decode};

use crate::{
    mail::maybe_address,
    sections::{maybe_path, positive, within},
};

/// `[domains]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// Our own zone, which tenants' hosts point into. `None`: tenants bring no domains.
    #[serde(deserialize_with = "zone")]
    pub zone: Option<Hostname>,
    /// What organizations' short names are below of.
    #[serde(deserialize_with = "zone")]
    pub platform_suffix: Option<Hostname>,
    /// Whether our own name servers answer for it, too.
    pub serve_platform_suffix: bool,
    /// Whom the zones are delegated to.
    pub name_servers: Vec<NameServer>,
    /// Every edge's addresses, as the Internet sees them.
    #[serde(deserialize_with = "addresses")]
    pub edge_addresses: Vec<IpAddr>,
    /// Who looks after the zones.
    #[serde(deserialize_with = "maybe_address")]
    pub contact: Option<EmailAddress>,
    /// Answers that one network gets from our name server over UDP.
    #[serde(deserialize_with = "positive")]
    pub answers_per_second: u32,
    /// The servers of another root than the Internet's; may be empty.
    #[serde(deserialize_with = "addresses")]
    pub dns_roots: Vec<IpAddr>,
    /// The port that all name servers listen at.
    #[serde(deserialize_with = "port")]
    pub dns_port: u16,
    /// How DNS providers know us, who set records by themselves (Domain Connect). `None`: they are not asked.
    #[serde(deserialize_with = "zone")]
    pub connect_provider: Option<Hostname>,
    /// What people know the service by there.
    pub connect_name: String,
    /// A PEM file: the RSA key that requests to them are signed with.
    #[serde(deserialize_with = "maybe_path")]
    pub connect_key_file: Option<PathBuf>,
    /// Where its other half is published, below `connect_provider`.
    #[serde(deserialize_with = "label")]
    pub connect_key_name: String,
    /// What others got certificates for.
    #[serde(deserialize_with = "feed")]
    pub certificate_feed: Option<CertificateFeed>,
    /// The key of that other root.
    #[serde(deserialize_with = "root_key")]
    pub dns_root_key: Option<RootKey>,
}

/// Where logged certificates are told of, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFeed {
    /// A file that another program writes.
    File(PathBuf),
    /// A document that another server has: https alone.
    Url(String),
}

/// A server that a zone is delegated to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    /// Its name.
    pub name: Hostname,
    /// Its addresses, if nobody else can give them.
    pub addresses: Vec<IpAddr>,
}

/// A key of a DNS root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootKey {
    /// The number of its algorithm (RFC 8624 §3.1).
    pub algorithm: u8,
    /// Its bytes, as in a DNSKEY record (RFC 4034 §2.1).
    pub key: Vec<u8>,
}

/// Below the zone there are names of 32 bytes more, and a name has 253 at most.
const LONGEST_ZONE: usize = 221;

impl Domains {
    /// The first server that is named below our own zones without its address, which nobody else can give.
    pub(crate) fn server_without_address(&self) -> Option<&NameServer> {
        let suffix = self.platform_suffix.as_ref().filter(|_| self.serve_platform_suffix);
        let is_ours = |name: &Hostname| {
            [self.zone.as_ref(), suffix].into_iter().flatten().any(|zone| is_within(name, zone))
        };
        let mut servers = self.name_servers.iter();
        servers.find(|server| server.addresses.is_empty() && is_ours(&server.name))
    }
}

/// Whether a name is another one, or below it.
pub(crate) fn is_within(name: &Hostname, zone: &Hostname) -> bool {
    let above = name.as_str().strip_suffix(zone.as_str());
    above.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'))
}

impl NameServer {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let name = Hostname::parse(words.next()?).ok()?;
        let addresses: Result<Vec<IpAddr>, _> = words.map(str::parse).collect();
        Some(Self { name, addresses: addresses.ok()? })
    }
}

impl<'de> Deserialize<'de> for NameServer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            let form =
                "a name, and its addresses behind it, such as \"ns1.edge.example.net 192.0.2.53\"";
            D::Error::custom(format!("has {text:?}, which is not {form}"))
        })
    }
}

fn zone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hostname>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let zone = Hostname::parse(&text).map_err(|error| {
        D::Error::custom(format!("{error}: it must be one such as edge.example.net, or empty"))
    })?;
    if zone.as_str().len() > LONGEST_ZONE {
        let reason =
            format!("is longer than {LONGEST_ZONE} bytes, and leaves no room for names below it");
        return Err(D::Error::custom(reason));
    }
    Ok(Some(zone))
}

fn addresses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpAddr>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = texts.iter().map(|text| {
        text.parse().map_err(|_| D::Error::custom(format!("has {text:?}, which is no IP address")))
    });
    read.collect()
}

/// A label of the DNS, which may begin with an underscore (RFC 8552 §1.1).
fn label<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let rest = text.strip_prefix('_').unwrap_or(&text);
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if rest.is_empty() || text.len() > 63 || !rest.bytes().all(fits) {
        return Err(D::Error::custom("must be one label such as _dcpubkeyv1"));
    }
    Ok(text)
}

fn feed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CertificateFeed>, D::Error> {
    let text = String::deserialize(from)?;
    let is_url = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    match text.as_str() {
        "" => Ok(None),
        _ if is_url => Ok(Some(CertificateFeed::Url(text))),
        path if path.starts_with('/') => Ok(Some(CertificateFeed::File(text.into()))),
        _ => Err(D::Error::custom("must be a whole path, an https:// URL, or empty")),
    }
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let port = within::<1, 65_535, _>(from)?;
    u16::try_from(port).map_err(|_| D::Error::custom("must be from 1 to 65535"))
}

fn root_key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RootKey>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let key = text.split_once(' ').and_then(|(algorithm, key)| {
        Some(RootKey { algorithm: algorithm.parse().ok()?, key: base64url_decode(key).ok()? })
    });
    let form = "must be the number of an algorithm and a key in base64url, such as \"15 l02Woi0iS8A\", or empty";
    key.map(Some).ok_or_else(|| D::Error::custom(form))
}

#[cfg(test)]
mod tests {
    use crate::{Config, RootKey};

    fn load(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let name = |key: &str| format!("WAXSEAL_DOMAINS__{}", key.to_ascii_uppercase());
        let pairs = pairs.iter().map(|(key, value)| (name(key), (*value).to_owned()));
        Config::load(None, pairs, None).map_err(|error| error.to_string())
    }

    #[test]
    fn name_servers_are_names_with_their_addresses_behind_them() {
        let list = "ns1.edge.example.net 192.0.2.53 2001:db8::53, NS2.example.org";
        let domains =
            load(&[("zone", "Edge.example.net."), ("name_servers", list)]).unwrap().domains;
        assert_eq!(domains.zone.unwrap().as_str(), "edge.example.net");
        let read: Vec<(&str, usize)> = domains
            .name_servers
            .iter()
            .map(|server| (server.name.as_str(), server.addresses.len()))
            .collect();
        assert_eq!(read, [("ns1.edge.example.net", 2), ("ns2.example.org", 0)]);
        for bad in ["192.0.2.53", "ns1.example.org 192.0.2", "ns1.example.org=192.0.2.53", "a..b"] {
            let told = load(&[("name_servers", bad)]).unwrap_err();
            assert!(told.starts_with("domains.name_servers") && told.contains(bad), "{told}");
        }
    }

    #[test]
    fn a_name_server_needs_its_address_in_the_zones_that_we_answer_for() {
        let zone = ("zone", "edge.example.net");
        let suffix = ("platform_suffix", "on.example.org");
        let inside = ("name_servers", "ns1.edge.example.net");
        assert!(load(&[zone, inside]).unwrap_err().starts_with("domains.name_servers"));
        let other = ("name_servers", "ns1.on.example.org");
        assert!(load(&[zone, suffix, other]).is_ok());
        let ours = ("serve_platform_suffix", "true");
        assert!(
            load(&[zone, suffix, other, ours]).unwrap_err().starts_with("domains.name_servers")
        );
        assert!(load(&[zone, ("name_servers", "ns1.xedge.example.net")]).is_ok());
    }

    #[test]
    fn what_is_no_zone_address_or_key_is_told_with_the_key() {
        let long = vec!["a".repeat(55); 4].join(".");
        for (key, value, rule) in [
            ("zone", "192.0.2.1", "edge.example.net, or empty"),
            ("zone", "*.example.net", "edge.example.net, or empty"),
            ("zone", &long, "no room"),
            ("platform_suffix", "a_b.example.net", "edge.example.net, or empty"),
            ("edge_addresses", "192.0.2.1:443", "no IP address"),
            ("contact", "Hostmaster <a@example.net>", "mail address alone"),
            ("answers_per_second", "0", "must be from 1"),
            ("dns_port", "0", "must be from 1 to 65535"),
            ("dns_root_key", "15", "in base64url"),
            ("serve_platform_suffix", "maybe", "true or false"),
            ("connect_key_name", "a.b", "one label"),
            ("connect_key_name", "_", "one label"),
            ("certificate_feed", "feed.jsonl", "a whole path"),
            ("certificate_feed", "http://feed.example", "a whole path"),
        ] {
            let told = load(&[(key, value)]).unwrap_err();
            assert!(told.starts_with(&format!("domains.{key}")) && told.contains(rule), "{told}");
        }
    }

    #[test]
    fn providers_are_asked_with_a_key_in_a_zone_and_from_a_console() {
        let all = [
            ("connect_provider", "waxseal.example"),
            ("connect_key_file", "/etc/waxseal/connect.pem"),
            ("zone", "edge.example.net"),
        ];
        assert!(load(&all[..1]).unwrap_err().starts_with("domains.connect_key_file"));
        assert!(load(&all[1..2]).unwrap_err().starts_with("domains.connect_key_file"));
        assert!(load(&all[..2]).unwrap_err().starts_with("domains.connect_provider"));
        let pairs = all.map(|(key, value)| {
            (format!("WAXSEAL_DOMAINS__{}", key.to_ascii_uppercase()), value.to_owned())
        });
        let without = [("WAXSEAL_CONSOLE__HOST".to_owned(), String::new())];
        let told = Config::load(None, pairs.into_iter().chain(without), None).unwrap_err();
        assert!(told.to_string().starts_with("domains.connect_provider"), "{told}");
        let domains = load(&all).unwrap().domains;
        assert_eq!(domains.connect_provider.unwrap().as_str(), "waxseal.example");
        assert_eq!(
            (&*domains.connect_name, &*domains.connect_key_name),
            ("Waxseal", "_dcpubkeyv1")
        );
    }

    #[test]
    fn another_root_comes_with_its_key() {
        let roots = ("dns_roots", "127.0.0.1,::1");
        let domains = load(&[roots, ("dns_root_key", "15 AQID")]).unwrap().domains;
        assert_eq!(domains.dns_roots.len(), 2);
        assert_eq!(domains.dns_root_key, Some(RootKey { algorithm: 15, key: vec![1, 2, 3] }));
        assert!(load(&[roots]).unwrap_err().starts_with("domains.dns_root_key"));
    }
}
