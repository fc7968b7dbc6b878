//! The formatter agrees with the web's: both pass the same cases.

use serde::Deserialize;
use wax_i18n::{Lang, Message, Value};

#[derive(Deserialize)]
struct Case {
    lang: String,
    message: Message,
    params: serde_json::Map<String, serde_json::Value>,
    text: String,
}

#[test]
fn every_shared_case_is_formatted_alike() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../web/packages/i18n/fixtures/format.json"))
            .unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let values: Vec<(String, Box<dyn Value>)> = case
            .params
            .into_iter()
            .map(|(name, value)| match value.as_u64() {
                Some(number) => (name, Box::new(number) as Box<dyn Value>),
                None => (name, Box::new(value.as_str().unwrap().to_owned()) as Box<dyn Value>),
            })
            .collect();
        let values: Vec<(&str, &dyn Value)> =
            values.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
        let lang: Lang = case.lang.parse().unwrap();
        assert_eq!(case.message.format(lang, &values), case.text);
    }
}
