//! The page of the document that the repository has.

use std::collections::{BTreeMap, BTreeSet};

use http::HeaderMap;
use serde_json::Value;

use super::*;

const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");
const PROBLEMS: [(&str, u16); 11] = [
    ("malformed", 400),
    ("signed-out", 401),
    ("forbidden", 403),
    ("step-up", 403),
    ("csrf", 403),
    ("not-available", 404),
    ("conflict", 409),
    ("invalid", 422),
    ("rate-limited", 429),
    ("internal", 500),
    ("unavailable", 503),
];

fn reference() -> Reference<'static> {
    Reference { document: DOCUMENT, problems: &PROBLEMS, origin: "https://app.example.com" }
}

fn html() -> String {
    String::from_utf8(reference().page().unwrap().body().to_vec()).unwrap()
}

/// The articles by the id of their operation.
fn articles(html: &str) -> BTreeMap<&str, &str> {
    let parts = html.split("<article id=\"").skip(1);
    parts
        .map(|part| (part.split('"').next().unwrap(), part.split("</article>").next().unwrap()))
        .collect()
}

fn operations() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let of_path = |(path, item): (String, Value)| {
        let operations = item.as_object().unwrap().clone().into_iter();
        operations.map(move |(method, operation)| (path.clone(), method, operation))
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[test]
fn every_operation_has_its_address_its_route_who_may_and_an_example() {
    let html = html();
    let articles = articles(&html);
    let operations = operations();
    assert!(operations.len() > 60);
    assert_eq!(articles.len(), operations.len());
    for (path, method, operation) in operations {
        let id = operation["operationId"].as_str().unwrap();
        let article = articles[id];
        for part in ["<b>Who may:</b> ", "<h4>Answer</h4>", "<h4>Problems</h4>", "<code>curl "] {
            assert!(article.contains(part), "{id} has no {part}");
        }
        assert!(
            article.contains(&format!("\"method {method}\">{}<", method.to_uppercase())),
            "{id}"
        );
        assert!(article.replace("<wbr>", "").contains(path.split('{').next().unwrap()), "{id}");
        assert!(!article.contains("/{"), "{id}: its example has something in every place");
        assert!(html.contains(&format!("href=\"#{id}\" title")), "{id} is in the contents");
    }
}

#[test]
fn every_field_and_parameter_is_shown_with_what_it_is() {
    let html = html();
    let articles = articles(&html);
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    for (_, _, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut names: Vec<String> =
            parameters.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if let Some(name) =
            body.as_str().and_then(|path| path.rsplit_once('/')).map(|(_, name)| name)
        {
            let fields = document["components"]["schemas"][name]["properties"].as_object();
            names.extend(fields.into_iter().flat_map(|fields| fields.keys().cloned()));
        }
        for name in names {
            let term = format!("<dt><code>{name}</code> <span class=\"kind\">");
            assert!(articles[id].contains(&term), "{id} does not show {name}");
        }
    }
}

#[test]
fn who_may_is_the_table_of_permissions() {
    let html = html();
    let articles = articles(&html);
    for (id, said) in [
        ("make_key", "<code>keys.write</code>: owner, admin; no key; a session must"),
        (
            "list_secrets",
            "owner, admin, member (their own), auditor; a key with the scope <code>secrets:read</code>",
        ),
        ("account", "anybody who is signed in</p>"),
        ("set_password", "has proven themselves in the last 10 minutes"),
        ("sign_in", "anybody, from our own pages"),
        ("poll_device_login", "anybody, from a command line"),
        ("claim", "whoever has the link or the receipt"),
    ] {
        assert!(articles[id].contains(said), "{id}");
    }
    assert!(articles["make_key"].contains("href=\"#problem-step-up\""));
    assert!(articles["make_key"].contains("Authorization: Bearer wxs_"));
    assert!(articles["list_secrets"].contains("Authorization: Bearer wxk_"));
    assert!(articles["claim"].contains("https://secrets.example.com/v1/secrets/claim"));
}

#[test]
fn no_address_stands_twice_and_every_link_leads_somewhere() {
    let html = html();
    let ids: Vec<&str> =
        html.split(" id=\"").skip(1).map(|part| part.split('"').next().unwrap()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    for link in html.split("href=\"#").skip(1).map(|part| part.split('"').next().unwrap()) {
        assert!(unique.contains(link), "#{link} is nowhere");
    }
}

#[test]
fn the_page_fetches_and_runs_nothing() {
    let html = html();
    for word in ["<script", "<img", "<iframe", "<link", " style=", " onclick", "javascript:"] {
        assert!(!html.contains(word), "{word}");
    }
    let page = reference().page().unwrap().respond(&HeaderMap::new());
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self' 'sha256-"), "{policy}");
    assert!(policy.contains("form-action 'none'"), "{policy}");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    assert!(page.headers().contains_key("etag"));
}

#[test]
fn words_of_the_document_are_text() {
    let document = r#"{"info":{"version":"<1>"},"paths":{"/v1/<x>":{"get":{"operationId":"a_b",
        "summary":"<b>`<i>`</b>","tags":["new \"tag\""],"responses":{"200":{"description":"<u>"}}}}}}"#;
    let page = Reference { document, ..reference() }.page().unwrap();
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    for text in ["<1>", "<b><", "<i>", "<u>", "/<x>"] {
        assert!(!html.contains(text), "{text}");
    }
    assert!(html.contains("&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;"));
    assert!(html.contains("id=\"tag-new-tag\""));
    let broken = Reference { document: "{}", ..reference() };
    assert!(broken.page().is_err());
}
