//! What Stripe sends by itself.

use std::time::Duration;

use wax_testkit::Till;

use crate::kit::{CUSTOMER, DAY, Shop, event};

const KIND: &str = "customer.subscription.updated";

/// Refused, and nothing is stored or wanted.
async fn refused(shop: &Shop, body: &str, signature: Option<&str>, reason: &str) {
    let wanted = shop.row().await.wanted;
    let answer = shop.app.hear(body, signature).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, "malformed"), "{:?}", answer.json);
    assert_eq!(answer.json["reason"], reason);
    assert_eq!(shop.row().await.wanted, wanted);
    let kept = shop.app.store.platform().billing().event("evt_1").await.unwrap();
    assert_eq!(kept, None);
}

#[tokio::test]
async fn a_forged_or_missing_signature_is_refused_and_nothing_is_kept() {
    let shop = Shop::customer().await;
    let body = event("evt_1", CUSTOMER, KIND);
    let good = Till::sign(&body, shop.now());
    let of_another = Till::sign(&event("evt_2", CUSTOMER, KIND), shop.now());
    refused(&shop, &body, None, "signature").await;
    refused(&shop, &body, Some(&of_another), "signature").await;
    refused(&shop, &body, Some("t=1,v1=00"), "signature").await;
    // One byte more is another body.
    refused(&shop, &format!("{body} "), Some(&good), "signature").await;
    assert_eq!(shop.app.hear(&body, Some(&good)).await.status, 200);
}

#[tokio::test]
async fn a_stale_signature_is_refused() {
    let shop = Shop::customer().await;
    let body = event("evt_1", CUSTOMER, KIND);
    let stale = Till::sign(&body, shop.now().minus(Duration::from_secs(301)));
    refused(&shop, &body, Some(&stale), "signature").await;
}

#[tokio::test]
async fn a_signature_of_the_future_is_refused() {
    let shop = Shop::customer().await;
    let body = event("evt_1", CUSTOMER, KIND);
    let future = Till::sign(&body, shop.now().plus(Duration::from_secs(301)));
    refused(&shop, &body, Some(&future), "signature").await;
}

#[tokio::test]
async fn clocks_may_be_five_minutes_apart_either_way() {
    let shop = Shop::customer().await;
    let skew = Duration::from_secs(300);
    for (id, at) in [("evt_1", shop.now().minus(skew)), ("evt_2", shop.now().plus(skew))] {
        let body = event(id, CUSTOMER, KIND);
        assert_eq!(shop.app.hear(&body, Some(&Till::sign(&body, at))).await.status, 200, "{id}");
    }
}

#[tokio::test]
async fn a_replayed_event_is_taken_and_changes_nothing() {
    let shop = Shop::paying("business_month").await;
    let (state, trail) = (shop.state().await, shop.trail().await);
    shop.told().await;
    for _ in 0..3 {
        shop.ring("evt_0").await;
    }
    assert_eq!((shop.state().await, shop.trail().await), (state, trail));
    assert_eq!(shop.told().await, [""; 0]);
}

#[tokio::test]
async fn what_is_signed_and_no_event_is_refused() {
    let shop = Shop::customer().await;
    for body in ["", "{", "[]", "null", "{}", r#"{"id":7}"#, r#"{"id":""}"#] {
        let signature = Till::sign(body, shop.now());
        refused(&shop, body, Some(&signature), "event").await;
    }
}

#[tokio::test]
async fn an_event_larger_than_256_kib_is_refused() {
    let shop = Shop::customer().await;
    let body = event("evt_1", CUSTOMER, &"x".repeat(256 * 1_024));
    let answer = shop.app.hear(&body, Some(&Till::sign(&body, shop.now()))).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "too-large"));
}

#[tokio::test]
async fn an_event_of_an_unknown_kind_is_kept_sealed_for_30_days() {
    let shop = Shop::customer().await;
    let body = event("evt_1", CUSTOMER, "something.nobody_knows");
    assert_eq!(shop.app.hear(&body, Some(&Till::sign(&body, shop.now()))).await.status, 200);
    let billing = || shop.app.store.platform().billing();
    let kept = billing().event("evt_1").await.unwrap().unwrap();
    assert_eq!((&*kept.kind, kept.customer.as_deref()), ("something.nobody_knows", Some(CUSTOMER)));
    let readable = kept.body.windows(CUSTOMER.len()).any(|part| part == CUSTOMER.as_bytes());
    assert!(!readable, "what people paid is read by nobody who has the database alone");
    let last = Duration::from_millis(1);
    shop.pass((DAY * 30).saturating_sub(last)).await;
    assert!(billing().event("evt_1").await.unwrap().is_some());
    shop.pass(last).await;
    assert!(billing().event("evt_1").await.unwrap().is_none());
}
