//! What people are told of a domain, before it is a mail.

use wax_dns::Finding;
use wax_i18n::Lang;
use wax_kernel::Timestamp;
use wax_model::{
    Link, MailKind,
    domain::{
        Domain, Ownership,
        ownership::{CONTEST, HELD, LOST_AFTER},
    },
};

/// Something that owners and admins of one tenant should know.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum News {
    /// It is served, for the first time.
    Ready,
    /// The DNS names somebody else.
    Held { until: Timestamp },
    /// The same, for long.
    Grace { until: Timestamp },
    /// It is lost.
    Lapsed,
    /// It is the tenant's again.
    Back,
    /// Another tenant has proved it as well.
    Contested { until: Timestamp },
    /// Nobody contests it any more.
    Kept,
    /// The holder has proved that it is its own.
    TurnedDown { until: Timestamp },
    /// Another tenant proved a host below this wildcard.
    Overridden { host: String },
    /// Works, and will not always.
    AtRisk { finding: Box<Finding> },
    /// No certificate comes.
    NoCertificate { reason: &'static str },
    /// The certificate ends, and no other is there.
    Ends { at: Timestamp, days: u32 },
    /// Somebody else got a certificate for it.
    Foreign { issuer: String, serial: String, at: Timestamp },
    /// Somebody got a certificate for a name that looks like it.
    LookAlike { name: String, issuer: String, at: Timestamp },
}

/// Whom it concerns, as a mail names it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) organization: String,
    pub(super) host: String,
    pub(super) link: Link,
}

/// What a change of ownership says to the claim's own tenant.
pub(super) fn of_ownership(before: &Domain, after: &Domain) -> Option<News> {
    let (was, is) = (before.claim.ownership, after.claim.ownership);
    let since = after.claim.since;
    let held_since = after.claim.held_since.unwrap_or(since);
    if was == is {
        let until = after.claim.turned_down_until;
        let told = before.claim.turned_down_until != until;
        return until.filter(|_| told).map(|until| News::TurnedDown { until });
    }
    match (was, is) {
        (_, Ownership::Held) => Some(News::Held { until: held_since.plus(HELD) }),
        (_, Ownership::Grace) => Some(News::Grace { until: held_since.plus(LOST_AFTER) }),
        (_, Ownership::Contested) => Some(News::Contested { until: since.plus(CONTEST) }),
        (was, Ownership::Lapsed) if was.holds() => Some(News::Lapsed),
        (Ownership::Contested, Ownership::Verified) => Some(News::Kept),
        (Ownership::Held | Ownership::Grace, Ownership::Verified) => Some(News::Back),
        // Proved for the first time: told once it is served.
        _ => None,
    }
}

impl News {
    /// As a mail in this language.
    pub(super) fn mail(&self, named: &Named, lang: Lang, now: Timestamp) -> MailKind {
        let Named { organization, host, link } = named.clone();
        let at = now;
        match self.clone() {
            Self::Ready => MailKind::DomainReady { link, organization, host },
            Self::Held { until } => MailKind::DomainHeld { link, organization, host, until },
            Self::Grace { until } => MailKind::DomainGrace { link, organization, host, until },
            Self::Lapsed => MailKind::DomainLapsed { link, organization, host, at },
            Self::Back => MailKind::DomainBack { link, organization, host },
            Self::Contested { until } => {
                MailKind::DomainContested { link, organization, host, until }
            }
            Self::Kept => MailKind::DomainKept { link, organization, host },
            Self::TurnedDown { until } => {
                MailKind::DomainTurnedDown { link, organization, host, until }
            }
            Self::Overridden { host: exact } => {
                MailKind::DomainOverridden { link, organization, host, exact }
            }
            Self::AtRisk { finding } => {
                let problem = finding.found(lang);
                MailKind::DomainAtRisk { link, organization, host, problem }
            }
            Self::NoCertificate { reason } => {
                let problem = wax_i18n::text(lang, &format!("certificate.reason.{reason}"), &[]);
                MailKind::DomainWithoutCertificate { link, organization, host, problem }
            }
            Self::Ends { at: ends, days } => {
                MailKind::DomainCertificateEnds { link, organization, host, ends, days }
            }
            Self::Foreign { issuer, serial, at } => {
                MailKind::DomainForeignCertificate { link, organization, host, issuer, serial, at }
            }
            Self::LookAlike { name, issuer, at } => {
                MailKind::DomainLookAlike { link, organization, host, name, issuer, at }
            }
        }
    }
}
