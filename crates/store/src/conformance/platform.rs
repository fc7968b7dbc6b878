//! What the server itself asks.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::{ContextKeyId, DomainId, HostPattern, Timestamp};
use wax_model::{
    Brand, Color, Corners, Domain, Logo, LogoType, PlanId, Tenant,
    domain::{Route, Transport},
};

use super::fixtures::*;
use crate::{EXPIRED_KEY_KEPT, NewDomain, RegisteredKey, RouteNow, Store, TicketRow};

const MS: Duration = Duration::from_millis(1);

/// The check that start-up makes.
pub async fn a_store_says_that_it_keeps_what_it_acknowledges(store: Arc<dyn Store>) {
    store.platform().check().await.unwrap();
}

fn new_tenant(n: u64, slug: &str) -> Tenant {
    Tenant {
        id: tenant(n).tenant(),
        slug: slug.into(),
        name: "株式会社ワックス 🔏".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: START,
        deletion_due_at: None,
    }
}

/// Also by two processes that start at once.
pub async fn a_tenant_is_made_once(store: Arc<dyn Store>) {
    let platform = store.platform();
    assert_eq!(platform.count_tenants().await.unwrap(), 0);
    let racers = [1, 2, 3, 4, 5, 6, 7, 8].map(|n| new_tenant(n, "acme"));
    let answers = join_all(racers.iter().map(|tenant| platform.ensure_tenant(tenant))).await;
    let answers = answers.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
    assert!(racers.contains(&answers[0]));
    platform.ensure_tenant(&new_tenant(9, "other")).await.unwrap();
    assert_eq!(platform.count_tenants().await.unwrap(), 2);
}

fn new_domain(tenant_n: u64, n: u64, host: &str, brand: Brand) -> NewDomain {
    let (id, host) = (DomainId::from_bytes(bytes(20, n)), HostPattern::parse(host).unwrap());
    let domain = Domain::given(id, tenant(tenant_n).tenant(), host, Transport::Loopback, START);
    NewDomain { domain, brand }
}

async fn two_tenants(store: &Arc<dyn Store>) {
    for (n, slug) in [(1, "acme"), (2, "beta")] {
        store.platform().ensure_tenant(&new_tenant(n, slug)).await.unwrap();
    }
}

fn held(routes: Vec<(DomainId, RouteNow)>) -> Vec<Route> {
    routes.into_iter().map(|(_, route)| route.held().unwrap()).collect()
}

/// The second one is told, and changes nothing.
pub async fn a_host_belongs_to_one_tenant(store: Arc<dyn Store>) {
    two_tenants(&store).await;
    let platform = store.platform();
    let first = new_domain(1, 1, "secrets.acme.example", Brand::plain("Acme"));
    let second = new_domain(2, 2, "secrets.acme.example", Brand::plain("Beta"));
    assert!(platform.ensure_domain(&first).await.unwrap());
    assert!(!platform.ensure_domain(&second).await.unwrap());
    let other = new_domain(2, 3, "beta.example", Brand::plain("Beta"));
    assert!(platform.ensure_domain(&other).await.unwrap());

    let routes = platform.domains().routes(None, 10).await.unwrap();
    let mut served: Vec<_> =
        held(routes).into_iter().map(|route| (route.host, route.tenant)).collect();
    served.sort();
    let expected = [&other, &first].map(|new| (new.domain.host.clone(), new.domain.tenant()));
    assert_eq!(served, expected);
}

/// Texts, colour, corners and logo, also after the logo was taken away.
pub async fn a_route_shows_the_newest_brand(store: Arc<dyn Store>) {
    two_tenants(&store).await;
    let full = Brand {
        name: "株式会社ワックス".into(),
        accent: Color([0, 0x80, 0xff]),
        corners: Corners::Round,
        before_open: "開く前に \"確認\" してください。".into(),
        after_open: "Danke — schön.".into(),
        support: "help@acme.example".into(),
        language: "ja".into(),
        logo: Some(Logo { content_type: LogoType::Webp, bytes: bytes::<4_096>(21, 1).to_vec() }),
    };
    let without = Brand { logo: None, name: "Waxseal".into(), ..full.clone() };
    let other = Logo { content_type: LogoType::Png, bytes: vec![0] };
    let exchanged = Brand { logo: Some(other), ..full.clone() };
    for (n, brand) in [full, exchanged, without].into_iter().enumerate() {
        // A new id each time: the host is the same, and so is its domain.
        let new = new_domain(1, n as u64, "secrets.acme.example", brand.clone());
        assert!(store.platform().ensure_domain(&new).await.unwrap());
        let routes = held(store.platform().domains().routes(None, 10).await.unwrap());
        assert_eq!(routes.len(), 1);
        assert_eq!(routes[0].brand, brand);
        assert_eq!(routes[0].domain, DomainId::from_bytes(bytes(20, 0)));
    }
}

/// At or after the moment, oldest first, no more than asked for, each with its tenant.
pub async fn due_secrets_are_found_at_their_time(store: Arc<dyn Store>) {
    for n in 1..=3 {
        let mut new = secret(n, 1);
        new.secret.expires_at = after(n);
        new.secret.kept_until = after(100 + n);
        assert!(create(&store, tenant(n), &new).await);
    }
    let platform = store.platform();
    let due = async |at: Timestamp, limit| {
        let due = platform.due_expiries(at, limit).await.unwrap();
        due.into_iter().map(|due| (due.tenant, due.id)).collect::<Vec<_>>()
    };
    let expected = [1, 2, 3].map(|n| (tenant(n).tenant(), secret(n, 1).secret.id));
    assert_eq!(due(after(1).minus(MS), 10).await, []);
    assert_eq!(due(after(2), 10).await, expected[..2]);
    assert_eq!(due(after(3), 1).await, expected[..1]);

    assert!(platform.due_tombstones(after(1_000), 10).await.unwrap().is_empty());
    assert!(burn(&store, secret(1, 1).secret.id, START).await);
    assert_eq!(due(after(3), 10).await, expected[1..]);
    assert!(platform.due_tombstones(after(101).minus(MS), 10).await.unwrap().is_empty());
    let tombstones = platform.due_tombstones(after(101), 10).await.unwrap();
    assert_eq!(tombstones.iter().map(|due| due.id).collect::<Vec<_>>(), [expected[0].1]);
}

/// Open ones only.
pub async fn due_windows_are_found_at_their_time(store: Arc<dyn Store>) {
    let new = created(&store, 3).await;
    let claims = [
        taken(&store, &new, 1, START).await,
        taken(&store, &new, 2, after(1)).await,
        taken(&store, &new, 3, after(2)).await,
    ];
    let platform = store.platform();
    let due = async |at| {
        let due = platform.due_windows(at, 10).await.unwrap();
        due.into_iter().map(|due| (due.tenant, due.secret, due.id)).collect::<Vec<_>>()
    };
    let named = |claim: &wax_model::Claim| (tenant(1).tenant(), claim.secret, claim.id);
    assert_eq!(due(claims[0].window_ends_at.minus(MS)).await, []);
    assert_eq!(due(claims[1].window_ends_at).await, [named(&claims[0]), named(&claims[1])]);
    lapse(&store, &claims[0], claims[0].window_ends_at).await.unwrap();
    assert_eq!(due(claims[2].window_ends_at).await, [named(&claims[1]), named(&claims[2])]);
}

/// While others read and write.
pub async fn a_checkpoint_can_be_made_at_any_time(store: Arc<dyn Store>) {
    for n in 0..5 {
        let busy = join_all((0..8).map(|m| {
            let (store, new) = (Arc::clone(&store), secret(n * 10 + m, 1));
            async move {
                create(&store, tenant(1), &new).await && find(&store, new.secret.id).await.is_some()
            }
        }));
        let (busy, checkpoint) =
            futures_util::future::join(busy, store.platform().checkpoint()).await;
        checkpoint.unwrap();
        assert!(busy.into_iter().all(|done| done));
    }
}

fn edge_key(n: u64, expires_at: Timestamp) -> RegisteredKey {
    RegisteredKey {
        id: ContextKeyId::from_bytes(bytes(21, n)),
        public_key: [u8::try_from(n).unwrap(); 32],
        expires_at,
    }
}

/// Also when an edge registers its key twice, because it did not hear the first answer.
pub async fn a_key_of_an_edge_is_known_from_its_registration_to_a_day_after_its_end(
    store: Arc<dyn Store>,
) {
    let platform = store.platform();
    assert_eq!(platform.context_keys().await.unwrap(), []);
    let (old, new) = (edge_key(1, START), edge_key(2, START.plus(EXPIRED_KEY_KEPT)));
    for key in [&old, &old, &new] {
        platform.register_context_key(key, START).await.unwrap();
    }
    assert_eq!(platform.context_keys().await.unwrap(), [old, new]);
    let a_day_later = START.plus(EXPIRED_KEY_KEPT);
    platform.register_context_key(&new, a_day_later.minus(MS)).await.unwrap();
    assert_eq!(platform.context_keys().await.unwrap(), [old, new]);
    platform.register_context_key(&new, a_day_later).await.unwrap();
    assert_eq!(platform.context_keys().await.unwrap(), [new]);
}

/// Whoever comes first draws a period's key; everybody has it; what is over is gone.
pub async fn of_edges_that_draw_keys_of_tickets_at_once_all_have_the_same(store: Arc<dyn Store>) {
    let drawn = |edge: u8, from: i64| -> Vec<TicketRow> {
        (from..from + 3).map(|period| TicketRow { period, key: vec![edge; 48] }).collect()
    };
    let edges = (1..=8).map(|edge| {
        let store = Arc::clone(&store);
        async move { store.platform().ticket_keys(&drawn(edge, 10)).await.unwrap() }
    });
    let had = join_all(edges).await;
    assert!(had.iter().all(|rows| *rows == had[0] && rows.len() == 3));

    let later = store.platform().ticket_keys(&drawn(9, 12)).await.unwrap();
    let periods: Vec<i64> = later.iter().map(|row| row.period).collect();
    assert_eq!(periods, [12, 13, 14]);
    assert_eq!(later[0], had[0][2], "a key that was drawn stays");
    let again = store.platform().ticket_keys(&drawn(7, 10)).await.unwrap();
    assert_eq!(again[0].key, [7; 48], "what was forgotten is gone");
}
