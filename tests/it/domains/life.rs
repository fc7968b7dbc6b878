//! A domain's whole life: added, proved, certified, renewed, lost.

use std::time::{Duration, Instant};

use serde_json::Value;
use wax_testkit::{Pebble, PebbleHabits};

use super::{
    figure,
    member::Member,
    name_server::NameServer,
    until,
    visitor::{Answer, Visitor},
    world::{EDGE_ADDRESS, World, ZONE},
};

const HOST: &str = "secrets.example.com";
/// Added, and proved much later.
const LATE: &str = "late.example.com";

/// A life so short that its renewal is seen: it is ordered when half of it is left.
const SHORT: Duration = Duration::from_secs(20);
/// What was refused in the store is refused at every edge so soon.
const IN_FORCE: Duration = Duration::from_secs(2);

fn text<'v>(domain: &'v Value, member: &str) -> &'v str {
    domain[member].as_str().unwrap_or_default()
}

/// The value of a record to set.
fn value<'v>(domain: &'v Value, purpose: &str) -> &'v str {
    let records = domain["records"].as_array().unwrap();
    let found = records.iter().find(|record| record["purpose"] == purpose);
    found.map_or_else(|| panic!("{purpose}: {domain}"), |record| text(record, "value"))
}

/// The same host, at each edge.
fn everywhere(world: &World, host: &str) -> Vec<Visitor> {
    let ports = world.edges.iter().map(|edge| edge.tls);
    ports.map(|port| Visitor::new(host, port, &world.roots)).collect()
}

/// The handshake fails, and says of the name that it is nobody's here.
async fn is_refused(visitors: &[Visitor]) -> Result<(), String> {
    for visitor in visitors {
        match visitor.get("/").await {
            Err(story) if story.contains("UnrecognisedName") => {}
            other => return Err(format!("{other:?}")),
        }
    }
    Ok(())
}

/// The certificates that the edges show, each with Acme's look.
async fn certificates(visitors: &[Visitor]) -> Result<Vec<Vec<u8>>, String> {
    let mut shown = Vec::new();
    for visitor in visitors {
        let Answer { status, body, certificate } = visitor.get("/brand.json").await?;
        if status != 200 || !body.contains("Acme") || body.contains("Mallory") {
            return Err(format!("{status} {body}"));
        }
        shown.push(certificate);
    }
    Ok(shown)
}

/// Another certificate on every edge than before.
async fn renewed(visitors: &[Visitor], before: &[Vec<u8>]) -> Vec<Vec<u8>> {
    until("a renewal on every edge", async || {
        let shown = certificates(visitors).await?;
        let all = shown.iter().zip(before).all(|(new, old)| new != old);
        if all { Ok(shown) } else { Err("the same".to_owned()) }
    })
    .await
}

/// Nothing is made, claimed or opened; pages say so.
async fn is_held(visitors: &[Visitor]) -> Result<(), String> {
    for visitor in visitors {
        for act in ["create", "claim", "open", "peek"] {
            let Answer { status, body, .. } = visitor.call(&format!("/v1/secrets/{act}")).await?;
            if status != 503 || !body.contains("domain-held") {
                return Err(format!("{act}: {status} {body}"));
            }
        }
        let home = visitor.get("/").await?;
        if home.status != 503 {
            return Err(format!("{}", home.status));
        }
    }
    Ok(())
}

async fn owned(member: &Member, id: &str, ownership: &str) -> Value {
    until(ownership, async || {
        let domain = member.domain(id).await;
        if text(&domain, "ownership") == ownership { Ok(domain) } else { Err(domain) }
    })
    .await
}

/// A check made now, however long the last one was ago.
async fn checked(member: &Member, id: &str) -> Value {
    until("a check", async || member.check(id).await.ok_or("held back")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_added_proved_served_renewed_and_lost() {
    let mut world = World::new(issuers(), 1).await;
    world.start().await;
    let ada = Member::of(&world, "Acme", "acme").await;
    let mallory = Member::of(&world, "Mallory", "mallory").await;
    let visitors = everywhere(&world, HOST);

    let added = ada.add(HOST).await;
    let id = text(&added, "id").to_owned();
    let late = ada.add(LATE).await;
    let strangers = text(&mallory.add(HOST).await, "id").to_owned();
    is_refused(&visitors).await.unwrap();

    let target = value(&added, "point").to_owned();
    its_target_is_answered(&world, &target).await;
    world.tree.add(&format!("{HOST} CNAME {target}"));
    let first = until("the host on every edge", async || certificates(&visitors).await).await;
    let on_all = until("each edge's word", async || {
        let domain = ada.domain(&id).await;
        let all = domain["edges"]["applied"] == 2 && domain["edges"]["alive"] == 2;
        if all { Ok(domain) } else { Err(domain) }
    })
    .await;
    assert_eq!((text(&on_all, "service"), text(&on_all, "ownership")), ("full", "verified"));

    let second = renewed(&visitors, &first).await;
    // The second time from another issuer, whose certificates outlast what follows.
    world.ask(1);
    world.sleep_for("1 second").await;
    renewed(&visitors, &second).await;
    let lasting = ada.domain(&id).await;
    assert_eq!(text(&lasting["order"], "issuer"), "pebble-1", "{lasting}");

    it_is_lost(&mut world, &ada, &id, &visitors).await;
    assert_eq!(text(&mallory.domain(&strangers).await, "ownership"), "pending");
    a_handshake_brings_its_check_forward(&mut world, &ada, &late).await;
}

/// One for the beginning, and one whose certificates outlast what follows.
fn issuers() -> Vec<Pebble> {
    let habits = PebbleHabits::default();
    let lives = [SHORT, habits.life];
    lives.map(|life| Pebble::start(PebbleHabits { life, ..habits })).into()
}

/// Our own zone has this label, and no other.
async fn its_target_is_answered(world: &World, target: &str) {
    let name_server = NameServer(world.name_server_at);
    until("the target in our zone", async || {
        let answers = name_server.addresses(target).await;
        if answers == Ok(vec![EDGE_ADDRESS.to_owned()]) { Ok(()) } else { Err(answers) }
    })
    .await;
    let nobodys = name_server.addresses(&format!("aaaaaaaaaaaaaaaaaaaaaaaaaa.{ZONE}")).await;
    assert_eq!(nobodys, Err("NXDomain".to_owned()));
    assert_eq!(name_server.addresses("example.org").await, Err("Refused".to_owned()));
}

/// Its records lead elsewhere: held at once, in grace after 72 h, nobody's after 14 d.
async fn it_is_lost(world: &mut World, ada: &Member, id: &str, visitors: &[Visitor]) {
    world.tree.remove_at("ns1.example.com", HOST, "CNAME");
    world.tree.add_at("ns1.example.com", &format!("{HOST} CNAME old.example.net"));
    let partly = checked(ada, id).await;
    assert_eq!(text(&partly, "ownership"), "verified", "one of two servers: {partly}");
    certificates(visitors).await.unwrap();

    world.tree.remove_at("ns2.example.com", HOST, "CNAME");
    world.tree.add_at("ns2.example.com", &format!("{HOST} CNAME old.example.net"));
    let held = checked(ada, id).await;
    let since = Instant::now();
    assert_eq!(text(&held, "ownership"), "held", "{held}");
    until("a refusal on every edge", async || is_held(visitors).await).await;
    let took = since.elapsed();
    figure(&format!("held on both edges {took:.2?} after the check"));
    assert!(took <= IN_FORCE, "{took:?}");

    world.sleep_for("72 hours").await;
    owned(ada, id, "grace").await;
    until("a refusal on every edge", async || is_held(visitors).await).await;
    world.sleep_for("11 days").await;
    owned(ada, id, "lapsed").await;
    until("no handshake on any edge", async || is_refused(visitors).await).await;
}

/// A claim that has waited for a week is looked at once a day; somebody who comes by does not wait for that.
async fn a_handshake_brings_its_check_forward(world: &mut World, ada: &Member, late: &Value) {
    let id = text(late, "id");
    // The check that was due while everything slept.
    let planned = until("a check a day", async || {
        let domain = ada.domain(id).await;
        let next = domain["next_check_at_ms"].as_i64().unwrap_or(0);
        let last = domain["checked_at_ms"].as_i64().unwrap_or(0);
        if next - last > 3_600_000 { Ok(next) } else { Err(domain) }
    })
    .await;
    world.sleep_for("2 minutes").await;
    world.tree.add(&format!("{LATE} CNAME {}", value(late, "point")));
    let visitors = everywhere(world, LATE);
    is_refused(&visitors[..1]).await.unwrap();
    let proved = owned(ada, id, "verified").await;
    assert!(proved["checked_at_ms"].as_i64() < Some(planned), "{proved}");
    until("the host on every edge", async || certificates(&visitors).await).await;
}
