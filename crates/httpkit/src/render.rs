//! Problems become documents here and nowhere else.

use std::{collections::BTreeMap, num::NonZeroU64};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};
use utoipa::openapi::{
    Content, Ref, RefOr, ResponseBuilder,
    schema::{Object, ObjectBuilder, Type},
};
use wax_i18n::Lang;
use wax_kernel::{ErrorKind, RequestId};
use wax_model::Rule;

use crate::{Code, Context, Problem};

/// A problem document (RFC 9457). Members beyond these depend on the code: `docs/protocol.md`, "Problems".
#[derive(Debug, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// `urn:waxseal:problem:` and the code.
    pub r#type: String,
    /// Short and the same for every problem of this code and case, in the caller's language.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what to do, in the caller's language.
    pub detail: String,
    /// What programs match.
    #[schema(schema_with = codes)]
    pub code: String,
}

/// What every operation may answer instead: in the `OpenAPI` document, the default response.
#[derive(Debug)]
pub struct ProblemResponses;

impl utoipa::IntoResponses for ProblemResponses {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let document = Content::new(Some(Ref::from_schema_name("ProblemDocument")));
        let problem = ResponseBuilder::new()
            .description("a problem; docs/protocol.md has the codes")
            .content("application/problem+json", document)
            .build();
        BTreeMap::from([("default".to_owned(), problem.into())])
    }
}

fn codes() -> Object {
    let names = Code::ALL.iter().map(|code| code.as_str());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// The layer under which every handler runs: writes the document of a problem the handler answered.
pub async fn localize(request: Request, next: Next) -> Response {
    let lang = language(request.headers());
    let id = request_id(request.extensions());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => render(&problem, lang, id),
        None => response,
    }
}

/// Names a request that came through an edge, in logs and in documents of our own faults.
pub fn request_id(extensions: &Extensions) -> Option<RequestId> {
    Context::request_id_of(extensions)
}

/// The language of the answer, by `Accept-Language`; English if it names none of ours.
pub fn language(headers: &HeaderMap) -> Lang {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    wanted.and_then(Lang::from_accept_language).unwrap_or_default()
}

/// Writes the document. For layers outside [`localize`]; handlers answer the [`Problem`].
pub fn render(problem: &Problem, lang: Lang, id: Option<RequestId>) -> Response {
    let code = problem.code;
    if code.kind() == ErrorKind::Bug {
        tracing::error!(code = code.as_str(), request_id = ?id, "answering our own fault");
    }
    let mut document = json!({
        "type": format!("urn:waxseal:problem:{}", code.as_str()),
        "title": wax_i18n::text(lang, &key(problem, "title"), &[]),
        "status": code.status().as_u16(),
        "detail": detail(problem, lang, id),
        "code": code.as_str(),
    });
    if let Value::Object(members) = &mut document {
        members.extend(problem.members.clone());
    }
    let mut response = (code.status(), document.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.get()));
    }
    response
}

/// The document of a method that is not served, with the `Allow` that belongs to it (RFC 9110 §15.5.6).
pub fn method_not_allowed(allow: HeaderValue, lang: Lang, id: Option<RequestId>) -> Response {
    let allowed = allow.to_str().unwrap_or_default();
    let problem = Problem::new(Code::Method).with("allowed", allowed);
    let mut response = render(&problem, lang, id);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// Of a part of the words: those of the problem's case, if it has one.
fn key(problem: &Problem, part: &str) -> String {
    let code = problem.code.as_str();
    match problem.case {
        Some(case) => format!("problems.{code}.{case}.{part}"),
        None => format!("problems.{code}.{part}"),
    }
}

fn detail(problem: &Problem, lang: Lang, id: Option<RequestId>) -> String {
    let text = |part: &str, values: &[(&str, &dyn wax_i18n::Value)]| {
        wax_i18n::text(lang, &key(problem, part), values)
    };
    let member = |name: &str| plain(&problem.members, name);
    let number = |name: &str| problem.members.get(name).and_then(Value::as_u64).unwrap_or_default();
    let request = id.map_or_else(String::new, |id| id.to_string());
    let count = problem.retry_after_s.map_or_else(|| number("count"), NonZeroU64::get);
    let rule = problem.rule.map_or_else(String::new, |rule| rule_text(rule, lang));
    let said = |key: &str| wax_i18n::text(lang, key, &[]);
    let reason = problem.reason.as_deref().map_or_else(String::new, said);
    text(
        "detail",
        &[
            ("allowed", &member("allowed")),
            ("count", &count),
            ("field", &member("field")),
            ("limit", &number("limit_bytes")),
            ("max", &number("max")),
            ("reason", &reason),
            ("request", &request),
            ("rule", &rule),
            ("seconds", &number("seconds")),
        ],
    )
}

fn rule_text(rule: Rule, lang: Lang) -> String {
    let (min, max) = rule.bounds();
    let key = format!("problems.rule.{}", rule.code());
    wax_i18n::text(
        lang,
        &key,
        &[("min", &min.unwrap_or_default()), ("max", &max.unwrap_or_default())],
    )
}

fn plain(members: &Map<String, Value>, name: &str) -> String {
    members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use wax_model::{Denied, Meter};

    use super::*;

    #[test]
    fn every_code_and_every_rule_has_words_in_every_language() {
        for code in Code::ALL {
            for part in ["title", "detail"] {
                let key = format!("problems.{}.{part}", code.as_str());
                assert!(wax_i18n::is_known(&key), "{key}");
            }
        }
        for rule in [
            Rule::Characters { min: 1, max: 2 },
            Rule::Choice,
            Rule::Duplicate,
            Rule::Entries { max: 2 },
            Rule::Form,
            Rule::Length { min: 1, max: 2 },
            Rule::NotOffered,
            Rule::Plan { max: 1 },
            Rule::Range { min: 1, max: 2 },
            Rule::Required,
            Rule::Type,
            Rule::Unknown,
        ] {
            let key = format!("problems.rule.{}", rule.code());
            assert!(wax_i18n::is_known(&key), "{key}");
        }
    }

    #[test]
    fn what_a_plan_has_no_room_for_has_words_of_its_own() {
        let meters = Meter::ALL.iter().copied();
        let beyond = meters.clone().map(|meter| Denied::Beyond { meter, max: 7 });
        let frozen = meters.map(|meter| Denied::Frozen { meter, max: 7 });
        for denied in beyond.chain(frozen).chain([Denied::Limited]) {
            let problem = Problem::from(denied);
            for lang in Lang::ALL.iter().copied() {
                let detail = detail(&problem, lang, None);
                assert!(!detail.is_empty() && !detail.contains('{'), "{denied:?}: {detail}");
                assert_eq!(detail.contains('7'), denied != Denied::Limited, "{detail}");
            }
        }
    }

    #[test]
    fn no_document_leaves_a_placeholder_open() {
        for code in Code::ALL {
            let problem = Problem::new(*code)
                .with("field", "views")
                .with("allowed", "POST")
                .with("limit_bytes", 5)
                .with("seconds", 15)
                .with("count", 2);
            for lang in Lang::ALL {
                let text = detail(&problem, lang, None);
                assert!(!text.contains('{'), "{text}");
            }
        }
    }
}
