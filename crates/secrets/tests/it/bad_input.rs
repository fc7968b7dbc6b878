//! What is not a request of the protocol: refused with the reason, nothing changed, no panic.

use serde_json::{Value, json};
use wax_kernel::{Rng, SeededRng, base64url_encode};
use wax_testkit::{Sender, Terms, TestApp, request};

async fn refused(app: &TestApp, create: &Value) -> (u16, String, String, String) {
    let answer = app.post("/v1/secrets/create", create).await;
    let member = |name: &str| answer.json[name].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), member("code"), member("field"), member("rule"))
}

fn policy(text: &str) -> Value {
    base64url_encode(text).into()
}

#[tokio::test]
async fn a_refused_creation_names_the_field_and_the_rule() {
    let app = TestApp::new().await;
    let whole = Sender::seal("text", &Terms::default()).create;
    let invalid =
        |field: &str, rule: &str| (422, "invalid".to_owned(), field.to_owned(), rule.to_owned());
    let with_policy = |views: &str, expires: &str| {
        policy(&format!(
            r#"{{"kind":"one_time","views":{views},"expires":{expires},"passphrase":null,"sealed":"client"}}"#
        ))
    };
    let week = r#"{"after_s":604800}"#;
    let cases = [
        ("peek_sha256", json!("AA"), "peek_sha256", "form"),
        ("peek_sha256", json!(7), "peek_sha256", "type"),
        ("header", json!(base64url_encode([1_u8; 54])), "header", "length"),
        ("header", json!(base64url_encode([9_u8; 55])), "header", "form"),
        ("wrapped_key", json!(base64url_encode([1_u8; 61])), "wrapped_key", "length"),
        ("content", json!(base64url_encode([1_u8; 1_039])), "content", "length"),
        ("content", json!(base64url_encode(vec![1_u8; 1_048_833])), "content", "length"),
        ("content", json!("not base64url"), "content", "form"),
        ("policy", with_policy("0", week), "policy.views", "range"),
        ("policy", with_policy("1001", week), "policy.views", "range"),
        ("policy", with_policy("-1", week), "policy", "type"),
        ("policy", with_policy("99999999999999999999", week), "policy", "type"),
        ("policy", with_policy("1", r#"{"after_s":59}"#), "policy.expires.after_s", "range"),
        ("policy", with_policy("1", r#"{"after_s":-5}"#), "policy.expires.after_s", "range"),
        (
            "policy",
            with_policy("1", r#"{"after_s":9223372036854775807}"#),
            "policy.expires.after_s",
            "range",
        ),
        ("policy", with_policy("1", r#"{"at_ms":0}"#), "policy.expires.at_ms", "range"),
        ("policy", policy("{{"), "policy", "form"),
        ("policy", json!(base64url_encode(b"\xff\xfe")), "policy", "form"),
        (
            "policy",
            policy(
                r#"{"kind":"device_bound","views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"client"}"#,
            ),
            "policy.kind",
            "choice",
        ),
        (
            "policy",
            policy(
                r#"{"kind":"one_time","views":1,"expires":{"after_s":60},"passphrase":null,"sealed":"server"}"#,
            ),
            "policy.sealed",
            "not-offered",
        ),
        ("surprise", json!(1), "surprise", "unknown"),
    ];
    for (name, value, field, rule) in cases {
        let mut create = whole.clone();
        create[name] = value;
        assert_eq!(refused(&app, &create).await, invalid(field, rule), "{name}");
    }
    for name in [
        "peek_sha256",
        "claim_key",
        "ack_sha256",
        "receipt_sha256",
        "header",
        "wrapped_key",
        "policy",
        "content",
    ] {
        let mut create = whole.clone();
        create.as_object_mut().unwrap().remove(name);
        assert_eq!(refused(&app, &create).await, invalid(name, "required"));
    }
    assert_eq!(
        app.post("/v1/secrets/create", &whole).await.status,
        201,
        "a refusal left something behind"
    );
}

#[tokio::test]
async fn what_is_not_json_or_too_large_says_so() {
    let app = TestApp::new().await;
    let send = async |body: Vec<u8>, content_type: &'static str| {
        let mut request = request("/v1/secrets/create", body);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let answer = app.send(app.scope(), request).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    let json_type = "application/json";
    assert_eq!(send(b"{".to_vec(), json_type).await, (400, "malformed".into()));
    assert_eq!(send(b"\xff\xfe{}".to_vec(), json_type).await, (400, "malformed".into()));
    assert_eq!(send(vec![], json_type).await, (400, "malformed".into()));
    assert_eq!(send(b"{}".to_vec(), "text/plain").await, (415, "media-type".into()));
    assert_eq!(send(vec![b' '; 2 * 1_024 * 1_024 + 1], json_type).await, (413, "too-large".into()));
}

#[tokio::test]
async fn another_secrets_keys_open_and_end_nothing() {
    let app = TestApp::new().await;
    let one = Sender::share(&app, "one", &Terms::default()).await;
    let two = Sender::share(&app, "two", &Terms::default()).await;
    let (reader, other) = (one.recipient(), two.recipient());
    let mut peek = reader.peek_body();
    peek["peek"] = other.peek_body()["peek"].clone();
    assert_eq!(app.post("/v1/secrets/peek", &peek).await.code(), "not-available");

    let challenge = reader.challenge(&app).await;
    let mut claim = reader.claim_body(&challenge);
    claim["claim_key"] = other.claim_body(&challenge)["claim_key"].clone();
    let answer =
        app.send(app.scope(), reader.signed("/v1/secrets/claim", &claim, &challenge)).await;
    assert_eq!(answer.code(), "wrong-key");

    let mut proof = one.proof();
    proof["receipt"] = two.proof()["receipt"].clone();
    assert_eq!(app.post("/v1/secrets/burn", &proof).await.code(), "not-available");
    assert_eq!(reader.peek(&app).await.json["state"], "ready");
}

/// Ten thousand damaged requests over all routes: always an answer below 500, and the secret is untouched.
#[tokio::test]
async fn damaged_requests_never_break_the_service_or_touch_a_secret() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    let challenge = reader.challenge(&app).await;
    let claim = reader.claim_body(&challenge);
    let bodies = [
        ("create", sender.create.to_string()),
        ("peek", reader.peek_body().to_string()),
        ("claim", claim.to_string()),
        ("recover", claim.to_string()),
        ("ack", claim.to_string()),
        ("heartbeat", claim.to_string()),
        ("burn", json!({"rid": "AAAAAAAAAAAAAAAAAAAAAA", "receipt": "A"}).to_string()),
        ("unlock", json!({"rid": 1}).to_string()),
        ("receipt", json!([]).to_string()),
        ("status", json!(null).to_string()),
    ];
    let rng = SeededRng::new(2_026);
    for round in 0..1_000 {
        for (route, body) in &bodies {
            let damaged = damage(body.as_bytes(), &rng);
            let answer =
                app.send(app.scope(), request(&format!("/v1/secrets/{route}"), damaged)).await;
            assert!(answer.status.as_u16() < 500, "round {round} {route}: {:?}", answer.json);
        }
    }
    let seen = reader.peek(&app).await;
    assert_eq!((&seen.json["state"], &seen.json["views_left"]), (&json!("ready"), &json!(1)));
    assert_eq!(seen.json["tries"]["wrong"], 0);
}

/// Flips, cuts, repeats or inserts at one place.
fn damage(bytes: &[u8], rng: &dyn Rng) -> Vec<u8> {
    let [kind, a, b, c, with] = rng.bytes::<5>();
    let at = usize::from(u16::from_be_bytes([a, b])) % bytes.len().max(1);
    let mut damaged = bytes.to_vec();
    match kind % 4 {
        0 => damaged[at] ^= with | 1,
        1 => damaged.truncate(at),
        2 => damaged.extend_from_slice(&bytes[at..]),
        _ => {
            damaged.splice(at..at, [c, with]);
        }
    }
    damaged
}

#[tokio::test]
async fn a_query_is_refused_on_every_route() {
    let app = TestApp::new().await;
    for path in wax_secrets::openapi().paths.paths.into_keys() {
        let answer = app.post(&format!("{path}?id=x"), &json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "malformed"), "{path}");
        let answer = app.post(&format!("{path}?"), &json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "malformed"), "{path}");
    }
}
