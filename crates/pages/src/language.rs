//! Which language a page is shown in.

use http::{HeaderMap, header};
use wax_i18n::Lang;

/// The reader's language: what they chose on the page (cookie `lang`), what their browser asks for, or the tenant's.
pub fn reader_language(headers: &HeaderMap, tenants: Lang) -> Lang {
    chosen(headers).or_else(|| asked(headers)).unwrap_or(tenants)
}

fn chosen(headers: &HeaderMap) -> Option<Lang> {
    let cookies =
        headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("lang=")?.parse().ok())
}

fn asked(headers: &HeaderMap) -> Option<Lang> {
    Lang::from_accept_language(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &'static str, accept: &'static str) -> HeaderMap {
        let pairs = [(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, accept)];
        pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_choice_beats_the_browser_and_the_browser_beats_the_tenant() {
        for (cookie, accept, lang) in [
            ("a=b; lang=ja", "en", Lang::Ja),
            ("lang=en", "ja", Lang::En),
            ("lang=xx", "ja", Lang::Ja),
            ("xlang=en", "ja", Lang::Ja),
            ("", "en-US,en;q=0.9", Lang::En),
            ("", "fr", Lang::Ja),
            ("", "", Lang::Ja),
        ] {
            assert_eq!(
                reader_language(&headers(cookie, accept), Lang::Ja),
                lang,
                "{cookie} {accept}"
            );
        }
    }
}
