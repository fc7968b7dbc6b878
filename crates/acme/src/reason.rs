//! Why there is no certificate yet: what happened, who acts, when to try again.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use wax_kernel::Timestamp;

/// Who can do something about it. The words are those of a domain's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Whoever controls the host's DNS and what answers there.
    Tenant,
    /// The certificate authority.
    Issuer,
    /// Whoever runs this server.
    Us,
    /// It mends itself.
    Nobody,
}

/// What is tried again, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same step of the same order.
    Step,
    /// A new order.
    Order,
    /// Nothing, until somebody says that it is mended.
    Person,
}

/// What is known about a reason, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The word in the API, in logs and metrics, and the key of the message.
    pub code: &'static str,
    /// Who acts.
    pub actor: Actor,
    /// What is tried again.
    pub retry: Retry,
    /// Whether another issuer may do better. Never for what is the tenant's: it would fail there as well, and spend
    /// that issuer's patience.
    pub elsewhere: bool,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $actor:ident, $retry:ident, $elsewhere:literal;)*) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What follows from it.
            pub const fn rule(self) -> Rule {
                match self {
                    $(Self::$name => Rule {
                        code: $code,
                        actor: Actor::$actor,
                        retry: Retry::$retry,
                        elsewhere: $elsewhere,
                    },)*
                }
            }
        }
    };
}

reasons! {
    // the tenant's
    /// The CA could not connect to the host (`connection`).
    HostUnreachable = "host-unreachable", Tenant, Order, false;
    /// Somebody answered, but not we (`unauthorized`, `incorrectResponse` of a challenge).
    WrongAnswer = "wrong-answer", Tenant, Order, false;
    /// The host's TLS is not ours (`tls`).
    HostTls = "host-tls", Tenant, Order, false;
    /// The host's DNS gave no usable answer (`dns`).
    HostDns = "host-dns", Tenant, Order, false;
    /// A CAA record forbids this issuer, account or method (`caa`; RFC 8659, 8657).
    CaaForbids = "caa-forbids", Tenant, Order, false;

    // the issuer's
    /// Nobody there: no address, no connection, or closed in the middle.
    IssuerUnreachable = "issuer-unreachable", Issuer, Step, true;
    /// No answer in time.
    IssuerSlow = "issuer-slow", Issuer, Step, true;
    /// An error of the server, or something that is not ACME: a proxy's page, half a document.
    IssuerBroken = "issuer-broken", Issuer, Step, true;
    /// Too many requests, and not by our ledger (`rateLimited`).
    RateLimited = "rate-limited", Issuer, Step, false;
    /// The issuer will not certify this name (`rejectedIdentifier`, `unsupportedIdentifier`).
    NameRefused = "name-refused", Issuer, Order, true;
    /// The certificate is for another key or another name, over, or no certificate.
    WrongCertificate = "wrong-certificate", Issuer, Order, true;
    /// A refusal that RFC 8555 does not know.
    Refused = "issuer-refused", Issuer, Order, true;
    /// The proof was neither accepted nor refused in time.
    ProofUndecided = "proof-undecided", Issuer, Order, true;

    // ours
    /// Too many failures in a row: the issuer waits for a person at its portal (Let's Encrypt, "pausing").
    Paused = "issuer-paused", Us, Person, false;
    /// The issuer does not know the account, or has closed it (`accountDoesNotExist`, `unauthorized` of a request).
    AccountRefused = "account-refused", Us, Order, true;
    /// The issuer wants an external account (`externalAccountRequired`).
    ExternalAccount = "external-account-required", Us, Person, true;
    /// Somebody must read and agree to something (`userActionRequired`).
    TermsChanged = "terms-changed", Us, Person, true;
    /// The issuer has no such profile (`invalidProfile`).
    ProfileRefused = "profile-refused", Us, Order, true;
    /// The issuer offers no challenge that may be used for this name.
    NoChallenge = "no-challenge", Us, Order, true;
    /// The answer is not on every edge.
    NotPublished = "not-published", Us, Step, false;
    /// The request was wrong (`malformed`, `badCSR`, `badPublicKey`, …): a bug of ours.
    BadRequest = "bad-request", Us, Order, true;
    /// The private key does not open: it was sealed by a key that is not in the ring.
    KeyLost = "key-lost", Us, Order, false;

    // nobody's
    /// A nonce was used up in between, several times (`badNonce`). No fault, no wait worth telling.
    NonceRefused = "nonce-refused", Nobody, Step, false;
    /// The certificate is good from soon on: the issuer's clock is ahead of ours. Waited for; another would be no older.
    NotYetGood = "certificate-not-yet-good", Nobody, Step, false;
    /// The order was not where we thought it to be (`orderNotReady`): it is asked.
    NotReady = "order-not-ready", Nobody, Step, false;
    /// The order has gone: over, or unknown to the issuer.
    OrderGone = "order-gone", Nobody, Order, true;
    /// The certificate to replace has been replaced already (`alreadyReplaced`, RFC 9773 §5).
    AlreadyReplaced = "already-replaced", Nobody, Order, false;
}

/// What somebody else said. Shown to people, never logged: it may name addresses, or hold a portal's link.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Detail(String);

impl Detail {
    /// At most 500 characters, without control characters.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).take(500).collect())
    }

    /// What was said.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Detail({} characters)", self.0.chars().count())
    }
}

/// A step that did not succeed, as the issuer's side tells it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", reason.rule().code)]
pub struct Failure {
    /// What happened.
    pub reason: Reason,
    /// How long the issuer asks us to wait, if it does.
    pub retry_after: Option<Duration>,
    /// In its own words.
    pub detail: Detail,
}

impl Failure {
    /// Without words or a wait.
    pub fn of(reason: Reason) -> Self {
        Self { reason, retry_after: None, detail: Detail::default() }
    }

    /// With words.
    pub fn saying(reason: Reason, detail: &str) -> Self {
        Self { detail: Detail::new(detail), ..Self::of(reason) }
    }
}

/// The last failure of an issuance, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What happened.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
    /// When it is tried again; `None`: when somebody says that it is mended.
    pub again_at: Option<Timestamp>,
    /// In the issuer's words.
    pub detail: Detail,
}

/// Pauses between orders that fail, as Let's Encrypt asks of integrators: then daily.
pub(crate) fn pause_after(failures: u32) -> Duration {
    const PAUSES: [u64; 4] = [60, 600, 6_000, 86_400];
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    Duration::from_secs(PAUSES[index.min(PAUSES.len() - 1)])
}

/// Pauses before the same step is tried again: 2 s, doubled each time, at most 5 min.
pub(crate) fn pause_in_step(tries: u32) -> Duration {
    Duration::from_secs((2_u64 << tries.saturating_sub(1).min(8)).min(300))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.rule().code).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
    }

    #[test]
    fn what_is_the_tenants_is_never_tried_at_another_issuer() {
        for reason in Reason::ALL {
            let rule = reason.rule();
            assert!(!(rule.actor == Actor::Tenant && rule.elsewhere), "{reason:?}");
        }
    }

    #[test]
    fn what_waits_for_a_person_says_that_it_is_ours() {
        for reason in Reason::ALL {
            let rule = reason.rule();
            assert!(rule.retry != Retry::Person || rule.actor == Actor::Us, "{reason:?}");
        }
    }

    #[test]
    fn pauses_grow_and_end_in_days_and_minutes() {
        assert_eq!(
            [1, 2, 3, 4, 99].map(|n| pause_after(n).as_secs()),
            [60, 600, 6_000, 86_400, 86_400]
        );
        assert_eq!([1, 2, 3, 8, 99].map(|n| pause_in_step(n).as_secs()), [2, 4, 8, 256, 300]);
    }

    #[test]
    fn what_an_issuer_says_is_cut_tamed_and_not_printed() {
        let detail = Detail::new(&format!("\u{1b}[31m{}", "x".repeat(1_000)));
        assert_eq!(detail.text().len(), 500);
        assert!(!format!("{detail:?}").contains('x'.to_string().repeat(2).as_str()));
    }
}
