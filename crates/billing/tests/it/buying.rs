//! Subscribing, changing, cancelling.

use http::Method;
use serde_json::json;
use wax_model::{Role, billing::Currency};

use crate::kit::{CUSTOMER, MINUTE, Shop};

#[tokio::test]
async fn checkout_leads_to_stripe_and_back_with_seats_trial_and_language() {
    let shop = Shop::stranger().await;
    let ann = shop.app.person("ann").await;
    shop.app.join(&shop.house, &ann, Role::Member, None).await;
    let answer = shop.checkout().await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    assert!(answer.json["url"].as_str().unwrap().starts_with("https://checkout.example/"));
    let asked = shop.app.till.last_checkout().unwrap();
    assert_eq!((&*asked.lookup_key, asked.seats, asked.trial_days), ("team_month", 2, 14));
    assert_eq!(asked.success_url, "https://app.waxseal.example/o/acme/billing?back=checkout");
    assert_eq!(asked.cancel_url, "https://app.waxseal.example/o/acme/billing?back=left");
    assert_eq!((asked.language, &*asked.customer), ("en", &*shop.row().await.customer));
}

#[tokio::test]
async fn two_clicks_lead_to_one_page_and_make_one_customer() {
    let shop = Shop::stranger().await;
    let (first, second) = (shop.checkout().await, shop.checkout().await);
    assert_eq!(first.json["url"], second.json["url"]);
    assert_eq!(shop.app.till.changes(), ["create_customer", "checkout"]);
    shop.app.clock.advance(MINUTE * 11);
    assert_ne!(shop.checkout().await.json["url"], first.json["url"], "a page ends");
}

#[tokio::test]
async fn who_pays_already_changes_and_does_not_buy() {
    let shop = Shop::customer().await;
    // Nobody has told us yet: Stripe is asked.
    shop.subscribe("sub_1", "business_month");
    let answer = shop.checkout().await;
    assert_eq!((answer.status.as_u16(), answer.code()), (409, "conflict"));
    assert_eq!(answer.json["reason"], "subscribed");
}

#[tokio::test]
async fn a_second_currency_is_refused_with_the_one_that_counts() {
    let shop = Shop::paying("business_month").await;
    shop.change("sub_1", |one| {
        one.status = wax_model::billing::SubscriptionStatus::Canceled;
        one.currency = Currency::parse("jpy").unwrap();
    });
    let answer = shop.checkout().await;
    assert_eq!((answer.code(), &answer.json["reason"]), ("conflict", &json!("currency")));
    assert_eq!(answer.json["currency"], "jpy");
    let body = json!({"plan": "team", "interval": "month", "currency": "jpy"});
    assert_eq!(shop.post("/checkout", &body).await.status, 200);
}

#[tokio::test]
async fn what_is_not_sold_cannot_be_bought() {
    let shop = Shop::stranger().await;
    for (plan, interval, currency, field) in [
        ("self-hosted", "month", "usd", "plan"),
        ("nobodys", "month", "usd", "plan"),
        ("TEAM", "month", "usd", "plan"),
        ("team", "month", "eur", "currency"),
        ("team", "month", "dollars", "currency"),
        ("team", "week", "usd", "interval"),
    ] {
        let body = json!({"plan": plan, "interval": interval, "currency": currency});
        let answer = shop.post("/checkout", &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json["field"]), (422, &json!(field)), "{body}");
    }
    assert_eq!(shop.app.till.changes(), [""; 0], "nobody became a customer");
}

#[tokio::test]
async fn who_pays_for_nothing_has_no_portal_and_nothing_to_change() {
    let shop = Shop::stranger().await;
    let body = json!({"plan": "team", "interval": "month"});
    for (path, body) in
        [("/portal", None), ("/preview", Some(&body)), ("/cancel", None), ("/resume", None)]
    {
        let answer = shop.ask(Method::POST, path, body).await;
        assert_eq!(answer.json["reason"], "not-subscribed", "{path}");
    }
    let seen = shop.seen().await;
    assert_eq!((&seen["standing"], &seen["customer"]), (&json!("none"), &json!(false)));
    assert_eq!(seen["offers"].as_array().unwrap().len(), 3);
    let refreshed = shop.ask(Method::POST, "/refresh", None).await;
    assert_eq!((refreshed.status.as_u16(), &refreshed.json["stale"]), (200, &json!(false)));
}

#[tokio::test]
async fn a_change_is_prorated_to_the_moment_of_its_preview_and_done_at_once() {
    let shop = Shop::paying("team_month").await;
    let wanted = json!({"plan": "business", "interval": "year"});
    let shown = shop.post("/preview", &wanted).await.json;
    assert_eq!((&shown["currency"], &shown["decimals"]), (&json!("usd"), &json!(2)));
    shop.app.clock.advance(MINUTE * 9);
    let wanted = json!({"plan": "business", "interval": "year", "at_ms": shown["at_ms"]});
    let answer = shop.post("/change", &wanted).await;
    assert_eq!((answer.status.as_u16(), &answer.json["plan"]["id"]), (200, &json!("business")));
    assert_eq!(shop.state().await.0, "business");
    assert_eq!(shop.post("/change", &wanted).await.status, 200);
    assert_eq!(shop.app.till.changes(), ["change"], "asked twice, done once");
}

#[tokio::test]
async fn a_preview_stands_for_ten_minutes() {
    let shop = Shop::paying("team_month").await;
    for at_ms in [shop.now().as_ms() - 600_001, shop.now().as_ms() + 1] {
        let wanted = json!({"plan": "business", "interval": "month", "at_ms": at_ms});
        let answer = shop.post("/change", &wanted).await;
        assert_eq!((answer.status.as_u16(), &answer.json["field"]), (422, &json!("at_ms")));
    }
}

#[tokio::test]
async fn a_plan_ends_with_its_period_or_not_after_all_as_often_as_somebody_likes() {
    let shop = Shop::paying("business_month").await;
    let ends = shop.now().as_ms();
    for _ in 0..2 {
        let answer = shop.ask(Method::POST, "/cancel", None).await;
        assert!(answer.json["ends_at_ms"].as_i64().unwrap() > ends, "{:?}", answer.json);
        assert_eq!(answer.json["standing"], "active");
        let answer = shop.ask(Method::POST, "/resume", None).await;
        assert_eq!(answer.json["ends_at_ms"], json!(null));
    }
    assert_eq!(shop.app.till.changes().len(), 4);
}

#[tokio::test]
async fn invoices_are_shown_as_we_last_saw_them() {
    let shop = Shop::customer().await;
    let invoice = wax_payments::Invoice {
        id: "in_1".to_owned(),
        number: Some("A-1".to_owned()),
        created_at: shop.now(),
        status: "paid".to_owned(),
        total: 1_200,
        currency: Currency::parse("jpy").unwrap(),
        url: Some("https://invoice.example/x".to_owned()),
        pdf: None,
    };
    shop.app.till.invoice(CUSTOMER, invoice);
    shop.ring("evt_1").await;
    shop.app.till.fail(Some(wax_payments::PaymentsError::Unreadable));
    let answer = shop.ask(Method::GET, "/invoices", None).await;
    let shown = &answer.json["invoices"][0];
    assert_eq!((&shown["total"], &shown["decimals"]), (&json!(1_200), &json!(0)));
    let sealed = shop.row().await.copy.unwrap();
    assert!(!sealed.windows(15).any(|part| part == b"invoice.example"), "a row opens no invoice");
}

#[tokio::test]
async fn where_nothing_is_sold_no_operation_exists_and_nothing_is_done() {
    let app = wax_testkit::PlatformApp::new().await;
    let owner = app.person("owner").await;
    let house = app.house(&owner, "acme").await;
    for path in ["/billing", "/billing/invoices", "/usage", "/usage.csv"] {
        let answer = app.get(&house.path(path), &owner.token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "not-available"), "{path}");
    }
    let answer = app.hear("{}", None).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "not-available"));
    assert!(wax_billing::jobs(&app.billing).is_empty());
}
