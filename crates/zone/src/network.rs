//! Whose question it is, as far as limits go.

use std::{fmt, net::IpAddr};

/// An IPv4 /24 or an IPv6 /56: the usual unit of response-rate limits, because whoever forges addresses can forge all of a
/// victim's. Lives in memory, is never printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network([u8; 8]);

impl Network {
    /// The network of an address; an IPv4 address mapped into IPv6 is the IPv4 address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self([4, a, b, c, 0, 0, 0, 0])
            }
            IpAddr::V6(v6) => {
                let mut network = [6; 8];
                network[1..].copy_from_slice(&v6.octets()[..7]);
                Self(network)
            }
        }
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_ipv4_24_or_an_ipv6_56() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("192.0.2.254"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("2001:db8:0:12::1"), of("2001:db8:0:ff::1"));
        assert_ne!(of("2001:db8:0:12::1"), of("2001:db8:0:112::1"));
        assert_eq!(format!("{:?}", of("192.0.2.1")), "[redacted]");
    }
}
