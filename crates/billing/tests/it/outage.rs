//! Stripe is down, slow, or cannot be read.

use std::time::Duration;

use http::Method;
use serde_json::json;
use wax_model::billing::Standing;
use wax_payments::PaymentsError;
use wax_telemetry::Tasks;
use wax_testkit::{Sender, Terms};

use crate::kit::{HOUR, MINUTE, Shop};

fn down() -> PaymentsError {
    PaymentsError::Unavailable("connection refused".to_owned())
}

#[tokio::test]
async fn while_stripe_is_down_payments_say_so_and_nothing_has_changed() {
    let shop = Shop::paying("business_month").await;
    let state = shop.state().await;
    shop.app.till.fail(Some(down()));
    let plan = json!({"plan": "team", "interval": "month"});
    let change = json!({"plan": "team", "interval": "month", "at_ms": shop.now().as_ms()});
    for (path, body) in [
        ("/portal", None),
        ("/preview", Some(&plan)),
        ("/change", Some(&change)),
        ("/cancel", None),
        ("/resume", None),
    ] {
        let answer = shop.ask(Method::POST, path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (503, "payments-unavailable"),
            "{path}"
        );
        assert_eq!(answer.headers["retry-after"], "30", "{path}");
    }
    assert_eq!(shop.checkout().await.code(), "payments-unavailable");
    assert_eq!(shop.state().await, state);
    assert_eq!(shop.ask(Method::GET, "/invoices", None).await.status, 200);
}

#[tokio::test]
async fn a_refresh_while_stripe_is_down_answers_what_is_known_as_stale() {
    let shop = Shop::paying("business_month").await;
    shop.app.clock.advance(MINUTE);
    shop.app.till.fail(Some(down()));
    let answer = shop.ask(Method::POST, "/refresh", None).await;
    assert_eq!((answer.status.as_u16(), &answer.json["stale"]), (200, &json!(true)));
    assert_eq!(answer.json["plan"]["id"], "business");
    shop.app.till.fail(None);
    assert_eq!(shop.ask(Method::POST, "/refresh", None).await.json["stale"], false);
}

#[tokio::test]
async fn a_refresh_lifts_the_limit_before_any_event_has_come() {
    let shop = Shop::customer().await;
    shop.subscribe("sub_1", "business_month");
    shop.app.clock.advance(Duration::from_secs(5));
    let answer = shop.ask(Method::POST, "/refresh", None).await;
    assert_eq!(answer.json["plan"]["id"], "business");
    assert_eq!(shop.state().await, ("business".to_owned(), false, Standing::Active));
}

#[tokio::test]
async fn one_organization_asks_stripe_at_most_every_5_seconds() {
    let shop = Shop::paying("business_month").await;
    shop.change("sub_1", |one| one.seats = 7);
    let seats = async || shop.ask(Method::POST, "/refresh", None).await.json["seats"].clone();
    shop.app.clock.advance(Duration::from_millis(4_999));
    assert_eq!(seats().await, 1);
    shop.app.clock.advance(Duration::from_millis(1));
    assert_eq!(seats().await, 7);
}

#[tokio::test]
async fn while_stripe_is_slow_secrets_are_shared() {
    let shop = Shop::paying("business_month").await;
    shop.hear("evt_1").await;
    let gate = shop.app.till.hold();
    let billing = shop.app.billing.clone();
    let attend = async move { wax_billing::jobs(&billing)[0].run().await };
    let attending = Tasks::new().spawn("attend", attend);
    while shop.app.till.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let path = shop.house.path(&format!("/secrets?domain={}", shop.house.domain));
    let body = Sender::seal("text", &Terms::default()).create;
    assert_eq!(shop.app.post(&path, &shop.owner.token, &body).await.status, 201);
    assert_eq!(shop.seen().await["plan"]["id"], "business");
    assert_eq!(shop.hear("evt_2").await.status, 200);
    shop.app.till.pass();
    gate.add_permits(100);
    attending.await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_stripe_that_does_not_answer_is_asked_again_later_and_later() {
    let shop = Shop::paying("business_month").await;
    shop.app.till.fail(Some(down()));
    shop.ring("evt_1").await;
    assert_eq!(shop.row().await.failures, 1);
    shop.pass(MINUTE.saturating_sub(Duration::from_millis(1))).await;
    assert_eq!(shop.row().await.failures, 1, "not before a minute");
    shop.pass(Duration::from_millis(1)).await;
    assert_eq!(shop.row().await.failures, 2);
    shop.pass(MINUTE).await;
    assert_eq!(shop.row().await.failures, 2, "not before two");
    shop.app.till.fail(None);
    shop.change("sub_1", |one| one.seats = 7);
    shop.pass(HOUR).await;
    let row = shop.row().await;
    assert_eq!((row.failures, row.fetched), (0, row.wanted));
    assert_eq!(shop.seen().await["seats"], 7);
}

#[tokio::test]
async fn what_cannot_be_read_takes_no_plan_away() {
    let shop = Shop::paying("business_month").await;
    shop.app.till.fail(Some(PaymentsError::Unreadable));
    shop.ring("evt_1").await;
    assert_eq!(shop.state().await, ("business".to_owned(), false, Standing::Active));
    assert_eq!(shop.seen().await["stale"], true);
}
