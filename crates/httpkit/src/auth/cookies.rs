//! The platform's cookies: bound to its host, out of reach of scripts, and not sent along by other sites' requests.

use http::{HeaderMap, HeaderValue, header};

/// A signed-in browser.
pub const SESSION_COOKIE: &str = "__Host-waxseal-session";
/// The browser, signed in or not.
pub const DEVICE_COOKIE: &str = "__Host-waxseal-device";
/// A sign-in between its first and second factor.
pub const STEP_COOKIE: &str = "__Host-waxseal-step";

/// The cookies of a request.
#[derive(Clone, Copy)]
pub struct Cookies<'h>(&'h HeaderMap);

impl<'h> Cookies<'h> {
    /// Reads them from a request's headers.
    pub const fn new(headers: &'h HeaderMap) -> Self {
        Self(headers)
    }

    /// The value of the one cookie with this name. None if there are two: somebody has planted one, and nobody can tell
    /// which (RFC 6265 §8.6 has no integrity).
    pub fn get(self, name: &str) -> Option<&'h str> {
        let lines = self.0.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }
}

/// A `Set-Cookie` that lasts `seconds`. `value` is base64url.
pub fn set_cookie(name: &str, value: &str, seconds: u64) -> HeaderValue {
    line(format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"))
}

/// A `Set-Cookie` that takes the cookie away.
pub fn unset_cookie(name: &str) -> HeaderValue {
    set_cookie(name, "", 0)
}

fn line(text: String) -> HeaderValue {
    let mut value =
        HeaderValue::try_from(text).expect("names and values of cookies are visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_across_lines() {
        let headers = headers(&["a=1; __Host-waxseal-session=abc", "b=2"]);
        assert_eq!(Cookies::new(&headers).get(SESSION_COOKIE), Some("abc"));
        assert_eq!(Cookies::new(&headers).get("b"), Some("2"));
        assert_eq!(Cookies::new(&headers).get("c"), None);
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let headers = headers(&["__Host-waxseal-session=abc; __Host-waxseal-session=def"]);
        assert_eq!(Cookies::new(&headers).get(SESSION_COOKIE), None);
    }

    #[test]
    fn a_cookie_is_bound_to_the_host_and_kept_from_scripts() {
        let value = set_cookie(SESSION_COOKIE, "abc", 60);
        let expected =
            "__Host-waxseal-session=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(value, expected);
        assert_eq!(format!("{value:?}"), "Sensitive");
    }
}
