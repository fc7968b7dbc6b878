//! Pages that the server writes itself: no script, and one style, which stands in the page.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};
use wax_i18n::Lang;
use wax_kernel::html::escape;

use crate::guard::guard;

/// The style of a page, and the policy under which it is the only thing that counts there.
#[derive(Debug)]
pub(crate) struct Style {
    css: String,
    policy: String,
}

impl Style {
    /// `forms`: where the page's forms may lead, as the policy says it.
    ///
    /// Source: W3C Content Security Policy Level 3 §2.3.1, hash-source.
    pub(crate) fn new(sheets: &[&str], forms: &str) -> Self {
        let css = sheets.concat();
        let hash = BASE64_STANDARD.encode(Sha256::digest(&css));
        let policy = format!(
            "default-src 'none'; style-src 'self' 'sha256-{hash}'; form-action {forms}; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        Self { css, policy }
    }

    /// For as long as the process runs, where the style does.
    pub(crate) fn policy(&self) -> &str {
        &self.policy
    }

    /// A document around `body`, which is HTML already. `more` stands at the end of its head.
    pub(crate) fn document(&self, lang: Lang, title: &str, more: &str, body: &str) -> String {
        let (css, title) = (&self.css, escape(title));
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"robots\" content=\"noindex, nofollow, noarchive\">\n<style>{css}</style>\n{more}</head>\n\
             {body}</html>\n"
        )
    }

    /// An answer that nobody keeps.
    pub(crate) fn answer(&self, status: StatusCode, lang: Lang, html: String) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(html));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        self.guard(headers);
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_LANGUAGE, lang.tag()),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn guard(&self, headers: &mut HeaderMap) {
        guard(headers, "default-src 'none'");
        let policy = HeaderValue::try_from(&self.policy);
        let policy = policy.expect("a policy is made of visible ASCII and spaces");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_counts_by_its_own_hash_and_nothing_else_does() {
        let style = Style::new(&["p{margin:0}", "b{margin:0}"], "'none'");
        let html = style.document(Lang::En, "<i>&\"'", "", "<body></body>");
        let (_, rest) = html.split_once("<style>").unwrap();
        let (css, _) = rest.split_once("</style>").unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(css));
        assert!(style.policy().contains(&format!("style-src 'self' 'sha256-{hash}';")));
        assert!(html.contains("<title>&lt;i&gt;&amp;&quot;&#39;</title>"));
        let answer = style.answer(StatusCode::OK, Lang::Ja, html);
        assert_eq!(answer.headers()["content-security-policy"], style.policy());
        for unsafe_word in ["script", "unsafe", "*", "http"] {
            assert!(!style.policy().contains(unsafe_word), "{}", style.policy());
        }
    }
}
