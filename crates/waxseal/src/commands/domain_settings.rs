//! What `domains set` makes of what is there and what was typed.

use serde_json::{Map, Value, json};

use crate::{
    args::{Passphrase, SetDomain},
    failure::Failure,
    when,
    words::Words,
};

/// The word that takes a rule away.
const NONE: &str = "none";

type Rules = Map<String, Value>;

/// The whole request: the API replaces `defaults` and `limits` as a whole, so what was not typed stays as it is.
pub(super) fn changed(args: &SetDomain, now: &Value, words: Words) -> Result<Value, Failure> {
    let mut body = Rules::new();
    for (key, text) in [("home", &args.home), ("creators", &args.creators)] {
        put(&mut body, key, text.as_ref().map(|text| json!(text)));
    }
    let rules = [("defaults", defaults(args, now, words)?), ("limits", limits(args, now, words)?)];
    for (key, rules) in rules.map(|(key, rules)| (key, Value::Object(rules))) {
        put(&mut body, key, Some(rules).filter(|rules| now[key] != *rules));
    }
    Ok(Value::Object(body))
}

fn defaults(args: &SetDomain, now: &Value, words: Words) -> Result<Rules, Failure> {
    let mut rules = now["defaults"].as_object().cloned().unwrap_or_default();
    put(&mut rules, "lifetime_s", read(args.lifetime.as_deref(), when::read_seconds, words)?);
    put(&mut rules, "views", read(args.views.as_deref(), number, words)?);
    Ok(rules)
}

fn limits(args: &SetDomain, now: &Value, words: Words) -> Result<Rules, Failure> {
    let mut rules = now["limits"].as_object().cloned().unwrap_or_default();
    let longest = read(args.max_lifetime.as_deref(), when::read_seconds, words)?;
    put(&mut rules, "max_lifetime_s", longest);
    put(&mut rules, "max_views", read(args.max_views.as_deref(), number, words)?);
    let kinds = args.kinds.as_deref().map(|kind| match kind {
        "all" => Value::Null,
        kind => json!([kind]),
    });
    put(&mut rules, "kinds", kinds);
    let required = args.passphrase.map(|passphrase| json!(passphrase == Passphrase::Required));
    put(&mut rules, "passphrase_required", required);
    Ok(rules)
}

/// `null` for the word that takes a rule away; nothing for nothing.
fn read(
    text: Option<&str>,
    as_number: fn(&str) -> Option<u64>,
    words: Words,
) -> Result<Option<Value>, Failure> {
    match text {
        None => Ok(None),
        Some(NONE) => Ok(Some(Value::Null)),
        Some(text) => match as_number(text) {
            Some(number) => Ok(Some(Value::from(number))),
            None => Err(Failure::usage(words.say("domains.set.unreadable", &[("value", &text)]))),
        },
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// What is null is left out: then the plan decides. What was not typed stays.
fn put(rules: &mut Rules, key: &str, value: Option<Value>) {
    match value {
        None => {}
        Some(Value::Null) => drop(rules.remove(key)),
        Some(value) => drop(rules.insert(key.to_owned(), value)),
    }
}
