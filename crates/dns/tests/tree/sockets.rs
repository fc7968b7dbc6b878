//! The same over real sockets on this machine, where only what sockets do is tested.

use std::{sync::Arc, time::Duration};

use wax_dns::{Anchors, Code, Limits, Reach, Roots, Sockets};
use wax_dns_tree::{Fault, Listening};
use wax_model::domain::Pointing;

use crate::world::{TARGET, World, codes, finding};

const HOST: &str = "secrets.example.com";

async fn listening() -> (World, Listening) {
    let mut world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    let listening = world.tree.listen().await.unwrap();
    let (algorithm, key) = world.tree.anchor();
    let anchors = Anchors::of(algorithm, key);
    world.dns.wire = Arc::new(Sockets);
    world.dns.roots = Roots::of(world.tree.roots(), listening.port(), Reach::Everywhere, anchors);
    world.dns.limits = Limits { first_try: Duration::from_millis(400), ..Limits::default() };
    (world, listening)
}

#[tokio::test]
async fn a_check_goes_over_udp_and_where_it_must_over_tcp() {
    let (world, _listening) = listening().await;
    world.tree.fault_at("ns1.example.com", HOST, "CNAME", Fault::Cut);
    world.tree.fault_at("ns2.example.com", HOST, "CNAME", Fault::LowerCase);
    let report = world.report().await;
    assert_eq!(report.pointing, Pointing::Pointing);
    assert!(!codes(&report).contains(&Code::ServerFails));
}

#[tokio::test]
async fn forged_flooded_and_unfinished_answers_are_told_apart() {
    for (fault, why) in [
        (Fault::WrongId, "mismatch"),
        (Fault::Flood, "mismatch"),
        (Fault::Garbage, "garbage"),
        (Fault::CutNoTcp, "no-tcp"),
        (Fault::CutEndlessTcp, "no-tcp"),
    ] {
        let (world, _listening) = listening().await;
        world.tree.fault("ns1.example.com", fault);
        let report = world.report().await;
        assert_eq!(finding(&report, Code::ServerFails).params["fault"], why, "{fault:?}");
        assert_eq!(report.pointing, Pointing::Pointing, "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_nobody_runs_is_not_reachable() {
    let (world, _listening) = listening().await;
    world.tree.zone("example.jp", &["ns1.example.jp"]);
    let mut world = World { expected: crate::world::expected("secrets.example.jp"), ..world };
    world.dns.limits.whole = Duration::from_secs(2);
    let report = world.report().await;
    let lost = finding(&report, Code::ZoneUnreachable);
    assert_eq!((&*lost.params["zone"], &*lost.params["fault"]), ("example.jp", "unreachable"));
}
