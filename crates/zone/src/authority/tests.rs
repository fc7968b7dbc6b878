use std::collections::{HashMap, HashSet};

use hickory_proto::op::Query;
use wax_kernel::{EmailAddress, Hostname};

use super::*;

const LIVE: &str = "k3vfy2mbgpq7x5ehn4wtd6ozla";
const ORDERED: &str = "zzvfy2mbgpq7x5ehn4wtd6ozla";

fn host(text: &str) -> Hostname {
    Hostname::parse(text).unwrap()
}

fn settings() -> Settings {
    Settings {
        zone: host("edge.example.net"),
        platform_suffix: Some(host("example.net")),
        servers: vec![
            NameServer {
                name: host("ns1.dns.edge.example.net"),
                addresses: vec!["192.0.2.53".parse().unwrap(), "2001:db8::53".parse().unwrap()],
            },
            NameServer { name: host("ns2.example.org"), addresses: Vec::new() },
        ],
        contact: EmailAddress::parse("hostmaster@example.net").unwrap(),
        edges: ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(|edge| edge.parse().unwrap()).into(),
    }
}

fn snapshot() -> Snapshot {
    let label = |text| Label::parse(text).unwrap();
    Snapshot {
        serial: 42,
        targets: HashSet::from([label(LIVE)]),
        challenges: HashMap::from([(label(ORDERED), vec!["one".to_owned(), "two".to_owned()])]),
        slugs: HashSet::from(["acme-corp".into()]),
        platform_challenges: vec!["three".to_owned()],
    }
}

fn authority() -> Authority {
    let labels = Labels::default();
    labels.publish(snapshot());
    Authority::new(&settings(), labels).unwrap()
}

fn query(question: &str) -> Query {
    let (name, kind) = question.split_once(' ').unwrap();
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    Query::query(name, kind.parse().unwrap())
}

/// The answer in words: values, or why there are none, with the zone that says so.
fn said(authority: &Authority, question: &str) -> String {
    let values = |records: &[Record]| {
        let values = records.iter().map(|record| record.data.to_string());
        values.collect::<Vec<_>>().join(" ")
    };
    let zone = |soa: &Record| soa.name.to_ascii();
    match authority.answer(&query(question)) {
        Said::Refused => "refused".to_owned(),
        Said::NotReady => "not ready".to_owned(),
        Said::NoName { soa } => format!("no name in {}", zone(&soa)),
        Said::NoData { soa } => format!("no data in {}", zone(&soa)),
        Said::Records { answers, additionals } if additionals.is_empty() => values(&answers),
        Said::Records { answers, additionals } => {
            format!("{} + {}", values(&answers), values(&additionals))
        }
    }
}

fn assert_said(expected: &[(String, &str)]) {
    let authority = authority();
    for (question, answer) in expected {
        assert_eq!(said(&authority, question), *answer, "{question}");
    }
}

fn all(list: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    let fill = |text: &str| text.replace("LIVE", LIVE).replace("ORDERED", ORDERED);
    list.iter().map(|(question, answer)| (fill(question), *answer)).collect()
}

#[test]
fn a_target_in_use_has_the_edges_addresses_and_nothing_else() {
    assert_said(&all(&[
        ("LIVE.edge.example.net A", "192.0.2.1 192.0.2.2"),
        ("LIVE.edge.example.net AAAA", "2001:db8::1"),
        ("K3VFY2MBGPQ7x5ehn4wtd6ozla.Edge.EXAMPLE.net AAAA", "2001:db8::1"),
        ("LIVE.edge.example.net TXT", "no data in edge.example.net."),
        ("LIVE.edge.example.net HTTPS", "no data in edge.example.net."),
        ("LIVE.edge.example.net NS", "no data in edge.example.net."),
        ("LIVE.edge.example.net CNAME", "no data in edge.example.net."),
        ("ORDERED.edge.example.net A", "no name in edge.example.net."),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaa.edge.example.net A", "no name in edge.example.net."),
        ("x.LIVE.edge.example.net A", "no name in edge.example.net."),
        ("_acme-challenge.LIVE.edge.example.net TXT", "no name in edge.example.net."),
        ("*.edge.example.net A", "no name in edge.example.net."),
        ("www.edge.example.net A", "no name in edge.example.net."),
    ]));
}

/// A host that points here has the CAA records of its target (RFC 8659 §3): ours forbid nobody anything, at any name.
#[test]
fn no_name_of_ours_has_caa_records() {
    assert_said(&all(&[
        ("LIVE.edge.example.net CAA", "no data in edge.example.net."),
        ("edge.example.net CAA", "no data in edge.example.net."),
        ("LIVE.acme.edge.example.net CAA", "no data in edge.example.net."),
        ("acme-corp.example.net CAA", "no data in example.net."),
        ("example.net CAA", "no data in example.net."),
    ]));
}

#[test]
fn a_challenge_is_there_while_an_order_wants_it() {
    assert_said(&all(&[
        ("ORDERED.acme.edge.example.net TXT", "one two"),
        ("ORDERED.acme.edge.example.net A", "no data in edge.example.net."),
        ("LIVE.acme.edge.example.net TXT", "no data in edge.example.net."),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaa.acme.edge.example.net TXT", "no name in edge.example.net."),
        ("x.acme.edge.example.net TXT", "no name in edge.example.net."),
        ("_acme-challenge.example.net TXT", "three"),
        ("platform.acme.edge.example.net TXT", "three"),
        ("platform.acme.edge.example.net CAA", "no data in edge.example.net."),
        ("platform.edge.example.net A", "no name in edge.example.net."),
        ("_acme-challenge.acme-corp.example.net TXT", "no name in example.net."),
    ]));
}

#[test]
fn a_short_name_in_use_has_the_edges_addresses() {
    assert_said(&all(&[
        ("acme-corp.example.net A", "192.0.2.1 192.0.2.2"),
        ("ACME-Corp.example.net AAAA", "2001:db8::1"),
        ("acme-corp.example.net MX", "no data in example.net."),
        ("globex.example.net A", "no name in example.net."),
        ("LIVE.example.net A", "no name in example.net."),
        ("acme-corp.edge.example.net A", "no name in edge.example.net."),
    ]));
}

#[test]
fn a_zone_says_who_serves_it() {
    let soa = "ns1.dns.edge.example.net. hostmaster.example.net. 42 7200 900 1209600 30";
    let servers = "ns1.dns.edge.example.net. ns2.example.org. + 192.0.2.53 2001:db8::53";
    assert_said(&all(&[
        ("edge.example.net SOA", soa),
        ("example.net SOA", soa),
        ("edge.example.net NS", servers),
        ("example.net NS", servers),
        ("ns1.dns.edge.example.net A", "192.0.2.53"),
        ("ns1.dns.edge.example.net AAAA", "2001:db8::53"),
        ("ns1.dns.edge.example.net TXT", "no data in edge.example.net."),
        ("edge.example.net A", "no data in edge.example.net."),
        ("ns2.example.org A", "refused"),
    ]));
}

/// "No such name" says that there is nothing below it, either (RFC 8020).
#[test]
fn a_name_with_names_below_it_exists() {
    assert_said(&all(&[
        ("acme.edge.example.net TXT", "no data in edge.example.net."),
        ("dns.edge.example.net A", "no data in edge.example.net."),
        ("example.net A", "no data in example.net."),
    ]));
    let below = Settings { zone: host("a.b.example.net"), ..settings() };
    let labels = Labels::default();
    labels.publish(snapshot());
    let authority = Authority::new(&below, labels).unwrap();
    assert_eq!(said(&authority, "b.example.net A"), "no data in example.net.");
    assert_eq!(said(&authority, "c.example.net A"), "no name in example.net.");
}

/// The zones are not signed, and each parent says so.
#[test]
fn a_zones_keys_are_its_parents_matter() {
    assert_said(&all(&[
        ("edge.example.net DS", "no data in example.net."),
        ("example.net DS", "no data in example.net."),
        ("edge.example.net DNSKEY", "no data in edge.example.net."),
        ("LIVE.edge.example.net DS", "no data in edge.example.net."),
    ]));
}

#[test]
fn any_is_answered_with_as_little_as_can_be() {
    assert_said(&all(&[
        ("LIVE.edge.example.net ANY", "RFC8482 "),
        ("edge.example.net ANY", "RFC8482 "),
        ("www.edge.example.net ANY", "no name in edge.example.net."),
        ("example.com ANY", "refused"),
    ]));
}

#[test]
fn what_is_not_ours_is_refused() {
    assert_said(&all(&[
        ("example.com A", "refused"),
        ("net SOA", "refused"),
        (". NS", "refused"),
        ("LIVE.edge.example.net.example.com A", "refused"),
        ("myexample.net A", "refused"),
    ]));
    // OPT, TKEY, TSIG, IXFR, AXFR, MAILA: no kinds of records.
    for kind in [41, 128, 249, 250, 251, 252, 254] {
        let mut meta = query("edge.example.net SOA");
        meta.set_query_type(RecordType::from(kind));
        assert_eq!(authority().answer(&meta), Said::Refused, "type {kind}");
    }
    for class in [DNSClass::CH, DNSClass::HS, DNSClass::ANY, DNSClass::NONE] {
        let mut other = query("edge.example.net SOA");
        other.set_query_class(class);
        assert_eq!(authority().answer(&other), Said::Refused, "class {class}");
    }
}

#[test]
fn before_the_first_snapshot_nobody_is_told_that_a_name_does_not_exist() {
    let labels = Labels::default();
    let authority = Authority::new(&settings(), labels.clone()).unwrap();
    for name in [LIVE, "www"] {
        assert_eq!(said(&authority, &format!("{name}.edge.example.net A")), "not ready");
    }
    assert_eq!(said(&authority, "example.com A"), "refused");
    labels.publish(Snapshot::default());
    let none = said(&authority, &format!("{LIVE}.edge.example.net A"));
    assert_eq!(none, "no name in edge.example.net.");
}

#[test]
fn what_is_not_there_is_soon_looked_for_again() {
    let authority = authority();
    for question in ["www.edge.example.net A", "edge.example.net CAA"] {
        let (Said::NoName { soa } | Said::NoData { soa }) = authority.answer(&query(question))
        else {
            panic!("{question} is there")
        };
        let RData::SOA(data) = &soa.data else { panic!("no SOA record") };
        assert_eq!((soa.ttl, data.minimum), (NEGATIVE_TTL, NEGATIVE_TTL));
    }
}

#[test]
fn a_text_of_any_length_is_one_record() {
    let long = "x".repeat(600);
    let challenges = HashMap::from([(Label::parse(LIVE).unwrap(), vec![long.clone()])]);
    let labels = Labels::default();
    labels.publish(Snapshot { challenges, ..snapshot() });
    let authority = Authority::new(&settings(), labels).unwrap();
    assert_eq!(said(&authority, &format!("{LIVE}.acme.edge.example.net TXT")), long);
}
