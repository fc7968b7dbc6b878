//! Differences between Stripe and us that only people can mend.

use wax_model::billing::{Standing, SubscriptionStatus};
use wax_testkit::Till;

use crate::kit::{DAY, Shop, event};

#[tokio::test]
async fn an_event_for_a_customer_nobody_knows_is_kept_and_told() {
    let shop = Shop::customer().await;
    let body = event("evt_1", "cus_other", "invoice.paid");
    for _ in 0..2 {
        assert_eq!(shop.app.hear(&body, Some(&Till::sign(&body, shop.now()))).await.status, 200);
    }
    assert!(shop.app.store.platform().billing().event("evt_1").await.unwrap().is_some());
    assert_eq!(shop.drift().await, [("unknown-customer", "cus_other".to_owned())]);
    shop.pass(DAY).await;
    assert!(shop.drift().await.is_empty(), "whoever pays for nothing is nobody's concern");
}

#[tokio::test]
async fn a_daily_sweep_finds_who_pays_and_is_nobodys() {
    let shop = Shop::customer().await;
    let paid = Till::subscription("sub_x", "team_month", 1, shop.now());
    shop.app.till.with("cus_other", |all| all.push(paid));
    shop.pass(DAY).await;
    assert_eq!(shop.drift().await, [("unknown-customer", "cus_other".to_owned())]);
    shop.app.till.with("cus_other", |all| all[0].status = SubscriptionStatus::Canceled);
    shop.pass(DAY).await;
    assert!(shop.drift().await.is_empty());
}

#[tokio::test]
async fn of_two_subscriptions_the_better_counts_and_the_other_is_told() {
    let shop = Shop::paying("business_month").await;
    shop.subscribe("sub_2", "team_month");
    shop.change("sub_2", |one| one.status = SubscriptionStatus::PastDue);
    shop.ring("evt_1").await;
    assert_eq!(shop.state().await, ("business".to_owned(), false, Standing::Active));
    assert_eq!(shop.drift().await, [("two-subscriptions", "sub_2".to_owned())]);
    shop.change("sub_2", |one| one.status = SubscriptionStatus::Canceled);
    shop.ring("evt_2").await;
    assert!(shop.drift().await.is_empty(), "mended");
}

#[tokio::test]
async fn a_price_that_no_plan_has_leaves_the_plan_as_it_was() {
    let shop = Shop::paying("business_month").await;
    for price in [Some("nobodys".to_owned()), None] {
        shop.change("sub_1", |one| one.price.clone_from(&price));
        shop.ring("evt_1").await;
        assert_eq!(shop.state().await, ("business".to_owned(), false, Standing::Active));
        assert_eq!(shop.drift().await, [("unknown-price", "sub_1".to_owned())]);
    }
}

#[tokio::test]
async fn a_plan_that_was_taken_from_the_configuration_counts_as_the_default_one() {
    let shop = Shop::customer().await;
    shop.app.change_plan(&shop.house, "of-old", false).await;
    assert_eq!(shop.seen().await["plan"]["id"], "self-hosted");
    shop.app.clock.advance(DAY);
    for job in wax_billing::jobs(&shop.app.billing) {
        if job.name == "billing.sweep" {
            job.run().await.unwrap();
        }
    }
    assert_eq!(shop.drift().await, [("unknown-plan", "of-old".to_owned())]);
}
