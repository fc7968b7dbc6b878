//! What is known of payments.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::Timestamp;
use wax_model::{
    PlanId,
    billing::{Currency, DriftKind, Interval, Standing},
};

use super::{
    fixtures::*,
    people::{founded, join, membership, over_accounts, signed_up},
};
use crate::{Attended, BillingCustomer, BillingEvent, BillingPlatform, BillingPrice, Drift, Store};

const LEASE: Duration = Duration::from_secs(180);
const MS: Duration = Duration::from_millis(1);

fn billing(store: &Arc<dyn Store>) -> &dyn BillingPlatform {
    store.platform().billing()
}

/// The `n`th organization, a customer that is due at [`START`].
async fn customer(store: &Arc<dyn Store>, n: u64) -> String {
    founded(store, n).await;
    let id = format!("cus_{n}");
    assert!(insert(store, n, &id).await);
    id
}

async fn insert(store: &Arc<dyn Store>, n: u64, customer: &str) -> bool {
    let customer = customer.to_owned();
    over_accounts(store, move |unit| {
        let customer = customer.clone();
        Box::pin(async move {
            unit.billing().insert_customer(tenant(n).tenant(), &customer, START).await
        })
    })
    .await
}

async fn mark(store: &Arc<dyn Store>, customer: &str, now: Timestamp) -> bool {
    let customer = customer.to_owned();
    over_accounts(store, move |unit| {
        let customer = customer.clone();
        Box::pin(async move { Ok(unit.billing().mark(&customer, now).await?.is_some()) })
    })
    .await
}

async fn take(store: &Arc<dyn Store>, now: Timestamp) -> Option<BillingCustomer> {
    billing(store).take_due(now, now.plus(LEASE)).await.unwrap()
}

/// What whoever took it leaves: everything that was wanted is fetched.
fn attended(taken: &BillingCustomer, copy: u8, now: Timestamp) -> Attended {
    Attended {
        tenant: taken.tenant,
        fence: taken.fence,
        fetched: taken.wanted,
        failures: 0,
        asked_at: Some(now),
        standing: Standing::Active,
        reminded: Some("x".to_owned()),
        seats: None,
        copy: Some(vec![copy]),
        due_at: now.plus(Duration::from_secs(86_400)),
        again_at: now,
    }
}

async fn attend(store: &Arc<dyn Store>, attended: Attended) -> bool {
    over_accounts(store, move |unit| {
        let attended = attended.clone();
        Box::pin(async move { unit.billing().attend(&attended).await })
    })
    .await
}

async fn found(store: &Arc<dyn Store>, n: u64) -> BillingCustomer {
    billing(store).customer(tenant(n)).await.unwrap().unwrap()
}

/// An organization is one customer, and a customer one organization.
pub async fn an_organization_is_one_customer(store: Arc<dyn Store>) {
    customer(&store, 1).await;
    founded(&store, 2).await;
    assert!(!insert(&store, 1, "cus_other").await);
    assert!(!insert(&store, 2, "cus_1").await);
    let row = found(&store, 1).await;
    assert_eq!((&*row.customer, row.wanted, row.fetched, row.copy), ("cus_1", 0, 0, None));
    assert!(billing(&store).customer(tenant(2)).await.unwrap().is_none());
}

/// However many workers there are.
pub async fn a_due_customer_is_taken_by_one(store: Arc<dyn Store>) {
    customer(&store, 1).await;
    assert!(take(&store, START.minus(MS)).await.is_none(), "not before");
    let taken = join_all((0..16).map(|_| take(&store, START))).await;
    assert_eq!(taken.iter().flatten().count(), 1);
    assert!(take(&store, START.plus(LEASE).minus(MS)).await.is_none());
    let again = take(&store, START.plus(LEASE)).await.unwrap();
    assert_eq!(again.fence, 2, "whoever had it is thought dead");
}

/// The fence.
pub async fn a_late_writer_writes_nothing(store: Arc<dyn Store>) {
    customer(&store, 1).await;
    let slow = take(&store, START).await.unwrap();
    let late = START.plus(LEASE);
    let fast = take(&store, late).await.unwrap();
    assert!(attend(&store, attended(&fast, 2, late)).await);
    assert!(!attend(&store, attended(&slow, 1, late)).await);
    let row = found(&store, 1).await;
    assert_eq!((row.copy, row.standing), (Some(vec![2]), Standing::Active));
}

/// What was marked while it was asked about is due at once, for the next.
pub async fn what_is_wanted_during_a_question_is_asked_again(store: Arc<dyn Store>) {
    let id = customer(&store, 1).await;
    let taken = take(&store, START).await.unwrap();
    assert!(mark(&store, &id, after(1)).await);
    assert!(attend(&store, attended(&taken, 1, after(2))).await);
    let again = take(&store, after(2)).await.unwrap();
    assert_eq!((again.wanted, again.fetched), (1, 0));
    assert!(attend(&store, attended(&again, 1, after(3))).await);
    assert!(take(&store, after(86_400)).await.is_none(), "nothing is wanted");
    assert!(mark(&store, &id, after(10)).await);
    assert!(take(&store, after(10)).await.is_some(), "a mark is due at once");
    assert!(!mark(&store, "cus_nobodys", after(10)).await);
}

/// Somebody waits: it is taken out of turn, but from nobody.
pub async fn a_customer_is_taken_out_of_turn_from_nobody(store: Arc<dyn Store>) {
    customer(&store, 1).await;
    let now = START.minus(LEASE);
    let taken = billing(&store).take(tenant(1), now, now.plus(LEASE)).await.unwrap();
    assert_eq!(taken.unwrap().fence, 1);
    assert!(billing(&store).take(tenant(1), now, now.plus(LEASE)).await.unwrap().is_none());
    assert!(billing(&store).take(tenant(2), now, now.plus(LEASE)).await.unwrap().is_none());
}

/// By its id, whatever else it says the second time.
pub async fn an_event_is_kept_once_until_its_time_is_over(store: Arc<dyn Store>) {
    let event = |body: u8, n: u64| BillingEvent {
        id: format!("evt_{n}"),
        customer: None,
        kind: "x".to_owned(),
        received_at: after(n),
        body: vec![body],
    };
    let keep = async |event: BillingEvent| {
        over_accounts(&store, move |unit| {
            let event = event.clone();
            Box::pin(async move { unit.billing().keep_event(&event).await })
        })
        .await
    };
    assert!(keep(event(1, 1)).await);
    assert!(!keep(event(2, 1)).await);
    assert!(keep(event(1, 2)).await);
    assert_eq!(billing(&store).event("evt_1").await.unwrap(), Some(event(1, 1)));
    assert_eq!(billing(&store).forget_billing_events(after(1), 10).await.unwrap(), 1);
    assert_eq!(billing(&store).event("evt_1").await.unwrap(), None);
    assert!(billing(&store).event("evt_2").await.unwrap().is_some());
}

/// By the number of members, once.
pub async fn who_pays_for_another_number_of_members_is_marked_once(store: Arc<dyn Store>) {
    customer(&store, 1).await;
    let account = signed_up(&store, 1).await;
    assert!(join(&store, 1, membership(1, wax_model::Role::Owner)).await);
    assert_eq!(account.id, membership(1, wax_model::Role::Owner).account);
    let seats = async |seats: Option<u64>, now: Timestamp| {
        let taken = billing(&store).take(tenant(1), now, now.plus(MS)).await.unwrap().unwrap();
        assert!(attend(&store, Attended { seats, ..attended(&taken, 1, now) }).await);
    };
    assert_eq!(billing(&store).members(tenant(1)).await.unwrap(), 1);
    for right in [None, Some(1)] {
        seats(right, after(1)).await;
        assert_eq!(billing(&store).mark_seats(after(1)).await.unwrap(), 0, "{right:?}");
    }
    seats(Some(2), after(2)).await;
    assert_eq!(billing(&store).mark_seats(after(3)).await.unwrap(), 1);
    assert_eq!(billing(&store).mark_seats(after(3)).await.unwrap(), 0, "it waits already");
    assert!(take(&store, after(3)).await.is_some());
}

/// All at once.
pub async fn prices_are_replaced_together(store: Arc<dyn Store>) {
    let price = |key: &str, code: &str, amount| BillingPrice {
        lookup_key: key.to_owned(),
        interval: Interval::Year,
        currency: Currency::parse(code).unwrap(),
        amount,
    };
    let first = [price("a", "jpy", 1_000), price("a", "usd", 900), price("b", "usd", -1)];
    billing(&store).set_prices(&first).await.unwrap();
    assert_eq!(billing(&store).prices().await.unwrap(), first);
    let second = [price("b", "eur", i64::MAX)];
    billing(&store).set_prices(&second).await.unwrap();
    assert_eq!(billing(&store).prices().await.unwrap(), second);
}

/// However many processes there are.
pub async fn a_turn_is_taken_by_one_at_its_time(store: Arc<dyn Store>) {
    let take = async |name: &str, now, again| billing(&store).take_turn(name, now, again).await;
    let taken = join_all((0..8).map(|_| take("sweep", START, after(60)))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
    assert!(!take("sweep", after(59), after(90)).await.unwrap());
    assert!(take("prices", after(59), after(90)).await.unwrap(), "another turn");
    assert!(take("sweep", after(60), after(90)).await.unwrap());
}

/// What stays keeps its time, what is gone goes, what is new is told.
pub async fn drift_is_replaced_and_only_what_is_new_is_told(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let drift = |kind, subject: &str, whose: Option<u64>, since| Drift {
        kind,
        subject: subject.to_owned(),
        tenant: whose.map(|n| tenant(n).tenant()),
        since,
    };
    let replace = async |whose: Option<u64>, all: Vec<Drift>| {
        over_accounts(&store, move |unit| {
            let all = all.clone();
            let whose = whose.map(|n| tenant(n).tenant());
            Box::pin(async move { unit.billing().replace_drift(whose, &all).await })
        })
        .await
    };
    let (two, price) = (DriftKind::TwoSubscriptions, DriftKind::UnknownPrice);
    let first = vec![drift(two, "sub_1", Some(1), START), drift(price, "sub_2", Some(1), START)];
    assert_eq!(replace(Some(1), first.clone()).await, first);
    let nobodys = vec![drift(DriftKind::UnknownCustomer, "cus_x", None, START)];
    assert_eq!(replace(None, nobodys.clone()).await, nobodys);
    let second =
        vec![drift(two, "sub_1", Some(1), after(1)), drift(two, "sub_3", Some(1), after(1))];
    assert_eq!(replace(Some(1), second.clone()).await, second[1..]);
    let expected = [first[0].clone(), second[1].clone(), nobodys[0].clone()];
    assert_eq!(billing(&store).drift().await.unwrap(), expected);
    assert!(replace(None, Vec::new()).await.is_empty());
    assert_eq!(billing(&store).drift().await.unwrap(), expected[..2]);
}

/// Who is nobody, and which plans there are.
pub async fn customers_and_plans_are_compared_with_what_is_known(store: Arc<dyn Store>) {
    customer(&store, 1).await;
    let asked = vec!["cus_1".to_owned(), "cus_x".to_owned()];
    assert_eq!(billing(&store).unknown_customers(asked).await.unwrap(), ["cus_x"]);
    let plans = billing(&store).plans_in_use().await.unwrap();
    assert_eq!(plans, [PlanId::self_hosted()]);
}

/// The organization goes; whoever still pays for it is told to stop, until that is done.
pub async fn an_erased_customer_is_left_to_be_parted_from(store: Arc<dyn Store>) {
    let mut organization = founded(&store, 1).await;
    assert!(insert(&store, 1, "cus_1").await);
    organization.deletion_due_at = Some(START);
    unit(&store, move |uow| {
        let organization = organization.clone();
        Box::pin(async move { uow.organization().update(&organization).await })
    })
    .await;
    let settled = START.plus(crate::ERASURE_SETTLES);
    while !unit(&store, move |uow| Box::pin(uow.organization().erase(settled, 3))).await {}
    assert!(billing(&store).customer(tenant(1)).await.unwrap().is_none());
    let part = async |now| billing(&store).take_parting(now, now.plus(LEASE)).await.unwrap();
    assert_eq!(part(settled).await.as_deref(), Some("cus_1"));
    assert_eq!(part(settled).await, None, "somebody is at it");
    let again = settled.plus(LEASE);
    assert_eq!(part(again).await.as_deref(), Some("cus_1"), "and died");
    billing(&store).parted("cus_1").await.unwrap();
    assert_eq!(part(again.plus(LEASE)).await, None);
}
