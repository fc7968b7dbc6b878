//! Who asks, as a service is told.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use wax_httpkit::{
    PlatformContext, Problem,
    auth::{BearerHash, OurPage, SignedIn},
};

use crate::service::{Caller, Language};

/// A request of our own page, before anybody is signed in.
pub(super) struct Visitor {
    pub(super) caller: Caller,
    /// The sign-in that waits for a second factor.
    pub(super) step: Option<BearerHash>,
    /// Of mails to whom we do not know.
    pub(super) language: Language,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let OurPage { context, device, session, step } =
            OurPage::from_request_parts(parts, state).await?;
        let device_name = device_name(&parts.headers);
        let caller = caller(&context, device_name, Some(device), session);
        Ok(Self { caller, step, language: language(&parts.headers) })
    }
}

/// A caller of whom nothing is known but the network: a command line.
pub(super) fn stranger(context: &PlatformContext) -> Caller {
    caller(context, String::new(), None, None)
}

/// Whoever is signed in.
pub(super) fn member(signed_in: &SignedIn) -> Caller {
    caller(&signed_in.context, signed_in.session.device.clone(), None, None)
}

fn caller(
    context: &PlatformContext,
    device_name: String,
    device: Option<BearerHash>,
    session: Option<BearerHash>,
) -> Caller {
    let (origin, network) = (Arc::clone(&context.origin), context.network.as_str().to_owned());
    Caller { origin, network, device_name, device, session }
}

fn language(headers: &HeaderMap) -> Language {
    if wax_httpkit::language(headers).tag() == "ja" { Language::Ja } else { Language::En }
}

/// What a person recognises their browser by: "Firefox on Windows". A guess from the `User-Agent` (RFC 9110 §10.1.5), which says
/// much that is not so; nothing is decided by it.
fn device_name(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.unwrap_or_default();
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // In the order in which they imitate each other.
    let browser = first(&[
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(known), None) | (None, Some(known)) => known.to_owned(),
        (None, None) => "Browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.0", "Browser"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
            assert_eq!(device_name(&headers), name);
        }
    }
}
