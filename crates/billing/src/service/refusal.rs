//! Why the service does not do what it was asked.

use wax_model::{Invalid, billing::Currency};
use wax_payments::PaymentsError;
use wax_store::StoreError;

/// Why not. What it looks like from outside is decided in `http/problem.rs`.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A field breaks a rule.
    Invalid(Invalid),
    /// Nothing is sold here, or there is no such organization.
    NotAvailable,
    /// The organization pays for something already: it is changed, not bought.
    Subscribed,
    /// The organization pays for nothing.
    NotSubscribed,
    /// The organization pays in another currency.
    Currency(Currency),
    /// What came is not signed by Stripe, or not lately.
    Signature,
    /// What came is no event.
    Event,
    /// Stripe did not do it.
    Payments(PaymentsError),
    /// What is stored of the organization cannot be read with these keys.
    Unreadable,
    /// The database did not do it.
    Store(StoreError),
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

impl From<PaymentsError> for Refusal {
    fn from(error: PaymentsError) -> Self {
        Self::Payments(error)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => write!(f, "{error}"),
            Self::Payments(error) => write!(f, "Stripe {error}"),
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
