use std::borrow::Cow;

use http::{StatusCode, header};

use super::*;
use crate::files::integrity;

const PAGE: &[u8] = b"<!doctype html><title>Waxseal</title>";
const SCRIPT: &[u8] = b"export {}";

/// A build of two files, which is there before the console is.
fn small(path: &str) -> Option<Cow<'static, [u8]>> {
    match path {
        "index.html" => Some(Cow::Borrowed(PAGE)),
        "assets/app.1.js" => Some(Cow::Borrowed(SCRIPT)),
        _ => None,
    }
}

fn read(files: &[(&str, &[u8])]) -> Result<Console, PagesError> {
    let line = |(path, bytes): &(&str, &[u8])| serde_json::json!({ "path": path, "integrity": integrity(bytes) });
    let files: Vec<_> = files.iter().map(line).collect();
    let release = serde_json::json!({ "files": files }).to_string();
    Console::read(&Folder::new(small, CONSOLE_POLICY), release.into_bytes())
}

fn console() -> Console {
    read(&[("/index.html", PAGE), ("/assets/app.1.js", SCRIPT)]).unwrap()
}

fn get(path: &str) -> Option<Response<Bytes>> {
    console().answer(path, &HeaderMap::new())
}

#[test]
fn every_deep_link_gets_the_shell_which_is_kept_and_listed_nowhere() {
    for path in ["/", "/sign-in", "/organizations/acme/members", "/settings", "/sessions", "/runs"]
    {
        let answer = get(path).unwrap();
        assert_eq!((answer.status(), &**answer.body()), (StatusCode::OK, PAGE), "{path}");
        let headers = answer.headers();
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers["x-robots-tag"], "noindex");
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], CONSOLE_POLICY);
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
    }
}

#[test]
fn what_belongs_to_tenants_is_not_there() {
    for path in [
        "/s/AAAAAAAAAAAAAAAAAAAAAA",
        "/s/",
        "/s",
        "/r/AAAAAAAAAAAAAAAAAAAAAA",
        "/brand.json",
        "/brand.css",
        "/brand/logo",
        "/api/v1/secret",
        "/v1/secrets/claim",
        "/favicon.ico",
        "/.well-known/other",
    ] {
        assert!(get(path).is_none(), "{path}");
    }
}

#[test]
fn an_asset_is_kept_for_ever_and_an_unknown_one_is_no_page() {
    let answer = get("/assets/app.1.js").unwrap();
    assert_eq!(&**answer.body(), SCRIPT);
    assert!(answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    assert!(get("/assets/app.2.js").is_none() && get("/assets/").is_none());
}

#[test]
fn a_changed_or_missing_file_is_found_before_it_is_served() {
    let altered = read(&[("/index.html", PAGE), ("/assets/app.1.js", b"other")]);
    assert!(matches!(altered, Err(PagesError::Altered(path)) if path == "/assets/app.1.js"));
    for (files, missing) in [
        (&[("/index.html", PAGE), ("/assets/app.2.js", SCRIPT)][..], "/assets/app.2.js"),
        (&[("/assets/app.1.js", SCRIPT)][..], "/index.html"),
    ] {
        let incomplete = read(files);
        assert!(matches!(incomplete, Err(PagesError::Incomplete(path)) if path == missing));
    }
}

#[test]
fn the_policy_begins_with_nothing_and_allows_no_inline_script_and_no_other_origin() {
    let directives: Vec<_> = CONSOLE_POLICY.split("; ").collect();
    assert_eq!(directives[0], "default-src 'none'");
    for wanted in
        ["frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"]
    {
        assert!(directives.contains(&wanted), "{wanted}");
    }
    for unwanted in ["'unsafe-inline'", "'unsafe-eval'", "http", "data:", "blob:", "*"] {
        assert!(!CONSOLE_POLICY.contains(unwanted), "{unwanted}");
    }
}

/// A server without the console's pages runs; a release without them does not leave CI.
#[test]
fn the_console_is_in_this_binary_with_the_policy_of_its_manifest() {
    let console = Console::load().unwrap_or_else(|error| panic!("{error}"));
    let manifest: serde_json::Value = serde_json::from_slice(console.release.body()).unwrap();
    assert_eq!(manifest["content_security_policy"], CONSOLE_POLICY);
    assert_eq!(manifest["release"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_script_and_style_of_the_shell_is_an_asset_with_the_right_integrity() {
    let console = Console::load().unwrap_or_else(|error| panic!("{error}"));
    let html = std::str::from_utf8(console.shell.body()).unwrap();
    let opens = |tag: &&str| tag.starts_with("script") || tag.contains("rel=\"stylesheet\"");
    let tags: Vec<_> = html.split('<').filter(opens).collect();
    assert!(tags.len() >= 3, "{html}");
    for tag in tags {
        let value = |name: &str| tag.split_once(&format!("{name}=\""))?.1.split('"').next();
        let path = value("src").or(value("href")).unwrap();
        let asset = console.assets.get(path).unwrap_or_else(|| panic!("{path} is no asset"));
        assert_eq!(value("integrity"), Some(&*integrity(asset.body())), "{path}");
    }
}
