//! The headers that every page, script and style carries.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Scripts and styles of this origin only, WebAssembly for the passphrase's worker, no markup from strings, no frames,
/// no forms that leave the page. Workers get it too: theirs is the policy of their own answer. The release's manifest
/// names it, so it stands where that is built.
///
/// Source: W3C Content Security Policy Level 3; W3C Trusted Types §2.
pub const CONTENT_SECURITY_POLICY: &str =
    include_str!("../../../web/apps/link/policy.txt").trim_ascii_end();

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), \
    geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=(), \
    clipboard-read=(), clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)";

/// The same for the console.
pub const CONSOLE_POLICY: &str =
    include_str!("../../../web/apps/console/policy.txt").trim_ascii_end();

const GUARD: [(HeaderName, &str); 6] = [
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Adds the guarding headers.
pub(crate) fn guard(headers: &mut HeaderMap, policy: &'static str) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    for (name, value) in GUARD {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
