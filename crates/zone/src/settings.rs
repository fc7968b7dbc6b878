//! What the configuration says about our zones.

use std::net::IpAddr;

use hickory_proto::rr::Name;
use wax_kernel::{EmailAddress, Hostname};

/// What our zones have, whoever is a tenant.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where domains' targets are.
    pub zone: Hostname,
    /// Where organizations' short names are, if these servers answer for it.
    pub platform_suffix: Option<Hostname>,
    /// Who serves the zones, as the delegation names them. The first one is the SOA's.
    pub servers: Vec<NameServer>,
    /// Who looks after the zones.
    pub contact: EmailAddress,
    /// Every edge's addresses.
    pub edges: Vec<IpAddr>,
}

/// One of the servers that the zones are delegated to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    /// Its name.
    pub name: Hostname,
    /// Its addresses; needed if the name is in one of our zones, since nobody else can say them.
    pub addresses: Vec<IpAddr>,
}

/// The settings make no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A zone without a server cannot be delegated.
    #[error("no name server is named")]
    NoServer,
    /// A server below our own names without an address cannot be found.
    #[error("the name server {0} is in our own zone and has no address")]
    NoAddress(Hostname),
    /// The contact does not fit into an SOA record, whose labels have at most 63 bytes (RFC 1035 §2.3.4).
    #[error("the contact's name is too long for an SOA record")]
    Contact,
    /// A target's challenge below the zone would be longer than names can be.
    #[error("{0} is too long a name for a zone")]
    TooLong(Hostname),
}

/// Beside the zone there must be room for `<label>.acme.`, of 26 + 1 + 4 + 1 bytes.
const LONGEST_ZONE: usize = 253 - 32;

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.servers.is_empty() {
            return Err(SettingsError::NoServer);
        }
        let zones = || [Some(&self.zone), self.platform_suffix.as_ref()].into_iter().flatten();
        if let Some(zone) = zones().find(|zone| zone.as_str().len() > LONGEST_ZONE) {
            return Err(SettingsError::TooLong(zone.clone()));
        }
        let is_ours = |name: &Hostname| zones().any(|zone| wire(zone).zone_of(&wire(name)));
        let lost =
            self.servers.iter().find(|server| server.addresses.is_empty() && is_ours(&server.name));
        lost.map_or(Ok(()), |server| Err(SettingsError::NoAddress(server.name.clone())))
    }

    /// The contact as an SOA record has it: the `@` is a dot, and dots before it are part of the first label (RFC 1035 §8).
    pub(crate) fn contact(&self) -> Result<Name, SettingsError> {
        let (local, domain) =
            self.contact.as_str().rsplit_once('@').ok_or(SettingsError::Contact)?;
        let labels = std::iter::once(local).chain(domain.split('.')).map(str::as_bytes);
        let mut name = Name::from_labels(labels).map_err(|_| SettingsError::Contact)?;
        name.set_fqdn(true);
        Ok(name)
    }
}

/// A host name as messages have it.
pub(crate) fn wire(host: &Hostname) -> Name {
    let mut name = Name::from_ascii(host.as_str()).expect("every host name is a name of the DNS");
    name.set_fqdn(true);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Hostname {
        Hostname::parse(text).unwrap()
    }

    fn settings(server: &str, addresses: &[&str]) -> Settings {
        Settings {
            zone: host("edge.example.net"),
            platform_suffix: Some(host("on.example.org")),
            servers: vec![NameServer {
                name: host(server),
                addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            }],
            contact: EmailAddress::parse("host.master@example.net").unwrap(),
            edges: Vec::new(),
        }
    }

    #[test]
    fn a_server_below_our_own_names_needs_an_address() {
        for server in ["ns1.edge.example.net", "edge.example.net", "ns1.on.example.org"] {
            let told = settings(server, &[]).check();
            assert_eq!(told, Err(SettingsError::NoAddress(host(server))), "{server}");
            assert_eq!(settings(server, &["192.0.2.53"]).check(), Ok(()), "{server}");
        }
        for server in ["ns1.example.net", "myedge.example.net", "ns1.example.com"] {
            assert_eq!(settings(server, &[]).check(), Ok(()), "{server}");
        }
    }

    #[test]
    fn a_zone_has_a_server_and_leaves_room_for_labels() {
        let none = Settings { servers: Vec::new(), ..settings("ns1.example.net", &[]) };
        assert_eq!(none.check(), Err(SettingsError::NoServer));
        let long = host(&vec!["a".repeat(55); 4].join("."));
        let long = Settings { zone: long.clone(), ..settings("ns1.example.net", &[]) };
        assert_eq!(long.check(), Err(SettingsError::TooLong(long.zone)));
    }

    #[test]
    fn the_contacts_dots_stay_in_its_first_label() {
        let name = settings("ns1.example.net", &[]).contact().unwrap();
        let labels: Vec<&[u8]> = name.iter().collect();
        assert_eq!(labels, [b"host.master".as_slice(), b"example", b"net"]);
        let contact = EmailAddress::parse(&format!("{}@example.net", "a".repeat(64))).unwrap();
        let long = Settings { contact, ..settings("ns1.example.net", &[]) };
        assert_eq!(long.contact(), Err(SettingsError::Contact));
    }
}
