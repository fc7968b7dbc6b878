//! A client's network: the unit that limits count by, and the part of an address that may be kept.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// One IPv4 address or one IPv6 /64: what one subscriber can hardly change. Lives in memory, is never printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Subscriber([u8; 9]);

impl Subscriber {
    /// The subscriber at an address; an IPv4 address mapped into IPv6 is the IPv4 address.
    pub(crate) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self([4, a, b, c, d, 0, 0, 0, 0])
            }
            IpAddr::V6(v6) => {
                let mut network = [6; 9];
                network[1..].copy_from_slice(&v6.octets()[..8]);
                Self(network)
            }
        }
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The network that audit and sessions keep: a /24 or /48, too wide to name a household.
pub(crate) fn kept_network(address: IpAddr) -> wax_httpkit::Network {
    wax_httpkit::Network::new(match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_subscriber_is_an_ipv4_address_or_an_ipv6_64() {
        let at = |text| Subscriber::at(ip(text));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:0:0:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
    }

    #[test]
    fn what_is_kept_of_an_address_is_a_24_or_a_48() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            assert_eq!(kept_network(ip(address)).as_str(), network);
        }
    }
}
