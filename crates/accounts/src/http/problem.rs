//! What a refusal looks like from outside.

use std::time::Duration;

use wax_httpkit::{Code, Problem};
use wax_kernel::ErrorKind;
use wax_store::StoreError;

use crate::service::Refusal;

/// How long a caller waits for a place in the queue of passwords.
const BUSY: Duration = Duration::from_secs(2);

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::WeakPassword => Self::new(Code::WeakPassword).with("field", "password"),
            Refusal::SignIn => Self::new(Code::SignIn),
            Refusal::SignedOut => Self::new(Code::SignedOut),
            Refusal::SecondFactor => Self::new(Code::SecondFactor),
            Refusal::NotAvailable => Self::new(Code::NotAvailable),
            Refusal::NoSuchCode => Self::new(Code::NotAvailable).in_case("code"),
            Refusal::NoSetup => Self::new(Code::NotAvailable).in_case("setup"),
            Refusal::OtherDevice => Self::new(Code::OtherDevice),
            Refusal::Denied(denied) => denied.into(),
            Refusal::NoRoom => Self::new(Code::OrganizationLimited).in_case("invited"),
            Refusal::Forbidden(permission) => {
                Self::new(Code::Forbidden).with("permission", permission.as_str())
            }
            Refusal::SlugTaken => Self::new(Code::Conflict).in_case("slug").with("field", "slug"),
            Refusal::AlreadyMember => {
                Self::new(Code::Conflict).in_case("member").with("field", "email")
            }
            Refusal::HasAccount => Self::new(Code::Conflict).in_case("account"),
            Refusal::PasskeyTaken => Self::new(Code::Conflict).in_case("passkey"),
            Refusal::OtherRequest => {
                Self::new(Code::Conflict).in_case("repetition").with("field", "Idempotency-Key")
            }
            Refusal::HeldBack(wait) => Self::new(Code::HeldBack).retry_after(wait),
            Refusal::SignUpClosed => Self::new(Code::SignUpClosed),
            Refusal::LastOwner => Self::new(Code::LastOwner),
            Refusal::LastWayIn => Self::new(Code::LastWayIn),
            Refusal::Busy => Self::new(Code::Unavailable).retry_after(BUSY),
            Refusal::Store(error @ StoreError::Unknown(_)) => Self::of_unknown_outcome(&error),
            Refusal::Store(error) => Self::of_failure(error.kind(), &error),
            Refusal::Envelope(error) => Self::of_failure(ErrorKind::Bug, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_words_of_its_own() {
        for (refusal, code, case, field) in [
            (Refusal::SlugTaken, "conflict", "slug", Some("slug")),
            (Refusal::AlreadyMember, "conflict", "member", Some("email")),
            (Refusal::HasAccount, "conflict", "account", None),
            (Refusal::PasskeyTaken, "conflict", "passkey", None),
            (Refusal::OtherRequest, "conflict", "repetition", Some("Idempotency-Key")),
            (Refusal::NoSuchCode, "not-available", "code", None),
            (Refusal::NoSetup, "not-available", "setup", None),
            (Refusal::NoRoom, "organization-limited", "invited", None),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!(problem.code().as_str(), code);
            assert_eq!(problem, {
                let expected = Problem::new(problem.code()).in_case(case);
                field.map_or(expected.clone(), |field| expected.with("field", field))
            });
            for part in ["title", "detail"] {
                assert!(wax_i18n::is_known(&format!("problems.{code}.{case}.{part}")), "{case}");
            }
        }
    }
}
