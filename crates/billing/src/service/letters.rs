//! What owners are told.

use wax_kernel::{EmailAddress, Timestamp};
use wax_model::{Link, Mail, MailKind, Meter, OutboxMessage, Role, TenantScope, billing::Standing};

use super::{Billing, Refusal, following::Reminder};

/// Members of one page.
const PAGE: u32 = 200;

/// Owners of one organization. None: nobody is told by mail.
#[derive(Debug, Clone, Default)]
pub(super) struct Addressees {
    organization: String,
    slug: String,
    people: Vec<(EmailAddress, String)>,
}

/// What happened to an organization's payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// A payment failed.
    Failed { until: Timestamp },
    /// It failed for too long, or there is no way to pay.
    Limited,
    /// It is paid again.
    Recovered,
    /// It pays for nothing any more.
    Ended { at: Timestamp },
    /// Something happens soon.
    Soon(Reminder),
    /// So many percent of a limit are used.
    Used { meter: Meter, most: u64, percent: u8 },
}

impl News {
    /// What a change of standing says.
    pub(super) fn of_change(
        was: Standing,
        is: Standing,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        use Standing::{Active, Grace, Limited, None as Nothing, Trialing};
        match (was, is) {
            (was, is) if was == is => None,
            (_, Grace) => until.map(|until| Self::Failed { until }),
            (_, Limited) => Some(Self::Limited),
            (Grace | Limited, Active | Trialing) => Some(Self::Recovered),
            (_, Nothing) => Some(Self::Ended { at: now }),
            (Nothing | Active | Trialing, Active | Trialing) => None,
        }
    }

    fn mail(&self, link: Link, organization: String) -> MailKind {
        match *self {
            Self::Failed { until } => MailKind::PaymentFailed { link, organization, until },
            Self::Limited => MailKind::OrganizationLimited { link, organization },
            Self::Recovered => MailKind::PaymentRecovered { link, organization },
            Self::Ended { at } => MailKind::SubscriptionEnded { link, organization, at },
            Self::Soon(Reminder::Grace { until, days }) => {
                MailKind::PaymentGraceEnds { link, organization, until, days }
            }
            Self::Soon(Reminder::Trial { ends }) => {
                MailKind::TrialEnds { link, organization, ends }
            }
            Self::Used { meter, most, percent } if percent < 100 => {
                MailKind::UsageHigh { link, organization, meter, most }
            }
            Self::Used { meter, most, .. } => {
                MailKind::UsageFull { link, organization, meter, most }
            }
        }
    }
}

impl Billing {
    /// Whom to tell at an organization.
    pub(super) async fn owners(&self, scope: TenantScope) -> Result<Addressees, Refusal> {
        let mut reader = self.store().read(scope);
        let organization = reader.organization();
        let Some(found) = organization.find().await? else { return Ok(Addressees::default()) };
        let (mut people, mut after) = (Vec::new(), None);
        loop {
            let page = organization.members(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.membership.joined_at, last.membership.account));
            for member in page.iter().filter(|member| member.membership.role == Role::Owner) {
                let account = self.store().accounts().account(member.membership.account).await?;
                people.extend(account.map(|account| (account.email, account.lang)));
            }
        }
        Ok(Addressees { organization: found.name, slug: found.slug, people })
    }

    /// The mails, ready to be sent within a unit of work of the organization.
    pub(super) fn letters(&self, news: &News, to: &Addressees) -> Vec<OutboxMessage> {
        let Some(console) = &self.settings().console else { return Vec::new() };
        let site = link(&console.to_string());
        let page = link(&format!("{console}/o/{}/billing", to.slug));
        let letter = |(address, language): &(EmailAddress, String)| {
            let (to_whom, language) = (address.clone(), language.clone());
            let kind = news.mail(page.clone(), to.organization.clone());
            let mail = Mail { to: to_whom, language, site: site.clone(), domain: None, kind };
            self.0.postbox.seal(&mail, None)
        };
        to.people.iter().map(letter).collect()
    }
}

fn link(text: &str) -> Link {
    Link::parse(text)
        .expect("the platform's origin is https, or below localhost, and a slug is a label")
}
