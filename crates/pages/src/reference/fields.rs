//! What a body or an answer holds, field by field.

use std::fmt::Write as _;

use serde_json::Value;
use wax_kernel::html::escape;

use super::{document::Document, prose};

/// Fields within fields, so deep.
const DEEPEST: usize = 3;

/// One field of an object.
pub(super) struct Field<'d> {
    pub(super) name: &'d str,
    pub(super) schema: &'d Value,
    pub(super) required: bool,
}

/// The fields of an object, those that must be there first. None of anything else.
pub(super) fn of<'d>(document: &'d Document, schema: &'d Value) -> Vec<Field<'d>> {
    let schema = unwrapped(document, schema);
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return parts.iter().flat_map(|part| of(document, part)).collect();
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let named: Vec<&str> = texts(schema, "required").collect();
    let required = named.iter().filter_map(|name| properties.get_key_value(*name));
    let other = properties.iter().filter(|(name, _)| !named.contains(&name.as_str()));
    let field =
        |required| move |(name, schema): (&'d String, &'d Value)| Field { name, schema, required };
    required.map(field(true)).chain(other.map(field(false))).collect()
}

/// What it is, whether or not it may be null.
fn unwrapped<'d>(document: &'d Document, schema: &'d Value) -> &'d Value {
    let schema = document.resolve(schema);
    match schema.get("oneOf").and_then(Value::as_array) {
        Some(choices) => {
            let something = choices.iter().find(|choice| choice["type"] != "null");
            something.map_or(schema, |choice| document.resolve(choice))
        }
        None => schema,
    }
}

fn texts<'v>(schema: &'v Value, name: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The values that it may have, if they are named.
pub(super) fn choices<'d>(document: &'d Document, schema: &'d Value) -> Vec<&'d str> {
    texts(unwrapped(document, schema), "enum").collect()
}

/// What a list holds.
pub(super) fn items<'d>(document: &'d Document, schema: &'d Value) -> Option<&'d Value> {
    unwrapped(document, schema).get("items")
}

/// "text", "list of numbers", "text or null".
pub(super) fn kind(document: &Document, schema: &Value) -> String {
    let whole = document.resolve(schema);
    let nullable = texts(whole, "type").any(|kind| kind == "null")
        || whole
            .get("oneOf")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(|choice| choice["type"] == "null"));
    let schema = unwrapped(document, schema);
    let single = schema.get("type").and_then(Value::as_str);
    let kind = single.or_else(|| texts(schema, "type").find(|kind| *kind != "null"));
    let mut words = match kind {
        Some("array") => match items(document, schema) {
            Some(items) => format!("list of {}s", self::kind(document, items)),
            None => "list".to_owned(),
        },
        Some("string") => "text".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        _ if schema.get("allOf").is_some() || kind == Some("object") => "object".to_owned(),
        _ => "anything".to_owned(),
    };
    if nullable {
        words += " or null";
    }
    words
}

/// What the document says of it.
pub(super) fn about<'d>(document: &'d Document, schema: &'d Value) -> &'d str {
    let said = |schema: &'d Value| schema.get("description").and_then(Value::as_str);
    let choices = || schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    said(schema)
        .or_else(|| choices().find_map(said))
        .or_else(|| said(document.resolve(schema)))
        .unwrap_or_default()
}

/// The fields of an object as a list, those within them below.
pub(super) fn list(document: &Document, schema: &Value) -> String {
    nested(document, schema, 0)
}

fn nested(document: &Document, schema: &Value, depth: usize) -> String {
    let fields = of(document, schema);
    if fields.is_empty() || depth >= DEEPEST {
        return String::new();
    }
    let mut rows = String::new();
    for Field { name, schema, required } in fields {
        let within = items(document, schema).unwrap_or(schema);
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<div><dt><code>{name}</code> <span class=\"kind\">{kind}</span>{optional}</dt><dd>{about}{choices}{below}</dd></div>",
            name = escape(name),
            kind = kind(document, schema),
            optional = if required { "" } else { " <span class=\"optional\">optional</span>" },
            about = prose(about(document, schema)),
            choices = values(&choices(document, within)),
            below = nested(document, within, depth + 1),
        );
    }
    format!("<dl class=\"fields\">{rows}</dl>")
}

/// The values that a field may have.
pub(super) fn values(choices: &[&str]) -> String {
    if choices.is_empty() {
        return String::new();
    }
    let values = choices.iter().map(|choice| format!("<code>{}</code>", escape(choice)));
    format!("<span class=\"values\">{}</span>", values.collect::<Vec<_>>().join(" "))
}
