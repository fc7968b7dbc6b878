//! A year of a small Internet, at random: names change hands, servers lie, machines die.

use std::time::Duration;

use wax_dns_tree::Fault;
use wax_kernel::{Rng, SeededRng};
use wax_model::domain::Ownership;
use wax_testkit::PlatformApp;

use crate::kit::{Added, DAY, HOUR, MINUTE, Tenant, tenant};

const HOST: &str = "secrets.example.com";
const STEPS: usize = 60;

/// Who controls the zone, and since when it is only theirs.
struct World {
    app: PlatformApp,
    claims: Vec<(Tenant, Added)>,
    owner: Option<usize>,
    /// Since when the zone has said nothing of anybody before.
    since_ms: i64,
    rng: SeededRng,
}

impl World {
    async fn new(seed: u64) -> Self {
        let app = PlatformApp::new().await;
        let mut claims = Vec::new();
        for name in ["acme", "rival", "third"] {
            let tenant = tenant(&app, name).await;
            let domain = tenant.add(&app, HOST).await;
            claims.push((tenant, domain));
        }
        let since_ms = app.now_ms();
        Self { app, claims, owner: None, since_ms, rng: SeededRng::new(seed) }
    }

    fn below(&self, limit: u8) -> u8 {
        let rng: &dyn Rng = &self.rng;
        rng.bytes::<1>()[0] % limit
    }

    /// The zone is given to somebody, who sets their record and removes all others.
    fn hand_over(&mut self, to: Option<usize>) {
        let tree = &self.app.names.tree;
        tree.remove(HOST, "CNAME");
        match to {
            Some(owner) => self.claims[owner].1.point(&self.app),
            None => tree.add(&format!("{HOST} CNAME other.example.net")),
        }
        (self.owner, self.since_ms) = (to, self.app.now_ms());
    }

    /// Lets a machine work; one that dies leaves its work in the middle.
    async fn work(&self) {
        let names = &self.app.names;
        let service = if self.below(2) == 0 { &names.here } else { &names.there };
        if self.below(4) > 0 {
            names.work(service).await;
            return;
        }
        let patience = Duration::from_micros(u64::from(self.below(200)) * 40);
        let _died = tokio::time::timeout(patience, names.work(service)).await;
    }

    async fn step(&mut self) {
        match self.below(12) {
            0 => self.hand_over(Some(usize::from(self.below(3)))),
            1 => self.hand_over(None),
            2 => self.app.names.tree.fault("ns1.example.com", Fault::ServFail),
            3 => self.app.names.tree.fault("ns2.example.com", Fault::Refused),
            4 | 5 => {
                for server in ["ns1.example.com", "ns2.example.com"] {
                    self.app.names.tree.mend(server);
                }
            }
            _ => {}
        }
        let pause = [MINUTE, MINUTE * 20, HOUR * 3, DAY / 2, DAY * 2][usize::from(self.below(5))];
        self.app.clock.advance(pause);
        self.work().await;
    }

    /// What must hold whatever has happened.
    async fn check(&self, seed: u64) {
        let mut holders = Vec::new();
        for (index, (_, domain)) in self.claims.iter().enumerate() {
            let row = self.app.names.row(domain.id).await;
            if row.claim.ownership.holds() {
                holders.push((index, row));
            }
        }
        assert!(holders.len() <= 1, "seed {seed}: two hold {HOST}");
        let Some((index, row)) = holders.pop() else { return };
        let full = matches!(row.claim.ownership, Ownership::Verified | Ownership::Contested);
        // A look since the zone changed hands, by which all servers said so, has stopped what was served.
        let looked = row.checks.last_at.is_some_and(|last| last.as_ms() > self.since_ms);
        if full && looked && self.owner != Some(index) {
            assert!(row.pointing != wax_model::domain::Pointing::Elsewhere, "seed {seed}: {row:?}");
        }
    }
}

#[tokio::test]
async fn whatever_happens_one_holds_a_host_nobody_elses_is_served_and_no_check_starves() {
    for seed in 0..2 {
        let mut world = World::new(seed).await;
        for _ in 0..STEPS {
            world.step().await;
            world.check(seed).await;
        }
        for server in ["ns1.example.com", "ns2.example.com"] {
            world.app.names.tree.mend(server);
        }
        // Whoever has the zone in the end gets the host: no claim is ever forgotten.
        world.hand_over(Some(0));
        for _ in 0..40 {
            world.app.clock.advance(HOUR * 13);
            world.app.names.work(&world.app.names.here).await;
            world.app.names.work(&world.app.names.there).await;
            world.check(seed).await;
        }
        let row = world.app.names.row(world.claims[0].1.id).await;
        assert_eq!(row.claim.ownership, Ownership::Verified, "seed {seed}");
    }
}
