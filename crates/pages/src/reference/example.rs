//! A request as one would type it.

use serde_json::{Map, Value, json};
use wax_kernel::html::escape;

use super::{
    Reference,
    document::{Document, Route},
    fields,
    who::Caller,
};

/// Where an organization's own operations are, in examples.
const TENANT: &str = "https://secrets.example.com";
/// A moment, UTC milliseconds.
const MOMENT: i64 = 1_800_000_000_000;

/// The command, in HTML.
pub(super) fn curl(reference: &Reference<'_>, document: &Document, route: &Route<'_>) -> String {
    let caller = Caller::of(route);
    let host = if caller == Caller::Stranger { TENANT } else { reference.origin };
    let mut lines = vec![format!("curl '{host}{}'", path(document, route))];
    let method = route.method.to_uppercase();
    lines.extend((method != "GET").then(|| format!("-X {method}")));
    lines.extend(credentials(caller, reference.origin));
    let is_wanted = |parameter: &&super::document::Parameter| parameter.place == "header";
    lines.extend(
        route
            .operation
            .parameters
            .iter()
            .filter(is_wanted)
            .map(|parameter| format!("-H '{}: 7Yk2mQ9xT4bVw1Zc'", parameter.name)),
    );
    if let Some((kind, schema)) =
        route.operation.request_body.as_ref().and_then(|body| body.plain())
    {
        let body = value(document, "", schema).to_string().replace('\'', "'\\''");
        lines.push(format!("-H 'Content-Type: {kind}'"));
        lines.push(format!("-d '{body}'"));
    }
    escape(&lines.join(" \\\n  "))
}

fn credentials(caller: Caller, origin: &str) -> Vec<String> {
    let bearer = |text: &str| vec![format!("-H 'Authorization: Bearer {text}'")];
    match caller {
        Caller::Stranger | Caller::CommandLine => Vec::new(),
        Caller::Nobody => vec![
            format!("-H 'Origin: {origin}'"),
            "-H 'X-Waxseal-CSRF: …'".to_owned(),
            "-b '__Host-waxseal-device=…'".to_owned(),
        ],
        Caller::Key => bearer("wxk_…"),
        Caller::Member(permission) if permission.scope().is_some() => bearer("wxk_…"),
        Caller::Person { .. } | Caller::Member(_) => bearer("wxs_…"),
    }
}

/// With something in every place, and in the query what must be there.
fn path(document: &Document, route: &Route<'_>) -> String {
    let (mut path, mut query) = (route.path.to_owned(), Vec::new());
    for parameter in &route.operation.parameters {
        let text = match value(document, &parameter.name, &parameter.schema) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        match parameter.place.as_str() {
            "path" => path = path.replace(&format!("{{{}}}", parameter.name), &text),
            "query" if parameter.required => query.push(format!("{}={text}", parameter.name)),
            _ => {}
        }
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

/// Something that fits: of an object, the fields that must be there; where none must, the first.
fn value(document: &Document, name: &str, schema: &Value) -> Value {
    if let Some(choice) = fields::choices(document, schema).first() {
        return json!(choice);
    }
    if let Some(items) = fields::items(document, schema) {
        return json!([value(document, name, items)]);
    }
    let all = fields::of(document, schema);
    if all.is_empty() {
        return plain(name, &fields::kind(document, schema));
    }
    let must = all.iter().filter(|field| field.required).count().max(1);
    let fields = all.into_iter().take(must);
    let fields =
        fields.map(|field| (field.name.to_owned(), value(document, field.name, field.schema)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn plain(name: &str, kind: &str) -> Value {
    match (kind.trim_end_matches(" or null"), name) {
        ("number", _) if name.ends_with("_ms") => json!(MOMENT),
        ("number", _) => json!(3_600),
        ("true or false", _) => json!(true),
        ("object", _) => json!({}),
        (_, "email") => json!("ann@example.com"),
        (_, "name") => json!("Example"),
        (_, "organization" | "slug") => json!("acme"),
        (_, "user_code") => json!("BCDF-GHJK"),
        (_, "totp" | "code") => json!("123456"),
        (_, "networks") => json!("192.0.2.0/24"),
        (_, "account") => json!("acc_…"),
        (_, "domain") => json!("dom_…"),
        (_, "invitation") => json!("inv_…"),
        (_, "key") => json!("key_…"),
        (_, "session") => json!("ses_…"),
        (_, "passkey") => json!("pas_…"),
        _ => json!("…"),
    }
}
