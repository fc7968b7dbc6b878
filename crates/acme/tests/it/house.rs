//! One machine or several: engines on one store, a clock that is moved, and what answers challenges.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use wax_acme::{
    Account, AccountThumbprint, AcmeCa, Answer, Answers, Authority, Certificate,
    CertificateAuthority, Engine, Issuance, Issuer, Lane, MemoryOrders, OrderStore, Parts, Phase,
    Trust, Vault, Wire, http_answer,
};
use wax_crypto::at_rest::KeyRing;
use wax_kernel::{Clock, DomainId, HostPattern, ManualClock, Rng, SystemRng, TenantId, Timestamp};
use wax_testkit::{Pebble, ScriptedCa};

/// Sunday, 2026-11-22, 16:00 UTC. Pebble goes by the machine's clock, which is later.
pub(crate) const START: Timestamp = Timestamp::from_ms(1_795_363_200_000);

/// Everything that several engines share.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) store: Arc<MemoryOrders>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) vault: Vault,
    pub(crate) answers: Arc<Board>,
    rng: Arc<SystemRng>,
}

/// What is out for issuers to see.
#[derive(Debug, Default)]
pub(crate) struct Board {
    out: Mutex<Vec<Answer>>,
    held: AtomicBool,
}

#[async_trait]
impl Answers for Board {
    async fn publish(&self, _: &DomainId, answer: &Answer) -> bool {
        let mut out = self.out.lock().unwrap();
        if !out.contains(answer) {
            out.push(answer.clone());
        }
        !self.held.load(Ordering::SeqCst)
    }

    async fn withdraw(&self, _: &DomainId, answer: &Answer) {
        self.out.lock().unwrap().retain(|out| out != answer);
    }
}

impl Board {
    /// Whether one edge lags behind from now on.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
    }

    pub(crate) fn out(&self) -> Vec<Answer> {
        self.out.lock().unwrap().clone()
    }
}

impl House {
    pub(crate) fn at(now: Timestamp) -> Self {
        let rng = Arc::new(SystemRng);
        let ring = Arc::new(KeyRing::random(&*rng));
        Self {
            store: Arc::default(),
            clock: Arc::new(ManualClock::at_ms(now.as_ms())),
            vault: Vault::new(ring, Arc::<SystemRng>::clone(&rng)),
            answers: Arc::default(),
            rng,
        }
    }

    pub(crate) fn parts(&self) -> Parts {
        Parts {
            store: Arc::<MemoryOrders>::clone(&self.store),
            answers: Arc::<Board>::clone(&self.answers),
            vault: self.vault.clone(),
            clock: Arc::<ManualClock>::clone(&self.clock),
            rng: Arc::<SystemRng>::clone(&self.rng),
        }
    }

    pub(crate) fn wire(&self, issuer: &Issuer) -> Wire {
        Wire::new(issuer, Arc::<ManualClock>::clone(&self.clock)).unwrap()
    }

    /// The issuer, with this house's account there.
    pub(crate) async fn authority(&self, issuer: Issuer) -> Authority {
        let wire = self.wire(&issuer);
        let account = Account::open(&issuer, &wire, &*self.store, &self.vault).await.unwrap();
        let ca = Arc::new(AcmeCa::new(&issuer, wire, account));
        Authority { issuer, ca }
    }

    pub(crate) async fn engine(&self, issuers: impl IntoIterator<Item = Issuer>) -> Engine {
        let mut authorities = Vec::new();
        for issuer in issuers {
            authorities.push(self.authority(issuer).await);
        }
        Engine::new(self.parts(), authorities)
    }

    /// A first certificate of the issuer `ca`.
    pub(crate) async fn add(&self, name: &str) -> DomainId {
        let issuance = self.first(name);
        assert!(self.store.add(&issuance).await.unwrap());
        issuance.domain
    }

    pub(crate) fn first(&self, name: &str) -> Issuance {
        let rng: &dyn Rng = &*self.rng;
        let name = HostPattern::parse(name).unwrap();
        let (domain, tenant) = (DomainId::random(rng), TenantId::random(rng));
        let issuer = wax_acme::IssuerId::new("ca");
        Issuance::first(domain, tenant, name, issuer, Lane::New, self.clock.now())
    }

    pub(crate) async fn issuance(&self, domain: &DomainId) -> Issuance {
        self.store.issuance(domain).await.unwrap().unwrap()
    }

    /// Works until every issuance is in one of these phases, moving the clock to the next moment whenever nothing is due.
    pub(crate) async fn until(&self, engine: &Engine, phases: &[Phase]) {
        for _ in 0..10_000 {
            let all = self.store.issuances();
            if all.iter().all(|issuance| phases.contains(&issuance.step.phase())) {
                return;
            }
            if !engine.work().await.unwrap() {
                let next = self.store.next_at().expect("somebody waits");
                self.clock.set(next.max(self.clock.now()));
            }
        }
        panic!("it does not end: {:?}", self.store.issuances());
    }

    pub(crate) fn certificates(&self) -> Vec<Certificate> {
        self.store.all_certificates()
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// The issuer `ca` at a Pebble.
pub(crate) fn at_pebble(pebble: &Pebble) -> Issuer {
    Issuer {
        trust: Trust::Only(pebble.authority().to_owned()),
        ..Issuer::at("ca", pebble.directory())
    }
}

/// An issuer at a scripted authority.
pub(crate) fn at_script(id: &str, ca: &ScriptedCa) -> Issuer {
    Issuer {
        trust: Trust::Only(ca.authority().to_owned()),
        timeout: Duration::from_millis(400),
        limits: wax_acme::ledger::LETS_ENCRYPT,
        ..Issuer::at(id, &ca.directory())
    }
}

/// An edge as far as http-01 goes: knows the account and nothing else.
pub(crate) async fn answer_http(port: u16, account: AccountThumbprint) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of a test ends with the test's runtime"
    )]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            if stream.read_line(&mut line).await.is_err() {
                continue;
            }
            let path = line.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match http_answer(path, &account) {
                Some(body) => ("200 OK", body),
                None => ("404 Not Found", String::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            // The issuer's to read or not.
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
}

/// Thumbprint of an authority's account.
pub(crate) fn thumbprint(authority: &Authority) -> AccountThumbprint {
    CertificateAuthority::account(&*authority.ca)
}
