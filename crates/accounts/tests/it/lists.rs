//! What lists tell: never anything that opens something.

use serde_json::{Value, json};
use wax_testkit::{House, Person, PlatformApp, Sender, Terms};

/// An organization that has one of everything, and every bearer value that was handed out on the way.
async fn populated(app: &PlatformApp) -> (Person, House, Vec<String>) {
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let invite = json!({"email": "eve@people.example", "role": "member"});
    app.post(&acme.path("/invitations"), &ann.token, &invite).await;
    let key = json!({"name": "ci", "scopes": ["secrets:create"]});
    let made = app.post(&acme.path("/keys"), &ann.token, &key).await;
    let id = made.json["id"].as_str().expect("an id");
    let path = acme.path(&format!("/keys/{id}/rotate"));
    let rotated = app.post(&path, &ann.token, &json!({"overlap_s": 60})).await;
    let body = Sender::seal("text", &Terms::default()).create;
    app.post(&acme.path(&format!("/secrets?domain={}", acme.domain)), &ann.token, &body).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let bearers = vec![
        ann.token.clone(),
        app.invitation_token("eve@people.example").await,
        text(&made.json["key"]),
        text(&rotated.json["key"]),
        text(&body["claim_key"]),
        text(&body["wrapped_key"]),
        text(&body["content"]),
    ];
    (ann, acme, bearers)
}

/// Words of a text that could be a token: 40 characters or more of base64url.
fn token_like(text: &str) -> Vec<&str> {
    let of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split(|c| !of_token(c)).filter(|word| word.len() >= 40).collect()
}

/// Every GET operation of both documents, with the organization filled in.
fn gets(house: &House) -> Vec<String> {
    let document = PlatformApp::document();
    let gets = document.paths.paths.iter().filter(|(_, item)| item.get.is_some());
    let paths = gets.map(|(path, _)| path.replace("{organization}", &house.id.to_string()));
    paths.filter(|path| !path.contains('{') && path != "/v1/channel").collect()
}

#[tokio::test]
async fn no_list_answers_a_bearer_value() {
    let app = PlatformApp::new().await;
    let (ann, acme, bearers) = populated(&app).await;
    let mut asked = 0;
    for path in gets(&acme) {
        for query in ["", "?format=csv"] {
            let answer = app.get(&format!("{path}{query}"), &ann.token).await;
            let text = answer.json.to_string();
            for bearer in &bearers {
                assert!(!text.contains(bearer.as_str()), "{path} tells a bearer value");
            }
            // The token against forged requests is told by the session, and opens nothing by itself; cursors name a row.
            let allowed = path == "/v1/session";
            assert!(allowed || token_like(&text).is_empty(), "{path}: {:?}", token_like(&text));
            asked += usize::from(answer.status == 200);
        }
    }
    assert!(asked >= 10, "only {asked} operations answered");
}

#[tokio::test]
async fn the_trail_is_exported_as_lines_and_as_a_table() {
    let app = PlatformApp::new().await;
    let (ann, acme, _) = populated(&app).await;
    let listed = app.get(&acme.path("/audit?limit=200"), &ann.token).await;
    let rows = listed.json["items"].as_array().unwrap().len();
    let lines = app.get(&acme.path("/audit/export?format=jsonl"), &ann.token).await;
    let lines = lines.json.as_str().unwrap();
    assert_eq!(lines.lines().count(), rows + 1, "and that it was taken");
    assert_eq!(lines.matches("\"action\":\"audit.exported\"").count(), 1, "{lines}");
    let table = app.get(&acme.path("/audit/export?format=csv"), &ann.token).await;
    let table = table.json.as_str().unwrap();
    assert_eq!(table.lines().count(), rows + 3, "its head, and both exports");
    assert!(table.starts_with("\"id\",\"at_ms\",\"action\",\"actor\",\"subject\",\"network\"\r\n"));
    let none = app.get(&acme.path("/audit/export?format=csv&to_ms=0"), &ann.token).await;
    assert_eq!(none.json.as_str().unwrap().lines().count(), 1);
    assert_eq!(app.get(&acme.path("/audit?actions=x"), &ann.token).await.code(), "invalid");
}
