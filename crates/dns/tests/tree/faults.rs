//! Servers that fail in every way there is: told apart, bounded, and never taken for "not there".

use std::time::Duration;

use wax_dns::{Code, Fault as Why, Method, Proof};
use wax_dns_tree::{Fault, Tree};
use wax_model::domain::Pointing;

use crate::world::{TARGET, World, codes, finding};

const HOST: &str = "secrets.example.com";
const SERVERS: [&str; 3] = ["ns1.example.com", "ns2.example.com", "ns1.example.net"];

/// Every fault that leaves no answer, and what it is called.
const DEADLY: [(Fault, Why); 13] = [
    (Fault::ServFail, Why::ServerFailed),
    (Fault::Refused, Why::Refused),
    (Fault::Silent, Why::Timeout),
    (Fault::Slow(Duration::from_secs(60)), Why::Timeout),
    (Fault::Garbage, Why::Garbage),
    (Fault::Stub, Why::Mismatch),
    (Fault::CutNoTcp, Why::NoTcp),
    (Fault::CutEndlessTcp, Why::NoTcp),
    (Fault::WrongId, Why::Mismatch),
    (Fault::WrongQuestion, Why::Mismatch),
    (Fault::Flood, Why::Mismatch),
    (Fault::NotAuthoritative, Why::Lame),
    (Fault::ReferUp, Why::Lame),
];

#[tokio::test(start_paused = true)]
async fn a_failing_server_is_named_with_its_fault_and_hinders_nothing() {
    for (fault, why) in DEADLY {
        let world = World::new(HOST);
        world.tree.add(&format!("{HOST} CNAME {TARGET}"));
        world.tree.fault("ns1.example.com", fault);
        let report = world.report().await;
        assert_eq!(report.proof, Proof::Proven { by: Method::Cname }, "{fault:?}");
        assert_eq!(report.pointing, Pointing::Pointing, "{fault:?}");
        let named = finding(&report, Code::ServerFails);
        assert_eq!(named.params["server"], "ns1.example.com", "{fault:?}");
        assert_eq!(named.params["fault"], why.code(), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_of_all_servers_never_say_that_the_name_is_elsewhere_or_gone() {
    for (fault, _) in DEADLY {
        let world = World::new(HOST);
        world.tree.add(&format!("{HOST} CNAME {TARGET}"));
        for server in SERVERS {
            world.tree.fault(server, fault);
        }
        let report = world.report().await;
        let still = [Pointing::Unreachable, Pointing::Bogus];
        assert!(still.contains(&report.pointing), "{fault:?} {:?}", report.pointing);
        assert!(matches!(report.proof, Proof::Unknown), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_failure_and_the_rest_elsewhere_is_not_yet_elsewhere() {
    for (fault, _) in DEADLY {
        let world = World::new(HOST);
        world.tree.add(&format!("{HOST} A 8.8.8.8"));
        world.tree.fault("ns2.example.com", fault);
        assert_eq!(world.report().await.pointing, Pointing::Unreachable, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_gone_when_all_servers_say_so_and_not_before() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    world.tree.fault_at("ns1.example.com", HOST, "CNAME", Fault::NxDomain);
    assert_eq!(world.report().await.pointing, Pointing::Partial);
    for server in &SERVERS[1..] {
        world.tree.fault_at(server, HOST, "CNAME", Fault::NxDomain);
    }
    assert_eq!(world.report().await.pointing, Pointing::Nxdomain);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_or_keeps_no_capitals_is_asked_again_over_tcp() {
    for fault in [Fault::Cut, Fault::LowerCase] {
        let world = World::new(HOST);
        world.tree.add(&format!("{HOST} CNAME {TARGET}"));
        for server in SERVERS {
            world.tree.fault_at(server, HOST, "CNAME", fault);
        }
        assert_eq!(world.report().await.pointing, Pointing::Pointing, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_knows_no_options_is_asked_without_them_from_then_on() {
    let tree = Tree::new();
    let servers = ["a.nic.com", "ns1.example.com"];
    tree.zone("com", &servers[..1]);
    tree.zone("example.com", &servers[1..]);
    tree.add(&format!("{HOST} CNAME {TARGET}"));
    let world = World::of(tree, HOST);
    let new = world.evidence().await;
    for server in servers {
        world.tree.fault(server, Fault::NoOptions);
    }
    let old = world.evidence().await;
    assert_eq!(old.heard().count(), 1);
    assert_eq!(old.queries, new.queries + 2, "one question too many for each server");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_waited_for() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    world.tree.fault("ns1.example.net", Fault::Slow(Duration::from_millis(300)));
    let report = world.report().await;
    assert!(!codes(&report).contains(&Code::ServerFails), "{:?}", codes(&report));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_records_are_read_as_a_few() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} A 8.8.8.8"));
    for server in SERVERS {
        world.tree.fault_at(server, HOST, "A", Fault::Stuffed);
    }
    let report = world.report().await;
    assert!(report.evidence.servers.iter().all(|server| server.v4.records().len() <= 20));
    assert_eq!(report.pointing, Pointing::Elsewhere);
}

#[tokio::test(start_paused = true)]
async fn without_the_roots_it_is_this_machines_network() {
    let world = World::new(HOST);
    world.tree.fault("a.root-servers", Fault::Silent);
    let report = world.report().await;
    assert_eq!((codes(&report), report.pointing), (vec![Code::NetworkDown], Pointing::Unreachable));
}

#[tokio::test(start_paused = true)]
async fn a_zone_whose_servers_do_not_exist_is_unreachable() {
    let tree = Tree::new();
    tree.zone("com", &["a.nic.com"]);
    tree.add("example.com NS ns1.nowhere.com");
    tree.add("example.com NS ns2.nowhere.com");
    let report = World::of(tree, HOST).report().await;
    let lost = finding(&report, Code::ZoneUnreachable);
    assert_eq!((&*lost.params["zone"], &*lost.params["fault"]), ("example.com", "no-address"));
}
