//! The rules that tie two keys together.

use crate::{Config, ConfigError, DatabaseUrl, Endpoint, Listeners, Part, Upstream};

/// Finds the first rule that is broken.
pub(crate) fn check(config: &Config) -> Result<(), ConfigError> {
    addresses(config)?;
    edge(config)?;
    services(config)?;
    certificates(config)?;
    accounts(config)?;
    mail(config)?;
    store(config)
}

fn rule(
    broken: bool,
    key: &str,
    reason: &'static str,
    todo: &'static str,
) -> Result<(), ConfigError> {
    if broken { Err(ConfigError::rule(key, reason, todo)) } else { Ok(()) }
}

fn accounts(config: &Config) -> Result<(), ConfigError> {
    let accounts = &config.accounts;
    rule(
        accounts.session_idle > accounts.session_max,
        "accounts.session_idle_s",
        "is longer than accounts.session_max_s",
        "make it at most as long",
    )
}

fn addresses(config: &Config) -> Result<(), ConfigError> {
    let Listeners { plain, tls, services, management, .. } = config.listeners;
    let plain = plain.filter(|_| config.server.only.has(Part::Edge));
    let listeners =
        [("plain", plain), ("tls", tls), ("services", services), ("management", management)];
    for (i, (name, address)) in listeners.iter().enumerate() {
        let taken = listeners[..i]
            .iter()
            .any(|(_, other)| other.is_some_and(|o| Some(o) == *address && o.port() != 0));
        rule(
            taken,
            &format!("listeners.{name}"),
            "is the address of another listener",
            "give it its own port",
        )?;
    }
    Ok(())
}

fn edge(config: &Config) -> Result<(), ConfigError> {
    let (parts, listeners) = (&config.server.only, &config.listeners);
    if !parts.has(Part::Edge) {
        return rule(
            listeners.tls.is_some(),
            "listeners.tls",
            "is set, but this process has no edge (server.only)",
            "leave it out, or serve the edge here",
        );
    }
    rule(
        listeners.plain.is_none() && listeners.tls.is_none(),
        "listeners.plain",
        "and listeners.tls are both off",
        "set one of them",
    )?;
    for (part, key, endpoints) in asked_for(config) {
        // Without a console nobody asks for accounts.
        let is_needed = part != Part::Accounts || config.console.host.is_some();
        rule(
            is_needed && !parts.has(part) && endpoints.is_empty(),
            key,
            "is empty, but this process has an edge and does not serve them itself (server.only)",
            "say where they are served, or serve them here too",
        )?;
    }
    Ok(())
}

/// The parts that an edge may ask other processes for, and where those are.
fn asked_for(config: &Config) -> [(Part, &'static str, &[Endpoint]); 2] {
    let Upstream { secrets, accounts, .. } = &config.upstream;
    [(Part::Secrets, "upstream.secrets", secrets), (Part::Accounts, "upstream.accounts", accounts)]
}

fn services(config: &Config) -> Result<(), ConfigError> {
    let (parts, listening) = (&config.server.only, config.listeners.services.is_some());
    let edge = parts.has(Part::Edge);
    let serves = asked_for(config).iter().any(|(part, ..)| parts.has(*part));
    rule(
        serves && !edge && !listening,
        "listeners.services",
        "is off, but this process has secrets or accounts, and no edge (server.only)",
        "set it, or nobody can ask for them",
    )?;
    rule(
        !serves && listening,
        "listeners.services",
        "is set, but this process has neither secrets nor accounts (server.only)",
        "leave it out, or serve some of them here",
    )?;
    for (part, key, endpoints) in asked_for(config) {
        rule(
            (parts.has(part) || !edge) && !endpoints.is_empty(),
            key,
            "is set, but this process asks nobody for them: it serves them itself, or has no edge (server.only)",
            "leave it out, or take them out of server.only",
        )?;
    }
    Ok(())
}

fn certificates(config: &Config) -> Result<(), ConfigError> {
    let upstream = &config.upstream;
    let files = [&upstream.ca, &upstream.certificate, &upstream.key];
    let set = files.iter().filter(|file| file.is_some()).count();
    rule(
        set != 0 && set != files.len(),
        "upstream.certificate",
        "goes with upstream.ca and upstream.key, and not all three are set",
        "set all or none",
    )?;
    for (_, key, endpoints) in asked_for(config) {
        rule(
            set == 0 && endpoints.iter().any(|endpoint| endpoint.tls),
            key,
            "has an https:// endpoint, but there is no upstream.certificate to show there",
            "set upstream.ca, upstream.certificate and upstream.key",
        )?;
    }
    let remote = config.listeners.services.is_some_and(|at| !at.ip().is_loopback());
    rule(
        set == 0 && remote,
        "listeners.services",
        "can be reached from other machines, but there is no upstream.certificate",
        "set upstream.ca, upstream.certificate and upstream.key, or listen on loopback",
    )
}

fn mail(config: &Config) -> Result<(), ConfigError> {
    let mail = &config.mail;
    let Some(server) = &mail.smtp_url else { return Ok(()) };
    rule(
        mail.from_address.is_none(),
        "mail.from_address",
        "is empty, but there is a mail server (mail.smtp_url)",
        "set the address that mails come from",
    )?;
    rule(
        mail.allow_plaintext_loopback && (server.tls || !server.is_loopback()),
        "mail.allow_plaintext_loopback",
        "is set, but mail.smtp_url is not smtp:// to this machine",
        "leave it out: to other machines nothing is sent without TLS",
    )?;
    let secrets = [!mail.smtp_password.expose().is_empty(), mail.smtp_password_file.is_some()];
    let passwords = secrets.iter().filter(|set| **set).count();
    rule(
        passwords > 1,
        "mail.smtp_password_file",
        "and mail.smtp_password are both set",
        "set one of them",
    )?;
    rule(
        passwords != usize::from(!mail.smtp_user.is_empty()),
        "mail.smtp_user",
        "goes with mail.smtp_password or mail.smtp_password_file",
        "set a user and a password, or neither",
    )
}

fn store(config: &Config) -> Result<(), ConfigError> {
    rule(
        config.server.ephemeral && !matches!(config.store.database_url, DatabaseUrl::Sqlite(_)),
        "server.ephemeral",
        "keeps nothing, but a Postgres database is set",
        "leave out the database, or turn server.ephemeral off",
    )?;
    rule(
        config.server.ephemeral && !config.server.only.is_all(),
        "server.ephemeral",
        "keeps everything in this process, but server.only leaves parts to others",
        "serve every part, or turn server.ephemeral off",
    )
}
