//! `waxseald admin mail test`

use anyhow::{Context as _, Result, bail};
use wax_config::Config;
use wax_kernel::{Clock as _, EmailAddress, EventId, SystemClock, SystemRng};
use wax_mail::Transport as _;
use wax_model::{Link, Mail, MailKind};

use crate::post;

/// Sends a mail to one address, now and past the outbox, and says what the mail server says.
pub(crate) fn mail_test(config: &Config, address: &str, language: &str) -> Result<()> {
    let to = EmailAddress::parse(address).context("the address")?;
    let Some(smtp) = post::smtp(config)? else {
        bail!("no mail server is set (mail.smtp_url), so there is nothing to try");
    };
    let office = post::office(config)?;
    let site = Link::parse(&format!("https://{}", office.address.domain()))
        .context("the domain of mail.from_address")?;
    let mail = Mail { to, language: language.to_owned(), site, domain: None, kind: MailKind::Test };
    let id = EventId::random(&SystemRng);
    let letter = office.write(id, &mail, None, None, SystemClock.now())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(smtp.send(&letter)) {
        Ok(accepted) => super::print(&format!("The mail server took it: {}\n", accepted.0)),
        Err(failure) => bail!("the mail server did not take it: {}", failure.words),
    }
}
