//! Signatures, good and bad.

use wax_dns::{Code, Dnssec, Flaw, Verdict};
use wax_dns_tree::Signing;

use crate::world::{TARGET, World, codes, finding};

const HOST: &str = "secrets.example.com";

fn signed() -> World {
    let world = World::new(HOST);
    for zone in [".", "com", "example.com"] {
        world.tree.sign(zone, Signing::Good);
    }
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    world
}

#[tokio::test(start_paused = true)]
async fn a_well_signed_zone_is_secure() {
    let world = signed();
    let report = world.report().await;
    assert_eq!((&report.evidence.dnssec, report.verdict), (&Dnssec::Secure, Verdict::Ready));
    world.tree.remove(HOST, "CNAME");
    world.tree.add(&format!("*.example.com CNAME {TARGET}"));
    assert_eq!(world.report().await.evidence.dnssec, Dnssec::Secure, "also from a wildcard");
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_a_key_at_its_parent_is_unsigned() {
    let world = World::new(HOST);
    world.tree.sign("com", Signing::Good);
    let zone = "example.com".parse().unwrap();
    assert_eq!(world.report().await.evidence.dnssec, Dnssec::Unsigned { zone });
}

#[tokio::test(start_paused = true)]
async fn every_way_to_sign_wrongly_is_told_with_its_zone() {
    for (signing, flaw, code) in [
        (Signing::OtherKey, Flaw::NoMatchingKey, Code::DnssecNoMatchingKey),
        (Signing::Missing, Flaw::MissingSignature, Code::DnssecMissingSignature),
        (Signing::Wrong, Flaw::WrongSignature, Code::DnssecWrongSignature),
        (Signing::Expired, Flaw::Expired, Code::DnssecExpired),
        (Signing::NotYet, Flaw::NotYetValid, Code::DnssecNotYetValid),
        (Signing::NoDenial, Flaw::MissingDenial, Code::DnssecMissingDenial),
    ] {
        let world = signed();
        world.tree.sign("example.com", signing);
        let report = world.report().await;
        let zone = "example.com".parse().unwrap();
        assert_eq!(
            report.evidence.dnssec,
            Dnssec::Bogus { zone, flaw, server: None },
            "{signing:?}"
        );
        assert_eq!(finding(&report, code).params["zone"], "example.com");
        assert_eq!(report.verdict, Verdict::Act);
    }
}

#[tokio::test(start_paused = true)]
async fn the_zone_that_is_broken_is_found_above_the_hosts() {
    let world = signed();
    world.tree.sign("com", Signing::Expired);
    let zone = "com".parse().unwrap();
    let bogus = Dnssec::Bogus { zone, flaw: Flaw::Expired, server: None };
    assert_eq!(world.report().await.evidence.dnssec, bogus);
}

#[tokio::test(start_paused = true)]
async fn one_server_with_old_signatures_is_a_warning_about_that_server() {
    let world = signed();
    world.tree.sign_at("ns2.example.com", "example.com", Signing::Expired);
    let report = world.report().await;
    assert_eq!(finding(&report, Code::DnssecOneServer).params["server"], "ns2.example.com");
    assert!(codes(&report).contains(&Code::PointsHere));
}
