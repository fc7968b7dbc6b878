//! The scripted Stripe is as strict as the real one: what it lets pass, our client may send.

use reqwest::{Client, Method, StatusCode, header};
use serde_json::Value;
use wax_payments::Payments as _;
use wax_testkit::ScriptedStripe;

use crate::house::{House, checkout, house};

async fn ask(house: &House, method: Method, path: &str, form: &str) -> (u16, Value) {
    let http = Client::builder().no_proxy().build().unwrap();
    let request = http.request(method, format!("{}{path}", house.stripe.url()));
    let request = request
        .bearer_auth(ScriptedStripe::KEY)
        .header("stripe-version", "2026-09-30.endive")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.to_owned());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn what_stripe_does_not_know_is_refused_with_its_words() {
    let house = house().await;
    let session = format!("mode=subscription&customer=cus_1&line_items[0][price]={}", house.price);
    let tax_id = format!("{session}&success_url=https://x&tax_id_collection[enabled]=true");
    for (method, path, form, status, code, param) in [
        (Method::POST, "/v1/customers", "nom=Acme", 400, "parameter_unknown", "nom"),
        (Method::GET, "/v1/prices?lookup[]=x", "", 400, "parameter_unknown", "lookup[0]"),
        (Method::GET, "/v1/prices?limit=ten", "", 400, "parameter_invalid_integer", "limit"),
        (Method::GET, "/v1/prices?limit=101", "", 400, "", "limit"),
        (Method::GET, "/v1/prices?expand[]=data.magic", "", 400, "", "expand"),
        (
            Method::GET,
            "/v1/invoices?starting_after=in_0",
            "",
            400,
            "resource_missing",
            "starting_after",
        ),
        (Method::GET, "/v1/subscriptions?customer=cus_0", "", 400, "resource_missing", "customer"),
        (Method::GET, "/v1/subscriptions/sub_0", "", 404, "resource_missing", "id"),
        (Method::POST, "/v1/checkout/sessions", "mode=payment", 400, "", "mode"),
        (Method::POST, "/v1/checkout/sessions", &session, 400, "parameter_missing", "success_url"),
        (Method::POST, "/v1/checkout/sessions", &tax_id, 400, "", "customer_update[name]"),
        (
            Method::POST,
            "/v1/billing_portal/sessions",
            "customer=",
            400,
            "parameter_invalid_empty",
            "customer",
        ),
        (Method::GET, "/v1/charges", "", 404, "", ""),
    ] {
        let (answered, document) = ask(&house, method, path, form).await;
        let said = |name: &str| document["error"][name].as_str().unwrap_or_default().to_owned();
        let expected = (status, code.to_owned(), param.to_owned());
        assert_eq!((answered, said("code"), said("param")), expected, "{path} {form}: {document}");
        assert_eq!(said("type"), "invalid_request_error");
    }
}

#[tokio::test]
async fn nobody_is_let_in_without_the_key_and_a_version() {
    let house = house().await;
    let http = Client::builder().no_proxy().build().unwrap();
    let bare = || http.get(format!("{}/v1/prices", house.stripe.url()));
    let version = |request: reqwest::RequestBuilder| request.header("stripe-version", "2026-09-30");
    for (request, status) in [
        (version(bare()), StatusCode::UNAUTHORIZED),
        (version(bare().bearer_auth("sk_test_other")), StatusCode::UNAUTHORIZED),
        (bare().bearer_auth(ScriptedStripe::KEY), StatusCode::BAD_REQUEST),
        (version(bare().bearer_auth(ScriptedStripe::KEY)), StatusCode::OK),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn its_pages_speak_the_language_that_was_asked_for() {
    let house = house().await;
    let customer = house.customer().await;
    let http = Client::builder().no_proxy().build().unwrap();
    for (language, title, trial) in
        [("ja", "申し込む", "トライアルを開始"), ("en", "Subscribe", "Start trial")]
    {
        let wanted = wax_payments::Checkout { language, ..checkout(&customer, 14) };
        let page = house.client.checkout(&wanted, language).await.unwrap();
        let text = http.get(&page).send().await.unwrap().text().await.unwrap();
        for part in [
            format!("lang=\"{language}\""),
            format!("<h1>{title}"),
            trial.to_owned(),
            "3600 JPY".to_owned(),
        ] {
            assert!(text.contains(&part), "{language}: {part}");
        }
    }
}
