//! `/unsubscribe/{token}`, on every host: where each notice says that it can be stopped (RFC 8058). The token is the
//! authority: no cookie and no CSRF token is asked for, because a mail client that answers the link has neither.

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, request::Parts};
use wax_httpkit::{Code, Context, Problem, has_content_type, receive};
use wax_i18n::Lang;
use wax_pages::{Notices, NoticesHost, RESUME_NOTICES, STOP_NOTICES, reader_language};

use crate::Accounts;

/// More than a mail client or our own form sends.
const LIMIT: usize = 4 * 1_024;

/// The page's routes.
pub fn unsubscribe_router(accounts: Accounts) -> Router {
    Router::new().route("/unsubscribe/{token}", get(show).post(decide)).with_state(accounts)
}

/// Changes nothing: programs that look into mails open what they find.
async fn show(
    State(accounts): State<Accounts>,
    Token(token): Token,
    place: Place,
) -> Result<Response, Problem> {
    let notices = shown(&accounts, &token).await?;
    Ok(place.answer(notices))
}

async fn decide(
    State(accounts): State<Accounts>,
    Token(token): Token,
    place: Place,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = receive(body, LIMIT).await?;
    let Some(send) = asked(&headers, &body) else {
        let mut answer = place.answer(shown(&accounts, &token).await?);
        // Whoever did not say what they want is not to believe that it was done.
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(answer);
    };
    Ok(place.answer(match accounts.send_notices(&token, send).await? {
        false => Notices::Unknown,
        true if send => Notices::Resumed,
        true => Notices::Stopped,
    }))
}

async fn shown(accounts: &Accounts, token: &str) -> Result<Notices, Problem> {
    Ok(match accounts.sends_notices(token).await? {
        None => Notices::Unknown,
        Some(true) => Notices::Sent,
        Some(false) => Notices::Stopped,
    })
}

/// Whether notices are to be sent, as the one field says. Mail clients send it in either form that HTML has (RFC 8058 §3.2).
fn asked(headers: &HeaderMap, body: &[u8]) -> Option<bool> {
    let body = std::str::from_utf8(body).ok()?;
    let says = |(name, value): (&str, &str)| {
        if has_content_type(headers, "multipart/form-data") {
            return body.contains(&format!("name=\"{name}\""))
                && body.lines().any(|line| line == value);
        }
        let is_form = has_content_type(headers, "application/x-www-form-urlencoded");
        is_form && body.trim_end() == format!("{name}={value}")
    };
    if says(STOP_NOTICES) { Some(false) } else { says(RESUME_NOTICES).then_some(true) }
}

/// What stands in the path, whatever it is: a link that was cut or garbled is answered like any other wrong one.
struct Token(String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(token)| token).unwrap_or_default()))
    }
}

/// Where the page is shown, and how.
struct Place {
    sender: String,
    name: String,
    is_branded: bool,
    lang: Lang,
}

impl FromRequestParts<Accounts> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, accounts: &Accounts) -> Result<Self, Problem> {
        let context = Context::of(&parts.extensions).ok_or_else(|| Problem::new(Code::Internal))?;
        let brand = match &context {
            Context::Tenant(context) => {
                accounts.look_of(context.scope.tenant(), context.domain).await?
            }
            Context::Platform(_) => None,
        };
        let own = brand.as_ref().and_then(|brand| brand.language.parse().ok()).unwrap_or_default();
        Ok(Self {
            name: context.origin().host().to_string(),
            is_branded: brand.is_some(),
            lang: chosen(parts).unwrap_or_else(|| reader_language(&parts.headers, own)),
            sender: brand.map_or_else(|| "Waxseal".to_owned(), |brand| brand.name),
        })
    }
}

/// By the page's own switch.
fn chosen(parts: &Parts) -> Option<Lang> {
    parts.uri.query()?.strip_prefix("lang=")?.parse().ok()
}

impl Place {
    fn answer(&self, notices: Notices) -> Response {
        let Self { sender, name, is_branded, lang } = self;
        let host = NoticesHost { sender, name, is_branded: *is_branded };
        notices.page(&host, *lang).map(|html: Bytes| Body::from(html)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn only_who_says_so_changes_something() {
        let form = "application/x-www-form-urlencoded";
        let parts = "multipart/form-data; boundary=x";
        let part = |name: &str, value: &str| {
            format!(
                "--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--x--\r\n"
            )
        };
        for (kind, body, send) in [
            (form, "List-Unsubscribe=One-Click".to_owned(), Some(false)),
            (form, "List-Unsubscribe=One-Click\r\n".to_owned(), Some(false)),
            (form, "notices=on".to_owned(), Some(true)),
            (parts, part("List-Unsubscribe", "One-Click"), Some(false)),
            (parts, part("notices", "on"), Some(true)),
            (form, String::new(), None),
            (form, "List-Unsubscribe=Two-Clicks".to_owned(), None),
            (parts, part("other", "One-Click"), None),
            ("application/json", "List-Unsubscribe=One-Click".to_owned(), None),
            ("text/plain", "notices=on".to_owned(), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            assert_eq!(asked(&headers, body.as_bytes()), send, "{kind} {body}");
        }
    }
}
