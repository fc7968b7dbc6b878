//! Why the service does not do what it was asked.

use std::time::Duration;

use wax_acme::{Fault, StoreFault};
use wax_dns::HostFault;
use wax_model::{Denied, Invalid};
use wax_store::StoreError;

use super::Unconnected;

/// Why not. What it looks like from outside is decided in `http/problem.rs`.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A field breaks a rule.
    Invalid(Invalid),
    /// The organization's plan has no room for it.
    Denied(Denied),
    /// The name is none that a tenant may bring.
    Host(HostFault),
    /// The certificate cannot be used.
    Certificate(Vec<Fault>),
    /// No such domain, or not any more.
    NotAvailable,
    /// This tenant has the host.
    Known,
    /// Another tenant has the host, and no record could prove otherwise: it is below `localhost`.
    Taken,
    /// The same key names another request.
    OtherRequest,
    /// The domain is the platform's gift: it follows the short name.
    Given,
    /// Nobody contests it.
    NotContested,
    /// There is no order that could be tried again.
    NothingToOrder,
    /// The DNS provider does not set the records by itself.
    Unconnected(Unconnected),
    /// It was looked at just now; again after so long.
    HeldBack(Duration),
    /// The issuer's limits leave no room for so long.
    Ledger(Duration),
    /// The database did not do it.
    Store(StoreError),
    /// The store of certificates did not do it.
    Orders(StoreFault),
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StoreFault> for Refusal {
    fn from(fault: StoreFault) -> Self {
        Self::Orders(fault)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Orders(error) => write!(f, "{error}"),
            refused => write!(f, "refused: {refused:?}"),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}
