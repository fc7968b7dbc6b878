//! What no zone can make us do.

use wax_dns::{Code, Limits, Proof, Reach, Roots};
use wax_dns_tree::{Fault, Tree};
use wax_model::domain::Pointing;

use crate::world::{TARGET, World, codes, finding};

const HOST: &str = "secrets.example.com";

#[tokio::test(start_paused = true)]
async fn servers_that_are_not_on_the_internet_are_never_asked() {
    let mut world = World::new(HOST);
    world.dns.roots = Roots::of(world.tree.roots(), 53, Reach::Public, wax_dns::Anchors::iana());
    let report = world.report().await;
    assert_eq!(codes(&report), [Code::NetworkDown]);
    assert_eq!(report.findings[0].params["fault"], "forbidden-address");
    world.evidence().await;
    assert_eq!(world.tree.take_asked(), []);
}

#[tokio::test(start_paused = true)]
async fn servers_named_in_a_circle_are_given_up() {
    let tree = Tree::new();
    tree.zone("com", &["a.nic.com"]);
    tree.zone("net", &["a.nic.net"]);
    tree.add("example.com NS ns.circle.net");
    tree.add("circle.net NS ns.example.com");
    let report = World::of(tree, HOST).report().await;
    assert_eq!(codes(&report), [Code::ZoneUnreachable]);
}

#[tokio::test(start_paused = true)]
async fn a_zone_with_fifty_servers_costs_no_more_than_others() {
    let tree = Tree::new();
    let names: Vec<String> = (0..50).map(|number| format!("ns{number}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    tree.zone("com", &["a.nic.com"]);
    tree.zone("example.com", &names);
    tree.add(&format!("{HOST} CNAME {TARGET}"));
    let report = World::of(tree, HOST).report().await;
    assert_eq!((report.evidence.servers.len(), report.pointing), (8, Pointing::Pointing));
    assert_eq!(report.evidence.zone.unwrap().unasked_servers, 42);
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_silent_servers_ends_in_time() {
    let tree = Tree::new();
    let names: Vec<String> = (0..8).map(|number| format!("ns{number}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    tree.zone("com", &["a.nic.com"]);
    tree.zone("example.com", &names);
    for server in names {
        tree.fault(server, Fault::Silent);
    }
    let report = World::of(tree, HOST).report().await;
    assert_eq!(report.pointing, Pointing::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_names_ends_after_eight() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME n0.example.net"));
    for number in 0..40 {
        world.tree.add(&format!("n{number}.example.net CNAME n{}.example.net", number + 1));
    }
    let report = world.report().await;
    assert_eq!(report.evidence.chain.as_ref().unwrap().hops.len(), 8);
    assert!(codes(&report).contains(&Code::ChainEndless), "{:?}", codes(&report));
}

#[tokio::test(start_paused = true)]
async fn a_name_of_a_hundred_labels_spends_the_budget_and_no_more() {
    let host = format!("{}.example.com", ["a"; 100].join("."));
    let world = World::new(&host);
    let report = world.report().await;
    assert_eq!(report.evidence.queries, 64);
    assert!(codes(&report).contains(&Code::BudgetSpent));
    assert_eq!(report.proof, Proof::Missing, "ownership is asked about first");
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_is_said_and_decides_nothing() {
    for queries in 0..24 {
        let mut world = World::new(HOST);
        world.tree.add(&format!("{HOST} A 8.8.8.8"));
        world.dns.limits = Limits { queries, ..Limits::default() };
        let report = world.report().await;
        assert!(codes(&report).contains(&Code::BudgetSpent), "{queries} {:?}", codes(&report));
        let demoted = [Pointing::Elsewhere, Pointing::Nxdomain].contains(&report.pointing);
        assert!(!demoted || report.evidence.is_complete(), "{queries}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_first_server_of_every_zone_costs_time_and_nothing_else() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    for server in ["a.nic.com", "ns1.example.com"] {
        world.tree.fault(server, Fault::Silent);
    }
    let report = world.report().await;
    assert_eq!(report.pointing, Pointing::Pointing);
    assert_eq!(finding(&report, Code::ServerFails).params["server"], "ns1.example.com");
}
