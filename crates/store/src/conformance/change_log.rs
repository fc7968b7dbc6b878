//! What edges follow, and how far they got.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use wax_kernel::{DomainId, Timestamp};
use wax_model::{
    Brand, Domain, Logo, LogoType, PlanId,
    domain::{Gate, Node, NodeKind, Ownership, Route},
};

use super::{domains::*, fixtures::*, people::*};
use crate::{CHANGES_KEPT, Changes, NODE_ALIVE, NewDomain, RouteNow, Store, StoreError};

/// Writes what changed and tells edges: the change's number.
async fn change(store: &Arc<dyn Store>, domain: &Domain) -> i64 {
    let domain = domain.clone();
    over_accounts(store, move |unit| {
        let domain = domain.clone();
        Box::pin(async move {
            assert!(unit.domains().update(&domain).await?);
            unit.domains().announce(domain.id(), START).await
        })
    })
    .await
}

/// A domain that is held and known to edges.
async fn served(store: &Arc<dyn Store>, n: u64, of: u64) -> Domain {
    let domain = owned(claim_to(n, of, &format!("{n}.example")), Ownership::Verified);
    assert!(add(store, &domain).await);
    change(store, &domain).await;
    domain
}

async fn changes(store: &Arc<dyn Store>, position: i64, limit: u32) -> Option<Changes> {
    store.platform().domains().changes(position, limit).await.unwrap()
}

/// As an edge has it.
#[derive(Default)]
struct Follower {
    position: i64,
    routes: BTreeMap<DomainId, RouteNow>,
}

impl Follower {
    /// Reads the next page.
    async fn follow(&mut self, store: &Arc<dyn Store>, limit: u32) {
        let page = changes(store, self.position, limit).await.unwrap();
        assert!(page.position >= self.position, "it never goes back");
        assert!(page.changed.len() <= usize::try_from(limit).unwrap());
        self.position = page.position;
        self.routes.extend(page.changed);
    }
}

/// However many units race, however many fail, and whoever reads meanwhile: every number is given once, none is left out, and
/// who follows page by page ends with every domain's last state.
pub async fn changes_are_numbered_without_gaps_and_none_is_missed(store: Arc<dyn Store>) {
    const UNITS: u64 = 16;
    const ROUNDS: u64 = 8;
    organizations(&store, 1).await;
    let domains: Vec<_> = (1..=UNITS)
        .map(|n| owned(claim_to(n, 1, &format!("{n}.example")), Ownership::Verified))
        .collect();
    for domain in &domains {
        assert!(add(&store, domain).await);
    }
    let writers = join_all(domains.iter().map(|domain| {
        let store = Arc::clone(&store);
        async move {
            let mut numbers = Vec::new();
            for round in 0..ROUNDS {
                let gate = Gate::ALL[usize::try_from(round).unwrap() % Gate::ALL.len()];
                numbers.push(change(&store, &Domain { gate, ..domain.clone() }).await);
                fail_to_announce(&store, domain.id()).await;
            }
            numbers
        }
    }));
    let last = i64::try_from(UNITS * ROUNDS).unwrap();
    let follower = async {
        let mut follower = Follower::default();
        while follower.position < last {
            follower.follow(&store, 5).await;
            tokio::task::yield_now().await;
        }
        follower
    };
    let (numbers, follower) = join(writers, follower).await;
    let mut numbers: Vec<_> = numbers.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    assert_eq!(store.platform().domains().position().await.unwrap(), last);

    let expected = Gate::ALL[usize::try_from(ROUNDS - 1).unwrap() % Gate::ALL.len()];
    assert_eq!(follower.routes.len(), domains.len());
    assert!(
        follower
            .routes
            .values()
            .all(|route| matches!(route, RouteNow::Held(one) if one.gate == expected))
    );
}

async fn fail_to_announce(store: &Arc<dyn Store>, id: DomainId) {
    let failed = store.write_platform(move |unit| {
        Box::pin(async move {
            unit.domains().announce(id, START).await?;
            Err::<(), _>(StoreError::Backend("stopped on purpose".into()))
        })
    });
    assert!(failed.await.is_err());
}

/// A page ends with its last change, and the last page with the log.
pub async fn changes_are_read_page_by_page(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    assert_eq!(changes(&store, 0, 2).await.unwrap(), Changes { position: 0, changed: Vec::new() });
    for n in 1..=4 {
        served(&store, n, 1).await;
    }
    let mut first = found(&store, 1).await;
    first.gate = Gate::Suspended;
    assert_eq!(change(&store, &first).await, 5);
    let page = async |position, limit| {
        let page = changes(&store, position, limit).await.unwrap();
        (page.position, page.changed.into_iter().map(|(domain, _)| domain).collect::<Vec<_>>())
    };
    assert_eq!(page(0, 2).await, (3, vec![domain(2), domain(3)]));
    assert_eq!(page(3, 2).await, (5, vec![domain(4), domain(1)]));
    assert_eq!(page(5, 2).await, (5, Vec::new()));
    assert_eq!(page(0, 4).await.0, 5);
    assert_eq!(page(4, 1_000).await, (5, vec![domain(1)]));
    let last = changes(&store, 4, 1).await.unwrap().changed.remove(0).1.held().unwrap();
    assert_eq!((last.host, last.gate, last.label), (first.host, Gate::Suspended, first.label));
}

async fn found(store: &Arc<dyn Store>, n: u64) -> Domain {
    store.platform().domains().domain(domain(n)).await.unwrap().unwrap()
}

/// So that an edge forgets it: never proved, lost, or deleted.
pub async fn what_is_not_held_comes_as_gone(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    let own = claim_to(1, 1, "a.example");
    assert!(add(&store, &own).await);
    let mut position = 0;
    for ownership in Ownership::ALL.iter().copied() {
        let own = owned(own.clone(), ownership);
        change(&store, &own).await;
        let page = changes(&store, position, 10).await.unwrap();
        position = page.position;
        let routes: Vec<_> =
            page.changed.iter().map(|(_, route)| matches!(route, RouteNow::Held(_))).collect();
        assert_eq!(routes, [ownership.holds()], "{ownership:?}");
        let all = store.platform().domains().routes(None, 10).await.unwrap();
        assert_eq!(all.len(), usize::from(ownership.holds()), "{ownership:?}");
    }
    bury(&store, &own, START).await;
    assert_eq!(changes(&store, position, 10).await.unwrap().changed, [(domain(1), RouteNow::Gone)]);
}

/// Every name that is held comes once, with its look.
pub async fn routes_are_read_page_by_page(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let logo = Logo { content_type: LogoType::Png, bytes: vec![1, 2, 3] };
    let brand = Brand { logo: Some(logo), ..Brand::plain("Acme") };
    let new = NewDomain { domain: owned(claim_to(9, 1, "*.a.example"), Ownership::Held), brand };
    assert!(store.platform().ensure_domain(&new).await.unwrap());
    for n in 1..=6 {
        served(&store, n, n % 2 + 1).await;
    }
    assert!(add(&store, &claim_to(8, 1, "pending.example")).await);
    let (platform, mut read) = (store.platform().domains(), Vec::<Route>::new());
    loop {
        let page = platform.routes(read.last().map(|route| route.domain), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        read.extend(page.into_iter().map(|(_, route)| route.held().unwrap()));
    }
    let mut ids: Vec<_> = read.iter().map(|route| route.domain).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((read.len(), ids.len()), (7, 7));
    let with_logo = read.into_iter().find(|route| route.domain == domain(9)).unwrap();
    let Domain { claim, host, label, transport, gate, settings, .. } = new.domain;
    let (tenant, domain, ownership) = (claim.tenant, claim.domain, claim.ownership);
    let brand = new.brand;
    let plan = PlanId::self_hosted();
    let expected =
        Route { host, tenant, domain, label, transport, ownership, gate, plan, settings, brand };
    assert_eq!(with_logo, expected);
}

/// Those that are not followed in time; and one that the log, restored from an older copy, has not reached.
pub async fn who_was_away_too_long_reads_everything_anew(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    let [first, second, third] =
        [served(&store, 1, 1).await, served(&store, 2, 1).await, served(&store, 3, 1).await];
    assert_eq!(bury(&store, &first, START).await, 4);
    assert_eq!(bury(&store, &second, after(1)).await, 5);
    assert_eq!(change(&store, &third).await, 6);
    let forget = async |now| store.platform().domains().forget_changes(now).await.unwrap();
    let kept = START.plus(CHANGES_KEPT);
    forget(kept.minus(MS)).await;
    assert_eq!(changes(&store, 0, 10).await.unwrap().changed.len(), 3);
    forget(kept).await;
    for position in 0..4 {
        assert_eq!(changes(&store, position, 10).await, None, "{position}");
    }
    let gone_and_there = changes(&store, 4, 10).await.unwrap().changed;
    let shown: Vec<_> =
        gone_and_there.into_iter().map(|(id, route)| (id, route.held().is_some())).collect();
    assert_eq!(shown, [(domain(2), false), (domain(3), true)]);
    forget(kept.plus(CHANGES_KEPT)).await;
    assert_eq!(changes(&store, 4, 10).await, None);
    assert_eq!(changes(&store, 5, 10).await.unwrap().changed.len(), 1, "what is there is kept");

    assert_eq!(changes(&store, 6, 10).await.unwrap().changed, []);
    assert_eq!(changes(&store, 7, 10).await, None);
}

/// All of them, in the batch that deletes them.
pub async fn an_erased_organizations_domains_come_as_gone(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    for n in 1..=3 {
        served(&store, n, n / 3 + 1).await;
    }
    let due = wax_model::Tenant { deletion_due_at: Some(START), ..organization(1) };
    unit(&store, move |uow| {
        let due = due.clone();
        Box::pin(async move { uow.organization().update(&due).await })
    })
    .await;
    while !unit(&store, |uow| Box::pin(uow.organization().erase(START, 1))).await {}
    let mut follower = Follower { position: 3, ..Follower::default() };
    follower.follow(&store, 10).await;
    assert_eq!(follower.routes, [(domain(1), RouteNow::Gone), (domain(2), RouteNow::Gone)].into());
}

/// None before it was to be seen.
pub async fn the_log_tells_each_domains_last_change(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    assert!(add(&store, &claim_to(9, 1, "pending.example")).await);
    let first = served(&store, 1, 1).await;
    served(&store, 2, 1).await;
    let last = async |n| store.platform().domains().last_change(domain(n)).await.unwrap();
    assert_eq!((last(1).await, last(2).await, last(9).await), (Some(1), Some(2), None));
    change(&store, &first).await;
    assert_eq!((last(1).await, last(2).await), (Some(3), Some(2)));
}

/// A start that finds everything as it is tells edges nothing.
pub async fn a_domain_that_is_given_is_announced_when_it_is_new_or_looks_new(
    store: Arc<dyn Store>,
) {
    organizations(&store, 2).await;
    let new = |n, of, look: &str| NewDomain {
        domain: owned(claim_to(n, of, "a.example"), Ownership::Verified),
        brand: Brand::plain(look),
    };
    let ensured = async |new: NewDomain| {
        let ensured = store.platform().ensure_domain(&new).await.unwrap();
        (ensured, store.platform().domains().position().await.unwrap())
    };
    assert_eq!(ensured(new(1, 1, "Acme")).await, (true, 1));
    assert_eq!(ensured(new(2, 1, "Acme")).await, (true, 1));
    assert_eq!(ensured(new(3, 1, "Acme, Inc.")).await, (true, 2));
    assert_eq!(ensured(new(4, 2, "Mallory")).await, (false, 2));
}

fn node(name: &str, kind: NodeKind, position: i64, seen_at: Timestamp) -> Node {
    Node { name: name.into(), kind, position, seen_at }
}

/// Each by its last word, of its kind.
pub async fn who_says_so_is_serving_until_it_is_silent(store: Arc<dyn Store>) {
    let platform = store.platform().domains();
    let [old, one, two, dns] = [
        node("one", NodeKind::Edge, 1, START),
        node("one", NodeKind::Edge, 7, after(1)),
        node("two", NodeKind::Edge, 3, START),
        node("three", NodeKind::Dns, 5, START),
    ];
    for said in [&old, &one, &two, &dns] {
        platform.note_node(said).await.unwrap();
    }
    let serving = async |kind, at| platform.nodes(kind, at).await.unwrap();
    let silent = START.plus(NODE_ALIVE);
    assert_eq!(serving(NodeKind::Edge, silent.minus(MS)).await, [one.clone(), two]);
    assert_eq!(serving(NodeKind::Edge, silent).await, std::slice::from_ref(&one));
    assert_eq!(serving(NodeKind::Dns, silent.minus(MS)).await, [dns]);
    assert_eq!(serving(NodeKind::Edge, silent.plus(Duration::from_secs(1))).await, []);

    platform.forget_changes(START.plus(CHANGES_KEPT)).await.unwrap();
    assert_eq!(serving(NodeKind::Edge, START).await, [one], "the others are forgotten");
}
