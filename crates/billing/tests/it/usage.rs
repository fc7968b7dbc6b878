//! What is used, and who is told.

use http::Method;
use serde_json::json;
use wax_testkit::{Sender, Terms};

use crate::kit::{MINUTE, Shop};

impl Shop {
    async fn shares(&self, times: usize) {
        let path = self.house.path(&format!("/secrets?domain={}", self.house.domain));
        for _ in 0..times {
            let body = Sender::seal("text", &Terms::default()).create;
            let made = self.app.post(&path, &self.owner.token, &body).await;
            assert_eq!(made.status, 201, "{:?}", made.json);
        }
    }

    async fn usage(&self, of: &str) -> wax_testkit::Answer {
        let path = self.house.path(&format!("/usage{of}"));
        self.app.ask(Method::GET, &path, &self.owner.token, None).await
    }
}

#[tokio::test]
async fn usage_shows_every_meter_with_its_limit_and_twelve_months() {
    let shop = Shop::paying("business_month").await;
    shop.shares(2).await;
    let shown = shop.usage("").await.json;
    let meter = |n: usize| (&shown["meters"][n]["used"], &shown["meters"][n]["limit"]);
    assert_eq!(meter(0), (&json!(2), &json!(10)), "{shown}");
    assert!(shown["meters"][0]["resets_at_ms"].as_i64().unwrap() > shop.now().as_ms());
    assert_eq!(meter(1), (&json!(1), &json!(5)));
    assert_eq!(meter(2), (&json!(1), &json!(null)));
    assert_eq!(meter(3), (&json!(0), &json!(null)));
    let months = shown["months"].as_array().unwrap();
    assert_eq!(
        (months.len(), &months[11]["secrets"], &months[10]["secrets"]),
        (12, &json!(2), &json!(0))
    );
}

#[tokio::test]
async fn where_nothing_is_limited_nothing_is_counted() {
    let shop = Shop::customer().await;
    shop.shares(1).await;
    let shown = shop.usage("").await.json;
    assert_eq!(shown["meters"][0]["used"], json!(null));
    assert_eq!(shown["months"][11]["secrets"], 0);
}

#[tokio::test]
async fn usage_comes_as_a_table_for_spreadsheets() {
    let shop = Shop::customer().await;
    let answer = shop.usage(".csv").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
}

#[tokio::test]
async fn owners_are_told_at_80_and_at_100_percent_once_each() {
    let shop = Shop::paying("business_month").await;
    shop.told().await;
    shop.shares(7).await;
    shop.pass(MINUTE).await;
    assert_eq!(shop.told().await, [""; 0]);
    shop.shares(1).await;
    for _ in 0..2 {
        shop.pass(MINUTE).await;
    }
    assert_eq!(shop.told().await, ["usage-high"]);
    shop.shares(2).await;
    for _ in 0..2 {
        shop.pass(MINUTE).await;
    }
    assert_eq!(shop.told().await, ["usage-full"]);
}

#[tokio::test]
async fn an_upgrade_lifts_the_limit_at_once() {
    let shop = Shop::paying("business_month").await;
    shop.shares(10).await;
    let path = shop.house.path(&format!("/secrets?domain={}", shop.house.domain));
    let body = Sender::seal("text", &Terms::default()).create;
    let refused = shop.app.post(&path, &shop.owner.token, &body).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "plan-limit"));
    shop.change("sub_1", |one| one.price = Some("team_month".to_owned()));
    shop.app.clock.advance(MINUTE);
    assert_eq!(shop.ask(Method::POST, "/refresh", None).await.status, 200);
    shop.shares(1).await;
}
