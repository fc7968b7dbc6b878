//! Who writes mails and who takes them, as the configuration says.

use std::{fs, sync::Arc};

use anyhow::{Context as _, Result};
use wax_config::{Config, Mail, SmtpUrl};
use wax_kernel::{EmailAddress, Redacted};
use wax_mail::{Drawer, Folder, Office, Security, Server, Smtp, Transport};
use wax_model::Brand;

/// Who writes mails. Without a mail server the address is one that nobody answers.
pub(crate) fn office(config: &Config) -> Result<Office> {
    let mail = &config.mail;
    let address = match &mail.from_address {
        Some(address) => address.clone(),
        None => EmailAddress::parse("waxseal@waxseal.invalid")?,
    };
    let platform = Brand::plain(mail.from_name.as_str());
    Ok(Office {
        address,
        name: platform.name,
        support: mail.support.clone(),
        accent: platform.accent,
    })
}

/// Who takes mails, and says so once.
pub(crate) fn transport(config: &Config) -> Result<Arc<dyn Transport>> {
    if let Some(smtp) = smtp(config)? {
        tracing::info!("mails go to the mail server (mail.smtp_url)");
        return Ok(Arc::new(smtp));
    }
    if config.server.ephemeral {
        tracing::warn!("no mail server is set (mail.smtp_url): mails are dropped");
        return Ok(Arc::new(Drawer));
    }
    let folder = config.store.data_dir.join("mail");
    tracing::warn!(
        folder = %folder.display(),
        "no mail server is set (mail.smtp_url): mails are written into the folder as .eml files"
    );
    Ok(Arc::new(Folder::open(&folder).with_context(|| {
        format!("cannot make the folder for mails {} (store.data_dir)", folder.display())
    })?))
}

/// The mail server that the configuration names, if it names one.
pub(crate) fn smtp(config: &Config) -> Result<Option<Smtp>> {
    let Mail { smtp_url: Some(url), from_address: Some(from), .. } = &config.mail else {
        return Ok(None);
    };
    let server = server(&config.mail, url, from)?;
    Smtp::new(server).map(Some).context("the mail server cannot be used")
}

fn server(mail: &Mail, url: &SmtpUrl, from: &EmailAddress) -> Result<Server> {
    let authority = mail.smtp_ca.as_ref().map(|path| {
        fs::read(path).with_context(|| format!("cannot read {} (mail.smtp_ca)", path.display()))
    });
    Ok(Server {
        host: url.host.clone(),
        port: url.port,
        security: match url.tls {
            true => Security::Implicit,
            false if mail.allow_plaintext_loopback => Security::Plain,
            false => Security::StartTls,
        },
        credentials: credentials(mail)?,
        authority: authority.transpose()?,
        hello: from.domain().to_owned(),
        timeout: mail.timeout,
    })
}

fn credentials(mail: &Mail) -> Result<Option<(String, Redacted<String>)>> {
    if mail.smtp_user.is_empty() {
        return Ok(None);
    }
    let password = match &mail.smtp_password_file {
        None => mail.smtp_password.clone(),
        Some(path) => {
            let read = fs::read_to_string(path);
            let text = read.with_context(|| {
                format!("cannot read {} (mail.smtp_password_file)", path.display())
            })?;
            Redacted::new(text.trim_end_matches(['\r', '\n']).to_owned())
        }
    };
    Ok(Some((mail.smtp_user.clone(), password)))
}
