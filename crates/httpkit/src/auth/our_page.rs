//! A request that our own page has made, whoever sits before it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wax_kernel::base64url_decode;

use super::{
    BearerHash, Cookies, DEVICE_COOKIE, SESSION_COOKIE, STEP_COOKIE, bearer_hash, from_our_pages,
};
use crate::{Code, PlatformContext, Problem};

/// Our own page, in a browser that has our device cookie. Signing in needs it as much as anything later: otherwise another
/// site could sign its visitors in to an account of its own.
#[derive(Debug, Clone)]
pub struct OurPage {
    /// Where the call came from.
    pub context: PlatformContext,
    /// The browser.
    pub device: BearerHash,
    /// The session that its cookie names, whether it stands or not.
    pub session: Option<BearerHash>,
    /// The sign-in that waits for a second factor, if there is one.
    pub step: Option<BearerHash>,
}

/// Whether a text has the form of the values that we give out: 32 bytes in base64url.
pub fn is_bearer(text: &str) -> bool {
    text.len() == 43 && base64url_decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

impl<S: Sync> FromRequestParts<S> for OurPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = PlatformContext::from_request_parts(parts, state).await?;
        from_our_pages(&parts.method, &parts.headers, &context.origin)?;
        let cookies = Cookies::new(&parts.headers);
        let value = |name| cookies.get(name).filter(|text| is_bearer(text)).map(bearer_hash);
        let device = value(DEVICE_COOKIE).ok_or_else(|| Problem::new(Code::Csrf))?;
        Ok(Self { context, device, session: value(SESSION_COOKIE), step: value(STEP_COOKIE) })
    }
}
