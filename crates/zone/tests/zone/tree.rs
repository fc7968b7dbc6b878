//! Found by walking down from a root, as a certificate authority and a visitor's resolver do.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use wax_dns::{
    Anchors, CaaVerdict, Claim, ClaimToken, Dns, EdgePlaces, Evidence, Expected, Issuance, Limits,
    Proof, Reach, Report, Roots, Sockets, TenantHost,
};
use wax_dns_tree::{Listening, Tree};
use wax_kernel::{Hostname, ManualClock, SeededRng, TenantId};
use wax_model::domain::Pointing;
use wax_zone::{Rate, Snapshot};

use crate::served::{LIVE, Served};

const HOST: &str = "secrets.example.com";

struct World {
    dns: Dns,
    served: Served,
    _listening: Listening,
}

impl World {
    /// A tenant's zone, and ours delegated to the server, on the tree's port.
    async fn new(records: &[&str]) -> Self {
        let tree = Tree::new();
        for (zone, server) in [
            ("com", "a.nic.com"),
            ("net", "a.nic.net"),
            ("example.com", "ns1.example.com"),
            ("example.net", "ns1.example.net"),
        ] {
            tree.zone(zone, &[server]);
        }
        let ours = beside(tree.roots()[0]);
        tree.add("edge.example.net NS ns1.edge.example.net");
        tree.add(&format!("ns1.edge.example.net A {ours}"));
        for record in records {
            tree.add(record);
        }
        let listening = tree.listen().await.unwrap();
        let served = Served::at((ours, listening.port()).into(), Rate::default()).await;
        let (algorithm, key) = tree.anchor();
        let anchors = Anchors::of(algorithm, key);
        let dns = Dns {
            wire: Arc::new(Sockets),
            rng: Arc::new(SeededRng::new(5)),
            clock: Arc::new(ManualClock::at_ms(1_790_000_000_000)),
            roots: Roots::of(tree.roots(), listening.port(), Reach::Everywhere, anchors),
            limits: Limits::default(),
        };
        Self { dns, served, _listening: listening }
    }

    /// A check that does not know that our zone is ours, and so asks it like any other.
    async fn evidence(&self, host: &str) -> Evidence {
        let host = TenantHost::parse(host, &[]).unwrap();
        self.dns.evidence(&host, &name("elsewhere.example.org")).await
    }
}

/// A loopback address in the tree's own range that it gives to nobody.
fn beside(address: IpAddr) -> IpAddr {
    let IpAddr::V4(address) = address else { panic!("the tree's addresses are IPv4") };
    let [a, b, c, _] = address.octets();
    Ipv4Addr::new(a, b, c, 254).into()
}

fn name(text: &str) -> Hostname {
    Hostname::parse(text).unwrap()
}

#[tokio::test]
async fn a_hosts_target_is_found_with_the_edges_addresses() {
    let target = format!("{LIVE}.edge.example.net");
    let world = World::new(&[&format!("{HOST} CNAME {target}")]).await;
    let evidence = world.evidence(HOST).await;
    let chain = evidence.chain.clone().unwrap();
    let edges: Vec<IpAddr> = ["192.0.2.1", "2001:db8::1"].map(|edge| edge.parse().unwrap()).into();
    assert_eq!((chain.addresses, chain.fault, chain.dangling), (edges.clone(), None, false));
    let claim = Claim {
        host: TenantHost::parse(HOST, &[]).unwrap(),
        tenant: TenantId::from_bytes([7; 16]),
        token: ClaimToken::draw(&SeededRng::new(1)),
        target: name(&target),
    };
    assert!(matches!(Proof::of(&evidence, &claim), Proof::Proven { .. }));
    let issuance = Issuance {
        authority: "letsencrypt.org".to_owned(),
        account: None,
        methods: vec!["http-01".to_owned()],
        wildcard: false,
    };
    // CAA of an alias is its target's (RFC 8659 §3): ours has none, and so the host's own parents decide.
    assert_eq!(evidence.caa.failed, None);
    assert_eq!(CaaVerdict::of(&evidence.caa, &issuance), CaaVerdict::Open);
    let edge = EdgePlaces { zone: name("edge.example.net"), addresses: edges };
    let report = Report::new(evidence, &Expected { claim, edge, issuance }, None);
    assert_eq!(report.pointing, Pointing::Pointing);
}

#[tokio::test]
async fn the_tenants_own_caa_records_hold_behind_an_alias_to_us() {
    let world = World::new(&[
        &format!("{HOST} CNAME {LIVE}.edge.example.net"),
        "example.com CAA 0 issue \"ca.example\"",
    ])
    .await;
    let evidence = world.evidence(HOST).await;
    assert_eq!(evidence.caa.at.map(String::from).as_deref(), Some("example.com"));
}

#[tokio::test]
async fn a_target_that_is_no_more_leads_nowhere() {
    let world = World::new(&[&format!("{HOST} CNAME {LIVE}.edge.example.net")]).await;
    world.served.labels.publish(Snapshot { serial: 8, ..Snapshot::default() });
    let chain = world.evidence(HOST).await.chain.unwrap();
    assert!(chain.dangling && chain.addresses.is_empty(), "{chain:?}");
}

/// The zone is checked as a tenant's would be: every server answers, over UDP and without a difference to its delegation.
#[tokio::test]
async fn our_own_zone_stands_the_check_that_tenants_zones_get() {
    let world = World::new(&[]).await;
    let evidence = world.evidence(&format!("{LIVE}.edge.example.net")).await;
    let zone = evidence.zone.clone().unwrap();
    assert_eq!(String::from(zone.apex), "edge.example.net");
    assert!(zone.differing_servers.is_empty(), "{:?}", zone.differing_servers);
    assert!(evidence.is_complete() && evidence.servers[0].serial == Some(7));
    assert_eq!(evidence.servers[0].v4.records(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
}
