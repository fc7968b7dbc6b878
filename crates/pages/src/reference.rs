//! The OpenAPI document as a page for people. Its words are the document's own, which are the doc comments of the types: they
//! are English, as the names beside them are, and a translation would be a second document that nothing keeps true.

mod document;
mod example;
mod fields;
mod operation;
mod who;

use std::{fmt::Write as _, sync::LazyLock};

use wax_i18n::Lang;
use wax_kernel::html::escape;

use self::document::{Document, Operation, Route};
use crate::{Cache, Served, written::Style};

static STYLE: LazyLock<Style> = LazyLock::new(|| {
    Style::new(
        &[
            include_str!("../../../web/packages/ui/style/tokens.css"),
            include_str!("../../../web/packages/ui/style/base.css"),
            include_str!("reference.css"),
        ],
        "'none'",
    )
});

/// Tags of the document in the order of the page: what people call them, and what they are for. What a program with a key
/// comes for is first, what only our own pages ask is last; one that is not named here comes after all, as it is.
const TAGS: [(&str, &str, &str); 12] = [
    (
        "organization's secrets",
        "An organization’s secrets",
        "Made and followed by members and keys. No answer opens one.",
    ),
    ("keys", "API keys", "Credentials of an organization, for programs."),
    ("domains", "Domains", "Hosts of an organization’s own: proof, certificates, settings."),
    ("members", "Members and invitations", "Who belongs to an organization, and who may join."),
    ("organizations", "Organizations", "Made, seen, renamed, given away, exported, deleted."),
    ("audit", "Audit trail", "What happened in an organization."),
    ("secrets", "Secrets", "What strangers do with a link, on an organization’s own host."),
    ("receipts", "Receipts", "What a sender does with a receipt, on the same host."),
    ("channel", "The channel", "The key that what strangers send is sealed to."),
    ("account", "Your account", "What a person sees and changes of themselves."),
    ("device", "Command lines", "How a command line is let in from a browser (RFC 8628)."),
    ("sign-in", "Signing in", "What our own pages ask before anybody is signed in."),
];

/// What the page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'r> {
    /// The OpenAPI document, JSON.
    pub document: &'r str,
    /// Every problem: its code, and its HTTP status.
    pub problems: &'r [(&'static str, u16)],
    /// Where members' operations are served, such as `https://app.example.com`.
    pub origin: &'r str,
}

/// The document is none that this page can show.
#[derive(Debug, thiserror::Error)]
#[error("the OpenAPI document cannot be read")]
pub struct ReferenceError(#[from] serde_json::Error);

impl Reference<'_> {
    /// Writes the page: one document without scripts, every operation at its own address `#<operationId>`.
    ///
    /// # Errors
    /// If the document is not OpenAPI as far as the page reads it.
    pub fn page(&self) -> Result<Served, ReferenceError> {
        let document = serde_json::from_str::<Document>(self.document)?;
        let groups = document.groups();
        let body = format!(
            "<body>\n<a class=\"skip\" href=\"#operations\">Skip to the operations</a>\n{head}\
             <div class=\"columns\">\n{contents}<main id=\"operations\">\n{intro}{sections}{problems}</main>\n</div>\n</body>\n",
            head = head(&document),
            contents = contents(&groups),
            intro = self.intro(),
            sections =
                groups.iter().map(|group| self.section(&document, group)).collect::<String>(),
            problems = self.problems(),
        );
        let html = STYLE.document(Lang::En, "Waxseal API", "", &body);
        Ok(Served::new(html, "text/html; charset=utf-8", Cache::Revalidate)
            .under_policy(STYLE.policy())
            .not_indexed())
    }

    fn intro(&self) -> String {
        let origin = escape(self.origin);
        format!(
            "<section class=\"intro\" aria-labelledby=\"begin\"><h2 id=\"begin\">Before you begin</h2>\n\
             <p>Members’ operations are served at <code>{origin}</code>, those of strangers on each organization’s own host. Bodies are JSON, \
             read strictly: an unknown field is refused. Times are UTC milliseconds.</p>\n\
             <dl class=\"facts\">\
             <div><dt>Programs</dt><dd>show an API key: <code>Authorization: Bearer wxk_…</code>. It may do what its scopes say.</dd></div>\
             <div><dt>Command lines</dt><dd>show a session: <code>Authorization: Bearer wxs_…</code>. It may do what its person may.</dd></div>\
             <div><dt>Our own pages</dt><dd>show cookies, and the token of <a href=\"#session\"><code>GET /v1/session</code></a> as \
             <code>X-Waxseal-CSRF</code> with whatever changes something.</dd></div>\
             <div><dt>Lists</dt><dd>answer <code>items</code> and <code>next</code>: where it is not <code>null</code>, ask again with \
             <code>?cursor=</code> and its value.</dd></div>\
             <div><dt>Repetitions</dt><dd>An operation that takes <code>Idempotency-Key</code> answers the same key and body as the first time \
             for 24 hours, and does it once.</dd></div>\
             <div><dt>What goes wrong</dt><dd>is a problem document (RFC 9457): match its <code>code</code>. \
             <a href=\"#problems\">Every problem</a> is listed at the end.</dd></div></dl></section>\n"
        )
    }

    fn section(&self, document: &Document, group: &Group<'_>) -> String {
        let Group { id, name, about, routes } = group;
        let operations = routes.iter().map(|route| operation::article(self, document, route));
        format!(
            "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{}</h2>\n<p class=\"about\">{}</p>\n{}</section>\n",
            escape(name),
            escape(about),
            operations.collect::<String>()
        )
    }

    fn problems(&self) -> String {
        let mut rows = String::new();
        for (code, status) in self.problems {
            let title = wax_i18n::text(Lang::En, &format!("problems.{code}.title"), &[]);
            // Writing to a String cannot fail.
            let _ = write!(
                rows,
                "<div id=\"problem-{code}\"><dt><code>{code}</code> <span class=\"status\">{status}</span></dt><dd>{}</dd></div>",
                escape(&title)
            );
        }
        format!(
            "<section aria-labelledby=\"problems\"><h2 id=\"problems\">Problems</h2>\n<p class=\"about\">Each answers \
             <code>application/problem+json</code> with <code>type</code>, <code>title</code>, <code>status</code>, <code>detail</code> and \
             <code>code</code>, in the language of <code>Accept-Language</code>: English or Japanese. An <code>invalid</code> one names the \
             <code>field</code> and the <code>rule</code>.</p>\n<dl class=\"problems\">{rows}</dl></section>\n"
        )
    }
}

/// The operations of one tag.
struct Group<'d> {
    id: String,
    name: &'d str,
    about: &'d str,
    routes: Vec<Route<'d>>,
}

impl Document {
    /// Every operation once, by its first tag.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for (tag, name, about) in TAGS {
            groups.push(Group { id: anchor(tag), name, about, routes: Vec::new() });
        }
        for route in self.routes() {
            let tag = route.operation.tags.first().map_or("other", String::as_str);
            let id = anchor(tag);
            match groups.iter_mut().find(|group| group.id == id) {
                Some(group) => group.routes.push(route),
                None => groups.push(Group { id, name: tag, about: "", routes: vec![route] }),
            }
        }
        groups.retain(|group| !group.routes.is_empty());
        groups
    }
}

/// Of a tag: never that of an operation, which is a name without `-`, nor that of a problem.
fn anchor(tag: &str) -> String {
    let words = tag.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("tag-{}", words.collect::<Vec<_>>().join("-"))
}

fn head(document: &Document) -> String {
    let (version, about) = (escape(&document.info.version), escape(&document.info.description));
    format!(
        "<header class=\"head\"><div><h1>Waxseal API <span class=\"version\">{version}</span></h1>\n<p class=\"about\">{about}</p></div>\n\
         <p class=\"links\"><a href=\"/v1/openapi.json\">openapi.json</a><a href=\"/\">Console</a></p></header>\n"
    )
}

fn contents(groups: &[Group<'_>]) -> String {
    let mut out = String::from("<nav class=\"contents\" aria-label=\"Operations\">\n");
    for Group { id, name, routes, .. } in groups {
        let _ = write!(out, "<p><a href=\"#{id}\">{}</a></p>\n<ul>", escape(name));
        for Route { method, operation, path } in routes {
            let id = escape(&operation.id);
            let _ = write!(
                out,
                "<li><a href=\"#{id}\" title=\"{method} {path}\">{badge}<span>{name}</span></a></li>",
                method = method.to_uppercase(),
                path = escape(path),
                badge = badge(method),
                name = short(operation),
            );
        }
        out.push_str("</ul>\n");
    }
    out + "<p><a href=\"#problems\">Problems</a></p>\n</nav>\n"
}

/// The operation's name as words: `make_key` becomes "make key".
fn short(operation: &Operation) -> String {
    escape(&operation.id.replace('_', " "))
}

fn badge(method: &str) -> String {
    format!("<span class=\"method {method}\">{}</span>", method.to_uppercase())
}

/// Text of the document: what stands in backticks is code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = escape(part);
        if index % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    parts.collect()
}

#[cfg(test)]
mod tests;
