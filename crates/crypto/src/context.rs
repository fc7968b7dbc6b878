//! What an edge signs about a request, so that a service on another machine can believe it.
//!
//! A JWT (RFC 7519) whose algorithm is pinned to `EdDSA` (RFC 8037), for one method, host, path and query, and for
//! half a minute. The library checks form, algorithm, signature, issuer and audience; time is checked here, by the
//! caller's clock and with a tolerance that we chose. Whose host was called is one claim that is either a tenant's domain or
//! the platform: no token can be read as both.

use std::{net::IpAddr, time::Duration};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, encode,
    errors::ErrorKind,
};
use serde::{Deserialize, Serialize};
use wax_kernel::{
    ContextKeyId, DomainId, RequestId, Rng, TenantId, Timestamp, base64url_decode, base64url_encode,
};
use zeroize::Zeroizing;

use crate::{Origin, derive::sha256};

/// How long a signed context can be used.
pub const CONTEXT_LIFETIME: Duration = Duration::from_secs(30);

/// How much the clocks of two machines may differ.
pub const CONTEXT_TOLERANCE: Duration = Duration::from_secs(5);

const ISSUER: &str = "waxseal-edge";
const AUDIENCE: &str = "waxseal-services";

/// What the claims look like. Two releases that differ in it do not believe each other, and say so.
///
/// Source: RFC 8725 §3.11 (explicit typing).
const TYPE: &str = "waxseal-context.v2+jwt";

/// What the edge has verified about a request.
#[derive(Clone, PartialEq, Eq)]
pub struct ContextClaims {
    /// Whose host was called.
    pub host: ContextHost,
    /// What the browser calls us.
    pub origin: Origin,
    /// The caller's address. Whoever gets it keeps it for the request alone.
    pub client: IpAddr,
    /// The caller's network, as far as it may be kept.
    pub network: String,
    /// Names the request in logs.
    pub request: RequestId,
}

/// Whose host was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContextHost {
    /// A tenant's.
    Tenant {
        /// Who it belongs to.
        tenant: TenantId,
        /// The domain that it is.
        domain: DomainId,
    },
    /// The platform's own, where members are.
    Platform,
}

/// The one request that a context is for.
#[derive(Debug, Clone, Copy)]
pub struct ContextTarget<'r> {
    /// `POST`
    pub method: &'r str,
    /// `host[:port]`
    pub authority: &'r str,
    /// The path, with the query if there is one.
    pub path_and_query: &'r str,
}

/// The key of one edge process: made when it starts, and gone when it ends.
pub struct ContextKey {
    id: ContextKeyId,
    public: [u8; 32],
    signing: EncodingKey,
}

/// The half of a [`ContextKey`] that services know.
#[derive(Clone)]
pub struct ContextPublicKey(DecodingKey);

/// Why a context is not believed. For logs: whoever sent it learns nothing of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// There is none.
    #[error("there is no context")]
    Missing,
    /// Not a JWT with our claims.
    #[error("the context is malformed")]
    Malformed,
    /// Of another release, whose claims are others.
    #[error(
        "the context is of another version: edge and services are of releases that do not go together"
    )]
    Version,
    /// Signed by another algorithm than `EdDSA`, or by none.
    #[error("the context is signed by another algorithm")]
    Algorithm,
    /// No edge has registered this key.
    #[error("the context's key is unknown")]
    UnknownKey,
    /// The edge's key has ended: it could not renew it.
    #[error("the context's key has expired")]
    ExpiredKey,
    /// Not signed by this key, or changed since.
    #[error("the context's signature does not verify")]
    Signature,
    /// Made by or for somebody else.
    #[error("the context has another issuer or audience")]
    Audience,
    /// Older than [`CONTEXT_LIFETIME`], or meant to live longer.
    #[error("the context has expired")]
    Expired,
    /// From the future, by more than [`CONTEXT_TOLERANCE`].
    #[error("the context is from the future")]
    Future,
    /// For another method.
    #[error("the context is for another method")]
    Method,
    /// For another path or query.
    #[error("the context is for another path")]
    Path,
    /// For another host.
    #[error("the context is for another host")]
    Host,
}

impl ContextError {
    /// A fixed word for a metric.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Version => "version",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::ExpiredKey => "expired_key",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::Future => "future",
            Self::Method => "method",
            Self::Path => "path",
            Self::Host => "host",
        }
    }
}

/// The claims as they travel. Times are whole seconds (RFC 7519 §2, `NumericDate`).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    method: String,
    path_sha256: String,
    host: ContextHost,
    origin: String,
    client: IpAddr,
    network: String,
    request: RequestId,
}

impl ContextKey {
    /// Makes a new key.
    pub fn generate(rng: &dyn Rng) -> Self {
        let seed = Zeroizing::new(rng.bytes::<32>());
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).expect("any 32 bytes are a seed");
        let document = pair.to_pkcs8().expect("an Ed25519 pair always has a PKCS #8 form");
        let public = pair.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes");
        Self {
            id: ContextKeyId::random(rng),
            public,
            signing: EncodingKey::from_ed_der(document.as_ref()),
        }
    }

    /// Names the key in every token that it signs.
    pub const fn id(&self) -> ContextKeyId {
        self.id
    }

    /// The half that services may know.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Signs a context for one request.
    pub fn sign(
        &self,
        claims: &ContextClaims,
        target: ContextTarget<'_>,
        now: Timestamp,
    ) -> String {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.id.to_string()),
            ..Header::new(Algorithm::EdDSA)
        };
        let issued = now.as_secs();
        let payload = Payload {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: issued,
            exp: issued + lifetime_s(),
            method: target.method.to_owned(),
            path_sha256: path_hash(target),
            host: claims.host,
            origin: claims.origin.to_string(),
            client: claims.client,
            network: claims.network.clone(),
            request: claims.request,
        };
        encode(&header, &payload, &self.signing)
            .expect("claims of text and numbers are JSON, and an Ed25519 key signs any bytes")
    }
}

impl ContextPublicKey {
    /// Takes the bytes that [`ContextKey::public`] gave.
    pub fn from_bytes(public: &[u8; 32]) -> Self {
        Self(DecodingKey::from_ed_der(public))
    }

    /// Believes a token for this request at this moment, or says why not.
    pub fn verify(
        &self,
        token: &str,
        target: ContextTarget<'_>,
        now: Timestamp,
    ) -> Result<ContextClaims, ContextError> {
        let read = decode::<Payload>(token, &self.0, &validation());
        let TokenData { header, claims: payload, .. } = read.map_err(|error| refused(&error))?;
        check_type(header.typ.as_deref())?;
        check_time(&payload, now)?;
        if payload.method != target.method {
            return Err(ContextError::Method);
        }
        if payload.path_sha256 != path_hash(target) {
            return Err(ContextError::Path);
        }
        let origin = Origin::parse(&payload.origin).map_err(|_| ContextError::Malformed)?;
        if origin.authority() != target.authority {
            return Err(ContextError::Host);
        }
        let Payload { host, client, network, request, .. } = payload;
        Ok(ContextClaims { host, origin, client, network, request })
    }
}

/// Whose key has signed a token, read before anything of it is believed.
pub fn context_key_id(token: &str) -> Result<ContextKeyId, ContextError> {
    /// Of the header, only what decides who looks at the rest.
    #[derive(Deserialize)]
    struct Head {
        alg: String,
        typ: Option<String>,
        kid: Option<String>,
    }
    let (head, _) = token.split_once('.').ok_or(ContextError::Malformed)?;
    let json = base64url_decode(head).map_err(|_| ContextError::Malformed)?;
    let head: Head = serde_json::from_slice(&json).map_err(|_| ContextError::Malformed)?;
    if head.alg != "EdDSA" {
        return Err(ContextError::Algorithm);
    }
    check_type(head.typ.as_deref())?;
    ContextKeyId::parse(&head.kid.unwrap_or_default()).map_err(|_| ContextError::UnknownKey)
}

/// One algorithm, one issuer, one audience. The library's own look at the time is switched off: it reads the machine's
/// clock and forgives 60 seconds.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    validation.validate_exp = false;
    validation
}

fn refused(error: &jsonwebtoken::errors::Error) -> ContextError {
    match error.kind() {
        ErrorKind::InvalidSignature => ContextError::Signature,
        ErrorKind::InvalidAlgorithm => ContextError::Algorithm,
        ErrorKind::InvalidAudience | ErrorKind::InvalidIssuer => ContextError::Audience,
        _ => ContextError::Malformed,
    }
}

fn check_type(of: Option<&str>) -> Result<(), ContextError> {
    if of == Some(TYPE) { Ok(()) } else { Err(ContextError::Version) }
}

fn check_time(payload: &Payload, now: Timestamp) -> Result<(), ContextError> {
    let seconds = |moment: i64| Timestamp::from_ms(moment.saturating_mul(1_000));
    if seconds(payload.iat) > now.plus(CONTEXT_TOLERANCE) {
        return Err(ContextError::Future);
    }
    let too_long = payload.exp.saturating_sub(payload.iat) > lifetime_s();
    if too_long || seconds(payload.exp).plus(CONTEXT_TOLERANCE) <= now {
        return Err(ContextError::Expired);
    }
    Ok(())
}

const fn lifetime_s() -> i64 {
    CONTEXT_LIFETIME.as_secs().cast_signed()
}

fn path_hash(target: ContextTarget<'_>) -> String {
    base64url_encode(sha256(&[target.path_and_query.as_bytes()]))
}

impl std::fmt::Debug for ContextClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContextClaims").field("request", &self.request).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ContextKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContextKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ContextPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContextPublicKey")
    }
}

#[cfg(test)]
mod tests;
