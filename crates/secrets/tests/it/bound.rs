//! Device-bound secrets: the first device may return until expiry, nobody else.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use wax_kernel::base64url_decode;
use wax_store::Store as _;
use wax_testkit::{Answer, Recipient, START, Sender, Terms, TestApp};

async fn bound(app: &TestApp) -> (Sender, Recipient, Answer) {
    let sender = Sender::share(app, "text", &Terms::device_bound()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(app).await;
    let acked = reader.ack(app, &claimed).await;
    assert_eq!((acked.status.as_u16(), &acked.json["state"]), (200, &json!("bound")));
    (sender, reader, claimed)
}

async fn receipt(app: &TestApp, sender: &Sender) -> Value {
    app.post("/v1/secrets/receipt", &sender.proof()).await.json
}

#[tokio::test]
async fn the_device_returns_until_expiry_and_is_given_the_same_content() {
    let app = TestApp::new().await;
    let (_, mut reader, claimed) = bound(&app).await;
    for _ in 0..3 {
        app.pass(Duration::from_secs(1_000)).await;
        let opened = reader.reopen(&app, &claimed).await;
        assert_eq!(opened.status, 200, "{:?}", opened.json);
        for part in ["header", "policy", "content"] {
            assert_eq!(opened.json[part], claimed.json["claim"][part]);
        }
        assert!(opened.json.get("wrapped_key").is_none());
    }
    app.clock.set(START);
    app.clock.advance(Duration::from_millis(3_599_999));
    assert_eq!(reader.reopen(&app, &claimed).await.status, 200);
    app.clock.advance(Duration::from_millis(1));
    let late = reader.reopen(&app, &claimed).await;
    assert_eq!((late.code(), &late.json["state"]), ("gone", &json!("expired")));
}

#[tokio::test]
async fn the_confirmation_deletes_the_wrapped_key_and_the_end_deletes_the_content() {
    let app = TestApp::new().await;
    let (sender, _, _) = bound(&app).await;
    let id = sender.sealed.id;
    let mut rows = app.store.read(app.scope());
    assert!(rows.secrets().wrap(id).await.unwrap().is_none());
    assert!(rows.secrets().content(id).await.unwrap().is_some());
    let burned = app.post("/v1/secrets/burn", &sender.proof()).await;
    assert_eq!(burned.json["state"], "burned");
    assert!(rows.secrets().content(id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_device_is_told_its_claim_and_counter_and_no_other_device_is() {
    let app = TestApp::new().await;
    let (sender, mut reader, claimed) = bound(&app).await;
    reader.reopen(&app, &claimed).await;
    let seen = reader.peek(&app).await.json;
    assert_eq!((&seen["state"], &seen["yours"]), (&json!("bound"), &json!("acked")));
    assert_eq!(seen["bound"]["claim"], claimed.json["claim"]["id"]);
    assert_eq!(seen["bound"]["counter"], reader.counter);
    let other = sender.recipient().peek(&app).await.json;
    assert_eq!((&other["bound"], &other["yours"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_second_device_is_refused_and_told_when_and_by_what_kind_of_device() {
    let app = TestApp::new().await;
    let (sender, _, _) = bound(&app).await;
    app.clock.advance(Duration::from_secs(60));
    let second = sender.recipient();
    let openings = json!([{"at_ms": START.as_ms(), "device": "unknown", "state": "acked"}]);
    let seen = second.peek(&app).await.json;
    assert_eq!((&seen["state"], &seen["openings"]), (&json!("bound"), &openings));
    let refused = second.claim(&app).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "gone"));
    assert_eq!((&refused.json["state"], &refused.json["openings"]), (&json!("bound"), &openings));
    assert_eq!(seen["tries"]["wrong"], 0);
}

#[tokio::test]
async fn a_repeated_confirmation_answers_bound() {
    let app = TestApp::new().await;
    let (_, mut reader, claimed) = bound(&app).await;
    let again = reader.ack(&app, &claimed).await;
    assert_eq!((again.status.as_u16(), &again.json["state"]), (200, &json!("bound")));
}

#[tokio::test]
async fn of_racing_openings_with_one_counter_one_is_answered() {
    let app = TestApp::new().await;
    let (sender, mut reader, claimed) = bound(&app).await;
    let challenge = reader.challenge(&app).await;
    let body = reader.call_body(&claimed.json["claim"]["id"], &challenge);
    let sent = (0..64)
        .map(|_| app.send(app.scope(), reader.signed("/v1/secrets/open", &body, &challenge)));
    let answers = join_all(sent).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
    assert_eq!((refused.code(), &refused.json["field"]), ("invalid", &json!("counter")));
    assert_eq!(receipt(&app, &sender).await["openings"][0]["opens"], 1);
}

#[tokio::test]
async fn the_sender_sees_how_often_and_when_it_was_opened() {
    let app = TestApp::new().await;
    let (sender, mut reader, claimed) = bound(&app).await;
    let opening = &receipt(&app, &sender).await["openings"][0];
    assert_eq!((&opening["opens"], &opening["last_open_at_ms"]), (&json!(0), &Value::Null));
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(60));
        reader.reopen(&app, &claimed).await;
    }
    let seen = receipt(&app, &sender).await;
    let opening = &seen["openings"][0];
    assert_eq!((&seen["state"], &opening["opens"]), (&json!("bound"), &json!(2)));
    assert_eq!(opening["last_open_at_ms"], START.as_ms() + 120_000);
}

#[tokio::test]
async fn what_nobody_confirms_is_destroyed_and_never_bound() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::device_bound()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let early = reader.reopen(&app, &claimed).await;
    assert_eq!((early.code(), &early.json["state"]), ("gone", &json!("draining")));
    app.pass(Duration::from_secs(620)).await;
    assert_eq!(receipt(&app, &sender).await["state"], "destroyed");
    assert_eq!(reader.ack(&app, &claimed).await.code(), "gone");
}

#[tokio::test]
async fn a_bound_secret_expires_with_the_reaper() {
    let app = TestApp::new().await;
    let (sender, reader, _) = bound(&app).await;
    app.pass(Duration::from_secs(3_610)).await;
    let seen = receipt(&app, &sender).await;
    assert_eq!((&seen["state"], seen["ended_at_ms"].is_i64()), (&json!("expired"), true));
    assert!(
        app.store.read(app.scope()).secrets().content(sender.sealed.id).await.unwrap().is_none()
    );
    let told = reader.peek(&app).await.json;
    assert_eq!((&told["state"], &told["bound"]), (&json!("expired"), &Value::Null));
}

#[tokio::test]
async fn unlocking_a_bound_secret_changes_nothing() {
    let app = TestApp::new().await;
    let (sender, _, _) = bound(&app).await;
    let before = receipt(&app, &sender).await;
    let after = app.post("/v1/secrets/unlock", &sender.proof()).await;
    assert_eq!((after.status.as_u16(), after.json), (200, before));
}

#[tokio::test]
async fn a_device_bound_secret_has_one_view() {
    let app = TestApp::new().await;
    let sender = Sender::seal("text", &Terms { views: 2, ..Terms::device_bound() });
    let refused = app.post("/v1/secrets/create", &sender.create).await;
    assert_eq!((refused.status.as_u16(), &refused.json["field"]), (422, &json!("policy.views")));
    assert_eq!((&refused.json["rule"], &refused.json["max"]), (&json!("range"), &json!(1)));
}

#[tokio::test]
async fn every_change_of_a_bound_secret_is_a_line_of_its_status() {
    let app = TestApp::new().await;
    let (sender, mut reader, claimed) = bound(&app).await;
    let proof = sender.proof();
    let story = async {
        // One after the other, each seen before the next.
        for _ in 0..2 {
            tokio::task::yield_now().await;
            reader.reopen(&app, &claimed).await;
        }
        app.post("/v1/secrets/burn", &proof).await
    };
    let (lines, burned) = tokio::join!(app.lines("/v1/secrets/status", &proof), story);
    assert_eq!(burned.json["state"], "burned");
    let opens = |line: &Value| line["openings"][0]["opens"].as_u64().unwrap();
    assert!(lines.windows(2).all(|pair| opens(&pair[0]) <= opens(&pair[1])));
    assert_eq!((lines[0]["state"].as_str(), opens(&lines[0])), (Some("bound"), 0));
    assert_eq!(lines.last().unwrap()["state"], "burned");
    assert!(lines.iter().any(|line| line["state"] == "bound" && opens(line) > 0));
    let policy = base64url_decode(sender.create["policy"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8(policy).unwrap().contains("device_bound"));
}
