//! A request that is sent again, when whoever did it the first time has died in the middle.

use std::{future::pending, time::Duration};

use serde_json::{Value, json};
use wax_kernel::AccountId;
use wax_model::Actor;

use super::kit::App;
use crate::service::{Once, Refusal};

fn once(app: &App, body: &str) -> Once {
    let who = Actor::Account(AccountId::from_bytes([1; 16]));
    app.accounts.once_of("AAAAAAAAAAAAAAAA", who, "found", body)
}

async fn done(app: &App, body: &str, answer: &str) -> Result<Value, Refusal> {
    let act = async { Ok(json!(answer)) };
    app.accounts.done_once(Some(once(app, body)), act).await
}

/// Begins it, and goes away while it is being done.
async fn dies_in_the_middle(app: &App) {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let act = async move {
        begun.send(()).unwrap();
        pending::<Result<Value, Refusal>>().await
    };
    tokio::select! {
        answer = app.accounts.done_once(Some(once(app, "body")), act) => panic!("{answer:?}"),
        begun = has_begun => begun.unwrap(),
    }
}

#[tokio::test]
async fn a_request_that_died_in_the_middle_keeps_others_off_for_two_minutes_and_no_longer() {
    let app = App::new().await;
    dies_in_the_middle(&app).await;
    app.pass(Duration::from_secs(119));
    assert!(matches!(done(&app, "body", "early").await, Err(Refusal::Busy)));
    app.pass(Duration::from_secs(1));
    assert_eq!(done(&app, "body", "second").await.unwrap(), "second");
    assert_eq!(done(&app, "body", "third").await.unwrap(), "second", "it was done once");
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_day_and_another_body_is_refused() {
    let app = App::new().await;
    assert_eq!(done(&app, "body", "first").await.unwrap(), "first");
    app.pass(Duration::from_hours(24) - Duration::from_millis(1));
    assert_eq!(done(&app, "body", "second").await.unwrap(), "first");
    assert!(matches!(done(&app, "other", "x").await, Err(Refusal::OtherRequest)));
    app.pass(Duration::from_millis(1));
    assert_eq!(done(&app, "other", "x").await.unwrap(), "x");
}
