//! A mail as it goes over the wire (RFC 5322).

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use wax_i18n::Lang;
use wax_kernel::{EmailAddress, EventId, Timestamp};
use wax_model::{Brand, Color, Link, Mail, MailClass};

use crate::{
    content::{Voice, content},
    html::html,
    plain::plain,
    tame::tame,
};

/// Who writes: the address and the name that every mail comes from, and where people may ask.
#[derive(Debug, Clone)]
pub struct Office {
    /// Of the envelope and of `From`. The domain names the messages, too.
    pub address: EmailAddress,
    /// The platform's name.
    pub name: String,
    /// An address or a URL for questions; may be empty.
    pub support: String,
    /// The platform's colour.
    pub accent: Color,
}

/// A rendered mail. It holds what opens something, and prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Which message of the outbox it was.
    pub id: EventId,
    /// From whom, in the envelope.
    pub from: EmailAddress,
    /// To whom, in the envelope.
    pub to: EmailAddress,
    /// Headers and body.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Office {
    /// Writes a mail. The same id gives the same `Message-ID`: who gets a mail twice after a crash sees that it is one.
    ///
    /// `brand`: the look of the tenant whose mail it is. `stop`: where the recipient stops such mails; only notices say
    /// it (RFC 2369 §3.2, in one click by RFC 8058).
    ///
    /// # Errors
    /// An address that cannot stand in an envelope.
    pub fn write(
        &self,
        id: EventId,
        mail: &Mail,
        brand: Option<&Brand>,
        stop: Option<Link>,
        at: Timestamp,
    ) -> Result<Letter, lettre::error::Error> {
        let stop = stop.filter(|_| mail.kind.class() == MailClass::Notice);
        let headers = headers(id, stop.as_ref());
        let said = self.preview(mail, brand, stop);
        let mut message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.address.domain())))
            .date(UNIX_EPOCH + Duration::from_secs(at.as_secs().unsigned_abs()))
            .from(Mailbox::new(Some(tame(self.name(brand))), address(&self.address)?))
            .to(Mailbox::new(None, address(&mail.to)?))
            .subject(said.subject);
        if let Ok(reply) = EmailAddress::parse(self.support(brand)) {
            message = message.reply_to(Mailbox::new(None, address(&reply)?));
        }
        for header in headers {
            message = message.raw_header(header);
        }
        let parts = MultiPart::alternative()
            .boundary(format!("=_{id}"))
            .singlepart(SinglePart::plain(said.plain))
            .singlepart(SinglePart::html(said.html));
        let bytes = message.multipart(parts)?.formatted();
        Ok(Letter { id, from: self.address.clone(), to: mail.to.clone(), bytes })
    }

    /// What the letter's reader will see.
    pub fn preview(&self, mail: &Mail, brand: Option<&Brand>, stop: Option<Link>) -> Preview {
        let lang: Lang = mail.language.parse().unwrap_or_default();
        let (name, support) = (self.name(brand), self.support(brand));
        let said = content(mail, Voice { sender: name, support, stop });
        let accent = brand.map_or(self.accent, |brand| brand.accent);
        Preview {
            html: html(&said, lang, &tame(name), accent),
            plain: plain(&said),
            subject: said.subject,
        }
    }

    fn name<'a>(&'a self, brand: Option<&'a Brand>) -> &'a str {
        brand.map_or(&self.name, |brand| &brand.name)
    }

    fn support<'a>(&'a self, brand: Option<&'a Brand>) -> &'a str {
        let own = brand.map(|brand| &brand.support).filter(|support| !support.is_empty());
        own.unwrap_or(&self.support)
    }
}

/// A letter's subject and its two forms.
pub struct Preview {
    /// The subject.
    pub subject: String,
    /// For programs that show HTML.
    pub html: String,
    /// For all others.
    pub plain: String,
}

/// Headers that lettre has no type for. Nothing in them was chosen by a person.
fn headers(id: EventId, stop: Option<&Link>) -> Vec<HeaderValue> {
    let ours = |name, value: String| {
        let name = HeaderName::new_from_ascii_str(name);
        HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
    };
    let mut headers = vec![
        // RFC 3834 §5.1: no vacation notices to us.
        ours("Auto-Submitted", "auto-generated".to_owned()),
        // The same for Exchange.
        ours("X-Auto-Response-Suppress", "All".to_owned()),
        // Mails about different things are no conversation.
        ours("X-Entity-Ref-ID", id.to_string()),
    ];
    if let Some(stop) = stop {
        headers.push(ours("List-Unsubscribe", format!("<{}>", stop.expose())));
        headers.push(ours("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    headers
}

fn address(address: &EmailAddress) -> Result<Address, lettre::error::Error> {
    address.as_str().parse().map_err(|_| lettre::error::Error::EmailMissingAt)
}
