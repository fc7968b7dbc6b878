//! What a mail says, before it has a form.

use jiff::{Timestamp as Instant, tz::TimeZone};
use wax_i18n::{Lang, Value, text};
use wax_kernel::Timestamp;
use wax_model::{Link, Mail, MailKind};

use crate::tame::{tame, tame_sentence};

/// The words of one mail, in one language.
pub(crate) struct Content {
    pub(crate) subject: String,
    /// What a list of mails shows beside the subject.
    pub(crate) preheader: String,
    pub(crate) title: String,
    pub(crate) before: Vec<String>,
    pub(crate) button: Option<Button>,
    /// Label and value.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) after: Vec<String>,
    pub(crate) footer: Vec<String>,
    /// What the link that stops such mails is called, and where it leads.
    pub(crate) stop: Option<(String, Link)>,
}

/// The one thing to do.
pub(crate) struct Button {
    pub(crate) label: String,
    pub(crate) link: Link,
    /// Said above the address in full.
    pub(crate) fallback: String,
}

/// Who speaks.
pub(crate) struct Voice<'a> {
    /// Whose name the mail carries.
    pub(crate) sender: &'a str,
    /// Where people may ask; may be empty.
    pub(crate) support: &'a str,
    /// Stops mails of this kind, if that is possible.
    pub(crate) stop: Option<Link>,
}

/// What the sentences and the facts of a kind are made of.
#[derive(Default)]
struct Details<'m> {
    link: Option<&'m Link>,
    values: Vec<(&'static str, String)>,
    facts: Vec<(&'static str, String)>,
    count: u32,
}

/// Says a mail in its language.
pub(crate) fn content(mail: &Mail, voice: Voice<'_>) -> Content {
    let lang: Lang = mail.language.parse().unwrap_or_default();
    let Details { link, mut values, facts, count } = details(&mail.kind, lang);
    let sender = tame(voice.sender);
    values.extend([
        ("site", mail.site.host().to_owned()),
        ("sender", sender),
        ("support", voice.support.to_owned()),
        ("host", link.map(|link| link.host().to_owned()).unwrap_or_default()),
    ]);
    let say = |key: &str| {
        let mut all: Vec<(&str, &dyn Value)> = vec![("count", &count)];
        all.extend(values.iter().map(|(name, value)| (*name, value as &dyn Value)));
        text(lang, &format!("mail.{key}"), &all)
    };
    let of_kind = |part: &str| {
        let key = format!("{}.{part}", mail.kind.name());
        if wax_i18n::is_known(&format!("mail.{key}")) { say(&key) } else { String::new() }
    };
    let paragraphs = |part: &str| {
        let said = of_kind(part);
        said.split("\n\n").filter(|said| !said.is_empty()).map(str::to_owned).collect()
    };
    let support = (!voice.support.is_empty()).then(|| say("footer.support"));
    Content {
        subject: of_kind("subject"),
        preheader: of_kind("preheader"),
        title: of_kind("title"),
        before: paragraphs("body"),
        button: link.map(|link| Button {
            label: of_kind("button"),
            link: link.clone(),
            fallback: say("link.fallback"),
        }),
        facts: facts
            .into_iter()
            .map(|(name, value)| (say(&format!("fact.{name}")), value))
            .collect(),
        after: paragraphs("after"),
        footer: [Some(say("footer.sender")), support].into_iter().flatten().collect(),
        stop: voice.stop.map(|stop| (say("footer.stop"), stop)),
    }
}

impl<'m> Details<'m> {
    fn link(mut self, link: &'m Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Something that somebody chose, for the sentences.
    fn name(mut self, place: &'static str, value: &str) -> Self {
        self.values.push((place, tame(value)));
        self
    }

    /// The same, also as a fact under a label of its own.
    fn fact(mut self, label: &'static str, place: &'static str, value: &str) -> Self {
        self.facts.push((label, tame(value)));
        self.name(place, value)
    }

    /// A host, in the characters of one: people compare it with what they see at their provider.
    fn domain(mut self, host: &str) -> Self {
        let known = |c: &char| c.is_ascii_alphanumeric() || "*.-".contains(*c);
        let host: String = host.chars().filter(known).collect();
        self.facts.push(("domain", host.clone()));
        self.values.push(("domain", host));
        self
    }

    /// What is wrong, in a sentence.
    fn problem(mut self, problem: &str) -> Self {
        self.facts.push(("problem", tame_sentence(problem)));
        self
    }

    /// An address or a prefix, in the characters of one: as it is, for there is no link in it.
    fn network(mut self, network: &str) -> Self {
        let known = |c: &char| c.is_ascii_hexdigit() || ".:/".contains(*c);
        self.facts.push(("network", network.chars().filter(known).collect()));
        self
    }

    fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    fn moment(mut self, label: &'static str, at: Timestamp, lang: Lang) -> Self {
        let said = moment(at, lang);
        self.facts.push((label, said.clone()));
        self.values.push((label, said));
        self
    }

    fn from(self, device: &str, network: &str, at: Timestamp, lang: Lang) -> Self {
        self.fact("device", "device", device).network(network).moment("time", at, lang)
    }
}

fn details(kind: &MailKind, lang: Lang) -> Details<'_> {
    let none = Details::default;
    match kind {
        MailKind::VerifyAddress { link, hours } => none().link(link).count(*hours),
        MailKind::SignInLink { link, device, network, minutes } => {
            none().link(link).count(*minutes).fact("device", "device", device).network(network)
        }
        MailKind::ResetPassword { link, minutes } => none().link(link).count(*minutes),
        MailKind::AlreadyRegistered | MailKind::NoAccount | MailKind::Test => none(),
        MailKind::Invitation { link, organization, inviter, role, expires } => none()
            .link(link)
            .name("organization", organization)
            .name("inviter", inviter)
            .fact("role", "role", &text(lang, &format!("mail.role.{}", role.as_str()), &[]))
            .moment("expires", *expires, lang),
        MailKind::NewDevice { device, network, at }
        | MailKind::PasswordChanged { device, network, at }
        | MailKind::SecondFactorChanged { device, network, at } => {
            none().from(device, network, *at, lang)
        }
        MailKind::ManyWrongTries { at } => none().moment("time", *at, lang),
        MailKind::PasskeyAdded { name, device, network, at }
        | MailKind::PasskeyRemoved { name, device, network, at } => {
            none().fact("passkey", "name", name).from(device, network, *at, lang)
        }
        MailKind::AddressChanged { contact, network, at } => {
            none().contact(contact).network(network).moment("time", *at, lang)
        }
        MailKind::RoleChanged { organization, role, by } => none()
            .name("organization", organization)
            .fact("role", "role", &text(lang, &format!("mail.role.{}", role.as_str()), &[]))
            .fact("by", "by", by),
        MailKind::MemberRemoved { organization } | MailKind::DeletionCancelled { organization } => {
            none().name("organization", organization)
        }
        MailKind::OwnershipTransferred { organization, owner, at } => {
            none().name("organization", organization).name("owner", owner).moment("time", *at, lang)
        }
        MailKind::DeletionScheduled { organization, due, link } => {
            none().link(link).name("organization", organization).moment("due", *due, lang)
        }
        MailKind::ExportReady { organization, link, expires } => {
            none().link(link).name("organization", organization).moment("expires", *expires, lang)
        }
        MailKind::KeyCreated { organization, name, by, at }
        | MailKind::KeyRevoked { organization, name, by, at } => none()
            .name("organization", organization)
            .fact("key", "name", name)
            .fact("by", "by", by)
            .moment("time", *at, lang),
        MailKind::KeyRotated { organization, name, by, at, until } => none()
            .name("organization", organization)
            .fact("key", "name", name)
            .fact("by", "by", by)
            .moment("time", *at, lang)
            .moment("overlap", *until, lang),
        MailKind::SecretOpened { link, device, at } => {
            none().link(link).fact("device", "device", device).moment("time", *at, lang)
        }
        MailKind::SecretNearExpiry { link, expires } => {
            none().link(link).moment("expires", *expires, lang)
        }
        MailKind::SecretRefused { link, at } => none().link(link).moment("time", *at, lang),
        of_domains => domain_details(of_domains, lang),
    }
}

fn domain_details(kind: &MailKind, lang: Lang) -> Details<'_> {
    let of = |link, organization, host| {
        Details::default().link(link).name("organization", organization).domain(host)
    };
    match kind {
        MailKind::DomainReady { link, organization, host }
        | MailKind::DomainBack { link, organization, host }
        | MailKind::DomainKept { link, organization, host } => of(link, organization, host),
        MailKind::DomainHeld { link, organization, host, until }
        | MailKind::DomainGrace { link, organization, host, until }
        | MailKind::DomainContested { link, organization, host, until }
        | MailKind::DomainTurnedDown { link, organization, host, until } => {
            of(link, organization, host).moment("until", *until, lang)
        }
        MailKind::DomainLapsed { link, organization, host, at } => {
            of(link, organization, host).moment("time", *at, lang)
        }
        MailKind::DomainOverridden { link, organization, host, exact } => {
            of(link, organization, host).fact("exact", "exact", exact)
        }
        MailKind::DomainAtRisk { link, organization, host, problem }
        | MailKind::DomainWithoutCertificate { link, organization, host, problem } => {
            of(link, organization, host).problem(problem)
        }
        MailKind::DomainCertificateEnds { link, organization, host, ends, days } => {
            of(link, organization, host).moment("ends", *ends, lang).count(*days)
        }
        MailKind::DomainForeignCertificate { link, organization, host, issuer, serial, at } => {
            of(link, organization, host)
                .fact("issuer", "issuer", issuer)
                .fact("serial", "serial", serial)
                .moment("time", *at, lang)
        }
        MailKind::DomainLookAlike { link, organization, host, name, issuer, at } => {
            of(link, organization, host)
                .fact("look-alike", "name", name)
                .fact("issuer", "issuer", issuer)
                .moment("time", *at, lang)
        }
        of_payments => payment_details(of_payments, lang),
    }
}

fn payment_details(kind: &MailKind, lang: Lang) -> Details<'_> {
    let of = |link, organization| Details::default().link(link).name("organization", organization);
    match kind {
        MailKind::PaymentFailed { link, organization, until } => {
            of(link, organization).moment("until", *until, lang)
        }
        MailKind::PaymentGraceEnds { link, organization, until, days } => {
            of(link, organization).moment("until", *until, lang).count(*days)
        }
        MailKind::OrganizationLimited { link, organization }
        | MailKind::PaymentRecovered { link, organization } => of(link, organization),
        MailKind::TrialEnds { link, organization, ends } => {
            of(link, organization).moment("ends", *ends, lang)
        }
        MailKind::SubscriptionEnded { link, organization, at } => {
            of(link, organization).moment("time", *at, lang)
        }
        MailKind::UsageHigh { link, organization, meter, most }
        | MailKind::UsageFull { link, organization, meter, most } => {
            let what = text(lang, &format!("mail.meter.{}", meter.as_str()), &[]);
            of(link, organization).name("meter", &what).name("most", &most.to_string())
        }
        _ => Details::default(),
    }
}

impl Details<'_> {
    /// The operator's own text: an address that people shall be able to click.
    fn contact(mut self, contact: &str) -> Self {
        self.values.push(("contact", contact.to_owned()));
        self
    }
}

/// To the minute, in UTC: we do not know where the reader is, and a wrong zone is worse than a plain one.
fn moment(at: Timestamp, lang: Lang) -> String {
    let form = match lang {
        Lang::En => "%-d %B %Y, %H:%M UTC",
        Lang::Ja => "%Y年%-m月%-d日 %H:%M（UTC）",
    };
    let instant = Instant::from_millisecond(at.as_ms()).unwrap_or_default();
    instant.to_zoned(TimeZone::UTC).strftime(form).to_string()
}
