//! What a zone says of itself, and where names are.

use wax_dns::{Anchors, Fault, Reach, Roots, TenantHost};
use wax_kernel::Hostname;

use crate::world::World;

fn name(text: &str) -> Hostname {
    Hostname::parse(text).unwrap()
}

async fn texts(world: &World, host: &str) -> Result<(String, Vec<String>), Fault> {
    let host = TenantHost::parse(host, &[]).unwrap();
    let zone = name("edge.example.net");
    let found = world.dns.zone_texts(&host, &zone, "_domainconnect").await;
    found.map(|(zone, texts)| (zone.to_string(), texts))
}

#[tokio::test(start_paused = true)]
async fn a_zone_speaks_at_its_top_for_every_host_in_it() {
    let world = World::new("secrets.example.com");
    world.tree.add("_domainconnect.example.com TXT dc.virtucon.example");
    let expected = Ok(("example.com".to_owned(), vec!["dc.virtucon.example".to_owned()]));
    for host in ["secrets.example.com", "a.b.example.com", "example.com", "*.example.com"] {
        assert_eq!(texts(&world, host).await, expected, "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_may_send_on_to_its_providers_text() {
    let world = World::new("secrets.example.com");
    world.tree.add("_domainconnect.example.com CNAME dc.example.net");
    world.tree.add("dc.example.net TXT dc.virtucon.example");
    assert_eq!(texts(&world, "secrets.example.com").await.unwrap().1, ["dc.virtucon.example"]);
    world.tree.remove("dc.example.net", "TXT");
    assert_eq!(texts(&world, "secrets.example.com").await.unwrap().1, [""; 0]);
    world.tree.add("dc.example.net CNAME _domainconnect.example.com");
    assert_eq!(texts(&world, "secrets.example.com").await, Err(Fault::Endless));
}

#[tokio::test(start_paused = true)]
async fn addresses_are_found_and_nobody_off_the_internet_is_asked_for_them() {
    let mut world = World::new("secrets.example.com");
    world.tree.add("dc.example.net A 9.9.9.9");
    world.tree.add("dc.example.net A 9.9.9.8");
    world.tree.add("dc.example.net AAAA 2620:fe::9");
    let all = world.dns.addresses(&name("dc.example.net")).await.unwrap();
    assert_eq!(all.len(), 3, "{all:?}");
    world.dns.roots = Roots::of(world.tree.roots(), 53, Reach::Public, Anchors::iana());
    assert_eq!(world.dns.addresses(&name("dc.example.net")).await, Err(Fault::ForbiddenAddress));
}

/// The order in which servers are asked is drawn anew each time: twenty times come by both.
#[tokio::test(start_paused = true)]
async fn a_zone_that_one_of_its_parents_servers_has_and_another_refers_to_is_found_whoever_is_asked()
 {
    for apex in ["secrets.example.com", "a.b.example.com"] {
        let world = World::new("secrets.example.com");
        world.tree.zone(apex, &["ns1.example.com"]);
        for turn in 0..20 {
            let found = texts(&world, apex).await;
            assert_eq!(found, Ok((apex.to_owned(), Vec::new())), "turn {turn}");
        }
    }
}
