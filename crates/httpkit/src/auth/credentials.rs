//! What a caller shows, and that it was the caller's own doing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, Method, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use wax_crypto::{ApiKeyText, Origin};
use wax_kernel::base64url_encode;

use super::{BearerHash, Cookies, DEVICE_COOKIE, SESSION_COOKIE};
use crate::{Code, Problem};

/// Carries the CSRF token.
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-waxseal-csrf");

/// Starts the token of a command line's session.
pub const CLI_PREFIX: &str = "wxs_";
/// Longest credential that is hashed.
const MAX_TEXT: usize = 128;

/// What a request shows to prove who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    None,
    /// A browser's session, on a request that our own page has made.
    Browser(BearerHash),
    /// A command line's session.
    Cli(BearerHash),
    /// An API key.
    Key(BearerHash),
}

impl Credential {
    /// Reads the one credential of a request. A cookie counts only on requests of our own pages; `Authorization` wins
    /// over nothing: both at once are refused, because nobody means that.
    pub fn read(method: &Method, headers: &HeaderMap, origin: &Origin) -> Result<Self, Problem> {
        let cookie = Cookies::new(headers).get(SESSION_COOKIE);
        let shown = authorization(headers)?;
        match (shown, cookie) {
            (Some(_), Some(_)) => Err(Problem::new(Code::Malformed)),
            (Some(credential), None) => Ok(credential),
            (None, None) => Ok(Self::None),
            (None, Some(token)) => {
                from_our_pages(method, headers, origin)?;
                Ok(Self::Browser(bearer_hash(token)))
            }
        }
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<Credential>, Problem> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let refused = || Problem::new(Code::SignedOut);
    if lines.next().is_some() {
        return Err(Problem::new(Code::Malformed));
    }
    let (scheme, rest) =
        line.to_str().ok().and_then(|line| line.split_once(' ')).ok_or_else(refused)?;
    let text = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => rest.trim().to_owned(),
        "basic" => basic_password(rest.trim()).ok_or_else(refused)?,
        _ => return Err(refused()),
    };
    if text.len() > MAX_TEXT {
        return Err(refused());
    }
    match &text {
        key if key.starts_with(ApiKeyText::PREFIX) => Ok(Some(Credential::Key(bearer_hash(key)))),
        token if token.starts_with(CLI_PREFIX) => Ok(Some(Credential::Cli(bearer_hash(token)))),
        _ => Err(refused()),
    }
}

/// The password of HTTP's Basic scheme (RFC 7617): any user name goes with a key.
fn basic_password(encoded: &str) -> Option<String> {
    let bytes = STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// SHA-256 of a bearer value: what is looked up instead of it.
pub fn bearer_hash(text: &str) -> BearerHash {
    Sha256::digest(text.as_bytes()).into()
}

/// The token that our own pages send along with what changes something: only they can read it.
pub fn csrf_token(device: &str, session: Option<&str>) -> String {
    let parts = ["waxseal csrf v1", device, session.unwrap_or_default()];
    base64url_encode(Sha256::digest(parts.join("\0").as_bytes()))
}

/// Refuses what another site made the browser send. Reading needs no `Origin`, but if there is one it is ours; changing
/// needs it, and the token.
pub fn from_our_pages(
    method: &Method,
    headers: &HeaderMap,
    origin: &Origin,
) -> Result<(), Problem> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let ours = match headers.get(header::ORIGIN) {
        None => reads,
        Some(said) => said.as_bytes() == origin.to_string().as_bytes(),
    };
    // A link of another site sends the cookie and no `Origin` (SameSite=Lax); no page of ours is below `/v1`.
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if ours && !foreign && (reads || has_token(headers)) {
        Ok(())
    } else {
        Err(Problem::new(Code::Csrf))
    }
}

fn has_token(headers: &HeaderMap) -> bool {
    let cookies = Cookies::new(headers);
    let Some(device) = cookies.get(DEVICE_COOKIE) else { return false };
    let expected = csrf_token(device, cookies.get(SESSION_COOKIE));
    let Some(said) = headers.get(CSRF_HEADER) else { return false };
    said.as_bytes().ct_eq(expected.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const DEVICE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const SESSION: &str = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

    fn origin() -> Origin {
        Origin::parse("https://app.example").unwrap()
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        pairs.collect()
    }

    fn cookies() -> String {
        format!("{DEVICE_COOKIE}={DEVICE}; {SESSION_COOKIE}={SESSION}")
    }

    fn read(method: &Method, pairs: &[(&str, &str)]) -> Result<Credential, Code> {
        let read = Credential::read(method, &headers(pairs), &origin());
        read.map_err(|problem| problem.code())
    }

    #[test]
    fn a_cookie_counts_only_on_requests_of_our_own_pages() {
        let (cookies, token) = (cookies(), csrf_token(DEVICE, Some(SESSION)));
        let session = Ok(Credential::Browser(bearer_hash(SESSION)));
        let (ours, csrf) = (("origin", "https://app.example"), ("x-waxseal-csrf", token.as_str()));
        let cookie = ("cookie", cookies.as_str());
        assert_eq!(read(&Method::GET, &[cookie]), session);
        assert_eq!(read(&Method::GET, &[cookie, ours]), session);
        assert_eq!(read(&Method::POST, &[cookie, ours, csrf]), session);
        let foreign = [
            "https://evil.example",
            "null",
            "http://app.example",
            "https://app.example:8443",
            "https://app.example.evil.example",
            "https://xapp.example",
            "",
        ];
        for origin in foreign {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let read = read(&method, &[cookie, ("origin", origin), csrf]);
                assert_eq!(read, Err(Code::Csrf), "{method} from {origin:?}");
            }
        }
        assert_eq!(read(&Method::POST, &[cookie, csrf]), Err(Code::Csrf), "without an origin");
        assert_eq!(read(&Method::POST, &[cookie, ours]), Err(Code::Csrf), "without the token");
    }

    #[test]
    fn a_token_of_another_browser_or_of_before_signing_in_counts_for_nothing() {
        let cookies = cookies();
        for token in [
            csrf_token(DEVICE, None),
            csrf_token(SESSION, Some(SESSION)),
            csrf_token(DEVICE, Some(DEVICE)),
            String::new(),
        ] {
            let pairs = [
                ("cookie", cookies.as_str()),
                ("origin", "https://app.example"),
                ("x-waxseal-csrf", token.as_str()),
            ];
            assert_eq!(read(&Method::POST, &pairs), Err(Code::Csrf));
        }
    }

    #[test]
    fn keys_and_command_lines_need_no_origin_and_are_never_mixed_with_a_cookie() {
        let (cookies, key) = (cookies(), "wxk_abc");
        assert_eq!(
            read(&Method::POST, &[("authorization", "Bearer wxs_abc")]),
            Ok(Credential::Cli(bearer_hash("wxs_abc")))
        );
        let basic = format!("basic {}", STANDARD.encode(format!("anybody:{key}")));
        for line in ["Bearer wxk_abc", "bearer wxk_abc", basic.as_str()] {
            let read = read(&Method::POST, &[("authorization", line)]);
            assert_eq!(read, Ok(Credential::Key(bearer_hash(key))), "{line}");
        }
        let both = [("authorization", "Bearer wxk_abc"), ("cookie", cookies.as_str())];
        assert_eq!(read(&Method::POST, &both), Err(Code::Malformed));
        let twice = [("authorization", "Bearer wxk_a"), ("authorization", "Bearer wxk_b")];
        assert_eq!(read(&Method::POST, &twice), Err(Code::Malformed));
        let long = format!("Bearer wxk_{}", "a".repeat(MAX_TEXT));
        for line in ["Bearer abc", "Digest wxk_abc", "wxk_abc", "Basic ???", long.as_str()] {
            let read = read(&Method::POST, &[("authorization", line)]);
            assert_eq!(read, Err(Code::SignedOut), "{line}");
        }
    }

    #[test]
    fn a_credential_prints_nothing_that_opens() {
        let printed = format!("{:?}", Credential::Cli(bearer_hash("wxs_secret")));
        assert!(!printed.contains("secret"), "{printed}");
    }
}
