use std::time::Duration;

use wax_acme::{AccountThumbprint, Change, Issuance, IssuerId, Step, Token};
use wax_kernel::{HostPattern, ManualClock, TenantId};
use wax_model::{
    Brand, Domain, PlanId, Tenant,
    domain::{Ownership, Transport},
};
use wax_store::NewDomain;
use wax_store_sql::{Settings, SqlStore};

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const LABEL: &str = "k3vfy2mbgpq7x5ehn4wtd6ozla";

struct House {
    store: Arc<SqlStore>,
    clock: Arc<ManualClock>,
    source: StoredLabels,
}

async fn house() -> House {
    let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
    store.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::at_ms(1_800_000_000_000));
    let tenant = Tenant {
        id: TenantId::from_bytes([1; 16]),
        slug: "acme".into(),
        name: "Acme".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: clock.now(),
        deletion_due_at: None,
    };
    store.platform().ensure_tenant(&tenant).await.unwrap();
    let source = StoredLabels {
        store: Arc::clone(&store) as Arc<dyn Store>,
        orders: Arc::clone(&store) as Arc<dyn OrderStore>,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        suffix: Some(Hostname::parse("waxseal.example").unwrap()),
        wildcard: Some(PlatformName::new(HostPattern::parse("*.waxseal.example").unwrap())),
        node: "ns".into(),
        known: Mutex::default(),
    };
    House { store, clock, source }
}

impl House {
    fn domain(&self, n: u8, host: &str, label: &str) -> Domain {
        let (id, tenant) = (DomainId::from_bytes([n; 16]), TenantId::from_bytes([1; 16]));
        let host = HostPattern::parse(host).unwrap();
        let given = Domain::given(id, tenant, host, Transport::Acme, self.clock.now());
        Domain { label: label.into(), ..given }
    }

    async fn add(&self, domain: &Domain) {
        let (new, now) =
            (NewDomain { domain: domain.clone(), brand: Brand::plain("Acme") }, self.clock.now());
        self.unit(move |unit| {
            let new = new.clone();
            Box::pin(async move {
                assert!(unit.domains().insert(&new).await?);
                unit.domains().announce(new.domain.id(), now).await.map(drop)
            })
        })
        .await;
    }

    async fn unit<F>(&self, work: F)
    where
        F: for<'u> Fn(
                &'u mut dyn wax_store::PlatformUnit,
            )
                -> futures_util::future::BoxFuture<'u, Result<(), wax_store::StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        store.write_platform(work).await.unwrap();
    }
}

#[tokio::test]
async fn a_target_is_in_the_zone_from_the_moment_its_domain_is_added_until_it_is_removed() {
    let house = house().await;
    let first = house.source.changed(None).await.unwrap().unwrap();
    assert!(first.targets.is_empty());
    assert!(house.source.changed(Some(first.serial)).await.unwrap().is_none());

    let mut domain = house.domain(1, "secrets.example.com", LABEL);
    domain.claim.ownership = Ownership::Pending;
    house.add(&domain).await;
    let with = house.source.changed(Some(first.serial)).await.unwrap().unwrap();
    assert_eq!(with.targets, [Label::parse(LABEL).unwrap()].into());
    assert!(with.serial > first.serial);

    let now = house.clock.now();
    house
        .unit(move |unit| {
            let domain = domain.clone();
            Box::pin(async move {
                unit.domains().bury(&domain, now).await?;
                unit.domains().announce(domain.id(), now).await.map(drop)
            })
        })
        .await;
    let without = house.source.changed(Some(with.serial)).await.unwrap().unwrap();
    assert!(without.targets.is_empty());
}

#[tokio::test]
async fn an_organizations_short_name_is_in_the_zone_and_nothing_else_below_the_suffix() {
    let house = house().await;
    house.add(&house.domain(1, "acme.waxseal.example", "")).await;
    house.add(&house.domain(2, "acme.waxseal.example.org", "")).await;
    house.add(&house.domain(3, "a.b.waxseal.example", "")).await;
    let snapshot = house.source.changed(None).await.unwrap().unwrap();
    assert_eq!(snapshot.slugs, [Box::from("acme")].into());
    assert!(snapshot.targets.is_empty());
}

#[tokio::test]
async fn a_name_server_says_how_far_it_is_once_that_was_published() {
    let house = house().await;
    let log = house.store.platform().domains();
    let said = || async { log.nodes(NodeKind::Dns, house.clock.now()).await.unwrap() };
    house.source.changed(None).await.unwrap();
    assert!(said().await.is_empty(), "it has published nothing yet");
    house.add(&house.domain(1, "secrets.example.com", LABEL)).await;
    house.source.changed(Some(0)).await.unwrap();
    assert_eq!(said().await[0].position, 0);
    house.source.changed(Some(1)).await.unwrap();
    assert_eq!(said().await[0].position, log.position().await.unwrap());
}

#[tokio::test]
async fn what_the_wildcards_order_wants_seen_is_in_the_zone_until_it_ends() {
    let house = house().await;
    let wildcard = house.source.wildcard.clone().unwrap();
    let first = house.source.changed(None).await.unwrap().unwrap();
    assert!(first.platform_challenges.is_empty());

    let now = house.clock.now();
    let order = wildcard.order(IssuerId::new("ca"), now);
    house.store.add(&order).await.unwrap();
    let (order, lease) = house.store.claim(now, now.plus(HOUR)).await.unwrap().unwrap();
    let answer = Answer {
        method: Method::Dns01,
        name: wildcard.host.clone(),
        token: Token::parse("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0").unwrap(),
        account: AccountThumbprint::from_text("thumbprint".into()),
    };
    let value = answer.dns_value();
    let step = Step::Publishing { order: "https://ca.example/1".into(), answer };
    let publishing = Issuance { step, ..order.clone() };
    house.store.save(&lease, Change::to(publishing, Some(now.plus(HOUR))), now).await.unwrap();
    let with = house.source.changed(Some(first.serial)).await.unwrap().unwrap();
    assert_eq!(with.platform_challenges, [value]);

    let active = Issuance { step: Step::Active, ..order };
    house.store.save(&lease, Change::to(active, None), now).await.unwrap();
    let without = house.source.changed(Some(with.serial)).await.unwrap().unwrap();
    assert!(without.platform_challenges.is_empty());
}
