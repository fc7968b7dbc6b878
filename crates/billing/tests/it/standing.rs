//! From a payment that fails to one that goes through; and what people are told.

use wax_kernel::Timestamp;
use wax_model::billing::{Standing, SubscriptionStatus};

use crate::kit::{CUSTOMER, DAY, HOUR, Shop};

fn is(plan: &str, limited: bool, standing: Standing) -> (String, bool, Standing) {
    (plan.to_owned(), limited, standing)
}

/// A payment fails now; answers when that is.
async fn fails(shop: &Shop) -> Timestamp {
    let now = shop.now();
    shop.change("sub_1", |one| {
        one.status = SubscriptionStatus::PastDue;
        one.unpaid_since = Some(now);
    });
    shop.ring("evt_failed").await;
    now
}

async fn is_paid(shop: &Shop) {
    shop.change("sub_1", |one| {
        one.status = SubscriptionStatus::Active;
        one.unpaid_since = None;
    });
    shop.ring("evt_paid").await;
}

#[tokio::test]
async fn a_late_payment_has_14_days_of_grace_then_limits_and_a_payment_lifts_them_at_once() {
    let shop = Shop::paying("business_month").await;
    assert_eq!(shop.state().await, is("business", false, Standing::Active));
    let since = fails(&shop).await;
    assert_eq!(shop.state().await, is("business", false, Standing::Grace));
    let until = since.plus(DAY * 14).as_ms();
    assert_eq!(shop.seen().await["grace_ends_at_ms"], until);
    assert_eq!(shop.told().await, ["payment-failed"]);

    for _ in 0..7 {
        shop.pass(DAY).await;
    }
    assert_eq!(shop.told().await, ["payment-grace-ends"], "7 days before");
    for _ in 0..6 {
        shop.pass(DAY).await;
    }
    assert_eq!(shop.told().await, ["payment-grace-ends"], "1 day before");
    assert_eq!(shop.state().await, is("business", false, Standing::Grace));

    shop.pass(DAY).await;
    assert_eq!(shop.state().await, is("business", true, Standing::Limited));
    assert_eq!(shop.told().await, ["organization-limited"]);
    is_paid(&shop).await;
    assert_eq!(shop.state().await, is("business", false, Standing::Active));
    assert_eq!(shop.told().await, ["payment-recovered"]);
}

#[tokio::test]
async fn grace_counts_from_what_stripe_says_not_from_when_we_heard() {
    let shop = Shop::paying("business_month").await;
    let since = shop.now();
    shop.change("sub_1", |one| {
        one.status = SubscriptionStatus::Unpaid;
        one.unpaid_since = Some(since);
    });
    shop.app.clock.advance(DAY * 15);
    shop.ring("evt_late").await;
    assert_eq!(shop.state().await, is("business", true, Standing::Limited));
    assert_eq!(shop.told().await, ["organization-limited"]);
}

#[tokio::test]
async fn time_ends_the_grace_also_while_stripe_is_down() {
    let shop = Shop::paying("business_month").await;
    fails(&shop).await;
    shop.app.till.fail(Some(wax_payments::PaymentsError::Unreadable));
    for _ in 0..15 {
        shop.pass(DAY).await;
    }
    assert_eq!(shop.state().await, is("business", true, Standing::Limited));
}

#[tokio::test]
async fn every_change_is_in_the_trail_once() {
    let shop = Shop::paying("business_month").await;
    fails(&shop).await;
    is_paid(&shop).await;
    shop.change("sub_1", |one| one.status = SubscriptionStatus::Canceled);
    shop.ring("evt_over").await;
    let trail = shop.trail().await;
    let told: Vec<_> = trail.iter().map(|(action, subject)| (*action, &**subject)).collect();
    assert_eq!(
        told,
        [
            ("billing.plan_changed", "business"),
            ("billing.standing_changed", "active"),
            ("billing.standing_changed", "grace"),
            ("billing.standing_changed", "active"),
            ("billing.plan_changed", "self-hosted"),
            ("billing.standing_changed", "none"),
        ]
    );
    assert_eq!(shop.told().await, ["payment-failed", "payment-recovered", "subscription-ended"]);
}

#[tokio::test]
async fn a_trial_is_told_to_end_3_days_before_once() {
    let shop = Shop::customer().await;
    shop.subscribe("sub_1", "team_month");
    let ends = shop.now().plus(DAY * 14);
    shop.change("sub_1", |one| {
        one.status = SubscriptionStatus::Trialing;
        one.trial_ends_at = Some(ends);
    });
    shop.ring("evt_1").await;
    assert_eq!(shop.state().await, is("team", false, Standing::Trialing));
    for _ in 0..10 {
        shop.pass(DAY).await;
    }
    assert_eq!(shop.told().await, [""; 0]);
    for _ in 0..3 {
        shop.pass(DAY).await;
    }
    assert_eq!(shop.told().await, ["trial-ends"]);
    let offers = shop.seen().await["offers"].clone();
    assert_eq!(offers[1]["trial_days"], 0, "something was tried already");
}

#[tokio::test]
async fn a_downgrade_ends_no_domain_member_or_key() {
    let shop = Shop::paying("business_month").await;
    for host in ["b.example", "c.example", "d.example", "e.example", "f.example", "g.example"] {
        shop.app.domain(shop.house.id, host).await;
    }
    shop.change("sub_1", |one| one.status = SubscriptionStatus::Canceled);
    shop.ring("evt_over").await;
    let mut reader = shop.app.store.read(shop.house.scope);
    assert_eq!(reader.organization().domains().await.unwrap().len(), 7);
}

#[tokio::test]
async fn edges_hear_of_every_change_of_what_an_organization_may() {
    let shop = Shop::customer().await;
    let position = async || shop.app.store.platform().domains().position().await.unwrap();
    let before = position().await;
    shop.subscribe("sub_1", "business_month");
    shop.ring("evt_1").await;
    let changed = position().await;
    assert!(changed > before, "the plan");
    shop.ring("evt_2").await;
    assert_eq!(position().await, changed, "nothing has changed");
}

#[tokio::test]
async fn everybody_is_asked_about_once_a_day_without_any_event() {
    let shop = Shop::customer().await;
    shop.subscribe("sub_1", "business_month");
    shop.pass(HOUR * 24).await;
    assert_eq!(shop.state().await, is("business", false, Standing::Active));
    let subscriptions = shop.app.till.with(CUSTOMER, |all| all.len());
    assert_eq!(subscriptions, 1);
}
