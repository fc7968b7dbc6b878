use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;

const PROXY: &str = "192.0.2.1";
const CLIENT: &str = "203.0.113.9";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Reads a header, and tells what it says and how much it left of what came behind.
fn read_from(from: &str, bytes: &[u8]) -> (Result<IpAddr, NoHeader>, usize) {
    let mut rest = bytes;
    let said = client(&mut rest, ip(from)).now_or_never().expect("all bytes are there");
    (said, rest.len())
}

/// A header of version 2: command, family and protocol, then what the length counts.
fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[0x20 | command, family], &length, rest].concat()
}

/// Source 203.0.113.9:1000, destination 198.51.100.1:443.
const OVER_IPV4: [u8; 12] = [203, 0, 113, 9, 198, 51, 100, 1, 3, 232, 1, 187];

fn over_ipv6() -> Vec<u8> {
    let addresses = ["2001:db8::9", "2001:db8::1"]
        .map(|text| text.parse::<std::net::Ipv6Addr>().unwrap().octets());
    [&addresses.concat()[..], &[3, 232, 1, 187]].concat()
}

#[test]
fn the_address_in_a_header_is_the_clients_and_nothing_behind_it_is_read() {
    let long = [&OVER_IPV4[..], &[0xea, 0, 3, b'a', b'b', b'c']].concat();
    for (header, client) in [
        (b"PROXY TCP4 203.0.113.9 198.51.100.1 1000 443\r\n".to_vec(), CLIENT),
        (b"PROXY TCP6 2001:db8::9 2001:db8::1 1000 443\r\n".to_vec(), "2001:db8::9"),
        (b"PROXY TCP6 ::ffff:203.0.113.9 ::1 1000 443\r\n".to_vec(), CLIENT),
        (b"PROXY UNKNOWN\r\n".to_vec(), PROXY),
        (b"PROXY UNKNOWN 203.0.113.9 198.51.100.1 1000 443\r\n".to_vec(), PROXY),
        (v2(1, 0x11, &OVER_IPV4), CLIENT),
        (v2(1, 0x11, &long), CLIENT),
        (v2(1, 0x21, &over_ipv6()), "2001:db8::9"),
        (v2(0, 0x00, &[]), PROXY),
        (v2(0, 0x11, &OVER_IPV4), PROXY),
    ] {
        let said = read_from(PROXY, &[&header[..], b"\x16\x03\x01"].concat());
        assert_eq!(said, (Ok(ip(client)), 3), "{header:?}");
    }
}

#[test]
fn what_is_no_header_or_names_nobody_is_refused() {
    let line = |text: &str| format!("{text}\r\n").into_bytes();
    for bytes in [
        vec![],
        b"PROXY TCP4".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a ClientHello".to_vec(),
        line("PROXY TCP4 203.0.113.9 198.51.100.1 1000"),
        line("PROXY TCP4 203.0.113.9 198.51.100.1 1000 65536"),
        line("PROXY TCP4 2001:db8::9 2001:db8::1 1000 443"),
        line("PROXY TCP4 203.0.113.999 198.51.100.1 1000 443"),
        line("PROXY UDP4 203.0.113.9 198.51.100.1 1000 443"),
        line("proxy TCP4 203.0.113.9 198.51.100.1 1000 443"),
        line(&format!("PROXY UNKNOWN {}", "x".repeat(100))),
        b"PROXY TCP4 203.0.113.9 198.51.100.1 1000 443\n and no end of the line".to_vec(),
        v2(1, 0x00, &[]),
        v2(1, 0x31, &[b'/'; 216]),
        v2(1, 0x12, &OVER_IPV4),
        v2(1, 0x11, &OVER_IPV4[..11]),
        v2(2, 0x11, &OVER_IPV4),
        v2(1, 0x11, &[0; LONGEST_V2 + 1]),
        v2(1, 0x11, &OVER_IPV4)[..20].to_vec(),
    ] {
        assert_eq!(read_from(PROXY, &bytes).0, Err(NoHeader), "{bytes:?}");
    }
}

#[test]
fn nobody_elsewhere_can_say_that_a_client_is_on_this_machine() {
    for header in [
        b"PROXY TCP4 127.0.0.1 198.51.100.1 1000 443\r\n".to_vec(),
        b"PROXY TCP6 ::1 2001:db8::1 1000 443\r\n".to_vec(),
        b"PROXY TCP6 ::ffff:127.0.0.1 ::1 1000 443\r\n".to_vec(),
        v2(1, 0x11, &[127, 9, 9, 9, 198, 51, 100, 1, 3, 232, 1, 187]),
    ] {
        assert_eq!(read_from(PROXY, &header).0, Err(NoHeader), "{header:?}");
        assert!(read_from("127.0.0.1", &header).0.is_ok(), "{header:?}");
    }
}

#[test]
fn a_trusted_network_is_that_and_no_neighbour() {
    let proxies = Proxies::new(["10.0.0.0/8", "2001:db8::/64"].map(|text| text.parse().unwrap()));
    for (address, trusted) in [
        ("10.255.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("11.0.0.1", false),
        ("2001:db8::1", true),
        ("2001:db8:0:1::1", false),
        ("127.0.0.1", false),
    ] {
        assert_eq!(proxies.contains(ip(address)), trusted, "{address}");
    }
    assert!(!Proxies::default().contains(ip("127.0.0.1")));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic_or_read_on(bytes in prop::collection::vec(any::<u8>(), 0..1_400), kind in 0..3) {
        let start: &[u8] = [b"", &b"PROXY "[..], b"\r\n\r\n\0\r\nQUIT\n"][usize::try_from(kind).unwrap()];
        let all = [start, &bytes].concat();
        let (_, left) = read_from(PROXY, &all);
        prop_assert!(all.len() - left <= 16 + LONGEST_V2);
    }

    #[test]
    fn every_address_arrives_as_it_was_sent(source: u32, port: u16) {
        let source = std::net::Ipv4Addr::from(source);
        let text = format!("PROXY TCP4 {source} 198.51.100.1 {port} 443\r\n");
        let binary = v2(1, 0x11, &[&source.octets()[..], &OVER_IPV4[4..]].concat());
        for header in [text.as_bytes(), &binary] {
            prop_assert_eq!(read_from("127.0.0.1", header), (Ok(source.into()), 0));
        }
    }
}
