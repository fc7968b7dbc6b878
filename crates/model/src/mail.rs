//! What we write to people.

use std::fmt;

use serde::{Deserialize, Serialize};
use wax_kernel::{DomainId, EmailAddress, Redacted, Timestamp};

use crate::{Meter, Role};

/// The text is not a link that we would put into a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a link for a mail")]
pub struct BadLink;

/// An absolute `https` URL for a mail (`http` only below `localhost`). It may open something, so it is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Link(Redacted<String>);

impl Link {
    /// Takes a URL whose characters mean themselves in HTML, in plain text and in a header (RFC 3986 §2, without quotes
    /// and brackets).
    pub fn parse(text: &str) -> Result<Self, BadLink> {
        let (scheme, rest) = text.split_once("://").ok_or(BadLink)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&*+,;=%".contains(&b);
        let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let local = name == "localhost" || name.ends_with(".localhost");
        let fits = scheme == "https" || scheme == "http" && local;
        if !fits || name.is_empty() || !named || !rest.bytes().all(allowed) {
            return Err(BadLink);
        }
        Ok(Self(Redacted::new(text.to_owned())))
    }

    /// The URL. Every call is a place where it could leak.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Where it leads: host and, if it has one, port.
    pub fn host(&self) -> &str {
        let rest = self.expose().split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TryFrom<String> for Link {
    type Error = BadLink;

    fn try_from(text: String) -> Result<Self, BadLink> {
        Self::parse(&text)
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.expose().to_owned()
    }
}

/// A mail to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// To whom.
    pub to: EmailAddress,
    /// `en` or `ja`.
    pub language: String,
    /// Where the recipient may go by themselves: the origin of the console, or of the tenant's host. Its host stands in
    /// the mail, and notices can be stopped there.
    pub site: Link,
    /// The tenant's domain whose look it has; none: the platform's own. Only in the outbox of that tenant.
    pub domain: Option<DomainId>,
    /// What it says.
    pub kind: MailKind,
}

/// A mail says who gets it: it is printed by its kind alone.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("kind", &self.kind.name()).finish_non_exhaustive()
    }
}

/// Whether the recipient may stop mails of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClass {
    /// Asked for, or needed to notice that somebody else acts in one's name. Always goes.
    Security,
    /// Convenient to know. Names how to stop it, and is not sent to who did.
    Notice,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $class:ident $({ $($(#[$fdoc:meta])* $field:ident: $type:ty,)+ })?;)+) => {
        /// What a mail says. Texts that people chose (names, devices) may hold anything: the renderer tames them.
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        #[expect(missing_docs, reason = "fields named link, at, organization … say it")]
        pub enum MailKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant $({ $($(#[$fdoc])* $field: $type,)+ })?,)+
        }

        impl MailKind {
            /// Every kind's name.
            pub const NAMES: &[&'static str] = &[$($name),+];

            /// Its name in metrics, logs and the catalogue.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)+ }
            }

            /// Whether it may be stopped.
            pub const fn class(&self) -> MailClass {
                match self { $(Self::$variant { .. } => MailClass::$class,)+ }
            }
        }
    };
}

kinds! {
    /// Somebody signed up with this address, or wants to change to it.
    VerifyAddress = "verify-address", Security { link: Link, hours: u32, };
    /// A link that signs in.
    SignInLink = "sign-in-link", Security { link: Link, device: String, network: String, minutes: u32, };
    /// A link that sets a new password.
    ResetPassword = "reset-password", Security { link: Link, minutes: u32, };
    /// Somebody signed up with an address that has an account. They see what everybody sees; the owner gets this.
    AlreadyRegistered = "already-registered", Security;
    /// Somebody asked for a link to an address that has no account.
    NoAccount = "no-account", Security;
    /// An invitation to an organization.
    Invitation = "invitation", Security {
        link: Link, organization: String, inviter: String, role: Role, expires: Timestamp,
    };
    /// Signed in from a device that was not seen before.
    NewDevice = "new-device", Security { device: String, network: String, at: Timestamp, };
    /// Many wrong passwords: it goes on with a mailed link or a passkey.
    ManyWrongTries = "many-wrong-tries", Security { at: Timestamp, };
    /// The password was changed or taken away.
    PasswordChanged = "password-changed", Security { device: String, network: String, at: Timestamp, };
    /// The second factor was switched on or off, or its recovery codes were renewed.
    SecondFactorChanged = "second-factor-changed", Security { device: String, network: String, at: Timestamp, };
    /// A passkey was added.
    PasskeyAdded = "passkey-added", Security { name: String, device: String, network: String, at: Timestamp, };
    /// A passkey was removed.
    PasskeyRemoved = "passkey-removed", Security { name: String, device: String, network: String, at: Timestamp, };
    /// To the old address: the account has another one now. `contact`: who can take it back.
    AddressChanged = "address-changed", Security { contact: String, network: String, at: Timestamp, };
    /// The member's role is another.
    RoleChanged = "role-changed", Security { organization: String, role: Role, by: String, };
    /// They are no member any more.
    MemberRemoved = "member-removed", Security { organization: String, };
    /// Somebody else owns the organization now.
    OwnershipTransferred = "ownership-transferred", Security { organization: String, owner: String, at: Timestamp, };
    /// An organization will be deleted. The link cancels it.
    DeletionScheduled = "deletion-scheduled", Security { organization: String, due: Timestamp, link: Link, };
    /// It will not.
    DeletionCancelled = "deletion-cancelled", Security { organization: String, };
    /// What they asked for can be fetched.
    ExportReady = "export-ready", Security { organization: String, link: Link, expires: Timestamp, };
    /// An API key was made.
    KeyCreated = "key-created", Notice { organization: String, name: String, by: String, at: Timestamp, };
    /// An API key has a new text; the old one works until then.
    KeyRotated = "key-rotated", Notice {
        organization: String, name: String, by: String, at: Timestamp, until: Timestamp,
    };
    /// An API key was revoked.
    KeyRevoked = "key-revoked", Notice { organization: String, name: String, by: String, at: Timestamp, };
    /// Their secret was opened.
    SecretOpened = "secret-opened", Notice { link: Link, device: String, at: Timestamp, };
    /// Their secret expires soon, and nobody opened it.
    SecretNearExpiry = "secret-near-expiry", Notice { link: Link, expires: Timestamp, };
    /// Somebody had the link to their secret and was refused.
    SecretRefused = "secret-refused", Notice { link: Link, at: Timestamp, };
    /// A domain is served, for the first time.
    DomainReady = "domain-ready", Notice { link: Link, organization: String, host: String, };
    /// The DNS names somebody else: nothing is created or opened there. `until`: then it is held less.
    DomainHeld = "domain-held", Security { link: Link, organization: String, host: String, until: Timestamp, };
    /// The same, for days. `until`: then it is lost.
    DomainGrace = "domain-grace", Security { link: Link, organization: String, host: String, until: Timestamp, };
    /// It is lost.
    DomainLapsed = "domain-lapsed", Security { link: Link, organization: String, host: String, at: Timestamp, };
    /// It leads here again.
    DomainBack = "domain-back", Notice { link: Link, organization: String, host: String, };
    /// Another organization has proved it. `until`: then it is theirs, unless this one answers.
    DomainContested = "domain-contested", Security { link: Link, organization: String, host: String, until: Timestamp, };
    /// Nobody contests it any more.
    DomainKept = "domain-kept", Notice { link: Link, organization: String, host: String, };
    /// Its holder has proved that it is its own. `until`: then it may be proved again.
    DomainTurnedDown = "domain-turned-down", Notice { link: Link, organization: String, host: String, until: Timestamp, };
    /// Another organization has proved a host below a wildcard.
    DomainOverridden = "domain-overridden", Security { link: Link, organization: String, host: String, exact: String, };
    /// Works, and will not always.
    DomainAtRisk = "domain-at-risk", Notice { link: Link, organization: String, host: String, problem: String, };
    /// No certificate comes.
    DomainWithoutCertificate = "domain-without-certificate", Notice { link: Link, organization: String, host: String, problem: String, };
    /// The certificate ends, and no other is there.
    DomainCertificateEnds = "domain-certificate-ends", Notice { link: Link, organization: String, host: String, ends: Timestamp, days: u32, };
    /// Somebody else got a certificate for it. `at`: when it was logged.
    DomainForeignCertificate = "domain-foreign-certificate", Security { link: Link, organization: String, host: String, issuer: String, serial: String, at: Timestamp, };
    /// Somebody got a certificate for a name that looks like its own.
    DomainLookAlike = "domain-look-alike", Notice { link: Link, organization: String, host: String, name: String, issuer: String, at: Timestamp, };
    /// A payment failed. `until`: then nothing new can be made.
    PaymentFailed = "payment-failed", Security { link: Link, organization: String, until: Timestamp, };
    /// The same, soon.
    PaymentGraceEnds = "payment-grace-ends", Security { link: Link, organization: String, until: Timestamp, days: u32, };
    /// Nothing new can be made until it is paid.
    OrganizationLimited = "organization-limited", Security { link: Link, organization: String, };
    /// It is paid again.
    PaymentRecovered = "payment-recovered", Security { link: Link, organization: String, };
    /// A trial ends soon.
    TrialEnds = "trial-ends", Security { link: Link, organization: String, ends: Timestamp, };
    /// It pays for nothing any more.
    SubscriptionEnded = "subscription-ended", Security { link: Link, organization: String, at: Timestamp, };
    /// Most of what a plan allows is used up: 80 %.
    UsageHigh = "usage-high", Notice { link: Link, organization: String, meter: Meter, most: u64, };
    /// All of it is: no more can be made.
    UsageFull = "usage-full", Notice { link: Link, organization: String, meter: Meter, most: u64, };
    /// The operator tries out whether mail arrives.
    Test = "test", Security;
}

impl fmt::Debug for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_where_it_leads_and_is_never_printed() {
        let link = Link::parse("https://app.acme.example:8443/verify#abc").unwrap();
        assert_eq!(link.host(), "app.acme.example:8443");
        assert_eq!(format!("{link:?}"), "[redacted]");
        assert!(Link::parse("http://app.localhost:8080/verify#abc").is_ok());
    }

    #[test]
    fn what_could_break_out_of_a_mail_is_no_link() {
        for text in [
            "",
            "https://",
            "https:///x",
            "javascript://alert(1)",
            "http://acme.example/",
            "http://localhost.evil.example/",
            "https://acme.example@evil.example/",
            "https://acme.example/ x",
            "https://acme.example/\r\nBcc: x",
            "https://acme.example/\"onclick=\"",
            "https://acme.example/<b>",
            "https://acme.example/'",
            "https://acme.example/\u{202e}",
            "https://例え.jp/",
        ] {
            assert_eq!(Link::parse(text), Err(BadLink), "{text:?}");
        }
    }

    #[test]
    fn a_mail_prints_its_kind_alone() {
        let mail = Mail {
            to: EmailAddress::parse("ann@example.com").unwrap(),
            language: "en".into(),
            site: Link::parse("https://app.example.com").unwrap(),
            domain: None,
            kind: MailKind::NewDevice {
                device: "Firefox".into(),
                network: "192.0.2.0/24".into(),
                at: Timestamp::from_ms(0),
            },
        };
        assert_eq!(format!("{mail:?}"), "Mail { kind: \"new-device\", .. }");
        let json = serde_json::to_string(&mail).unwrap();
        assert_eq!(serde_json::from_str::<Mail>(&json).unwrap(), mail);
    }
}
