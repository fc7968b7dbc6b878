//! What is counted against a plan.

use std::sync::Arc;

use futures_util::future::join_all;
use wax_kernel::{HostPattern, Timestamp};
use wax_model::{
    Action, ApiKey, AuditEvent, Domain, Entitlements, Limit, Meter, Month, PlanId, Role,
    domain::Transport,
};

use super::{domains::*, fixtures::*, people::*};
use crate::{AuditFilter, Frozen, MONTHS_KEPT, Ranked, Store, StoreError};

/// When most of these stories happen: November 2023.
fn month() -> Month {
    Month::of(START)
}

/// Counts one of the `of`th organization's secrets.
async fn count_of(store: &Arc<dyn Store>, of: u64, most: u64, draw: u64) -> bool {
    let counted = try_unit(store, tenant(of), move |uow| {
        Box::pin(async move { uow.usage().count_secret(month(), most, draw).await })
    });
    counted.await.unwrap()
}

async fn count(store: &Arc<dyn Store>, most: u64, draw: u64) -> bool {
    count_of(store, 1, most, draw).await
}

/// This many at once; how many were counted.
async fn race(store: &Arc<dyn Store>, most: u64, racers: u64) -> u64 {
    let racing = (0..racers).map(|draw| count(store, most, draw * 7 + 3));
    join_all(racing).await.into_iter().map(u64::from).sum()
}

async fn used(store: &Arc<dyn Store>, meter: Meter, now: Timestamp) -> u64 {
    store.read(tenant(1)).usage().used(meter, now).await.unwrap()
}

fn limits(most: u64) -> Entitlements {
    let limit = Limit::at_most(most);
    Entitlements {
        secrets_per_month: limit,
        domains: limit,
        members: limit,
        keys: limit,
        ..Entitlements::SELF_HOSTED
    }
}

/// From now on the first organization has a plan with these limits.
async fn change(store: &Arc<dyn Store>, limits: Entitlements) {
    unit(store, move |uow| {
        Box::pin(async move {
            uow.organization().lock().await?;
            let plan = PlanId::parse("team").unwrap();
            uow.usage().change_plan(&plan, true, &limits, START).await
        })
    })
    .await;
}

/// Whether it has one shard or sixteen, and in whatever order they are tried.
pub async fn a_limit_is_counted_to_and_no_further(store: Arc<dyn Store>) {
    for (of, most) in [(1, 0), (2, 1), (3, 63), (4, 64), (5, 71)] {
        founded(&store, of).await;
        for n in 0..most {
            assert!(count_of(&store, of, most, n * 5).await, "{n} of {most}");
        }
        for draw in 0..3 {
            assert!(!count_of(&store, of, most, draw).await, "{most} were counted");
        }
        let counted = store.read(tenant(of)).usage().used(Meter::Secrets, START).await.unwrap();
        assert_eq!(counted, most);
    }
}

/// More than there is room for, all at once.
pub async fn of_racing_secrets_exactly_the_limit_is_counted(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    assert_eq!(race(&store, 5, 16).await, 5);
    change(&store, limits(69)).await;
    assert_eq!(race(&store, 69, 90).await, 64);
    assert_eq!(used(&store, Meter::Secrets, START).await, 69);
}

/// Whichever shard has it.
pub async fn of_two_racing_for_the_last_place_one_gets_it(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    for most in [1, 2, 3, 64, 65, 66] {
        change(&store, limits(most)).await;
        while used(&store, Meter::Secrets, START).await + 1 < most {
            assert!(count(&store, most, most).await);
        }
        assert_eq!(race(&store, most, 2).await, 1, "of {most}");
        assert_eq!(used(&store, Meter::Secrets, START).await, most);
    }
}

/// Up, down below what was used, and up again.
pub async fn a_new_limit_keeps_what_was_counted_and_admits_exactly_the_rest(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    assert_eq!(race(&store, 40, 23).await, 23);
    for (most, rest) in [(100, 77), (30, 0), (103, 3), (64, 0), (170, 67)] {
        change(&store, limits(most)).await;
        assert_eq!(race(&store, most, rest + 9).await, rest, "{most}");
    }
    assert_eq!(used(&store, Meter::Secrets, START).await, 170);
    change(&store, Entitlements::SELF_HOSTED).await;
    assert_eq!(
        used(&store, Meter::Secrets, START).await,
        170,
        "where nothing is counted, nothing is lost"
    );
}

/// Those who are counted while the plan changes are counted.
pub async fn nothing_is_lost_while_shards_are_spread(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let counting = join_all((0..40).map(|draw| count(&store, 1_000, draw)));
    let spreading = async {
        for most in [1_000, 2_000, 1_000, 3_000] {
            change(&store, limits(most)).await;
        }
    };
    let (counted, ()) = futures_util::future::join(counting, spreading).await;
    assert!(counted.into_iter().all(|counted| counted));
    assert_eq!(used(&store, Meter::Secrets, START).await, 40);
}

/// What is not made is not counted, however far the unit got.
pub async fn a_unit_that_fails_or_goes_back_counts_nothing(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let failed = try_unit(&store, tenant(1), |uow| {
        Box::pin(async move {
            assert!(uow.usage().count_secret(month(), 1, 0).await?);
            Err::<(), _>(StoreError::Backend("failed".into()))
        })
    });
    assert!(failed.await.is_err());
    unit(&store, |uow| {
        Box::pin(async move {
            uow.savepoint().await?;
            assert!(uow.usage().count_secret(month(), 1, 0).await?);
            uow.undo().await
        })
    })
    .await;
    assert_eq!(used(&store, Meter::Secrets, START).await, 0);
    assert!(count(&store, 1, 0).await);
}

/// One begins where the other ends, and both are remembered for a year and a month.
pub async fn secrets_are_counted_by_calendar_month(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    for (n, months) in [(1, 0), (2, 1), (1, 3)] {
        for draw in 0..n {
            unit(&store, move |uow| {
                Box::pin(
                    async move { uow.usage().count_secret(month().plus(months), 100, draw).await },
                )
            })
            .await;
        }
    }
    let next = month().plus(1).starts_at();
    assert_eq!(used(&store, Meter::Secrets, next.minus(MS)).await, 1);
    assert_eq!(used(&store, Meter::Secrets, next).await, 2);
    let listed = async |since| store.read(tenant(1)).usage().months(since).await.unwrap();
    let all = vec![(month(), 1), (month().plus(1), 2), (month().plus(3), 1)];
    assert_eq!(listed(month()).await, all);
    assert_eq!(listed(month().plus(2)).await, all[2..]);

    let over = month().plus(MONTHS_KEPT + 1).starts_at();
    store.platform().forget_ended(over.minus(MS), 100).await.unwrap();
    assert_eq!(listed(month()).await, all);
    store.platform().forget_ended(over, 100).await.unwrap();
    assert_eq!(listed(month()).await, all[1..]);
}

/// Not the platform's name for it, not what is over, not what others have.
pub async fn what_there_is_is_counted(store: Arc<dyn Store>) {
    for n in 1..=2 {
        founded(&store, n).await;
        signed_up(&store, n).await;
    }
    // It came with a domain below localhost.
    assert_eq!(used(&store, Meter::Domains, START).await, 1);
    assert!(add(&store, &claim_to(5, 1, "a.example")).await);
    assert!(add(&store, &claim_to(6, 2, "a.example")).await);
    assert!(add(&store, &gift(7)).await);
    assert_eq!(used(&store, Meter::Domains, START).await, 2);

    assert!(join(&store, 1, membership(1, Role::Owner)).await);
    let ann = invitation(1, "ann@example.com", None);
    invite(&store, 1, &ann).await;
    invite(&store, 2, &invitation(2, "bob@example.com", None)).await;
    assert_eq!(used(&store, Meter::Members, ann.expires_at.minus(MS)).await, 2);
    assert_eq!(used(&store, Meter::Members, ann.expires_at).await, 1);

    let key = make_key(&store, 1, 1).await;
    make_key(&store, 2, 2).await;
    assert_eq!(used(&store, Meter::Keys, key.expires_at.minus(MS)).await, 1);
    assert_eq!(used(&store, Meter::Keys, key.expires_at).await, 0);
}

/// What the platform gives: nothing proves it, and nothing is counted.
fn gift(n: u64) -> Domain {
    let host = HostPattern::parse(&format!("{n}.on.example")).unwrap();
    Domain::given(domain(n), tenant(1).tenant(), host, Transport::Acme, START)
}

/// The oldest domains and keys, and owners before others.
pub async fn what_is_beyond_a_limit_is_frozen_by_its_place(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    for (n, host) in [(3, "c.example"), (2, "b.example")] {
        assert!(add(&store, &Domain { created_at: after(n), ..claim_to(n, 1, host) }).await);
    }
    assert!(add(&store, &gift(9)).await);
    for (n, role) in [(1, Role::Member), (2, Role::Owner), (3, Role::Admin), (4, Role::Owner)] {
        signed_up(&store, n).await;
        assert!(join(&store, 1, membership(n, role)).await);
    }
    let keys = [make_key(&store, 1, 1).await, make_key(&store, 1, 2).await];
    let first = ApiKey { expires_at: after(3_600), ..keys[0].clone() };
    let until = first.expires_at;
    unit(&store, move |uow| {
        let first = first.clone();
        Box::pin(async move { uow.organization().update_key(&first).await })
    })
    .await;
    let place = async |of, now| store.read(tenant(1)).usage().place(of, now).await.unwrap();
    let domains = [1, 2, 3, 9, 8].map(|n| Ranked::Domain(domain(n)));
    let members = [2, 4, 1, 3, 9].map(|n| Ranked::Member(account_id(n)));
    for (of, expected) in [
        (domains, [Some(0), Some(1), Some(2), None, None]),
        (members, [Some(0), Some(1), Some(2), Some(3), None]),
    ] {
        for (of, expected) in of.into_iter().zip(expected) {
            assert_eq!(place(of, START).await, expected, "{of:?}");
        }
    }
    assert_eq!(place(Ranked::Key(keys[1].id), START).await, Some(1));
    assert_eq!(place(Ranked::Key(keys[1].id), until).await, Some(0));
    assert_eq!(place(Ranked::Key(keys[0].id), until).await, None);

    let frozen = async |most| store.read(tenant(1)).usage().frozen(&limits(most), START).await;
    let two = frozen(2).await.unwrap();
    let ids: Vec<_> = two.domains.iter().map(|(id, host)| (*id, host.to_string())).collect();
    assert_eq!(ids, [(domain(3), "c.example".to_owned())]);
    let names = [1, 3].map(|n| (account_id(n), account(n).name));
    assert_eq!((two.members, two.keys), (names.to_vec(), Vec::new()));
    let none = frozen(0).await.unwrap();
    assert_eq!([none.domains.len(), none.members.len(), none.keys.len()], [3, 4, 2]);
    let mut reader = store.read(tenant(1));
    let unlimited = reader.usage().frozen(&Entitlements::SELF_HOSTED, START).await.unwrap();
    assert_eq!(unlimited, Frozen::default());
}

async fn told(store: &Arc<dyn Store>) -> Vec<(Meter, u8)> {
    let high = store.platform().high_usage(month(), None, 10).await.unwrap();
    assert!(high.iter().all(|one| one.tenant == tenant(1).tenant()));
    high.into_iter().map(|one| (one.meter, one.told)).collect()
}

async fn tell(store: &Arc<dyn Store>, meter: Meter, percent: u8) -> bool {
    unit(store, move |uow| Box::pin(async move { uow.usage().tell(meter, month(), percent).await }))
        .await
}

/// At four fifths, and once for each percentage; a new plan begins anew.
pub async fn much_usage_is_noted_and_told_once(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    assert!(!tell(&store, Meter::Secrets, 80).await, "there is nothing to tell");
    for n in 1..=10 {
        assert!(count(&store, 10, n).await);
        assert_eq!(told(&store).await.len(), usize::from(n >= 8), "{n}");
    }
    unit(&store, |uow| Box::pin(async move { uow.usage().note_high(Meter::Keys, month()).await }))
        .await;
    assert_eq!(told(&store).await, [(Meter::Keys, 0), (Meter::Secrets, 0)]);
    let after_keys = Some((tenant(1).tenant(), Meter::Keys));
    let next = store.platform().high_usage(month(), after_keys, 10).await.unwrap();
    assert_eq!(next.len(), 1);
    assert!(tell(&store, Meter::Secrets, 80).await && !tell(&store, Meter::Secrets, 80).await);
    assert_eq!(told(&store).await, [(Meter::Keys, 0), (Meter::Secrets, 80)]);
    assert!(tell(&store, Meter::Secrets, 100).await && !tell(&store, Meter::Secrets, 80).await);
    assert_eq!(told(&store).await, [(Meter::Keys, 0)]);
    change(&store, limits(12)).await;
    assert_eq!(told(&store).await, [(Meter::Keys, 0), (Meter::Secrets, 0)]);
    assert_eq!(store.platform().high_usage(month().plus(1), None, 10).await.unwrap(), []);
}

/// Its row, and what edges know of its domains.
pub async fn a_change_of_plan_is_written_and_told_to_edges(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let position = store.platform().domains().position().await.unwrap();
    change(&store, limits(5)).await;
    let team = PlanId::parse("team").unwrap();
    let found = store.read(tenant(1)).organization().find().await.unwrap().unwrap();
    assert_eq!((&found.plan, found.limited), (&team, true));
    let premises = store.read(tenant(1)).domains().premises(domain(1)).await.unwrap().unwrap();
    assert_eq!((premises.domain.id(), &premises.plan, premises.limited), (domain(1), &team, true));
    let changes = store.platform().domains().changes(position, 10).await.unwrap().unwrap();
    let plans: Vec<_> =
        changes.changed.into_iter().map(|(_, now)| now.held().unwrap().plan).collect();
    assert_eq!(plans, [team]);
    assert!(store.read(tenant(2)).domains().premises(domain(1)).await.unwrap().is_none());
}

fn event(n: u64, at: Timestamp) -> AuditEvent {
    let action = Action::SecretCreated;
    AuditEvent { id: event_id(n), at, action, actor: None, subject: "x".into(), network: None }
}

async fn events(store: &Arc<dyn Store>, n: u64) -> usize {
    let mut reader = store.read(tenant(n));
    reader.organization().events(&AuditFilter::default(), None, 9).await.unwrap().len()
}

/// Another's plan keeps its own.
pub async fn audit_events_are_forgotten_as_each_plan_says(store: Arc<dyn Store>) {
    for n in 1..=2 {
        founded(&store, n).await;
        let recorded = try_unit(&store, tenant(n), move |uow| {
            Box::pin(async move {
                for at in 0..3 {
                    uow.audit().record(&event(n * 10 + at, after(at))).await?;
                }
                Ok(())
            })
        });
        recorded.await.unwrap();
    }
    change(&store, limits(1)).await;
    let team = [PlanId::parse("team").unwrap()];
    let platform = store.platform();
    assert_eq!(platform.forget_events_of(&team, false, after(1), 1).await.unwrap(), 1);
    assert_eq!(platform.forget_events_of(&team, false, after(1), 10).await.unwrap(), 1);
    assert_eq!((events(&store, 1).await, events(&store, 2).await), (1, 3));
    assert_eq!(platform.forget_events_of(&team, true, after(0), 10).await.unwrap(), 1);
    assert_eq!((events(&store, 1).await, events(&store, 2).await), (1, 2));
    assert_eq!(platform.forget_events_of(&[], false, after(9), 10).await.unwrap(), 0);
}

/// What one uses takes nothing from another.
pub async fn usage_belongs_to_one_tenant(store: Arc<dyn Store>) {
    for n in 1..=2 {
        founded(&store, n).await;
    }
    assert!(count_of(&store, 1, 1, 0).await && !count_of(&store, 1, 1, 0).await);
    assert!(count_of(&store, 2, 1, 0).await);
    signed_up(&store, 1).await;
    assert!(join(&store, 1, membership(1, Role::Owner)).await);
    let mut other = store.read(tenant(2));
    let place = other.usage().place(Ranked::Member(account_id(1)), after(1)).await.unwrap();
    assert_eq!(place, None);
    assert_eq!(other.usage().place(Ranked::Domain(domain(1)), START).await.unwrap(), None);
}
