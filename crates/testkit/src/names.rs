//! The domains service for tests: a small Internet, two places to look at it from, and certificates without an issuer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use wax_acme::{
    Answer, Answers, Certificate, Chain, Change, Engine, Facts, Failure, Failures, InUse, IssuerId,
    OrderStore, Parts as EngineParts, Plan, Reason, SealedKey, Step, Trouble, Validity, Vault,
};
use wax_connect::{Connect, Operator, SigningKey};
use wax_crypto::{
    Origin,
    at_rest::{KeyRing, KeyStore},
};
use wax_dns_tree::Tree;
use wax_domains::{Domains, IssuerPlace, Noted, Parts, Settings};
use wax_kernel::{CertificateId, Clock, DomainId, HostPattern, Hostname, Job, Rng, Timestamp};
use wax_model::{
    Plans,
    domain::{Domain, Ownership, ownership::Vantage},
};
use wax_store::Store;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{DnsProvider, TreeWire};

/// What tests' domains point into.
pub const ZONE: &str = "edge.example.net";
/// Where the only edge is.
pub const EDGE: &str = "9.9.9.1";
/// What every organization of a test has a host below of.
pub const SUFFIX: &str = "houses.example.org";

/// The service, at two places.
#[derive(Debug)]
pub struct Names {
    /// `example.com` with two servers, and `co.jp`; hosts are added with [`Tree::add`].
    pub tree: Tree,
    /// Orders, as the service sees them.
    pub orders: Arc<dyn OrderStore>,
    /// The service.
    pub here: Domains,
    /// The same on another machine.
    pub there: Domains,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

/// No issuer looks at them.
#[derive(Debug)]
struct Unseen;

#[async_trait]
impl Answers for Unseen {
    async fn publish(&self, _: &DomainId, _: &Answer) -> bool {
        true
    }

    async fn withdraw(&self, _: &DomainId, _: &Answer) {}
}

/// What the service is put together from.
#[derive(Debug, Clone)]
pub struct NamesParts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Orders: the same database, or another.
    pub orders: Arc<dyn OrderStore>,
    /// Keys.
    pub keys: Arc<dyn KeyStore>,
    /// And those that edges have, too.
    pub edge_ring: Arc<KeyRing>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// What organizations may have.
    pub plans: Plans,
}

impl Names {
    /// On a store.
    pub fn new(parts: NamesParts) -> Self {
        let tree = Tree::new();
        tree.zone("com", &["a.nic.com"]);
        tree.zone("net", &["a.nic.net"]);
        tree.zone("example.net", &["ns1.example.net"]);
        tree.zone("example.com", &["ns1.example.com", "ns2.example.com"]);
        tree.add("other.example.net A 8.8.4.4");
        let (here, noted) = service(&parts, &tree, "here");
        let (there, _) = service(&parts, &tree, "there");
        let NamesParts { store, clock, rng, .. } = parts;
        Self { tree, orders: noted, here, there, store, clock, rng }
    }

    /// Gives the service a DNS provider that knows its templates: `example.com` is there.
    pub fn connect(&self) -> Arc<DnsProvider> {
        let name = |text: &str| Hostname::parse(text).expect("a name");
        let operator = Operator {
            provider: name("waxseal.example"),
            name: "Waxseal".to_owned(),
            zone: name(ZONE),
            console: name("app.waxseal.example"),
            addresses: vec![EDGE.parse().expect("an address")],
        };
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key can be made");
        let key = SigningKey::from_pem(key.serialize_pem().as_bytes(), "_dcpubkeyv1");
        let key = key.expect("a key of 2,048 bits");
        let provider = Arc::new(DnsProvider::new(self.tree.clone(), &operator, key.published()));
        let wire = Arc::clone(&provider) as _;
        self.here.connect_with(Connect { operator, key, wire });
        provider
    }

    /// The repeated work of one place.
    pub fn jobs(service: &Domains) -> Vec<Job> {
        wax_domains::jobs(service)
    }

    /// Runs the repeated work of a place once.
    pub async fn work(&self, service: &Domains) {
        for job in Self::jobs(service) {
            job.run().await.expect("jobs do not fail");
        }
    }

    /// A domain's row.
    pub async fn row(&self, id: DomainId) -> Domain {
        let found = self.store.platform().domains().domain(id).await;
        found.expect("the store answers").expect("the domain is there")
    }

    /// Gives a domain's order its certificate, good for so long from now, as an issuer would.
    pub async fn certify(&self, id: DomainId, life: Duration) {
        let now = self.clock.now();
        let validity = Validity { not_before: now, not_after: now.plus(life) };
        let name = self.row(id).await.host;
        let certificate = self.certificate(id, &name, validity);
        self.order_becomes(id, |change| {
            let plan = Plan::first(&name, validity, now);
            let issuer = change.issuance.issuer.clone();
            let in_use = InUse { id: certificate.id, issuer, validity, ari: None, plan };
            change.issuance.in_use = Some(in_use);
            change.issuance.step = Step::Active;
            change.issuance.next_at = validity.not_after;
            change.issuance.failures = Failures::default();
            change.issuance.trouble = None;
            change.certificate = Some(certificate);
        })
        .await;
    }

    /// Lets a domain's order fail.
    pub async fn fail(&self, id: DomainId, reason: Reason) {
        let now = self.clock.now();
        self.order_becomes(id, |change| {
            let Failure { reason, detail, .. } = Failure::saying(reason, "as told");
            let again_at = Some(now.plus(Duration::from_secs(60)));
            change.issuance.trouble = Some(Trouble { reason, at: now, again_at, detail });
            change.issuance.failures.orders += 1;
            change.issuance.step = Step::Queued;
            change.issuance.next_at = now.plus(Duration::from_secs(60));
        })
        .await;
    }

    async fn order_becomes(&self, id: DomainId, change: impl FnOnce(&mut Change)) {
        let now = self.clock.now();
        assert!(self.orders.mend(&id, now).await.expect("the store answers"), "no order waits");
        let (issuance, lease) = loop {
            let claimed = self.orders.claim(now, now.plus(Duration::from_secs(90))).await;
            let claimed = claimed.expect("the store answers").expect("an order is due");
            if claimed.0.domain == id {
                break claimed;
            }
        };
        let mut changed = Change::to(issuance, None);
        change(&mut changed);
        self.orders.save(&lease, changed, now).await.expect("the lease is ours");
    }

    fn certificate(&self, id: DomainId, name: &HostPattern, validity: Validity) -> Certificate {
        let (der, _) = self_signed(name, validity);
        Certificate {
            id: CertificateId::random(&*self.rng),
            domain: id,
            name: name.clone(),
            issuer: Some(IssuerId::new("test-ca")),
            chain: Chain::from_der(vec![der.der().clone()]).expect("a certificate"),
            key: SealedKey::from_bytes(vec![1]),
            facts: Facts {
                validity,
                names: vec![name.to_string()],
                issuer: "CN=a test".to_owned(),
                ari: None,
                rsa: false,
            },
        }
    }

    /// A certificate that a tenant may bring, and its key: PEM.
    pub fn pem(&self, host: &str, life: Duration) -> (String, String) {
        let now = self.clock.now();
        let not_before = now.minus(Duration::from_secs(60));
        let validity = Validity { not_before, not_after: now.plus(life) };
        let name = HostPattern::parse(host).expect("a host");
        let (certificate, key) = self_signed(&name, validity);
        (certificate.pem(), key.serialize_pem())
    }

    /// Makes a domain one that another contests, without anybody who does.
    pub async fn contest(&self, id: DomainId) {
        let (host, now) = (self.row(id).await.host, self.clock.now());
        let work = self.store.write_platform(move |unit| {
            let host = host.clone();
            Box::pin(async move {
                let claims = unit.domains().lock_host(&host).await?;
                for mut claim in claims.into_iter().filter(|claim| claim.id() == id) {
                    (claim.claim.ownership, claim.claim.since) = (Ownership::Contested, now);
                    unit.domains().update(&claim).await?;
                }
                Ok(())
            })
        });
        work.await.expect("the store answers");
    }
}

/// A certificate's serial number, in hex with colons.
pub fn serial_of(der: &[u8]) -> String {
    let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
    certificate.raw_serial_as_string()
}

fn self_signed(name: &HostPattern, validity: Validity) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().expect("a key can be made");
    let mut params = CertificateParams::new([name.to_string()]).expect("a name");
    let since_epoch = |at: Timestamp| Timestamp::from_ms(0).until(at);
    params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(validity.not_before);
    params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(validity.not_after);
    let certificate = params.self_signed(&key).expect("a certificate can be made");
    (certificate, key)
}

fn service(parts: &NamesParts, tree: &Tree, place: &str) -> (Domains, Arc<dyn OrderStore>) {
    let NamesParts { store, orders, keys, edge_ring, clock, rng, plans } = parts.clone();
    let orders = Arc::new(Noted::new(orders));
    let engine = Engine::new(
        EngineParts {
            store: Arc::clone(&orders) as Arc<dyn OrderStore>,
            answers: Arc::new(Unseen),
            vault: Vault::new(Arc::clone(&edge_ring), Arc::clone(&rng)),
            clock: Arc::clone(&clock),
            rng: Arc::clone(&rng),
        },
        Vec::new(),
    );
    let lookup = Arc::new(TreeWire::dns(tree, Arc::clone(&clock), Arc::clone(&rng)));
    let noted = Arc::clone(&orders) as Arc<dyn OrderStore>;
    let settings = settings(place, plans);
    let domains =
        Domains::new(Parts { store, orders, keys, edge_ring, lookup, clock, rng, settings });
    domains.work_with(engine);
    (domains, noted)
}

fn settings(place: &str, plans: Plans) -> Settings {
    let name = |text: &str| Hostname::parse(text).expect("a name");
    Settings {
        zone: Some(name(ZONE)),
        addresses: vec![EDGE.parse().expect("an address")],
        suffix: Some(name(SUFFIX)),
        own_names: ["app.waxseal.example", SUFFIX, ZONE].map(name).to_vec(),
        loopback: true,
        vantage: Vantage(place.into()),
        console: Some(Origin::parse("https://app.waxseal.example").expect("an origin")),
        issuers: vec![IssuerPlace {
            id: IssuerId::new("test-ca"),
            authority: "letsencrypt.org".to_owned(),
        }],
        plans,
        most_domains: 50,
    }
}
