//! Where CAA records are found.

use wax_dns::{CaaRefusal, CaaVerdict, Code, Fault as Why};
use wax_dns_tree::Fault;

use crate::world::{TARGET, World, edits, finding};

const HOST: &str = "secrets.example.com";

async fn verdict(world: &World) -> CaaVerdict {
    world.report().await.caa
}

#[tokio::test(start_paused = true)]
async fn the_closest_name_with_records_decides() {
    let world = World::new(HOST);
    assert_eq!(verdict(&world).await, CaaVerdict::Open);
    world.tree.add("com CAA 0 issue \"other.example\"");
    let why = CaaRefusal::OtherAuthority;
    let forbids = |at: &str| CaaVerdict::Forbids { at: at.parse().unwrap(), why };
    assert_eq!(verdict(&world).await, forbids("com"));
    world.tree.add("example.com CAA 0 issue \"letsencrypt.org\"");
    let methods = world.expected.issuance.methods.clone();
    assert_eq!(verdict(&world).await, CaaVerdict::Permits { methods, bound: false });
    world.tree.add("secrets.example.com CAA 0 issue \";\"");
    assert_eq!(verdict(&world).await, forbids("secrets.example.com"));
}

#[tokio::test(start_paused = true)]
async fn an_alias_is_followed_and_then_the_climb_goes_on_from_the_host() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME via.example.net"));
    world.tree.add("example.net CAA 0 issue \"other.example\"");
    assert_eq!(verdict(&world).await, CaaVerdict::Open);
    world.tree.add("via.example.net CAA 0 issue \"other.example\"");
    assert!(matches!(verdict(&world).await, CaaVerdict::Forbids { .. }));
}

#[tokio::test(start_paused = true)]
async fn the_record_to_add_binds_the_account_and_the_methods() {
    let world = World::new(HOST);
    world
        .tree
        .add("example.com CAA 0 issue \"letsencrypt.org; accounturi=https://ca.example/acct/8\"");
    let report = world.report().await;
    let edits = edits(finding(&report, Code::CaaOtherAccount));
    let value =
        "letsencrypt.org; accounturi=https://ca.example/acct/7; validationmethods=http-01,dns-01";
    assert_eq!(edits, [format!("add CAA @ 0 issue \"{value}\"")]);
    world.tree.add(&format!("example.com CAA 0 issue \"{value}\""));
    assert_eq!(finding(&world.report().await, Code::CaaBound).params["name"], "example.com");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_on_caa_alone_is_named_as_the_obstacle() {
    let world = World::new(HOST);
    world.tree.add(&format!("{HOST} CNAME {TARGET}"));
    for server in ["ns1.example.com", "ns2.example.com", "ns1.example.net"] {
        world.tree.fault_at(server, "example.com", "CAA", Fault::ServFail);
    }
    let report = world.report().await;
    let at = "example.com".parse().unwrap();
    assert_eq!(report.caa, CaaVerdict::Unknown { at, fault: Why::ServerFailed });
    assert_eq!(finding(&report, Code::CaaUnanswered).params["fault"], "server-failed");
}
