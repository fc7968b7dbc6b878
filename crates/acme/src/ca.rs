//! What an issuer can be asked, as this crate needs it: RFC 8555 and 9773 without their documents.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use wax_kernel::HostPattern;

use crate::{AccountThumbprint, AriId, Failure, Method, Token, Window};

/// How an order stands (RFC 8555 §7.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Proofs are missing.
    Pending,
    /// It waits for our request for the certificate.
    Ready,
    /// The issuer is at it.
    Processing,
    /// There is a certificate.
    Valid,
    /// It came to nothing, for this reason.
    Invalid(Failure),
}

/// An order, as the issuer has just told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderState {
    /// Its URL: its name, for ever.
    pub url: String,
    /// How it stands.
    pub progress: Progress,
    /// How long until it is worth asking again.
    pub retry_after: Option<Duration>,
}

/// What the issuer wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: it remembers an earlier proof.
    Nothing,
    /// One of these.
    One(Vec<(Method, Token)>),
}

/// An issuer and our account there. Every request may be made twice.
#[async_trait]
pub trait CertificateAuthority: Send + Sync + fmt::Debug {
    /// Our account's thumbprint.
    fn account(&self) -> AccountThumbprint;

    /// Asks for an order.
    async fn new_order(
        &self,
        name: &HostPattern,
        replaces: Option<&AriId>,
    ) -> Result<OrderState, Failure>;

    /// Asks how an order stands.
    async fn order(&self, url: &str) -> Result<OrderState, Failure>;

    /// Asks what an order's proof may be.
    async fn wanted(&self, url: &str) -> Result<Wanted, Failure>;

    /// Tells the issuer to look. To be told again is no fault.
    async fn look(&self, url: &str, method: Method) -> Result<(), Failure>;

    /// Sends the request for the certificate (PKCS #10, DER).
    async fn finalize(&self, url: &str, request: &[u8]) -> Result<OrderState, Failure>;

    /// Fetches the certificate of a valid order, as PEM.
    async fn certificate(&self, url: &str) -> Result<String, Failure>;

    /// Asks when to renew, and when to ask that again. `None`: the issuer knows no windows.
    async fn window(&self, certificate: &AriId) -> Result<Option<(Window, Duration)>, Failure>;
}

mod account;
mod http;
mod instant;
mod jws;
mod problem;

pub use account::{Account, AccountFault, StoredAccount};
pub use http::{BadTrust, Wire};
pub use instant::AcmeCa;
