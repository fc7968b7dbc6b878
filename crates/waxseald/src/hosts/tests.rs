use std::time::Duration;

use wax_acme::{
    AccountThumbprint, Answer, Certificate, Change, Issuance, IssuerId, Lane, Method, Step, Token,
    Upload,
};
use wax_config::Config;
use wax_edge::{PendingHosts as _, RouteOwner};
use wax_kernel::{
    CertificateId, DomainId, HostPattern, Hostname, ManualClock, SeededRng, TenantId, Timestamp,
};
use wax_model::{
    Brand, Domain, Entitlements, Plan, PlanId, Plans, Tenant, TenantScope,
    domain::{NodeKind, Ownership, Service, Transport},
};
use wax_store::{CHANGES_KEPT, NewDomain};
use wax_store_sql::{Settings, SqlStore};

use super::*;
use crate::first_tenants;

const DAY: Duration = Duration::from_hours(24);
/// An issuer's.
const TOKEN: &str = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";

/// A store with a tenant, and the keys that edges share.
struct House {
    store: Arc<SqlStore>,
    edge_ring: Arc<KeyRing>,
    clock: Arc<ManualClock>,
    rng: Arc<SeededRng>,
    folder: tempfile::TempDir,
    console: Console,
    own: Vec<PlatformName>,
    plans: Plans,
}

async fn house() -> House {
    let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
    store.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::at_ms(1_800_000_000_000));
    let rng = Arc::new(SeededRng::new(1));
    let edge_ring = Arc::new(KeyRing::random(&*rng));
    let console = Config::default().console;
    let (own, plans) = (Vec::new(), Plans::self_hosted(Entitlements::SELF_HOSTED));
    House {
        store,
        edge_ring,
        clock,
        rng,
        folder: tempfile::tempdir().unwrap(),
        console,
        own,
        plans,
    }
}

/// One edge's routes, and what keeps them.
struct Following {
    routes: Routes,
    hosts: Hosts,
}

impl House {
    fn edge(&self) -> Following {
        let routes = Routes::default();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let hosts = Hosts::open(HostsParts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            orders: Arc::clone(&self.store) as Arc<dyn OrderStore>,
            edge_ring: Arc::clone(&self.edge_ring),
            routes: routes.clone(),
            local_ca: Arc::new(LocalCa::in_memory(Arc::clone(&clock)).unwrap()),
            plans: self.plans.clone(),
            console: self.console.clone(),
            own: self.own.clone(),
            clock,
            rng: Arc::clone(&self.rng) as Arc<dyn Rng>,
            folder: Some(self.folder.path().to_owned()),
        });
        Following { routes, hosts: hosts.unwrap() }
    }

    async fn tenant(&self, slug: &str) -> TenantId {
        let id = TenantId::random(&*self.rng);
        let tenant = Tenant {
            id,
            slug: slug.into(),
            name: slug.into(),
            plan: wax_model::PlanId::self_hosted(),
            limited: false,
            created_at: self.clock.now(),
            deletion_due_at: None,
        };
        self.store.platform().ensure_tenant(&tenant).await.unwrap().id
    }

    /// A domain that is its tenant's, with a certificate of 90 days.
    async fn certified(&self, tenant: TenantId, host: &str) -> Domain {
        let host = HostPattern::parse(host).unwrap();
        let id = DomainId::random(&*self.rng);
        let domain = Domain::given(id, tenant, host, Transport::Acme, self.clock.now());
        let new = NewDomain { domain: domain.clone(), brand: Brand::plain("Acme") };
        assert!(self.store.platform().ensure_domain(&new).await.unwrap());
        self.certify(&domain).await;
        domain
    }

    async fn certify(&self, domain: &Domain) {
        let issuer = IssuerId::new("ca");
        let (now, store) = (self.clock.now(), &*self.store);
        let new = Issuance::first(
            domain.id(),
            domain.tenant(),
            domain.host.clone(),
            issuer,
            Lane::New,
            now,
        );
        store.add(&new).await.unwrap();
        let (mut issuance, lease) = store.claim(now, now.plus(DAY)).await.unwrap().unwrap();
        issuance.step = Step::Active;
        issuance.next_at = now.plus(60 * DAY);
        let certificate = Some(self.certificate(domain));
        let change = Change { certificate, ..Change::to(issuance, None) };
        store.save(&lease, change, now).await.unwrap();
    }

    fn certificate(&self, domain: &Domain) -> Certificate {
        let mut params = rcgen::CertificateParams::new([domain.host.to_string()]).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let [from, until] = [self.clock.now(), self.clock.now().plus(90 * DAY)];
        let date = |at: Timestamp| time::OffsetDateTime::from_unix_timestamp(at.as_ms() / 1_000);
        (params.not_before, params.not_after) = (date(from).unwrap(), date(until).unwrap());
        let pem = params.self_signed(&key).unwrap().pem();
        let upload = Upload::check(&pem, &key.serialize_pem(), &domain.host, self.clock.now());
        let id = CertificateId::random(&*self.rng);
        let Upload { chain, key, facts } = upload.unwrap();
        let key = self.vault().keep(&id, &key);
        let (domain, name) = (domain.id(), domain.host.clone());
        Certificate { id, domain, name, issuer: None, chain, key, facts }
    }

    fn vault(&self) -> Vault {
        Vault::new(Arc::clone(&self.edge_ring), Arc::clone(&self.rng) as Arc<dyn Rng>)
    }

    /// Changes domains of one host and tells edges, in this order.
    async fn change(&self, domains: Vec<Domain>) {
        let now = self.clock.now();
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let domains = Arc::new(domains);
        let work = store.write_platform(move |unit| {
            let domains = Arc::clone(&domains);
            Box::pin(async move {
                for domain in &*domains {
                    assert!(unit.domains().update(domain).await?);
                }
                for domain in &*domains {
                    unit.domains().announce(domain.id(), now).await?;
                }
                Ok(())
            })
        });
        work.await.unwrap();
    }
}

impl Following {
    async fn follow(&self) -> Result<()> {
        self.hosts.follower.lock().await.follow().await
    }

    fn met(&self, host: &str) -> Option<(TenantId, Service)> {
        let route = self.routes.find(&Hostname::parse(host).unwrap(), true)?;
        match &route.owner {
            RouteOwner::Tenant(host) => Some((host.tenant, host.service)),
            RouteOwner::Platform => None,
        }
    }
}

fn with(domain: &Domain, ownership: Ownership) -> Domain {
    let mut changed = domain.clone();
    changed.claim.ownership = ownership;
    changed
}

#[tokio::test]
async fn a_change_is_in_force_after_the_next_look() {
    let house = house().await;
    let tenant = house.tenant("acme").await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    assert_eq!(edge.met("secrets.acme.example"), None);

    let domain = house.certified(tenant, "secrets.acme.example").await;
    edge.follow().await.unwrap();
    assert_eq!(edge.met("secrets.acme.example"), Some((tenant, Service::Full)));
    for (ownership, met) in [
        (Ownership::Held, Some(Service::Held)),
        (Ownership::Verified, Some(Service::Full)),
        (Ownership::Grace, Some(Service::Held)),
        (Ownership::Lapsed, None),
        (Ownership::Pending, None),
        (Ownership::Contested, Some(Service::Full)),
    ] {
        house.change(vec![with(&domain, ownership)]).await;
        edge.follow().await.unwrap();
        let expected = met.map(|service| (tenant, service));
        assert_eq!(edge.met("secrets.acme.example"), expected, "{ownership:?}");
    }
}

/// What a host's pages know of an organization's limits.
fn most_views(edge: &Following, host: &str) -> serde_json::Value {
    let route = edge.routes.find(&Hostname::parse(host).unwrap(), true).unwrap();
    let RouteOwner::Tenant(host) = &route.owner else { panic!("it is a tenant's") };
    let answer = host.brand.files().json.respond(&http::HeaderMap::new());
    let json: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    json["max_views"].clone()
}

#[tokio::test]
async fn pages_show_the_limits_of_the_organizations_own_plan_as_it_changes() {
    let mut house = house().await;
    let free = house.plans.default_plan().clone();
    let team = Plan {
        id: PlanId::parse("team").unwrap(),
        prices: vec!["team-month".into()],
        ..free.clone()
    };
    let few = Entitlements { max_views: 5, ..free.entitlements };
    house.plans = Plans::new(vec![Plan { entitlements: few, ..free }, team]).unwrap();
    let tenant = house.tenant("acme").await;
    house.certified(tenant, "a.example").await;
    let edge = house.edge();
    edge.follow().await.unwrap();
    assert_eq!(most_views(&edge, "a.example"), 5);

    let (team, now) = (PlanId::parse("team").unwrap(), house.clock.now());
    let limits = house.plans.of(&team).entitlements;
    let store = Arc::clone(&house.store) as Arc<dyn Store>;
    let scope = scope(tenant);
    let changed = store.write(&scope, move |uow| {
        let team = team.clone();
        Box::pin(async move { uow.usage().change_plan(&team, false, &limits, now).await })
    });
    changed.await.unwrap();
    edge.follow().await.unwrap();
    assert_eq!(most_views(&edge, "a.example"), 1_000);
}

#[expect(clippy::disallowed_methods, reason = "tests act for whom they like")]
fn scope(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}

#[tokio::test]
async fn a_name_that_changes_hands_is_its_new_holders_whoever_is_heard_of_last() {
    for loser_last in [false, true] {
        let house = house().await;
        let [old, new] = [house.tenant("old").await, house.tenant("new").await];
        let edge = house.edge();
        let first = house.certified(old, "a.example").await;
        edge.follow().await.unwrap();
        assert_eq!(edge.met("a.example"), Some((old, Service::Full)));

        house.change(vec![with(&first, Ownership::Lapsed)]).await;
        if !loser_last {
            edge.follow().await.unwrap();
        }
        house.certified(new, "a.example").await;
        if loser_last {
            edge.follow().await.unwrap();
            house.change(vec![with(&first, Ownership::Lapsed)]).await;
        }
        edge.follow().await.unwrap();
        assert_eq!(edge.met("a.example"), Some((new, Service::Full)), "{loser_last}");
    }
}

#[tokio::test]
async fn without_the_store_an_edge_starts_from_its_file_and_serves_on() {
    let house = house().await;
    let tenant = house.tenant("acme").await;
    house.certified(tenant, "a.example").await;
    let held = house.certified(tenant, "*.b.example").await;
    house.change(vec![with(&held, Ownership::Held)]).await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    drop(edge);

    house.store.close().await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    assert_eq!(edge.met("a.example"), Some((tenant, Service::Full)));
    assert_eq!(edge.met("x.b.example"), Some((tenant, Service::Held)));
    assert!(edge.follow().await.is_err());
    assert_eq!(edge.met("a.example"), Some((tenant, Service::Full)), "it serves on");

    house.clock.advance(91 * DAY);
    assert!(edge.follow().await.is_err());
    assert_eq!(edge.met("a.example"), None, "its certificate is over");
}

#[tokio::test]
async fn what_changed_since_the_file_was_written_is_taken_in_at_the_next_start() {
    let house = house().await;
    let tenant = house.tenant("acme").await;
    let domain = house.certified(tenant, "a.example").await;
    house.edge().hosts.begin().await.unwrap();
    house.change(vec![with(&domain, Ownership::Lapsed)]).await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    assert_eq!(edge.met("a.example"), None);
}

#[tokio::test]
async fn without_the_store_and_without_a_file_an_edge_does_not_start() {
    let house = house().await;
    house.store.close().await;
    assert!(house.edge().hosts.begin().await.is_err());
}

#[tokio::test]
async fn changes_reach_the_file_and_an_edge_that_was_away_too_long_reads_everything_anew() {
    let house = house().await;
    let tenant = house.tenant("acme").await;
    let gone = house.certified(tenant, "gone.example").await;
    house.certified(tenant, "stays.example").await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    drop(edge);

    let (store, domain, now) = (Arc::clone(&house.store), gone.clone(), house.clock.now());
    let store: Arc<dyn Store> = store;
    let bury = store.write_platform(move |unit| {
        let domain = domain.clone();
        Box::pin(async move {
            unit.domains().bury(&domain, now).await?;
            unit.domains().announce(domain.id(), now).await
        })
    });
    bury.await.unwrap();
    house.clock.advance(CHANGES_KEPT + DAY);
    house.store.platform().domains().forget_changes(house.clock.now()).await.unwrap();

    let edge = house.edge();
    assert!(edge.met("gone.example").is_some(), "so its file says");
    edge.follow().await.unwrap();
    assert_eq!(edge.met("gone.example"), None);
    assert_eq!(edge.met("stays.example"), Some((tenant, Service::Full)));
}

#[tokio::test]
async fn an_edge_says_how_far_it_is() {
    let house = house().await;
    let tenant = house.tenant("acme").await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    house.certified(tenant, "a.example").await;
    let log = house.store.platform().domains();
    let said = || async { log.nodes(NodeKind::Edge, house.clock.now()).await.unwrap() };
    let position = log.position().await.unwrap();
    assert!(said().await[0].position < position);
    edge.follow().await.unwrap();
    assert_eq!(said().await[0].position, position);
}

#[tokio::test]
async fn the_consoles_host_is_the_platforms_whatever_the_store_says() {
    let house = house().await;
    let config = Config::default();
    first_tenants::ensure(&house.store, &config, &*house.clock, &*house.rng).await.unwrap();
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    let is_platforms = |name: &str| {
        let route = edge.routes.find(&Hostname::parse(name).unwrap(), true)?;
        Some(matches!(route.owner, RouteOwner::Platform))
    };
    assert_eq!(is_platforms("app.localhost"), Some(true));
    assert_eq!(is_platforms("local.localhost"), Some(false));

    let tenant = house.tenant("mallory").await;
    house.certified(tenant, "app.localhost").await;
    edge.follow().await.unwrap();
    assert_eq!(is_platforms("app.localhost"), Some(true));
    assert_eq!(is_platforms("local.localhost"), Some(false));
}

#[tokio::test]
async fn without_a_console_no_host_is_the_platforms() {
    let mut house = house().await;
    house.console.host = None;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    assert!(edge.routes.is_empty());
}

/// The platform's own names: the console's, and the wildcard above short names.
async fn platform() -> House {
    let mut house = house().await;
    house.console.host = Some(Hostname::parse("app.waxseal.example").unwrap());
    let names = ["app.waxseal.example", "*.on.waxseal.example"];
    house.own = names.map(|name| PlatformName::new(HostPattern::parse(name).unwrap())).into();
    house
}

impl House {
    /// The platform's own name, ordered and certified as if it were a domain.
    async fn certify_own(&self, own: usize) {
        let name = &self.own[own];
        let nobody = TenantId::from_bytes([0; 16]);
        let now = self.clock.now();
        let domain = Domain::given(name.id, nobody, name.host.clone(), Transport::Acme, now);
        self.certify(&domain).await;
    }

    async fn short_name(&self, tenant: TenantId, host: &str) {
        let host = HostPattern::parse(host).unwrap();
        let id = DomainId::random(&*self.rng);
        let domain = Domain::given(id, tenant, host, Transport::Acme, self.clock.now());
        let new = NewDomain { domain, brand: Brand::plain("Acme") };
        assert!(self.store.platform().ensure_domain(&new).await.unwrap());
    }
}

#[tokio::test]
async fn the_platforms_names_are_served_once_they_have_their_certificates_and_from_the_file_too() {
    let house = platform().await;
    let tenant = house.tenant("acme").await;
    house.short_name(tenant, "acme.on.waxseal.example").await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    let has_console = |edge: &Following| {
        edge.routes.find(&Hostname::parse("app.waxseal.example").unwrap(), true).is_some()
    };
    assert!(!has_console(&edge) && edge.met("acme.on.waxseal.example").is_none());

    house.certify_own(0).await;
    edge.follow().await.unwrap();
    assert!(has_console(&edge) && edge.met("acme.on.waxseal.example").is_none());
    house.certify_own(1).await;
    edge.follow().await.unwrap();
    assert_eq!(edge.met("acme.on.waxseal.example"), Some((tenant, Service::Full)));
    assert!(edge.met("other.on.waxseal.example").is_none(), "nobody's short name");
    drop(edge);

    house.store.close().await;
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    assert!(has_console(&edge));
    assert_eq!(edge.met("acme.on.waxseal.example"), Some((tenant, Service::Full)));
}

#[tokio::test]
async fn an_issuer_finds_its_answer_for_the_consoles_name() {
    let house = platform().await;
    let name = &house.own[0];
    let edge = house.edge();
    edge.hosts.begin().await.unwrap();
    let order = name.order(IssuerId::new("ca"), house.clock.now());
    house.store.add(&order).await.unwrap();
    let now = house.clock.now();
    let (mut order, lease) = house.store.claim(now, now.plus(DAY)).await.unwrap().unwrap();
    let answer = Answer {
        method: Method::Http01,
        name: name.host.clone(),
        token: Token::parse(TOKEN).unwrap(),
        account: AccountThumbprint::from_text("thumbprint".into()),
    };
    order.step = Step::Publishing { order: "https://ca.example/1".into(), answer };
    house.store.save(&lease, Change::to(order, None), now).await.unwrap();
    edge.follow().await.unwrap();
    let answer = edge.hosts.challenges().http_answer(name.host.host(), TOKEN);
    assert_eq!(answer.unwrap(), format!("{TOKEN}.thumbprint"));
}
