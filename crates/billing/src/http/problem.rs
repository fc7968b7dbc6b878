//! What a refusal looks like from outside.

use std::time::Duration;

use wax_httpkit::{Code, Problem};
use wax_payments::PaymentsError;
use wax_store::StoreError;

use crate::service::Refusal;

/// How long to wait for Stripe.
const AGAIN: Duration = Duration::from_secs(30);

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::NotAvailable => Self::new(Code::NotAvailable),
            Refusal::Subscribed => conflict("subscribed"),
            Refusal::NotSubscribed => conflict("not-subscribed"),
            Refusal::Currency(currency) => conflict("currency").with("currency", currency.as_str()),
            Refusal::Signature => malformed("signature"),
            Refusal::Event => malformed("event"),
            Refusal::Payments(PaymentsError::Refused { code, message }) => {
                tracing::warn!(%code, message, "Stripe refuses");
                conflict("refused")
            }
            Refusal::Payments(error) => {
                tracing::warn!(%error, "Stripe cannot be asked");
                Self::new(Code::PaymentsUnavailable).retry_after(AGAIN)
            }
            Refusal::Store(error @ StoreError::Unknown(_)) => Self::of_unknown_outcome(&error),
            Refusal::Store(error) => Self::of_failure(error.kind(), &error),
            unreadable @ Refusal::Unreadable => {
                Self::of_failure(wax_kernel::ErrorKind::Bug, &unreadable)
            }
        }
    }
}

fn conflict(reason: &'static str) -> Problem {
    Problem::new(Code::Conflict).in_case(reason).with("reason", reason)
}

fn malformed(reason: &'static str) -> Problem {
    Problem::new(Code::Malformed).in_case(reason).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use wax_model::billing::Currency;

    use super::*;

    #[test]
    fn every_case_has_words_of_its_own() {
        let refused = PaymentsError::Refused { code: "x".into(), message: "x".into() };
        let usd = Currency::parse("usd").unwrap();
        for (refusal, code, case) in [
            (Refusal::Subscribed, "conflict", "subscribed"),
            (Refusal::NotSubscribed, "conflict", "not-subscribed"),
            (Refusal::Currency(usd), "conflict", "currency"),
            (Refusal::Payments(refused), "conflict", "refused"),
            (Refusal::Signature, "malformed", "signature"),
            (Refusal::Event, "malformed", "event"),
        ] {
            assert_eq!(Problem::from(refusal).code().as_str(), code);
            for part in ["title", "detail"] {
                assert!(wax_i18n::is_known(&format!("problems.{code}.{case}.{part}")), "{case}");
            }
        }
    }

    #[test]
    fn a_stripe_that_does_not_answer_is_neither_the_callers_fault_nor_ours() {
        for error in [PaymentsError::Unavailable("down".into()), PaymentsError::Unreadable] {
            let problem = Problem::from(Refusal::Payments(error));
            assert_eq!(problem.code(), Code::PaymentsUnavailable);
        }
    }
}
