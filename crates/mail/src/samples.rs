//! One mail of each kind, for the preview and for tests.

use wax_kernel::{EmailAddress, Timestamp};
use wax_model::{Link, Mail, MailKind, Role};

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
    kinds(language).into_iter().map(mail).collect()
}

fn link(text: &str) -> Link {
    Link::parse(text).expect("a link")
}

/// Signs in, joins, fetches: what a link in a mail looks like.
fn opens(path: &str) -> Link {
    link(&format!("https://app.waxseal.example/{path}#q3bVd6tXxUo4Yc1n0iRzLw8kPm5sJhGfAeTbQyNuOvE"))
}

fn kinds(language: &str) -> Vec<MailKind> {
    let ja = language == "ja";
    let said = |en: &str, other: &str| if ja { other } else { en }.to_owned();
    let (organization, by) = (said("Acme, Inc.", "株式会社アクメ"), said("Taro Sato", "佐藤 太郎"));
    let device = said("Firefox on Windows", "Windows の Firefox");
    let network = "192.0.2.0/24".to_owned();
    let (owner, name) = (by.clone(), said("CI deploy", "デプロイ用"));
    let (due, expires) = (AT, AT);
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
            expires,
        },
        MailKind::NewDevice { device: device.clone(), network: network.clone(), at: AT },
        MailKind::ManyWrongTries { at: AT },
        MailKind::PasswordChanged { device: device.clone(), network: network.clone(), at: AT },
        MailKind::SecondFactorChanged { device: device.clone(), network: network.clone(), at: AT },
        MailKind::PasskeyAdded {
            name: said("MacBook Air", "MacBook Air"),
            device: device.clone(),
            network: network.clone(),
            at: AT,
        },
        MailKind::AddressChanged { contact: "support@waxseal.example".into(), network, at: AT },
        MailKind::RoleChanged {
            organization: organization.clone(),
            role: Role::Auditor,
            by: by.clone(),
        },
        MailKind::MemberRemoved { organization: organization.clone() },
        MailKind::OwnershipTransferred { organization: organization.clone(), owner, at: AT },
        MailKind::DeletionScheduled {
            organization: organization.clone(),
            due,
            link: link("https://app.waxseal.example/acme/settings"),
        },
        MailKind::DeletionCancelled { organization: organization.clone() },
        MailKind::ExportReady {
            organization: organization.clone(),
            link: link("https://app.waxseal.example/acme/export"),
            expires,
        },
        MailKind::KeyCreated {
            organization: organization.clone(),
            name: name.clone(),
            by: by.clone(),
            at: AT,
        },
        MailKind::KeyRevoked { organization, name, by, at: AT },
        MailKind::SecretOpened {
            link: link("https://app.waxseal.example/acme/secrets/fN2c8bQ1"),
            device,
            at: AT,
        },
        MailKind::SecretNearExpiry {
            link: link("https://app.waxseal.example/acme/secrets/fN2c8bQ1"),
            expires,
        },
        MailKind::SecretRefused {
            link: link("https://app.waxseal.example/acme/secrets/fN2c8bQ1"),
            at: AT,
        },
        MailKind::Test,
    ]
}
