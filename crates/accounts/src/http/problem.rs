//! What a refusal looks like from outside.

use std::time::Duration;

use wax_httpkit::{Code, Problem};
use wax_kernel::ErrorKind;

use crate::service::Refusal;

/// How long a caller waits for a place in the queue of passwords.
const BUSY: Duration = Duration::from_secs(2);

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::WeakPassword => Self::new(Code::WeakPassword).with("field", "password"),
            Refusal::SignIn => Self::new(Code::SignIn),
            Refusal::SecondFactor => Self::new(Code::SecondFactor),
            Refusal::NotAvailable => Self::new(Code::NotAvailable),
            Refusal::OtherDevice => Self::new(Code::OtherDevice),
            Refusal::Forbidden(permission) => {
                Self::new(Code::Forbidden).with("permission", permission.as_str())
            }
            Refusal::Conflict => Self::new(Code::Conflict),
            Refusal::HeldBack(wait) => Self::new(Code::HeldBack).retry_after(wait),
            Refusal::SignUpClosed => Self::new(Code::SignUpClosed),
            Refusal::LastOwner => Self::new(Code::LastOwner),
            Refusal::LastWayIn => Self::new(Code::LastWayIn),
            Refusal::Busy => Self::new(Code::Unavailable).retry_after(BUSY),
            Refusal::Store(error) => failure(error.kind(), &error),
            Refusal::Envelope(error) => failure(ErrorKind::Bug, &error),
        }
    }
}

/// Logged here, once; the caller learns only whether trying again can help.
fn failure(kind: ErrorKind, error: &(dyn std::error::Error + 'static)) -> Problem {
    let cause = error.source().map(ToString::to_string);
    if kind == ErrorKind::Upstream {
        tracing::warn!(%error, cause, "a part is not available");
        return Problem::new(Code::Unavailable).retry_after(Duration::from_secs(5));
    }
    tracing::error!(%error, cause, "a request failed");
    Problem::new(Code::Internal)
}
