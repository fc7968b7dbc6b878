//! What people do on Stripe's pages, and what Stripe tells of it by itself, as our client and our verification see it.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use wax_kernel::{Redacted, Timestamp};
use wax_model::billing::SubscriptionStatus;
use wax_payments::{Payments as _, webhook};

use crate::house::{DAY, House, START_S, house};

async fn portal(house: &House, customer: &str) -> String {
    house.client.portal(customer, "https://app.example.com/back").await.unwrap()
}

#[tokio::test]
async fn in_the_portal_a_customer_gives_another_card_and_pays_what_is_open() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.card_pays(&customer, false);
    house.stripe.advance(31 * DAY);
    let open = house.client.invoices(&customer, 1).await.unwrap().remove(0);
    assert_eq!(house.one(&customer).await.status, SubscriptionStatus::PastDue);
    let page = portal(&house, &customer).await;
    let pay = format!("action=pay&invoice={}", open.id);
    house.stripe.submit(&page, &pay);
    assert_eq!(house.one(&customer).await.status, SubscriptionStatus::PastDue, "the same card");
    house.stripe.submit(&page, "action=card&card=5555555555554444");
    house.stripe.submit(&page, &pay);
    let one = house.one(&customer).await;
    assert_eq!((one.status, one.unpaid_since), (SubscriptionStatus::Active, None));
}

#[tokio::test]
async fn in_the_portal_a_subscription_is_cancelled_and_kept_but_nobody_elses() {
    let house = house().await;
    let (customer, id) = house.subscriber("usd", 1).await;
    let other = house.client.create_customer(&crate::house::acme(), "other").await.unwrap();
    let (own, others) = (portal(&house, &customer).await, portal(&house, &other).await);
    let form = |action: &str| format!("action={action}&subscription={id}");
    house.stripe.submit(&others, &form("cancel"));
    assert_eq!(house.one(&customer).await.ends_at, None);
    house.stripe.submit(&own, &form("cancel"));
    let ends = Timestamp::from_ms((START_S + 30 * DAY) * 1_000);
    assert_eq!(house.one(&customer).await.ends_at, Some(ends));
    house.stripe.submit(&own, &form("resume"));
    assert_eq!(house.one(&customer).await.ends_at, None);
}

/// Every event that came and was good, in order.
type Heard = Arc<Mutex<Vec<webhook::Event>>>;

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) -> &'static str {
    let header = headers["stripe-signature"].to_str().unwrap();
    let secrets = [Redacted::new("whsec_two".to_owned()), Redacted::new("whsec_one".to_owned())];
    let now = Timestamp::from_ms(START_S * 1_000);
    webhook::verify(header, &body, &secrets, now).unwrap();
    heard.lock().unwrap().push(webhook::read(&body).unwrap());
    "thank you"
}

#[tokio::test]
async fn webhooks_come_signed_in_any_order_and_as_often_as_a_test_likes() {
    let house = house().await;
    let heard = Heard::default();
    let router = Router::new().route("/hooks", post(hear)).with_state(Arc::clone(&heard));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://app.localhost:{}/hooks", listener.local_addr().unwrap().port());
    #[expect(clippy::disallowed_methods, reason = "a test's own server, ended with it")]
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    house.stripe.hold_events(true);
    house.stripe.listen(&url, "whsec_one");
    house.subscriber("usd", 1).await;
    let mut ids: Vec<String> = house.stripe.events().into_iter().map(|event| event.id).collect();
    ids.reverse();
    ids.push(ids[0].clone());
    let lost = ids.remove(1);
    assert_eq!(house.stripe.deliver(Some(&ids)).await, vec![200; ids.len()]);
    let told: Vec<String> = heard.lock().unwrap().iter().map(|event| event.id.clone()).collect();
    assert_eq!(told, ids);
    assert!(!told.contains(&lost) && told.len() > 3);
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
}
