//! Simulated months: nodes that die between any two things they do, an issuer that counts, tenants that are impatient.
//!
//! Everything is one thread and one sequence of random numbers: a seed that fails, fails again. Each request to the store and
//! to the issuer has a place before and after it where the node may lose its turn, or its life.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use wax_acme::{
    AccountThumbprint, AriId, Authority, Budget, CertificateAuthority, Engine, Failure, Issuer,
    Limit, Method, OrderState, OrderStore as _, Parts, Phase, Progress, Reason, Token, Wanted,
    Window,
    ledger::{self, LETS_ENCRYPT},
};
use wax_kernel::{Clock as _, DomainId, HostPattern, ManualClock, Rng, SeededRng, Timestamp};
use wax_testkit::CaIssuing;

use crate::house::{House, START};

const DAY: Duration = Duration::from_secs(86_400);

/// The life of a certificate, in days.
const LIFE: i64 = 45;

/// Loses its turn once.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

const fn turn() -> Turn {
    Turn(false)
}

/// The issuer's side: orders, and its own count of everything.
#[derive(Debug)]
struct World {
    clock: Arc<ManualClock>,
    issuing: CaIssuing,
    down_until: Timestamp,
    orders: Vec<Order>,
    replaced: Vec<AriId>,
    tokens: BTreeMap<(Budget, String), (f64, Timestamp)>,
    over_budget: Vec<String>,
    /// When a certificate was first asked about.
    heard: BTreeMap<String, Timestamp>,
    /// Hosts whose proofs fail until then.
    broken: BTreeMap<String, Timestamp>,
}

#[derive(Debug)]
struct Order {
    name: HostPattern,
    progress: Progress,
    chain: Option<(String, Timestamp)>,
    renewal: bool,
}

#[derive(Debug)]
struct SimulatedCa(Arc<Mutex<World>>);

impl World {
    /// Tokens as the issuer counts them: it refills what was published, without our margin.
    fn count(&mut self, budget: Budget, key: &str) {
        let now = self.clock.now();
        let limit = LETS_ENCRYPT.iter().find(|limit| limit.budget == budget).unwrap();
        let Limit { amount, window, .. } = *limit;
        let full = f64::from(amount);
        let (tokens, at) = self.tokens.entry((budget, key.to_owned())).or_insert((full, now));
        *tokens =
            full.min(*tokens + at.until(now).as_secs_f64() * full / window.as_secs_f64()) - 1.0;
        *at = now;
        if *tokens < 0.0 {
            self.over_budget.push(format!("{budget:?} of {key:?}"));
        }
    }

    fn up(&self) -> Result<(), Failure> {
        let up = self.clock.now() >= self.down_until;
        if up { Ok(()) } else { Err(Failure::of(Reason::IssuerUnreachable)) }
    }

    fn order(&mut self, url: &str) -> Result<&mut Order, Failure> {
        self.up()?;
        let index: usize = url.parse().unwrap();
        Ok(&mut self.orders[index])
    }

    fn state(&self, url: &str) -> OrderState {
        let index: usize = url.parse().unwrap();
        let progress = self.orders[index].progress.clone();
        OrderState { url: url.to_owned(), progress, retry_after: None }
    }

    fn new_order(
        &mut self,
        name: &HostPattern,
        replaces: Option<&AriId>,
    ) -> Result<OrderState, Failure> {
        self.up()?;
        if let Some(replaces) = replaces {
            if self.replaced.contains(replaces) {
                return Err(Failure::of(Reason::AlreadyReplaced));
            }
            self.replaced.push(replaces.clone());
        } else {
            self.count(Budget::Orders, "");
        }
        let renewal = replaces.is_some();
        let order = Order { name: name.clone(), progress: Progress::Pending, chain: None, renewal };
        self.orders.push(order);
        Ok(self.state(&(self.orders.len() - 1).to_string()))
    }

    fn look(&mut self, url: &str) -> Result<(), Failure> {
        let now = self.clock.now();
        let order = self.order(url)?;
        if order.progress != Progress::Pending {
            return Ok(());
        }
        let name = order.name.clone();
        let broken = self.broken.get(name.host().as_str()).is_some_and(|until| now < *until);
        if broken {
            self.count(Budget::FailedProofs, name.host().as_str());
        }
        let failure = Failure::of(Reason::HostUnreachable);
        self.order(url)?.progress =
            if broken { Progress::Invalid(failure) } else { Progress::Ready };
        Ok(())
    }

    fn finalize(&mut self, url: &str, request: &[u8]) -> Result<OrderState, Failure> {
        let now = self.clock.now();
        let order = self.order(url)?;
        if order.progress != Progress::Ready {
            return Err(Failure::of(Reason::NotReady));
        }
        order.progress = Progress::Valid;
        let (name, renewal) = (order.name.clone(), order.renewal);
        if !renewal {
            self.count(Budget::Certificates, ledger::registered_domain(&name));
            self.count(Budget::Duplicates, &name.to_string());
        }
        self.issuing.set_now(now.as_secs());
        let chain = self.issuing.issue(&name.to_string(), request, None).expect("a good request");
        self.order(url)?.chain = Some((chain, now));
        Ok(self.state(url))
    }
}

impl SimulatedCa {
    async fn with<T>(&self, does: impl FnOnce(&mut World) -> T + Send) -> T {
        turn().await;
        let result = does(&mut self.0.lock().unwrap());
        turn().await;
        result
    }
}

#[async_trait]
impl CertificateAuthority for SimulatedCa {
    fn account(&self) -> AccountThumbprint {
        AccountThumbprint::from_text("account".to_owned())
    }

    async fn new_order(
        &self,
        name: &HostPattern,
        replaces: Option<&AriId>,
    ) -> Result<OrderState, Failure> {
        self.with(|world| world.new_order(name, replaces)).await
    }

    async fn order(&self, url: &str) -> Result<OrderState, Failure> {
        self.with(|world| world.order(url).map(|_| ()).map(|()| world.state(url))).await
    }

    async fn wanted(&self, url: &str) -> Result<Wanted, Failure> {
        let token = Token::parse("token").unwrap();
        self.with(|world| {
            let pending = world.order(url)?.progress == Progress::Pending;
            Ok(if pending { Wanted::One(vec![(Method::Http01, token)]) } else { Wanted::Nothing })
        })
        .await
    }

    async fn look(&self, url: &str, _: Method) -> Result<(), Failure> {
        self.with(|world| world.look(url)).await
    }

    async fn finalize(&self, url: &str, request: &[u8]) -> Result<OrderState, Failure> {
        self.with(|world| world.finalize(url, request)).await
    }

    async fn certificate(&self, url: &str) -> Result<String, Failure> {
        self.with(|world| Ok(world.order(url)?.chain.clone().expect("it is valid").0)).await
    }

    async fn window(&self, certificate: &AriId) -> Result<Option<(Window, Duration)>, Failure> {
        let certificate = certificate.as_str().to_owned();
        self.with(|world| {
            world.up()?;
            // It is asked as soon as a certificate has come.
            let now = world.clock.now();
            let heard = *world.heard.entry(certificate).or_insert(now);
            let start = heard.plus(DAY * 28);
            Ok(Some((Window { start, end: start.plus(DAY * 2) }, DAY)))
        })
        .await
    }
}

/// One machine: working, idle, stalled in the middle of something, or down.
struct Node {
    engine: Engine,
    work: Option<Pin<Box<dyn Future<Output = bool>>>>,
    away_until: Timestamp,
    idle: bool,
}

struct Simulation {
    house: House,
    world: Arc<Mutex<World>>,
    nodes: Vec<Node>,
    rng: Arc<SeededRng>,
    crashes: usize,
    domains: Vec<DomainId>,
    checked_at: Timestamp,
    first_certificate: BTreeMap<DomainId, Timestamp>,
}

impl Simulation {
    fn new(seed: u64, limits: &'static [Limit]) -> Self {
        let rng = Arc::new(SeededRng::new(seed));
        let house = House::at(START);
        let world = Arc::new(Mutex::new(World {
            clock: Arc::clone(&house.clock),
            issuing: CaIssuing::new(START.as_secs(), LIFE),
            down_until: START,
            orders: Vec::new(),
            replaced: Vec::new(),
            tokens: BTreeMap::new(),
            over_budget: Vec::new(),
            heard: BTreeMap::new(),
            broken: BTreeMap::new(),
        }));
        let parts = Parts { rng: Arc::<SeededRng>::clone(&rng), ..house.parts() };
        let node = |_| Node {
            engine: Engine::new(
                parts.clone(),
                vec![Authority {
                    issuer: Issuer { limits, ..Issuer::at("ca", "https://ca.example/directory") },
                    ca: Arc::new(SimulatedCa(Arc::clone(&world))),
                }],
            ),
            work: None,
            away_until: START,
            idle: false,
        };
        let nodes = (0..3).map(node).collect();
        Self {
            house,
            world,
            nodes,
            rng,
            crashes: 0,
            domains: Vec::new(),
            checked_at: START,
            first_certificate: BTreeMap::new(),
        }
    }

    fn below(&self, bound: u64) -> u64 {
        let rng: &dyn Rng = &*self.rng;
        u64::from_be_bytes(rng.bytes()) % bound
    }

    fn now(&self) -> Timestamp {
        self.house.clock.now()
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// One node does one thing, or something happens to it.
    fn step(&mut self) {
        let now = self.now();
        let index = usize::try_from(self.below(3)).unwrap();
        let (fate, minutes) = (self.below(100), self.below(10));
        let node = &mut self.nodes[index];
        if now < node.away_until {
            return;
        }
        let engine = node.engine.clone();
        let work =
            node.work.get_or_insert_with(|| Box::pin(async move { engine.work().await.unwrap() }));
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => {
                (node.work, node.idle) = (None, !found);
            }
            Poll::Pending => {
                node.idle = false;
                let away = Duration::from_secs(60 * minutes + 1);
                // Of a hundred: three die, and one stands still for long enough to lose its lease, and wakes.
                if fate < 4 {
                    node.away_until = now.plus(away);
                    self.crashes += 1;
                }
                if fate < 3 {
                    node.work = None;
                }
            }
        }
        self.house.clock.advance(Duration::from_millis(self.below(50)));
    }

    /// Whether nobody can do anything before time passes.
    fn is_quiet(&self) -> bool {
        let now = self.now();
        self.nodes.iter().all(|node| now < node.away_until || node.idle)
    }

    fn pass_time(&mut self) {
        let now = self.now();
        let waking = self.nodes.iter().map(|node| node.away_until).filter(|at| *at > now);
        let due = self.house.store.next_at().filter(|at| *at > now);
        let next = waking.chain(due).min().unwrap_or(now);
        let next = next.max(now.plus(Duration::from_secs(1))).min(now.plus(DAY / 4));
        self.house.clock.set(next);
        for node in &mut self.nodes {
            node.idle = false;
        }
        self.disturb();
        self.check();
    }

    /// Outages of the issuer for up to a day and a half, and tenants who ask again and again.
    fn disturb(&mut self) {
        let (dice, hours) = (self.below(400), self.below(36));
        if dice == 0 {
            let until = self.now().plus(DAY / 24 * u32::try_from(hours).unwrap());
            self.world().down_until = until;
        }
        let some = usize::try_from(self.below(self.domains.len() as u64)).unwrap();
        if dice < 200 {
            let mended = self.house.store.mend(&self.domains[some], self.now());
            poll_now(mended).unwrap();
        }
    }

    fn check(&mut self) {
        let now = self.now();
        if self.checked_at.until(now) < DAY / 4 {
            return;
        }
        self.checked_at = now;
        let over = self.world().over_budget.clone();
        assert!(over.is_empty(), "the issuer had to refuse: {over:?}");
        for issuance in self.house.store.issuances() {
            if let Some(in_use) = &issuance.in_use {
                assert!(
                    now < in_use.validity.not_after,
                    "{} has lapsed: {issuance:?}",
                    issuance.name
                );
                self.first_certificate.entry(issuance.domain).or_insert(now);
            } else {
                assert!(START.until(now) < DAY * 10, "still none: {issuance:#?}");
            }
        }
    }

    fn add(&mut self, name: &str) {
        let domain = poll_now(self.house.add(name));
        self.domains.push(domain);
    }

    fn run(&mut self, days: u32) {
        let end = START.plus(DAY * days);
        while self.now() < end {
            if self.is_quiet() { self.pass_time() } else { self.step() }
        }
    }

    /// Ends what is under way, without further deaths, so that the two sides can be compared.
    fn settle(&mut self) {
        self.world().down_until = START;
        for node in &mut self.nodes {
            (node.work, node.away_until) = (None, START);
        }
        let engine = self.nodes[0].engine.clone();
        for _ in 0..100_000 {
            if self.house.store.issuances().iter().all(|one| one.step.phase() == Phase::Active) {
                return;
            }
            let mut work = Box::pin(engine.work());
            loop {
                match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(true)) => break,
                    Poll::Ready(Ok(false)) => {
                        let next = self.house.store.next_at().unwrap();
                        self.house.clock.set(next.max(self.now()));
                        break;
                    }
                    Poll::Ready(Err(fault)) => panic!("{fault}"),
                }
            }
        }
        panic!("it does not settle: {:?}", self.house.store.issuances());
    }

    /// Every certificate that the issuer has made is in our store, and none was made too soon.
    fn compare(&self) {
        let world = self.world();
        let mut made: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for order in &world.orders {
            if let Some((_, at)) = &order.chain {
                made.entry(order.name.to_string()).or_default().push(*at);
            }
        }
        let total: usize = made.values().map(Vec::len).sum();
        assert_eq!(total, self.house.certificates().len(), "a certificate was made and lost");
        for (name, at) in made {
            for pair in at.windows(2) {
                let apart = pair[0].until(pair[1]);
                assert!(apart > DAY * 27, "{name} twice in {apart:?}");
            }
        }
    }
}

/// The memory store has its answer at once.
fn poll_now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a store in memory that waits"),
    }
}

#[test]
fn whoever_crashes_nothing_lapses_nothing_is_made_twice_no_budget_is_exceeded_and_nobody_starves() {
    let hosts = 60;
    for seed in 0..3 {
        let mut simulation = Simulation::new(seed, LETS_ENCRYPT);
        for host in 0..hosts {
            // Fifty below one registered domain: more than may come in a week. Every tenth is broken for two days.
            let below =
                if host < 50 { "shared.example".to_owned() } else { format!("d{host}.example") };
            let name = format!("h{host}.{below}");
            if host % 10 == 0 {
                simulation.world().broken.insert(name.clone(), START.plus(DAY * 2));
            }
            simulation.add(&name);
        }
        simulation.run(200);
        simulation.settle();
        simulation.compare();
        assert!(simulation.crashes > 100, "seed {seed}: {} crashes", simulation.crashes);
        assert_eq!(simulation.first_certificate.len(), hosts);
        // 45 days each, renewed after 28 to 30: six or seven each in 200 days.
        let made = simulation.house.certificates().len();
        assert!((6 * hosts..=8 * hosts).contains(&made), "seed {seed}: {made} certificates");
    }
}

/// The checks above can fail: with a ledger that believes in more than the issuer gives, they do.
#[test]
#[should_panic(expected = "the issuer had to refuse")]
fn a_ledger_that_believes_too_much_is_caught() {
    const GENEROUS: &[Limit] = &[Limit {
        budget: Budget::Certificates,
        amount: 5_000,
        window: Duration::from_secs(86_400),
        renewals_are_free: true,
    }];
    let mut simulation = Simulation::new(0, GENEROUS);
    for host in 0..60 {
        simulation.add(&format!("h{host}.shared.example"));
    }
    simulation.run(2);
}
