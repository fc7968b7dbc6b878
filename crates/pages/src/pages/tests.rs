//! Promises about the bytes that are served. They need the built web files, and say so when there are none.

use http::header;
use wax_model::{Brand, DomainSettings, Entitlements};

use super::*;
use crate::files::integrity;

fn pages() -> Pages {
    Pages::load().unwrap_or_else(|error| panic!("{error}"))
}

fn brand() -> BrandFiles {
    BrandFiles::render(
        &Brand::plain("Acme"),
        &Entitlements::SELF_HOSTED,
        &DomainSettings::default(),
    )
}

fn manifest() -> Manifest {
    serde_json::from_slice(&release_manifest().expect("built web files")).unwrap()
}

/// Every shell as text, with its page and language.
fn html(pages: &Pages) -> Vec<(Page, Lang, String)> {
    let text = |served: &Served| String::from_utf8(served.body().to_vec()).unwrap();
    pages.shells.iter().map(|((page, lang), served)| (*page, *lang, text(served))).collect()
}

/// The opening tags of a name.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}");
    html.match_indices(&open)
        .map(|(at, _)| &html[at..=at + html[at..].find('>').unwrap()])
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

#[test]
fn the_page_of_every_id_is_the_same_to_the_byte() {
    let (pages, brand) = (pages(), brand());
    let other = BrandFiles::render(
        &Brand::plain("Umbrella"),
        &Entitlements::SELF_HOSTED,
        &DomainSettings::default(),
    );
    let get = |path: &str, brand| pages.answer(path, &HeaderMap::new(), brand).unwrap();
    let first = get("/s/AAAAAAAAAAAAAAAAAAAAAA", &brand);
    for answer in
        [get("/s/x", &brand), get("/s/", &brand), get("/s/AAAAAAAAAAAAAAAAAAAAAA", &other)]
    {
        assert_eq!(answer.body(), first.body());
        assert_eq!(answer.headers(), first.headers());
    }
}

#[test]
fn a_changed_file_is_found_before_it_is_served() {
    for kind in ["/assets/open.", "/shells/open."] {
        let mut manifest = manifest();
        assert_eq!(dist().intact(&manifest).unwrap().len(), manifest.files.len());
        let file = manifest.files.iter_mut().find(|file| file.path.starts_with(kind)).unwrap();
        let path = file.path.clone();
        file.integrity = integrity(b"other bytes");
        assert!(
            matches!(dist().intact(&manifest), Err(PagesError::Altered(found)) if found == path)
        );
    }
}

#[test]
fn the_manifest_is_served_to_the_byte_and_names_this_version_and_the_policy() {
    let answer = pages().answer(RELEASE_PATH, &HeaderMap::new(), &brand()).unwrap();
    assert_eq!(**answer.body(), *release_manifest().unwrap());
    let release: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(release["release"], env!("CARGO_PKG_VERSION"));
    assert_eq!(release["content_security_policy"], crate::CONTENT_SECURITY_POLICY);
}

#[test]
fn every_script_and_style_of_a_shell_is_a_file_with_the_right_integrity() {
    let pages = pages();
    for (page, lang, html) in html(&pages) {
        let links = tags(&html, "link")
            .into_iter()
            .filter(|tag| attribute(tag, "rel") == Some("stylesheet"));
        let sources = tags(&html, "script")
            .into_iter()
            .map(|tag| (tag, attribute(tag, "src").expect("a src")));
        let sources =
            sources.chain(links.map(|tag| (tag, attribute(tag, "href").expect("a href"))));
        let mut checked = 0;
        for (tag, path) in sources.filter(|(_, path)| *path != "/brand.css") {
            let bytes =
                pages.asset(path).unwrap_or_else(|| panic!("{path} is not an asset")).body();
            assert_eq!(
                attribute(tag, "integrity"),
                Some(integrity(bytes).as_str()),
                "{page:?} {lang} {path}"
            );
            checked += 1;
        }
        // Pages that speak to the server have the HPKE library beside their own script.
        let expected = if is_still(page) { 2 } else { 3 };
        assert_eq!(checked, expected, "{page:?} {lang}: the style and every script");
    }
}

#[test]
fn no_shell_has_anything_inline() {
    for (page, lang, html) in html(&pages()) {
        assert!(
            tags(&html, "script").iter().all(|tag| attribute(tag, "src").is_some()),
            "{page:?} {lang}"
        );
        assert!(tags(&html, "style").is_empty(), "{page:?} {lang}");
        for tag in html.split('<').filter_map(|rest| rest.split('>').next()) {
            assert!(!tag.contains(" style=") && !tag.contains(" on"), "{page:?} {lang}: {tag}");
            assert!(
                !tag.contains("http://") || tag.contains("www.w3.org"),
                "{page:?} {lang}: {tag}"
            );
            assert!(!tag.contains("https://"), "{page:?} {lang}: {tag}");
        }
    }
}

const fn is_still(page: Page) -> bool {
    matches!(page, Page::Missing | Page::Held)
}

#[test]
fn every_shell_speaks_its_language_and_says_so_without_script() {
    for (page, lang, html) in html(&pages()) {
        assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{page:?} {lang}");
        // A still page has said everything already; the others say that they need a script.
        let own = format!("pages.{}.title", page.name());
        let title = if is_still(page) { &own } else { "pages.noscript.title" };
        assert!(html.contains(&wax_i18n::text(lang, title, &[])), "{page:?} {lang}");
    }
}

#[test]
fn anything_about_a_secret_is_kept_nowhere_and_everything_is_guarded() {
    let (pages, brand) = (pages(), brand());
    let mut paths = manifest().files.into_iter().map(|file| file.path);
    let script = paths.find(|path| path.contains("argon2.")).unwrap();
    for (path, cache) in [
        ("/s/x", "no-store"),
        ("/r/x", "no-store"),
        ("/", "no-cache"),
        ("/brand.css", "no-cache"),
        (RELEASE_PATH, "no-cache"),
        (&script, "public, max-age=31536000, immutable"),
    ] {
        let headers = pages.answer(path, &HeaderMap::new(), &brand).unwrap().headers().clone();
        assert_eq!(headers[header::CACHE_CONTROL], cache, "{path}");
        assert_eq!(
            headers[header::CONTENT_SECURITY_POLICY],
            crate::CONTENT_SECURITY_POLICY,
            "{path}"
        );
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
}

#[test]
fn what_is_no_page_is_left_to_others_and_has_a_page_of_its_own() {
    let (pages, brand) = (pages(), brand());
    for path in [
        "/v1/secrets/peek",
        "/assets/",
        "/assets/../release/release.json",
        "/assets/none.js",
        "/brand/logo",
        "/s",
        "//",
    ] {
        assert!(pages.answer(path, &HeaderMap::new(), &brand).is_none(), "{path}");
    }
    let missing = pages.instead(Page::Missing, &HeaderMap::new(), &brand);
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_shell_is_sent_in_the_language_and_encoding_that_were_asked_for() {
    let (pages, brand) = (pages(), brand());
    let request = HeaderMap::from_iter([
        (header::ACCEPT_LANGUAGE, "ja".parse().unwrap()),
        (header::ACCEPT_ENCODING, "gzip, br".parse().unwrap()),
    ]);
    let answer = pages.answer("/s/x", &request, &brand).unwrap();
    assert_eq!(answer.headers()[header::CONTENT_LANGUAGE], "ja");
    assert_eq!(answer.headers()[header::CONTENT_ENCODING], "br");
    assert!(answer.body().len() < pages.shell(Page::Open, Lang::Ja).body().len());
}
