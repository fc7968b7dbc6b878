//! What a page names and has inside, read as carefully as is needed to say how it differs. Whether it differs, its bytes
//! have decided before.

use std::collections::BTreeSet;

use super::{Difference, Release, assets_in};

/// Elements that no page of ours has: each can run, fetch or lead elsewhere.
const STRANGERS: [&str; 9] =
    ["applet", "base", "embed", "form", "frame", "iframe", "object", "portal", "style"];

/// Attributes whose value is fetched or followed.
const ADDRESSES: [&str; 9] =
    ["action", "background", "data", "formaction", "href", "ping", "poster", "src", "srcset"];

/// The one style without integrity: its grammar is its guard.
const BRAND_STYLE: &str = "/brand.css";

/// What stands in a page.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Assets it names.
    pub(super) named: BTreeSet<String>,
    pub(super) differences: Vec<Difference>,
}

pub(super) fn read(html: &str, release: &Release) -> Read {
    let mut read = Read { named: assets_in(html).collect(), ..Read::default() };
    for tag in tags(html) {
        read.differences.extend(tag.faults(release));
        read.named.extend(tag.file().map(str::to_owned));
    }
    read
}

/// An opening tag.
#[derive(Debug)]
struct Tag<'a> {
    name: String,
    source: &'a str,
    attributes: Vec<(String, &'a str)>,
    /// Something stands between it and the next tag.
    has_text: bool,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| *value)
    }

    /// The file of this host that a browser runs or draws for it. Of data that it asks for early, a page makes text.
    fn file(&self) -> Option<&str> {
        let path = match &*self.name {
            "script" => self.attribute("src")?,
            "link" if self.attribute("as") == Some("fetch") => return None,
            "link" => self.attribute("href")?,
            _ => return None,
        };
        (path.starts_with('/') && !is_foreign(path) && path != BRAND_STYLE).then_some(path)
    }

    fn faults(&self, release: &Release) -> Vec<Difference> {
        let mut faults = Vec::new();
        if self.is_inline() {
            faults.push(Difference::Inline { tag: self.source.to_owned() });
        }
        let addresses =
            self.attributes.iter().filter(|(name, _)| ADDRESSES.contains(&name.as_str()));
        let foreign = addresses.map(|(_, value)| *value).filter(|value| is_foreign(value));
        faults.extend(foreign.map(|url| Difference::Foreign { url: url.to_owned() }));
        faults.extend(self.integrity_fault(release));
        faults
    }

    fn is_inline(&self) -> bool {
        let acts = |name: &str| name.starts_with("on") || name == "style" || name == "http-equiv";
        STRANGERS.contains(&&*self.name)
            || self.attributes.iter().any(|(name, _)| acts(name))
            || (self.name == "script" && (self.attribute("src").is_none() || self.has_text))
    }

    fn integrity_fault(&self, release: &Release) -> Option<Difference> {
        let url = match &*self.name {
            "script" => self.attribute("src")?,
            "link" if matches!(self.attribute("rel"), Some("stylesheet" | "modulepreload")) => {
                self.attribute("href")?
            }
            _ => return None,
        };
        let found = self.attribute("integrity");
        let expected = release.file(url).map(|file| file.integrity.as_str());
        let fits = url == BRAND_STYLE || (found.is_some() && found == expected);
        (!fits)
            .then(|| Difference::Integrity { url: url.to_owned(), found: found.map(str::to_owned) })
    }
}

/// Another host, or bytes that are in the address itself.
fn is_foreign(url: &str) -> bool {
    let url = url.trim_ascii();
    let scheme = url.split([':', '/', '?', '#']).next().unwrap_or_default();
    url.starts_with("//")
        || url.contains('\\')
        || (url[scheme.len()..].starts_with(':') && !scheme.is_empty())
}

/// Every opening tag. Comments and quirks of parsing may add some that a browser would not see; none is left out that it
/// would run, because every `<` with a letter behind it is taken for one.
fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    html.match_indices('<').filter_map(|(at, _)| tag(&html[at..]))
}

fn tag(rest: &str) -> Option<Tag<'_>> {
    rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()).then_some(())?;
    let end = end_of_tag(rest);
    let source = &rest[..end];
    let inner = source[1..].trim_end_matches('>');
    let name_end = inner.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(inner.len());
    let text = rest[end..].split('<').next().unwrap_or_default();
    Some(Tag {
        name: inner[..name_end].to_ascii_lowercase(),
        source,
        attributes: attributes(&inner[name_end..]),
        has_text: !text.trim().is_empty(),
    })
}

/// Past the `>` that is in no quotes.
fn end_of_tag(rest: &str) -> usize {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    rest.len()
}

fn attributes(mut rest: &str) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let between = |c: char| c.is_ascii_whitespace() || c == '/';
    loop {
        rest = rest.trim_start_matches(between);
        if rest.is_empty() {
            return found;
        }
        let name_end =
            rest[1..].find(|c: char| between(c) || c == '=').map_or(rest.len(), |at| at + 1);
        if !rest.is_char_boundary(name_end) {
            return found;
        }
        let name = rest[..name_end].to_ascii_lowercase();
        rest = rest[name_end..].trim_ascii_start();
        let Some(value) = rest.strip_prefix('=') else {
            found.push((name, ""));
            continue;
        };
        let (value, after) = value_of(value.trim_ascii_start());
        found.push((name, value));
        rest = after;
    }
}

/// A value and what stands behind it.
fn value_of(rest: &str) -> (&str, &str) {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
        _ => rest.split_at(rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Release {
        Release::parse(
            br#"{"format":1,"release":"1","content_security_policy":"p","files":[
            {"path":"/shells/open.en.html","bytes":1,"sha256":"","integrity":""},
            {"path":"/assets/a.js","bytes":1,"sha256":"","integrity":"sha384-a"}]}"#,
        )
        .unwrap()
    }

    fn differences(html: &str) -> Vec<Difference> {
        read(html, &release()).differences
    }

    #[test]
    fn a_page_like_ours_has_nothing_to_say() {
        let html = r#"<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="/assets/i.svg">
            <link rel="stylesheet" href="/brand.css"><a href="/x:y">x</a>
            <link rel="preload" href="/v1/channel" as="fetch">
            <script type="module" src="/assets/a.js" integrity="sha384-a"></script><p title="a > b">text</p>"#;
        assert_eq!(differences(html), []);
        let named: Vec<_> = read(html, &release()).named.into_iter().collect();
        assert_eq!(named, ["/assets/a.js", "/assets/i.svg"]);
    }

    #[test]
    fn what_could_run_is_found_however_it_is_written() {
        for html in [
            "<script>alert(1)</script>",
            "<SCRIPT\n>x",
            "<script src='/assets/a.js' integrity=sha384-a>x</script>",
            "<svg/onload=alert(1)>",
            "<p x='>' ONCLICK = 'y'>",
            "<style>@import 'x'</style>",
            "<base href=/x>",
            "<meta http-equiv=refresh content=0>",
            "<iframe srcdoc='x'>",
            "<p style=color:red>",
        ] {
            let found = differences(html);
            assert!(
                found.iter().any(|found| matches!(found, Difference::Inline { .. })),
                "{html}: {found:?}"
            );
        }
    }

    #[test]
    fn what_comes_from_elsewhere_is_found() {
        for url in
            ["https://evil.example/x", "//evil.example/x", "data:text/css,x", " HTTP:x", "/\\evil"]
        {
            let found = differences(&format!("<img src=\"{url}\">"));
            assert_eq!(found, [Difference::Foreign { url: url.to_owned() }]);
        }
    }

    #[test]
    fn an_integrity_that_is_not_the_releases_is_found() {
        for (tag, fits) in [
            ("<script src=/assets/a.js integrity=sha384-a>", true),
            ("<script src=/assets/a.js integrity=sha384-b>", false),
            ("<script src=/assets/a.js>", false),
            ("<script src=/assets/b.js integrity=sha384-a>", false),
            ("<link rel=stylesheet href=/assets/b.css>", false),
            ("<link rel=modulepreload href=/assets/a.js>", false),
            ("<link rel=modulepreload href=/assets/a.js integrity=sha384-a>", true),
        ] {
            let found = differences(tag);
            let is_integrity = |found: &Difference| matches!(found, Difference::Integrity { .. });
            assert_eq!(!found.iter().any(is_integrity), fits, "{tag}: {found:?}");
        }
    }
}
