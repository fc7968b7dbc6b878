//! One mail of each kind, for the preview and for tests.

use std::time::Duration;

use wax_kernel::{EmailAddress, Timestamp};
use wax_model::{Link, Mail, MailKind, Meter, Role};

const AT: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// One mail of each kind, to the same person.
///
/// # Panics
/// Never: every address and link here is one.
pub fn samples(language: &str) -> Vec<Mail> {
    let mail = |kind| Mail {
        to: EmailAddress::parse("hanako.yamada@example.com").expect("an address"),
        language: language.to_owned(),
        site: link("https://app.waxseal.example"),
        domain: None,
        kind,
    };
    let words = Words::of(language);
    let all =
        [of_accounts(&words), of_organizations(&words), of_domains(&words), of_payments(&words)];
    all.into_iter().flatten().map(mail).collect()
}

fn link(text: &str) -> Link {
    Link::parse(text).expect("a link")
}

/// Signs in, joins, fetches: what a link in a mail looks like.
fn opens(path: &str) -> Link {
    link(&format!("https://app.waxseal.example/{path}#q3bVd6tXxUo4Yc1n0iRzLw8kPm5sJhGfAeTbQyNuOvE"))
}

/// What people and things are called in them.
struct Words {
    organization: String,
    by: String,
    device: String,
    network: String,
    key: String,
    at_risk: String,
    no_certificate: String,
}

impl Words {
    fn of(language: &str) -> Self {
        let ja = language == "ja";
        let said = |en: &str, other: &str| if ja { other } else { en }.to_owned();
        Self {
            organization: said("Acme, Inc.", "株式会社アクメ"),
            by: said("Taro Sato", "佐藤 太郎"),
            device: said("Firefox on Windows", "Windows の Firefox"),
            network: "192.0.2.0/24".to_owned(),
            key: said("CI deploy", "デプロイ用"),
            at_risk: said(
                "The records at example.com let only others issue certificates.",
                "example.com のレコードでは、他の認証局だけが証明書を発行できます。",
            ),
            no_certificate: said(
                "The certificate authority could not reach the host.",
                "認証局がホストに接続できませんでした。",
            ),
        }
    }
}

/// In the order of [`MailKind::NAMES`], up to what organizations do.
fn of_accounts(words: &Words) -> Vec<MailKind> {
    let Words { organization, by, device, network, .. } = words;
    let passkey = || "MacBook Air".to_owned();
    vec![
        MailKind::VerifyAddress { link: opens("verify"), hours: 24 },
        MailKind::SignInLink {
            link: opens("sign-in/link"),
            device: device.clone(),
            network: network.clone(),
            minutes: 15,
        },
        MailKind::ResetPassword { link: opens("reset"), minutes: 30 },
        MailKind::AlreadyRegistered,
        MailKind::NoAccount,
        MailKind::Invitation {
            link: opens("invitation"),
            organization: organization.clone(),
            inviter: by.clone(),
            role: Role::Member,
            expires: AT,
        },
        MailKind::NewDevice { device: device.clone(), network: network.clone(), at: AT },
        MailKind::ManyWrongTries { at: AT },
        MailKind::PasswordChanged { device: device.clone(), network: network.clone(), at: AT },
        MailKind::SecondFactorChanged { device: device.clone(), network: network.clone(), at: AT },
        MailKind::PasskeyAdded {
            name: passkey(),
            device: device.clone(),
            network: network.clone(),
            at: AT,
        },
        MailKind::PasskeyRemoved {
            name: passkey(),
            device: device.clone(),
            network: network.clone(),
            at: AT,
        },
        MailKind::AddressChanged {
            contact: "support@waxseal.example".into(),
            network: network.clone(),
            at: AT,
        },
    ]
}

/// Those of organizations and their secrets.
fn of_organizations(words: &Words) -> Vec<MailKind> {
    let Words { organization, by, device, key, .. } = words;
    vec![
        MailKind::RoleChanged {
            organization: organization.clone(),
            role: Role::Auditor,
            by: by.clone(),
        },
        MailKind::MemberRemoved { organization: organization.clone() },
        MailKind::OwnershipTransferred {
            organization: organization.clone(),
            owner: by.clone(),
            at: AT,
        },
        MailKind::DeletionScheduled {
            organization: organization.clone(),
            due: AT,
            link: link("https://app.waxseal.example/acme/settings"),
        },
        MailKind::DeletionCancelled { organization: organization.clone() },
        MailKind::ExportReady {
            organization: organization.clone(),
            link: link("https://app.waxseal.example/acme/export"),
            expires: AT,
        },
        MailKind::KeyCreated {
            organization: organization.clone(),
            name: key.clone(),
            by: by.clone(),
            at: AT,
        },
        MailKind::KeyRotated {
            organization: organization.clone(),
            name: key.clone(),
            by: by.clone(),
            at: AT,
            until: AT.plus(Duration::from_secs(3_600)),
        },
        MailKind::KeyRevoked {
            organization: organization.clone(),
            name: key.clone(),
            by: by.clone(),
            at: AT,
        },
        MailKind::SecretOpened {
            link: link("https://app.waxseal.example/acme/secrets/fN2c8bQ1"),
            device: device.clone(),
            at: AT,
        },
        MailKind::SecretNearExpiry {
            link: link("https://app.waxseal.example/acme/secrets/fN2c8bQ1"),
            expires: AT,
        },
        MailKind::SecretRefused {
            link: link("https://app.waxseal.example/acme/secrets/fN2c8bQ1"),
            at: AT,
        },
    ]
}

fn of_domains(words: &Words) -> Vec<MailKind> {
    let organization = || words.organization.clone();
    let link = || link("https://app.waxseal.example/acme/domains/dom_fN2c8bQ1");
    let host = || "secrets.example.com".to_owned();
    vec![
        MailKind::DomainReady { link: link(), organization: organization(), host: host() },
        MailKind::DomainHeld {
            link: link(),
            organization: organization(),
            host: host(),
            until: AT,
        },
        MailKind::DomainGrace {
            link: link(),
            organization: organization(),
            host: host(),
            until: AT,
        },
        MailKind::DomainLapsed { link: link(), organization: organization(), host: host(), at: AT },
        MailKind::DomainBack { link: link(), organization: organization(), host: host() },
        MailKind::DomainContested {
            link: link(),
            organization: organization(),
            host: host(),
            until: AT,
        },
        MailKind::DomainKept { link: link(), organization: organization(), host: host() },
        MailKind::DomainTurnedDown {
            link: link(),
            organization: organization(),
            host: host(),
            until: AT,
        },
        MailKind::DomainOverridden {
            link: link(),
            organization: organization(),
            host: "*.example.com".to_owned(),
            exact: host(),
        },
        MailKind::DomainAtRisk {
            link: link(),
            organization: organization(),
            host: host(),
            problem: words.at_risk.clone(),
        },
        MailKind::DomainWithoutCertificate {
            link: link(),
            organization: organization(),
            host: host(),
            problem: words.no_certificate.clone(),
        },
        MailKind::DomainCertificateEnds {
            link: link(),
            organization: organization(),
            host: host(),
            ends: AT,
            days: 7,
        },
        MailKind::DomainForeignCertificate {
            link: link(),
            organization: organization(),
            host: host(),
            issuer: "C=US, O=Example Trust, CN=E1".to_owned(),
            serial: "3ab04c7e".to_owned(),
            at: AT,
        },
        MailKind::DomainLookAlike {
            link: link(),
            organization: organization(),
            host: host(),
            name: "exarnple.com".to_owned(),
            issuer: "C=US, O=Example Trust, CN=E1".to_owned(),
            at: AT,
        },
    ]
}

fn of_payments(words: &Words) -> Vec<MailKind> {
    let organization = || words.organization.clone();
    let link = || link("https://app.waxseal.example/o/acme/billing");
    vec![
        MailKind::PaymentFailed { link: link(), organization: organization(), until: AT },
        MailKind::PaymentGraceEnds {
            link: link(),
            organization: organization(),
            until: AT,
            days: 7,
        },
        MailKind::OrganizationLimited { link: link(), organization: organization() },
        MailKind::PaymentRecovered { link: link(), organization: organization() },
        MailKind::TrialEnds { link: link(), organization: organization(), ends: AT },
        MailKind::SubscriptionEnded { link: link(), organization: organization(), at: AT },
        MailKind::UsageHigh {
            link: link(),
            organization: organization(),
            meter: Meter::Secrets,
            most: 1_000,
        },
        MailKind::UsageFull {
            link: link(),
            organization: organization(),
            meter: Meter::Domains,
            most: 5,
        },
        MailKind::Test,
    ]
}
