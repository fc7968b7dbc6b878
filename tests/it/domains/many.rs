//! Many certificates at once, from two processes of which one is killed again and again.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::Value;
use wax_acme::{Issuance, IssuerId, Lane, OrderStore as _};
use wax_kernel::{
    Clock as _, DomainId, HostPattern, Rng, SeededRng, SystemClock, SystemRng, TenantId,
};
use wax_model::{Brand, Domain, PlanId, Tenant, domain::Transport};
use wax_store::{NewDomain, Store as _};
use wax_store_sql::SqlStore;
use wax_testkit::{Pebble, PebbleHabits};
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, pem::parse_x509_pem,
    prelude::FromDer as _,
};

use super::{EVERY, Scale, figure, until, visitor, visitor::Visitor, world::World};

/// Draws who is killed, and when.
const SEED: u64 = 20_261_122;
/// From one kill to the next, in certificates, at most.
const CERTIFICATES_A_KILL: usize = 24;

fn host(number: usize) -> String {
    format!("h{number}.example.com")
}

/// Domains that are verified and wait for their first certificate, as the service queues them.
async fn queue(world: &World, count: usize) {
    let store = SqlStore::open(&world.database.settings(4)).await.unwrap();
    let now = SystemClock.now();
    let tenant = Tenant {
        id: TenantId::random(&SystemRng),
        slug: "many".into(),
        name: "Many".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: now,
        deletion_due_at: None,
    };
    store.platform().ensure_tenant(&tenant).await.unwrap();
    for number in 0..count {
        let id = DomainId::random(&SystemRng);
        let name = HostPattern::parse(&host(number)).unwrap();
        let domain = Domain::given(id, tenant.id, name.clone(), Transport::Acme, now);
        let new = NewDomain { domain, brand: Brand::plain("Many") };
        assert!(store.platform().ensure_domain(&new).await.unwrap());
        let issuer = IssuerId::new("pebble-0");
        let order = Issuance::first(id, tenant.id, name, issuer, Lane::Bulk, now);
        assert!(store.add(&order).await.unwrap());
    }
    store.close().await;
}

/// Kills one of the two, again and again, after as many certificates as the dice say, while half of all are to come.
async fn kill_at_random(world: &mut World, count: usize) -> u32 {
    let (dice, mut kills): (&dyn Rng, _) = (&SeededRng::new(SEED), 0);
    let below = |bound: usize| usize::from(u16::from_be_bytes(dice.bytes())) % bound;
    let mut next = 0;
    while next < count / 2 {
        next += 1 + below(CERTIFICATES_A_KILL);
        until("more certificates", async || {
            let issued = world.issuers[0].issued().len();
            if issued >= next.min(count) { Ok(()) } else { Err(issued) }
        })
        .await;
        // Into the middle of whatever it does.
        tokio::time::sleep(Duration::from_millis(below(500) as u64)).await;
        let victim = &mut world.services[below(2)];
        victim.kill();
        victim.start().await;
        kills += 1;
    }
    kills
}

/// The name that a certificate was issued for, as the issuer shows it.
async fn name_of(issuer: &Pebble, serial: &str) -> String {
    let shown = visitor::told(issuer, &format!("/cert-status-by-serial/{serial}")).await;
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    let (_, pem) = parse_x509_pem(shown["Certificate"].as_str().unwrap().as_bytes()).unwrap();
    let (_, certificate) = X509Certificate::from_der(&pem.contents).unwrap();
    let names =
        certificate.subject_alternative_name().unwrap().unwrap().value.general_names.clone();
    match &names[..] {
        [GeneralName::DNSName(name)] => (*name).to_owned(),
        other => panic!("a certificate for {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_domain_gets_one_certificate_while_its_workers_are_killed_all_the_time() {
    let count = Scale::of_this_run().certificates;
    let mut world = World::new(vec![Pebble::start(PebbleHabits::default())], 2).await;
    world.start().await;
    queue(&world, count).await;
    let begun = Instant::now();
    let kills = kill_at_random(&mut world, count).await;
    // What the dead had in their hands is theirs for a minute and a half.
    world.sleep_for("2 minutes").await;
    let mut progress = (0, Instant::now());
    while progress.0 < count {
        let issued = world.issuers[0].issued().len();
        if issued > progress.0 {
            progress = (issued, Instant::now());
        }
        let stands = progress.1.elapsed();
        assert!(stands < super::PATIENCE, "{issued} of {count}:\n{}", world.logs());
        tokio::time::sleep(EVERY).await;
    }
    let took = begun.elapsed();
    let visitors = [0, count / 2, count - 1]
        .map(|number| Visitor::new(&host(number), world.edges[0].tls, &world.roots));
    for visitor in &visitors {
        until("the host to be served", async || visitor.get("/").await).await;
    }
    world.stop().await;

    let issued = world.issuers[0].issued();
    let mut names = BTreeSet::new();
    for serial in &issued {
        names.insert(name_of(&world.issuers[0], serial).await);
    }
    assert_eq!(names, (0..count).map(host).collect(), "each host");
    assert_eq!(issued.len(), count, "one for each host");
    let each = took / u32::try_from(count).unwrap();
    figure(&format!("{count} certificates in {took:.1?}, one in {each:.1?}; {kills} kills"));
}
