//! Mails on their way out.

use wax_crypto::Origin;
use wax_kernel::{EmailAddress, Timestamp};
use wax_model::{Account, Link, Mail, MailKind, OutboxMessage};

use super::{Accounts, BearerText, Caller};

impl Accounts {
    /// A mail of the platform's own, ready to be sent within a unit of work.
    pub(super) fn letter(
        &self,
        to: &EmailAddress,
        language: &str,
        origin: &Origin,
        kind: MailKind,
        until: Option<Timestamp>,
    ) -> OutboxMessage {
        let (to, language) = (to.clone(), language.to_owned());
        let mail = Mail { to, language, site: link(origin, ""), domain: None, kind };
        self.0.postbox.seal(&mail, until)
    }

    /// The same to an account's address.
    pub(super) fn letter_to(
        &self,
        account: &Account,
        caller: &Caller,
        kind: MailKind,
    ) -> OutboxMessage {
        self.letter(&account.email, &account.lang, &caller.origin, kind, None)
    }
}

/// A page of the console. What opens something stands in the fragment, which browsers send to nobody.
pub(super) fn page(origin: &Origin, path: &str, token: &BearerText) -> Link {
    link(origin, &format!("{path}#{}", token.expose()))
}

pub(super) fn link(origin: &Origin, rest: &str) -> Link {
    Link::parse(&format!("{origin}{rest}"))
        .expect("the platform's origin is https, or below localhost")
}
