//! The same levers over HTTP, for tests in a browser: `POST /__control/<lever>` with JSON.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Fault, Shared, api, books::AfterRetries};

pub(super) async fn answer(
    shared: &Arc<Shared>,
    method: &str,
    lever: &str,
    body: &str,
) -> Response {
    let said: Value =
        if body.is_empty() { json!({}) } else { serde_json::from_str(body).unwrap_or(Value::Null) };
    let answer = match (method, lever) {
        ("GET", "state") => {
            let mut desk = shared.lock();
            desk.books.catch_up();
            let events: Vec<_> =
                desk.events.iter().map(|one| json!({"id": one.id, "type": one.kind})).collect();
            Some(
                json!({"books": api::summary(&desk.books), "events": events, "delivered": desk.delivered}),
            )
        }
        ("POST", "deliver") => {
            let ids: Option<Vec<String>> = said["ids"]
                .as_array()
                .map(|ids| ids.iter().filter_map(|id| Some(id.as_str()?.to_owned())).collect());
            let statuses = shared.deliver(ids.as_deref()).await;
            Some(json!({"statuses": statuses}))
        }
        ("POST", _) => pulled(shared, lever, &said),
        _ => None,
    };
    shared.told();
    answer.map_or_else(
        || (StatusCode::BAD_REQUEST, "no such lever, or not like this\n").into_response(),
        |answer| Json(answer).into_response(),
    )
}

/// `None`: there is no such lever, or it was pulled wrongly.
fn pulled(shared: &Shared, lever: &str, said: &Value) -> Option<Value> {
    let mut desk = shared.lock();
    match lever {
        "price" => {
            let amounts = said["amounts"].as_object()?;
            let amounts: Option<Vec<_>> = amounts
                .iter()
                .map(|(code, amount)| Some((code.clone(), amount.as_i64()?)))
                .collect();
            let (key, product) = (said["lookup_key"].as_str()?, said["product"].as_str()?);
            Some(json!({"id": desk.price(product, key, said["interval"].as_str()?, &amounts?)}))
        }
        "endpoint" => {
            desk.listen(said["url"].as_str()?, said["secret"].as_str()?);
            Some(json!({}))
        }
        "promotion" => {
            desk.books
                .promotions
                .insert(said["code"].as_str()?.to_owned(), said["percent_off"].as_i64()?);
            Some(json!({}))
        }
        "advance" => {
            desk.books.ahead += said["seconds"].as_i64()?;
            desk.books.catch_up();
            Some(json!({"now": desk.books.now()}))
        }
        "card" => {
            let customer = desk.books.customer(said["customer"].as_str()?, "customer").ok()?;
            customer.card.as_mut()?.pays = said["pays"].as_bool()?;
            Some(json!({}))
        }
        "after-retries" => {
            desk.books.after_retries = match said["status"].as_str()? {
                "past_due" => AfterRetries::PastDue,
                "unpaid" => AfterRetries::Unpaid,
                "canceled" => AfterRetries::Canceled,
                _ => return None,
            };
            Some(json!({}))
        }
        "hold-events" => {
            desk.held = said["held"].as_bool()?;
            Some(json!({}))
        }
        "fault" => {
            let fault = Fault::parse(said["fault"].as_str()?);
            match said["once"].as_bool() {
                Some(true) => desk.faults.push_back((None, fault?)),
                _ => desk.always = fault,
            }
            Some(json!({}))
        }
        "release" => {
            drop(desk);
            shared.release.notify_waiters();
            Some(json!({}))
        }
        _ => None,
    }
}
