//! Which addresses are on the public Internet, and which are a network's in front of others.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

/// A range of addresses.
#[derive(Debug, Clone, Copy)]
struct Network {
    base: IpAddr,
    bits: u32,
}

impl Network {
    /// # Panics
    /// On a text that is no network: the tables below are constants, and a test reads them all.
    fn parse(text: &str) -> Self {
        let (base, bits) = text.split_once('/').expect("address/bits");
        Self { base: base.parse().expect("an address"), bits: bits.parse().expect("a length") }
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let shift = 32 - self.bits;
                u32::from(base).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let shift = 128 - self.bits;
                u128::from(base).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }
}

fn networks(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|text| Network::parse(text)).collect()
}

/// Not the public Internet's. Source: IANA IPv4 Special-Purpose Address Registry, with multicast and the reserved block.
const SPECIAL_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
];

/// Of IPv6 only `2000::/3` is the public Internet's; this is what is not, within. Source: IANA IPv6 Special-Purpose
/// Address Registry. 6to4 and Teredo carry an IPv4 address that nobody has checked.
const SPECIAL_V6: &[&str] = &["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// Source: <https://www.cloudflare.com/ips/>, unchanged since 2023-09-28.
const CLOUDFLARE: &[&str] = &[
    "173.245.48.0/20",
    "103.21.244.0/22",
    "103.22.200.0/22",
    "103.31.4.0/22",
    "141.101.64.0/18",
    "108.162.192.0/18",
    "190.93.240.0/20",
    "188.114.96.0/20",
    "197.234.240.0/22",
    "198.41.128.0/17",
    "162.158.0.0/15",
    "104.16.0.0/13",
    "104.24.0.0/14",
    "172.64.0.0/13",
    "131.0.72.0/22",
    "2400:cb00::/32",
    "2606:4700::/32",
    "2803:f800::/32",
    "2405:b500::/32",
    "2405:8100::/32",
    "2a06:98c0::/29",
    "2c0f:f248::/32",
];

/// Whether an address is on the public Internet. Nothing else is ever asked, and nobody can be reached at anything else.
pub fn is_public(address: IpAddr) -> bool {
    static V4: LazyLock<Vec<Network>> = LazyLock::new(|| networks(SPECIAL_V4));
    static V6: LazyLock<Vec<Network>> = LazyLock::new(|| networks(SPECIAL_V6));
    match address.to_canonical() {
        address @ IpAddr::V4(_) => !V4.iter().any(|network| network.contains(address)),
        IpAddr::V6(address) => {
            address.segments()[0] >> 13 == 1
                && !V6.iter().any(|network| network.contains(address.into()))
        }
    }
}

/// A network that stands in front of other people's servers and answers in their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proxy {
    /// Cloudflare.
    Cloudflare,
}

impl Proxy {
    /// Whose network an address is in.
    pub fn of(address: IpAddr) -> Option<Self> {
        static NETWORKS: LazyLock<Vec<Network>> = LazyLock::new(|| networks(CLOUDFLARE));
        let address = address.to_canonical();
        NETWORKS.iter().any(|network| network.contains(address)).then_some(Self::Cloudflare)
    }

    /// As people know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cloudflare => "Cloudflare",
        }
    }
}

/// The servers of the root (`named.root` of 2024-01, B-Root's new addresses included). One family first: machines
/// without IPv6 are many, and a referral tells of the rest.
pub(crate) const ROOTS: [IpAddr; 26] = [
    v4(198, 41, 0, 4),
    v4(170, 247, 170, 2),
    v4(192, 33, 4, 12),
    v4(199, 7, 91, 13),
    v4(192, 203, 230, 10),
    v4(192, 5, 5, 241),
    v4(192, 112, 36, 4),
    v4(198, 97, 190, 53),
    v4(192, 36, 148, 17),
    v4(192, 58, 128, 30),
    v4(193, 0, 14, 129),
    v4(199, 7, 83, 42),
    v4(202, 12, 27, 33),
    v6([0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30]),
    v6([0x2801, 0x1b8, 0x10, 0, 0, 0, 0, 0xb]),
    v6([0x2001, 0x500, 2, 0, 0, 0, 0, 0xc]),
    v6([0x2001, 0x500, 0x2d, 0, 0, 0, 0, 0xd]),
    v6([0x2001, 0x500, 0xa8, 0, 0, 0, 0, 0xe]),
    v6([0x2001, 0x500, 0x2f, 0, 0, 0, 0, 0xf]),
    v6([0x2001, 0x500, 0x12, 0, 0, 0, 0, 0xd0d]),
    v6([0x2001, 0x500, 1, 0, 0, 0, 0, 0x53]),
    v6([0x2001, 0x7fe, 0, 0, 0, 0, 0, 0x53]),
    v6([0x2001, 0x503, 0xc27, 0, 0, 0, 2, 0x30]),
    v6([0x2001, 0x7fd, 0, 0, 0, 0, 0, 1]),
    v6([0x2001, 0x500, 0x9f, 0, 0, 0, 0, 0x42]),
    v6([0x2001, 0xdc3, 0, 0, 0, 0, 0, 0x35]),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(s: [u16; 8]) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn only_the_public_internet_is_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.100.100.200",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.0.1",
            "198.19.255.255",
            "224.0.0.251",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
        ] {
            assert!(!public(text), "{text}");
        }
        for text in
            ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"]
        {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn the_roots_are_on_the_public_internet() {
        assert!(ROOTS.into_iter().all(is_public));
    }

    #[test]
    fn a_proxy_is_known_by_its_addresses() {
        for text in
            ["104.16.0.0", "104.27.255.255", "172.67.1.1", "2606:4700:10::1", "::ffff:104.16.0.1"]
        {
            assert_eq!(Proxy::of(text.parse().unwrap()), Some(Proxy::Cloudflare), "{text}");
        }
        for text in ["104.28.0.0", "172.80.0.0", "8.8.8.8", "2606:4701::1"] {
            assert_eq!(Proxy::of(text.parse().unwrap()), None, "{text}");
        }
    }
}
