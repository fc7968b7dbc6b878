//! Let's Encrypt's own test authority, refusing nonces.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs::default_provider, sign::SingleCertAndKey},
};
use wax_acme::{
    ACME_TLS_ALPN, Account, AccountFault, Answer, Answers, Authority, Engine, ExternalAccount,
    Issuer, Method, OrderStore as _, Parts, Phase, Reason,
};
use wax_kernel::{Clock as _, DomainId, Redacted, SystemClock};
use wax_testkit::{Pebble, PebbleHabits};

use crate::{
    fuse::{Death, run_to_death},
    house::{Board, House, answer_http, at_pebble, thumbprint},
};

/// A house with an account at a Pebble of its own, and an edge that answers http-01.
async fn settle(habits: PebbleHabits) -> (Pebble, House, Authority) {
    let pebble = Pebble::start(habits);
    let house = House::at(SystemClock.now());
    let authority = house.authority(at_pebble(&pebble)).await;
    answer_http(pebble.http_port(), thumbprint(&authority)).await;
    (pebble, house, authority)
}

#[tokio::test]
async fn a_certificate_comes_by_http() {
    let (pebble, house, authority) =
        settle(PebbleHabits { chain: 3, ..PebbleHabits::default() }).await;
    let engine = Engine::new(house.parts(), vec![authority]);
    house.add("secrets.example.com").await;

    house.until(&engine, &[Phase::Active]).await;

    let certificates = house.certificates();
    assert_eq!((certificates.len(), pebble.issued().len()), (1, 1));
    assert_eq!(certificates[0].facts.names, ["secrets.example.com"]);
    assert_eq!(certificates[0].chain.certificates().len(), 4);
    assert!(house.vault.certified_key(&certificates[0]).unwrap().keys_match().is_ok());
    assert!(house.answers.out().is_empty());
}

/// The promise that the order of things is stored for: whatever the process had done, and whatever it had stored of it.
#[tokio::test]
async fn killed_before_and_after_every_single_thing_it_does_there_is_one_certificate() {
    let (pebble, house, authority) = settle(PebbleHabits::default()).await;
    let engine = Engine::new(house.parts(), vec![authority.clone()]);
    let mut runs = 0;
    for turn in 0.. {
        let mut lived = 0;
        for death in [Death::Before(turn), Death::After(turn)] {
            runs += 1;
            house.add(&format!("h{runs}.r{runs}.example")).await;
            while !run_to_death(house.parts(), authority.clone(), death).await {
                let all = house.store.issuances();
                if all.iter().all(|issuance| issuance.step.phase() == Phase::Active) {
                    lived += 1;
                    break;
                }
                let next = house.store.next_at().unwrap();
                house.clock.set(next.max(house.clock.now()));
            }
            house.until(&engine, &[Phase::Active]).await;
            assert_eq!(pebble.issued().len(), runs, "{death:?}");
            assert_eq!(house.certificates().len(), runs, "{death:?}");
        }
        if lived == 2 {
            assert!(turn > 12, "it did only {turn} things");
            break;
        }
    }
}

#[tokio::test]
async fn many_on_two_nodes_of_which_one_dies_again_and_again_come_once_each() {
    let (pebble, house, authority) = settle(PebbleHabits::default()).await;
    let (hosts, mut deaths, mut turn) = (60, 0, 0);
    for host in 0..hosts {
        house.add(&format!("h{host}.d{host}.example")).await;
    }
    let node = Engine::new(house.parts(), vec![authority.clone()]);
    while house.certificates().len() < hosts {
        // Each number up to 30 comes, and no pattern of it fits a pattern of the steps.
        turn = (turn + 7) % 31;
        let mortal = run_to_death(house.parts(), authority.clone(), Death::After(turn));
        let (worked, died) = tokio::join!(node.work(), mortal);
        deaths += usize::from(died);
        // Time passes only while neither has anything to do: else one would see the other's leases end.
        if !worked.unwrap() && !died {
            let next = house.store.next_at().unwrap();
            house.clock.set(next.max(house.clock.now()));
        }
    }
    assert!(deaths > 10, "{deaths} deaths");
    assert_eq!(pebble.issued().len(), hosts);
    let mut names: Vec<_> = house.certificates().into_iter().map(|one| one.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), hosts);
}

#[tokio::test]
async fn a_certificate_comes_by_a_handshake() {
    let (pebble, house, authority) = settle(PebbleHabits::default()).await;
    answer_handshakes(pebble.tls_port(), Arc::clone(&house.answers)).await;
    let engine = Engine::new(house.parts(), vec![authority]);
    let issuance = house.first("tls.example.com").proved_by(&[Method::TlsAlpn01]);
    assert!(house.store.add(&issuance).await.unwrap());
    house.until(&engine, &[Phase::Active]).await;
    assert_eq!(pebble.issued().len(), 1);
}

#[tokio::test]
async fn a_wildcard_comes_by_dns_through_a_label_of_ours() {
    let (pebble, house, authority) = settle(PebbleHabits::default()).await;
    pebble.set_cname("_acme-challenge.example.com", LABEL);
    let pebble = Arc::new(pebble);
    let parts = Parts { answers: Arc::new(Zone(Arc::clone(&pebble))), ..house.parts() };
    let engine = Engine::new(parts, vec![authority]);
    house.add("*.example.com").await;
    house.until(&engine, &[Phase::Active]).await;
    assert_eq!(pebble.issued().len(), 1);
    assert_eq!(house.certificates()[0].facts.names, ["*.example.com"]);
}

#[tokio::test]
async fn a_key_is_changed_and_orders_go_on() {
    let (pebble, house, _) =
        settle(PebbleHabits { proofs_remembered: 100, ..PebbleHabits::default() }).await;
    let issuer = at_pebble(&pebble);
    let engine = house.engine([issuer.clone()]).await;
    house.add("a.example.com").await;
    house.until(&engine, &[Phase::Active]).await;

    let wire = house.wire(&issuer);
    let before = Account::open(&issuer, &wire, &*house.store, &house.vault).await.unwrap();
    let after = Account::change_key(&issuer, &wire, &*house.store, &house.vault).await.unwrap();
    assert_ne!(before.thumbprint(), after.thumbprint());

    let engine = house.engine([issuer]).await;
    house.add("a.example.com").await;
    house.until(&engine, &[Phase::Active]).await;
    assert_eq!(
        pebble.issued().len(),
        2,
        "the second by the proof that Pebble remembers of the account"
    );
}

#[tokio::test]
async fn an_issuer_that_wants_an_account_elsewhere_gets_it() {
    let pebble = Pebble::start(PebbleHabits { external_account: true, ..PebbleHabits::default() });
    let house = House::at(SystemClock.now());
    let without = at_pebble(&pebble);
    let open = Account::open(&without, &house.wire(&without), &*house.store, &house.vault).await;
    let AccountFault::Issuer(failure) = open.unwrap_err() else { panic!("the store is fine") };
    assert_eq!(failure.reason, Reason::ExternalAccount);

    let (id, key) = Pebble::EXTERNAL_ACCOUNT;
    let external = ExternalAccount { id: id.to_owned(), key: Redacted::new(key.to_vec()) };
    let issuer = Issuer { external_account: Some(external), ..without };
    let authority = house.authority(issuer).await;
    answer_http(pebble.http_port(), thumbprint(&authority)).await;
    house.add("a.example.com").await;
    house.until(&Engine::new(house.parts(), vec![authority]), &[Phase::Active]).await;
    assert_eq!(pebble.issued().len(), 1);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_the_tenants_and_a_name_that_is_refused_the_issuers() {
    let pebble = Pebble::start(PebbleHabits::default());
    let house = House::at(SystemClock.now());
    let engine = house.engine([at_pebble(&pebble)]).await;
    let silent = house.add("silent.example.com").await;
    let refused = house.add("www.blocked.example").await;
    for _ in 0..1_000 {
        let mut troubles = Vec::new();
        for domain in [silent, refused] {
            troubles.push(house.issuance(&domain).await.trouble.map(|trouble| trouble.reason));
        }
        if troubles.iter().all(Option::is_some) {
            assert_eq!(troubles, [Some(Reason::HostUnreachable), Some(Reason::NameRefused)]);
            return;
        }
        if !engine.work().await.unwrap() {
            let next = house.store.next_at().unwrap();
            house.clock.set(next.max(house.clock.now()));
        }
    }
    panic!("it does not end: {}", pebble.log());
}

/// What a tenant's `_acme-challenge` leads to.
const LABEL: &str = "k3q.acme.edge.test";

/// Our own zone, as far as dns-01 goes.
#[derive(Debug)]
struct Zone(Arc<Pebble>);

#[async_trait]
impl Answers for Zone {
    async fn publish(&self, _: &DomainId, answer: &Answer) -> bool {
        assert_eq!(answer.dns_name(), "_acme-challenge.example.com");
        self.0.set_txt(LABEL, &answer.dns_value());
        true
    }

    async fn withdraw(&self, _: &DomainId, _: &Answer) {}
}

/// An edge as far as tls-alpn-01 goes.
async fn answer_handshakes(port: u16, answers: Arc<Board>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of a test ends with the test's runtime"
    )]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let out = answers.out();
            let Some(answer) = out.first() else { continue };
            let proof = answer.proving_certificate().unwrap();
            let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(proof)));
            config.alpn_protocols = vec![ACME_TLS_ALPN.to_vec()];
            // The issuer looks at the certificate and leaves.
            let _ = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
        }
    });
}
