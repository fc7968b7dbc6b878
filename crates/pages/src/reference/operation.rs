//! One operation.

use std::fmt::Write as _;

use wax_kernel::html::escape;

use super::{
    Reference, badge,
    document::{Content, Document, Parameter, Route},
    example, fields, prose,
    who::Caller,
};

/// Everything about it, at its own address.
pub(super) fn article(reference: &Reference<'_>, document: &Document, route: &Route<'_>) -> String {
    let operation = route.operation;
    let id = escape(&operation.id);
    let (title, rest) = sentences(&operation.summary);
    let about = [rest, &*operation.description].join(" ");
    format!(
        "<article id=\"{id}\" aria-labelledby=\"{id}-title\">\n<div class=\"said\">\
         <h3 id=\"{id}-title\"><a href=\"#{id}\">{title}</a></h3>\n\
         <p class=\"route\">{badge} <code>{path}</code></p>\n{about}\
         <p class=\"who\"><b>Who may:</b> {who}</p>\n{parameters}{body}{answers}{problems}</div>\n\
         <div class=\"shown\"><pre tabindex=\"0\" role=\"group\" aria-label=\"Example\"><code>{example}</code></pre></div>\n</article>\n",
        title = prose(title),
        badge = badge(route.method),
        path = path(route.path),
        about = paragraph(about.trim()),
        who = Caller::of(route).said(),
        parameters = parameters(document, &operation.parameters),
        body = body(document, operation.request_body.as_ref()),
        answers = answers(document, route),
        problems = problems(route),
        example = example::curl(reference, document, route),
    )
}

/// The first sentence, and the rest.
fn sentences(text: &str) -> (&str, &str) {
    match text.split_once(". ") {
        Some((first, rest)) => (first, rest),
        None => (text.trim_end_matches('.'), ""),
    }
}

fn paragraph(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<p>{}</p>\n", prose(text)) }
}

/// It may break after every part.
fn path(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(_) => format!("<var>{}</var>", escape(part)),
        None => escape(part),
    });
    parts.collect::<Vec<_>>().join("/<wbr>")
}

fn parameters(document: &Document, parameters: &[Parameter]) -> String {
    let mut rows = String::new();
    for Parameter { name, place, required, description, schema } in parameters {
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<div><dt><code>{name}</code> <span class=\"kind\">{place}</span>{optional}</dt><dd>{about}{choices}</dd></div>",
            name = escape(name),
            place = escape(place),
            optional = if *required { "" } else { " <span class=\"optional\">optional</span>" },
            about = prose(known(name, description)),
            choices = fields::values(&fields::choices(document, schema)),
        );
    }
    part(
        "Parameters",
        &if rows.is_empty() { rows } else { format!("<dl class=\"fields\">{rows}</dl>") },
    )
}

/// What a parameter means wherever it stands.
fn known<'t>(name: &str, said: &'t str) -> &'t str {
    match (name, said) {
        ("organization", "") => "Its id or its short name.",
        ("invitation" | "key" | "session" | "passkey" | "account", "") => "Its id.",
        ("rid", "") => "The receipt’s id.",
        (_, said) => said,
    }
}

fn body(document: &Document, body: Option<&Content>) -> String {
    let Some((body, (kind, schema))) = body.and_then(|body| Some((body, body.plain()?))) else {
        return String::new();
    };
    let sealed = body.kinds().any(|other| other == "application/waxseal-channel");
    let list = fields::list(document, schema);
    let note = match (list.is_empty(), sealed) {
        (true, _) => format!("<p>An empty object, as <code>{}</code>.</p>", escape(kind)),
        (_, true) => "<p class=\"note\">May come sealed to the channel’s key, as <code>application/waxseal-channel</code>.</p>".to_owned(),
        _ => String::new(),
    };
    part("Body", &(note + &list))
}

fn answers(document: &Document, route: &Route<'_>) -> String {
    let mut out = String::new();
    for (status, content) in
        route.operation.responses.iter().filter(|(status, _)| *status != "default")
    {
        let (kind, schema) = match content.plain() {
            Some((kind, schema)) => (kind, Some(schema)),
            None => ("nothing", None),
        };
        let list = schema.map(|schema| fields::list(document, schema)).unwrap_or_default();
        let said = schema.map(|schema| fields::about(document, schema)).unwrap_or_default();
        let said = if content.description.is_empty() { said } else { &*content.description };
        let _ = write!(
            out,
            "<p class=\"answer\"><span class=\"status\">{}</span> <span class=\"kind\">{}</span> {}</p>{list}",
            escape(status),
            escape(kind),
            prose(said)
        );
    }
    part("Answer", &out)
}

/// What can go wrong beyond what always can.
fn problems(route: &Route<'_>) -> String {
    let mut codes = Caller::of(route).problems();
    if route.operation.request_body.is_some() {
        codes.extend(["malformed", "invalid"]);
    } else if route.operation.parameters.iter().any(|parameter| parameter.place == "query") {
        codes.push("invalid");
    }
    let is_about_something =
        route.operation.parameters.iter().any(|parameter| parameter.place == "path");
    if is_about_something || Caller::of(route) == Caller::Stranger {
        codes.push("not-available");
    }
    codes.extend(["rate-limited", "unavailable"]);
    let links = codes.iter().map(|code| format!("<a href=\"#problem-{code}\">{code}</a>"));
    part("Problems", &format!("<p class=\"codes\">{}</p>", links.collect::<Vec<_>>().join(" ")))
}

fn part(title: &str, html: &str) -> String {
    if html.is_empty() { String::new() } else { format!("<h4>{title}</h4>\n{html}\n") }
}
