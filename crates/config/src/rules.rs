//! The rules that tie two keys together.

use crate::{
    Config, ConfigError, DatabaseUrl, Endpoint, Listeners, Part, Upstream, domains::is_within,
};

/// Finds the first rule that is broken.
pub(crate) fn check(config: &Config) -> Result<(), ConfigError> {
    addresses(config)?;
    edge(config)?;
    services(config)?;
    certificates(config)?;
    accounts(config)?;
    mail(config)?;
    domains(config)?;
    name_server(config)?;
    acme(config)?;
    billing(config)?;
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
    let Listeners { plain, tls, redirect, services, management, ref dns, .. } = config.listeners;
    let plain = plain.filter(|_| config.server.only.has(Part::Edge));
    let single = [
        ("plain", plain),
        ("tls", tls),
        ("redirect", redirect),
        ("services", services),
        ("management", management),
    ];
    let single = single.into_iter().filter_map(|(name, at)| Some((name, at?)));
    let listeners: Vec<_> = single.chain(dns.iter().map(|at| ("dns", *at))).collect();
    for (i, (name, address)) in listeners.iter().enumerate() {
        let taken = listeners[..i].iter().any(|(_, other)| other == address && other.port() != 0);
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
    rule(
        listeners.redirect.is_some() && listeners.tls.is_none(),
        "listeners.redirect",
        "shows the way to HTTPS, but listeners.tls is off",
        "set it, or leave this out",
    )?;
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

fn domains(config: &Config) -> Result<(), ConfigError> {
    let (domains, console) = (&config.domains, &config.console);
    let suffix = domains.platform_suffix.as_ref();
    rule(
        domains.zone.is_none() && suffix.is_some(),
        "domains.platform_suffix",
        "is set, but there is no domains.zone",
        "set both, or neither",
    )?;
    rule(
        domains.zone.is_some() && domains.zone.as_ref() == suffix,
        "domains.platform_suffix",
        "is domains.zone, where nothing but targets is",
        "give it a name of its own",
    )?;
    let in_zone = console.host.as_ref().zip(domains.zone.as_ref());
    rule(
        in_zone.is_some_and(|(host, zone)| is_within(host, zone)),
        "console.host",
        "is in domains.zone, where nothing but targets is",
        "give it a name elsewhere",
    )?;
    rule(
        suffix.is_some_and(|suffix| console.conflicts_with(suffix)),
        "domains.platform_suffix",
        "is console.host, or one of them is below the other, and browsers would take organizations' pages for the console's",
        "give it a name elsewhere",
    )?;
    rule(
        domains.serve_platform_suffix && suffix.is_none(),
        "domains.serve_platform_suffix",
        "is set, but there is no domains.platform_suffix",
        "set it, or leave this out",
    )?;
    rule(
        domains.connect_provider.is_some() != domains.connect_key_file.is_some(),
        "domains.connect_key_file",
        "goes with domains.connect_provider",
        "set both, or neither",
    )?;
    rule(
        domains.connect_provider.is_some() && (domains.zone.is_none() || console.host.is_none()),
        "domains.connect_provider",
        "is set, but there is no domains.zone or no console.host, which providers have to know",
        "set both, or leave this out",
    )?;
    rule(
        domains.dns_roots.is_empty() != domains.dns_root_key.is_none(),
        "domains.dns_root_key",
        "goes with domains.dns_roots",
        "set both, or neither",
    )
}

fn name_server(config: &Config) -> Result<(), ConfigError> {
    let (parts, domains) = (&config.server.only, &config.domains);
    let listening = !config.listeners.dns.is_empty();
    rule(
        parts.has(Part::Dns) && !parts.is_all() && !listening,
        "listeners.dns",
        "is empty, but this process has dns (server.only)",
        "say where it answers, or take dns out",
    )?;
    rule(
        !parts.has(Part::Dns) && listening,
        "listeners.dns",
        "is set, but this process has no dns (server.only)",
        "leave it out, or serve dns here",
    )?;
    rule(
        listening && domains.zone.is_none(),
        "domains.zone",
        "is empty, but this process answers for it (listeners.dns)",
        "set the zone that is delegated to this server, or leave listeners.dns out",
    )?;
    rule(
        listening && domains.name_servers.is_empty(),
        "domains.name_servers",
        "is empty, but this process is one of them (listeners.dns)",
        "name them as the delegation does",
    )?;
    rule(
        domains.server_without_address().is_some(),
        "domains.name_servers",
        "has a name in a zone of ours without an address, which nobody else can give",
        "write its addresses behind the name",
    )?;
    rule(
        listening && domains.edge_addresses.is_empty(),
        "domains.edge_addresses",
        "is empty, but this process answers with them (listeners.dns)",
        "set the edges' public addresses",
    )?;
    let local = domains.contact.as_ref().map(|contact| contact.as_str().find('@').unwrap_or(0));
    rule(
        listening && local.is_none(),
        "domains.contact",
        "is empty, but a zone names who looks after it (listeners.dns)",
        "set a mail address",
    )?;
    rule(
        local.is_some_and(|length| length > 63),
        "domains.contact",
        "has more than 63 bytes before the @, which do not fit into a DNS record",
        "set a shorter one",
    )
}

fn acme(config: &Config) -> Result<(), ConfigError> {
    let issuers = &config.acme.issuers;
    let twice = |(at, name): (usize, &str)| issuers[..at].iter().any(|other| other.name == name);
    rule(
        issuers.iter().map(|issuer| issuer.name.as_str()).enumerate().any(twice),
        "acme.issuers",
        "has two of one name",
        "give each its own",
    )
}

fn billing(config: &Config) -> Result<(), ConfigError> {
    let (parts, billing) = (&config.server.only, &config.billing);
    rule(
        !billing.stripe_secret_key.expose().is_empty() && billing.stripe_secret_key_file.is_some(),
        "billing.stripe_secret_key_file",
        "and billing.stripe_secret_key are both set",
        "set one of them",
    )?;
    rule(
        !billing.stripe_webhook_secrets.is_empty() && billing.stripe_webhook_secrets_file.is_some(),
        "billing.stripe_webhook_secrets_file",
        "and billing.stripe_webhook_secrets are both set",
        "set one of them",
    )?;
    rule(
        billing.is_on() && config.console.host.is_none(),
        "billing.plans",
        "has something to sell, but there is no console.host, where it is sold",
        "set it, or sell nothing",
    )?;
    // Others have to know what an organization may do, and need not be able to take its money.
    let asks_stripe = parts.has(Part::Accounts) || parts.has(Part::Worker);
    rule(
        billing.is_on() && asks_stripe && !billing.has_key(),
        "billing.stripe_secret_key",
        "is empty, but there is something to sell (billing.plans)",
        "set it, or billing.stripe_secret_key_file",
    )?;
    rule(
        !billing.is_on() && billing.has_key(),
        "billing.plans",
        "is empty, but there is a key of Stripe's (billing.stripe_secret_key)",
        "write at least two plans, one of them without prices, or leave the key out",
    )?;
    rule(
        billing.has_key() != billing.has_webhook_secrets(),
        "billing.stripe_webhook_secrets",
        "goes with billing.stripe_secret_key",
        "set both, or neither",
    )?;
    rule(
        billing.stripe_url.is_some() && !billing.has_key(),
        "billing.stripe_url",
        "is set, but there is no billing.stripe_secret_key",
        "set it, or leave this out",
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
