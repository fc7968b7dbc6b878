//! What a refusal looks like from outside.

use wax_acme::Fault;
use wax_httpkit::{Code, Problem};
use wax_store::StoreError;

use crate::service::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::Denied(denied) => denied.into(),
            Refusal::Host(fault) => Self::new(Code::Invalid)
                .in_case("host")
                .because(format!("dns.host.{}", fault.code()))
                .with("field", "host")
                .with("rule", "host")
                .with("reason", fault.code()),
            Refusal::Certificate(faults) => certificate(&faults),
            Refusal::NotAvailable => Self::new(Code::NotAvailable),
            Refusal::Known => Self::new(Code::Conflict).in_case("domain").with("field", "host"),
            Refusal::Taken => Self::new(Code::Conflict).in_case("host").with("field", "host"),
            Refusal::OtherRequest => {
                Self::new(Code::Conflict).in_case("repetition").with("field", "Idempotency-Key")
            }
            Refusal::Given => Self::new(Code::Conflict).in_case("given"),
            Refusal::NotContested => Self::new(Code::Conflict).in_case("contest"),
            Refusal::NothingToOrder => Self::new(Code::Conflict).in_case("order"),
            Refusal::Unconnected(why) => Self::new(Code::Conflict)
                .in_case("connect")
                .because(format!("dns.connect.{}", why.code()))
                .with("reason", why.code()),
            Refusal::HeldBack(wait) => Self::new(Code::HeldBack).in_case("check").retry_after(wait),
            Refusal::Ledger(wait) => {
                Self::new(Code::RateLimited).in_case("issuer").retry_after(wait)
            }
            Refusal::Store(error @ StoreError::Unknown(_)) => Self::of_unknown_outcome(&error),
            Refusal::Store(error) => Self::of_failure(error.kind(), &error),
            Refusal::Orders(fault) => Self::of_failure(fault.kind(), &fault),
        }
    }
}

/// Everything that is wrong with it, and the first in words.
fn certificate(faults: &[Fault]) -> Problem {
    let value = |fault: &Fault| serde_json::to_value(fault).expect("a fault has only text keys");
    let told: Vec<_> = faults.iter().map(value).collect();
    let first = told.first().and_then(|fault| fault["code"].as_str()).unwrap_or("unreadable");
    Problem::new(Code::Invalid)
        .in_case("certificate")
        .because(format!("certificate.fault.{first}"))
        .with("field", "chain")
        .with("rule", "certificate")
        .with("faults", told)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wax_dns::HostFault;

    use super::*;
    use crate::service::Unconnected;

    #[test]
    fn every_case_has_words_of_its_own() {
        let wait = Duration::from_secs(1);
        for (refusal, code, case) in [
            (Refusal::Host(HostFault::Invalid), "invalid", "host"),
            (Refusal::Certificate(vec![Fault::NoKey]), "invalid", "certificate"),
            (Refusal::Known, "conflict", "domain"),
            (Refusal::Taken, "conflict", "host"),
            (Refusal::OtherRequest, "conflict", "repetition"),
            (Refusal::Given, "conflict", "given"),
            (Refusal::NotContested, "conflict", "contest"),
            (Refusal::NothingToOrder, "conflict", "order"),
            (Refusal::Unconnected(Unconnected::Off), "conflict", "connect"),
            (Refusal::HeldBack(wait), "held-back", "check"),
            (Refusal::Ledger(wait), "rate-limited", "issuer"),
        ] {
            assert_eq!(Problem::from(refusal).code().as_str(), code);
            for part in ["title", "detail"] {
                assert!(wax_i18n::is_known(&format!("problems.{code}.{case}.{part}")), "{case}");
            }
        }
    }

    #[test]
    fn every_reason_has_words() {
        for fault in HostFault::ALL {
            assert!(wax_i18n::is_known(&format!("dns.host.{}", fault.code())), "{fault}");
        }
        for why in Unconnected::all() {
            let key = format!("dns.connect.{}", why.code());
            assert!(wax_i18n::is_known(&key), "{key}");
        }
        for reason in wax_acme::Reason::ALL {
            let key = format!("certificate.reason.{}", reason.rule().code);
            assert!(wax_i18n::is_known(&key), "{key}");
        }
        for code in [
            "no-certificate",
            "unreadable",
            "too-long",
            "out-of-order",
            "no-key",
            "key-kind",
            "weak-key",
            "key-mismatch",
            "other-host",
            "over",
            "not-yet",
            "not-a-servers",
        ] {
            let key = format!("certificate.fault.{code}");
            assert!(wax_i18n::is_known(&key), "{key}");
        }
    }
}
