//! Requests that a device has signed.

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use wax_crypto::{Challenge, DevicePublicKey, SignatureHeaders};
use wax_httpkit::{Body, Problem, RequestContext};
use wax_model::{Invalid, Rule};

use super::{bytes::Base64, channel::SealedBytes};
use crate::service::SignedCall;

/// A signed body names its device and its challenge.
pub(super) trait Signed {
    /// The device's public key, as it was sent.
    fn device(&self) -> &Base64;
    /// The challenge that was signed.
    fn challenge(&self) -> &Challenge;
}

/// Says that bodies have the members `device` and `challenge`.
macro_rules! signed {
    ($($body:ty),+) => { $(
        impl crate::http::signed::Signed for $body {
            fn device(&self) -> &Base64 {
                &self.device
            }

            fn challenge(&self) -> &Challenge {
                &self.challenge
            }
        }
    )+ };
}
pub(super) use signed;

/// A body and everything needed to check its signature. The check itself is the service's, after the caller has
/// proven that there is anything to sign for.
#[derive(Debug)]
pub(super) struct SignedBody<T> {
    pub(super) value: T,
    pub(super) call: SignedCall,
    pub(super) context: RequestContext,
    pub(super) user_agent: String,
}

impl<T: DeserializeOwned + Signed, S: Sync> FromRequest<S> for SignedBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut head, body) = request.into_parts();
        let context = RequestContext::from_request_parts(&mut head, state).await?;
        let sealed = head.extensions.remove::<SealedBytes>();
        let body = Body::<T>::from_request(Request::from_parts(head, body), state).await?;
        let header = |name: &str| single(&body.headers, name).unwrap_or_default().to_owned();
        let device = DevicePublicKey::from_slice(&body.value.device().0)
            .map_err(|_| Invalid::new("device", Rule::Form))?;
        let call = SignedCall {
            target_uri: format!("{}{}", context.origin, body.uri.path()),
            headers: SignatureHeaders {
                content_digest: header("content-digest"),
                signature_input: header("signature-input"),
                signature: header("signature"),
            },
            device,
            challenge: *body.value.challenge(),
            // What was sent is what was signed.
            body: sealed.map_or(body.bytes, |sealed| sealed.0),
        };
        Ok(Self { user_agent: header("user-agent"), value: body.value, call, context })
    }
}

/// The one line of this name. Two lines are one list for some readers (RFC 9110 §5.3) and the first of them for others, so
/// they are as good as none.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none());
    line.and_then(|line| line.to_str().ok())
}
