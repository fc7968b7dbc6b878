//! Every operation says who may, and means it.

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;
use wax_model::Permission;

use super::kit::App;

/// Method, path and `x-permission` of every operation.
fn operations() -> Vec<(Method, String, String)> {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let permission = operation["x-permission"].as_str().unwrap_or("nothing");
            found.push((method, path.replace("{session}", "ses_x"), permission.to_owned()));
        }
    }
    found
}

#[test]
fn every_operation_says_who_may() {
    let operations = operations();
    assert!(operations.len() >= 25);
    for (method, path, permission) in operations {
        let known = ["nobody", "account", "step-up", "key"].contains(&&*permission)
            || Permission::ALL.iter().any(|known| known.as_str() == permission);
        assert!(known, "{method} {path} is for {permission}");
    }
}

/// Programs that are generated from the document call operations by these names.
#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.values().flat_map(|path| path.as_object().unwrap().values());
    let mut names: Vec<_> = operations.map(|operation| operation["operationId"].as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn who_is_not_signed_in_may_what_is_for_nobody_and_nothing_else() {
    let app = App::new().await;
    let browser = app.browser().await;
    for (method, path, permission) in operations() {
        let request = browser.request(method.clone(), &path, Some(&json!({})));
        let refused = app.answer(request).await.code() == "signed-out";
        assert_eq!(refused, permission != "nobody", "{method} {path}");
    }
}

#[tokio::test]
async fn a_proof_of_ten_minutes_ago_is_enough_for_everything_but_dangerous_acts() {
    let app = App::new().await;
    let ann = app.ann().await;
    app.pass(Duration::from_secs(600));
    for (method, path, permission) in operations() {
        // What ends sessions is left for another day.
        if path == "/v1/sign-out" {
            continue;
        }
        let request = ann.request(method.clone(), &path, Some(&json!({})));
        let refused = app.answer(request).await.code() == "step-up";
        assert_eq!(refused, permission == "step-up", "{method} {path}");
    }
}

#[tokio::test]
async fn a_key_is_no_person() {
    let app = App::new().await;
    let browser = app.browser().await;
    let of_a_person = |permission: &str| ["account", "step-up"].contains(&permission);
    for (method, path, permission) in operations() {
        if of_a_person(&permission) {
            let mut request = browser.request(method.clone(), &path, Some(&json!({})));
            let key = HeaderValue::from_static("Bearer wxk_0123456789");
            request.headers_mut().insert(header::AUTHORIZATION, key);
            let answer = app.answer(request).await;
            let told = (answer.status, answer.code());
            assert_eq!(told, (StatusCode::FORBIDDEN, "forbidden"), "{method} {path}");
        }
    }
}
