//! What a request must look like before anyone reads it, and what is taken off it.
//!
//! A request that two servers could read differently is refused; what only our own side may say is removed. What a
//! proxy would put in the place of `X-Forwarded-*`, services get as a verified `RequestContext` instead. The framing of
//! HTTP/1.1 bodies is checked before hyper, in `framing`.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header, request::Parts};
use wax_httpkit::{HostKind, auth::CSRF_HEADER};
use wax_kernel::{Hostname, HostnameError};

use crate::{Limits, refusal::Refusal};

/// The methods that are served anywhere.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Headers between two neighbours on the wire (RFC 9110 §7.6.1), and the framing that our own body replaces.
const HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Names that say who the client is, which host, method or request it meant: only we may say so.
const OURS: [&str; 9] = [
    "forwarded",
    "http2-settings",
    "proxy-connection",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
    "x-request-id",
];

/// Prefixes of such names.
const OUR_PREFIXES: [&str; 4] = ["x-edge-", "x-forwarded-", "x-tenant-", "x-waxseal-"];

/// The listener a request came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) kind: DoorKind,
    /// The port it is bound to.
    pub(crate) port: u16,
    /// The port browsers see, if something in front maps it.
    pub(crate) public_port: Option<u16>,
}

/// What a listener is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DoorKind {
    /// Serves this machine without TLS.
    Plain,
    /// Serves everybody over TLS.
    Tls,
    /// Serves nothing: tells everybody that the host is at https, on this port.
    Redirect { https: u16 },
}

/// The host a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Called {
    /// `None` when it names an address: well formed, and nobody's host.
    pub(crate) host: Option<Hostname>,
    pub(crate) port: Option<u16>,
}

impl Door {
    pub(crate) const fn is_tls(self) -> bool {
        matches!(self.kind, DoorKind::Tls)
    }

    pub(crate) const fn scheme(self) -> &'static str {
        if self.is_tls() { "https" } else { "http" }
    }

    /// Whether a connection may have more than one request. Nobody has a second question on port 80.
    pub(crate) const fn stays(self) -> bool {
        !matches!(self.kind, DoorKind::Redirect { .. })
    }

    const fn default_port(self) -> u16 {
        if self.is_tls() { 443 } else { 80 }
    }

    /// A port that is named must be ours. One that is not named is the scheme's, and something in front may map that.
    fn is_ours(self, port: Option<u16>) -> bool {
        port.is_none_or(|port| {
            port == self.port || Some(port) == self.public_port || port == self.default_port()
        })
    }
}

impl Called {
    /// `host[:port]` in normal form.
    pub(crate) fn authority(&self) -> Option<String> {
        let host = self.host.as_ref()?;
        Some(self.port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
    }
}

/// Checks a request's head and takes off what clients may not say. Afterwards the target is in origin form and `Host`
/// is the one normal form of what the client meant.
pub(crate) fn clean(parts: &mut Parts, door: Door, limits: &Limits) -> Result<Called, Refusal> {
    if !is_served(&parts.method) {
        return Err(Refusal::method(METHODS));
    }
    if parts.headers.len() > limits.headers {
        return Err(Refusal::too_many_headers());
    }
    check_target(&parts.uri, door, limits)?;
    let called = called(parts, door)?;
    strip(&mut parts.headers);
    let host = called.authority().and_then(|authority| HeaderValue::try_from(authority).ok());
    if let Some(host) = host {
        parts.headers.insert(header::HOST, host);
    }
    let target = parts.uri.path_and_query().cloned().ok_or_else(Refusal::malformed)?;
    parts.uri = Uri::from(target);
    Ok(called)
}

/// Method names are case-sensitive (RFC 9110 §9.1): `get` is another method, and not one of ours.
fn is_served(method: &Method) -> bool {
    METHODS.split(", ").any(|name| name == method.as_str())
}

fn check_target(uri: &Uri, door: Door, limits: &Limits) -> Result<(), Refusal> {
    let target = uri.path_and_query().ok_or_else(Refusal::malformed)?.as_str();
    if target.len() > limits.uri_bytes {
        return Err(Refusal::uri_too_long());
    }
    let same_scheme = uri.scheme_str().is_none_or(|scheme| scheme == door.scheme());
    if same_scheme && target.is_ascii() { Ok(()) } else { Err(Refusal::malformed()) }
}

/// The one host that the request line and the `Host` fields agree on (RFC 9112 §3.2, RFC 9113 §8.3.1).
fn called(parts: &Parts, door: Door) -> Result<Called, Refusal> {
    let mut fields = parts.headers.get_all(header::HOST).iter();
    let field = fields.next().map(|value| read_authority(value.as_bytes())).transpose()?;
    let target = parts
        .uri
        .authority()
        .map(|authority| read_authority(authority.as_str().as_bytes()))
        .transpose()?;
    let called = match (field, target) {
        _ if fields.next().is_some() => return Err(Refusal::malformed()),
        (Some(field), Some(target)) if field != target => return Err(Refusal::malformed()),
        (None, _) if parts.version <= Version::HTTP_11 => return Err(Refusal::malformed()),
        (field, target) => field.or(target).ok_or_else(Refusal::malformed)?,
    };
    if door.is_ours(called.port) { Ok(called) } else { Err(Refusal::malformed()) }
}

/// Reads `host[:port]`. User information is refused: `a.example@b.example` reads as either.
fn read_authority(bytes: &[u8]) -> Result<Called, Refusal> {
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or_else(Refusal::malformed)?;
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(read_port(port)?)),
        _ => (text, None),
    };
    let host = match Hostname::parse(host) {
        Ok(host) => Some(host),
        Err(HostnameError::Address) => None,
        Err(_) => return Err(Refusal::malformed()),
    };
    Ok(Called { host, port })
}

fn read_port(text: &str) -> Result<u16, Refusal> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(Refusal::malformed)
}

fn strip(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    let unwanted: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| is_ours_to_say(name) || !value.as_bytes().is_ascii())
        .map(|(name, _)| name.clone())
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// What a service may know a caller by. A key may come to any host; cookies are the console's, and on tenants' hosts no
/// service sees one. A browser may send them as several fields over HTTP/2; services get one (RFC 9113 §8.2.3). Neither
/// is printed from here on, nor kept in a table of compressed headers on the way to another process.
pub(crate) fn keep_credentials(headers: &mut HeaderMap, host: HostKind) {
    let cookies: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    headers.remove(header::COOKIE);
    let whole = cookies.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]);
    if let (HostKind::Platform, false, Ok(mut whole)) =
        (host, cookies.is_empty(), HeaderValue::from_bytes(&whole))
    {
        whole.set_sensitive(true);
        headers.insert(header::COOKIE, whole);
    }
    if let Some(key) = headers.get_mut(header::AUTHORIZATION) {
        key.set_sensitive(true);
    }
}

/// Removes what was meant for the neighbour on the wire alone, with everything that `Connection` names: there may be
/// several such fields, and each may name several headers.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Some servers fold `_` into `-` (CGI does), so `X_Forwarded_For` would come back as what we just removed.
fn is_ours_to_say(name: &HeaderName) -> bool {
    // What our own pages say by it proves that they are ours, to services that compare it.
    if *name == CSRF_HEADER {
        return false;
    }
    let name = name.as_str();
    name.contains('_')
        || OURS.contains(&name)
        || OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
