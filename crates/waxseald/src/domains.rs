//! The domains service, as the configuration says.

use std::{fs, io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use wax_acme::{
    Account, AcmeCa, Authority, Engine, ExternalAccount, Issuer, IssuerId, OrderStore as _,
    Parts as EngineParts, PlatformName, Trust, Vault, Wire,
};
use wax_config::{AcmeIssuer, CertificateFeed, Config};
use wax_connect::{Addresses, Connect, Https, Operator, SigningKey};
use wax_crypto::{
    Origin,
    at_rest::{KeyRing, KeyStore},
};
use wax_dns::{Anchors, Dns, Limits, Reach, Roots, Sockets};
use wax_domains::{Domains, Everywhere, FileFeed, IssuerPlace, Noted, Parts, Settings, UrlFeed};
use wax_kernel::{Clock, HostPattern, Hostname, Job, Redacted, Rng, base64url_decode};
use wax_model::{Plans, domain::ownership::Vantage};
use wax_store::Store;
use wax_store_sql::SqlStore;
use zeroize::Zeroizing;

/// Domains of one organization: more is a mistake, or somebody who means no good.
const MOST_DOMAINS: u64 = 1_000;
/// How often an issuer that did not answer is asked for our account again.
const EVERY: Duration = Duration::from_secs(60);

/// The service, and the jobs that open our accounts at issuers and order what is the platform's own.
pub(crate) struct DomainsSide {
    pub(crate) domains: Domains,
    pub(crate) orders: Vec<Job>,
}

/// Names that need a certificate and that no organization has: the console's, and the wildcard above organizations' short
/// names, if our own name servers can prove it: as the suffix's, or at the end of its alias.
pub(crate) fn platform_names(config: &Config) -> Vec<PlatformName> {
    let console = config.console.host.clone().map(HostPattern::exact);
    let suffix = config.domains.platform_suffix.clone();
    let suffix =
        suffix.filter(|_| config.domains.serve_platform_suffix || config.domains.zone.is_some());
    let names = console.into_iter().chain(suffix.map(HostPattern::wildcard));
    names.filter(|host| !host.host().is_localhost()).map(PlatformName::new).collect()
}

/// What the service is made with.
pub(crate) struct Shared<'c> {
    pub(crate) config: &'c Config,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) edge_ring: Arc<KeyRing>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) plans: Plans,
}

impl Shared<'_> {
    /// Puts the service together. No issuer is asked yet.
    pub(crate) fn domains(&self) -> Result<DomainsSide> {
        let orders = Arc::new(Noted::new(Arc::clone(&self.store) as _));
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let domains = Domains::new(Parts {
            store: Arc::clone(&store),
            orders: Arc::clone(&orders),
            keys: Arc::clone(&self.keys),
            edge_ring: Arc::clone(&self.edge_ring),
            lookup: Arc::new(self.dns()),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            settings: self.settings(),
        });
        if let Some(connect) = self.connect()? {
            domains.connect_with(connect);
        }
        match &self.config.domains.certificate_feed {
            Some(CertificateFeed::File(path)) => {
                domains.follow(Arc::new(FileFeed::new(path.clone())));
            }
            Some(CertificateFeed::Url(url)) => domains.follow(Arc::new(UrlFeed::new(url)?)),
            None => {}
        }
        let parts = EngineParts {
            answers: Arc::new(Everywhere::new(store, Arc::clone(&self.clock))),
            store: Arc::clone(&orders) as _,
            vault: Vault::new(Arc::clone(&self.edge_ring), Arc::clone(&self.rng)),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
        };
        let issuers: Vec<Issuer> =
            self.config.acme.issuers.iter().map(|one| self.issuer(one)).collect::<Result<_>>()?;
        let first = issuers.first().map(|issuer| issuer.id.clone());
        let orders = first.map(|first| {
            let own = ordering(platform_names(self.config), orders, first, &self.clock);
            vec![opening(&domains, parts, issuers), own]
        });
        Ok(DomainsSide { domains, orders: orders.unwrap_or_default() })
    }

    fn dns(&self) -> Dns {
        let wanted = &self.config.domains;
        let roots = match &wanted.dns_root_key {
            None => Roots::internet(),
            Some(key) => {
                let anchors = Anchors::of(key.algorithm, key.key.clone());
                let roots = wanted.dns_roots.clone();
                Roots::of(roots, wanted.dns_port, Reach::Everywhere, anchors)
            }
        };
        Dns {
            wire: Arc::new(Sockets),
            rng: Arc::clone(&self.rng),
            clock: Arc::clone(&self.clock),
            roots,
            limits: Limits::default(),
        }
    }

    /// The way to DNS providers, if there is one.
    fn connect(&self) -> Result<Option<Connect>> {
        let Some((operator, key)) = connecting(self.config)? else { return Ok(None) };
        let wire = Https::new(Arc::new(ByDns(self.dns())), None)?;
        Ok(Some(Connect { operator, key, wire: Arc::new(wire) }))
    }

    fn settings(&self) -> Settings {
        let Config { domains, console, acme, .. } = self.config;
        let origin = self.config.console_origin();
        let suffix = domains.platform_suffix.clone();
        let own = [console.host.clone(), domains.zone.clone(), suffix.clone()];
        let place = |issuer: &AcmeIssuer| IssuerPlace {
            id: IssuerId::new(&issuer.name),
            authority: issuer.caa.to_string(),
        };
        Settings {
            zone: domains.zone.clone(),
            addresses: domains.edge_addresses.clone(),
            suffix,
            own_names: own.into_iter().flatten().collect(),
            loopback: self.config.listeners.plain.is_some(),
            vantage: vantage(),
            // A port that the system is to choose is known too late for links in mails.
            console: origin.and_then(|origin| Origin::parse(&origin).ok()),
            issuers: acme.issuers.iter().map(place).collect(),
            plans: self.plans.clone(),
            most_domains: MOST_DOMAINS,
        }
    }

    fn issuer(&self, wanted: &AcmeIssuer) -> Result<Issuer> {
        let external = wanted.external_account.as_ref().map(|account| -> Result<_> {
            let text = fs::read_to_string(&account.key_file)
                .with_context(|| format!("{} cannot be read", account.key_file.display()))?;
            let key = base64url_decode(text.trim()).context("eab_key_file is not base64url")?;
            Ok(ExternalAccount { id: account.id.clone(), key: Redacted::new(key) })
        });
        let trust = match &wanted.ca {
            None => Trust::Platform,
            Some(file) => Trust::Only(
                fs::read_to_string(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?,
            ),
        };
        let known = match wanted.name.as_str() {
            "letsencrypt" => Issuer::lets_encrypt(),
            name => Issuer::at(name, &wanted.directory),
        };
        let contacts = &self.config.acme.contacts;
        Ok(Issuer {
            contacts: contacts.iter().map(|to| format!("mailto:{}", to.as_str())).collect(),
            profile: wanted.profile.clone(),
            external_account: external.transpose()?,
            limits: if wanted.unlimited { &[] } else { known.limits },
            trust,
            ..known
        })
    }
}

/// How DNS providers know us, and what we sign with.
pub(crate) fn connecting(config: &Config) -> Result<Option<(Operator, SigningKey)>> {
    let domains = &config.domains;
    let wanted = (&domains.connect_provider, &domains.connect_key_file);
    let (Some(provider), Some(file)) = wanted else { return Ok(None) };
    let pem = Zeroizing::new(
        fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?,
    );
    let key = SigningKey::from_pem(&pem, &domains.connect_key_name);
    let key = key.with_context(|| format!("{} cannot be used", file.display()))?;
    let (zone, console) = (domains.zone.clone(), config.console.host.clone());
    let operator = Operator {
        provider: provider.clone(),
        name: domains.connect_name.clone(),
        zone: zone.context("domains.zone is empty")?,
        console: console.context("console.host is empty")?,
        addresses: domains.edge_addresses.clone(),
    };
    Ok(Some((operator, key)))
}

/// Names as the DNS has them now, asked from the root: nobody's cache, and no address of our own network.
#[derive(Debug)]
struct ByDns(Dns);

#[async_trait]
impl Addresses for ByDns {
    async fn of(&self, name: &Hostname) -> io::Result<Vec<SocketAddr>> {
        let found =
            self.0.addresses(name).await.map_err(|fault| io::Error::other(fault.to_string()))?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
    }
}

/// Whether two looks came from one place: machines of one name stand together.
fn vantage() -> Vantage {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Vantage(name.trim().into())
}

/// Orders what the platform's own names have no order for yet; from then on it is renewed as everybody's.
fn ordering(
    names: Vec<PlatformName>,
    orders: Arc<Noted>,
    issuer: IssuerId,
    clock: &Arc<dyn Clock>,
) -> Job {
    let (names, clock) = (Arc::new(names), Arc::clone(clock));
    Job::new("acme.platform", EVERY, move || {
        let (names, orders) = (Arc::clone(&names), Arc::clone(&orders));
        let (issuer, now) = (issuer.clone(), clock.now());
        async move {
            for name in names.iter() {
                // There is at most one for each name: what stands there stays.
                orders.add(&name.order(issuer.clone(), now)).await?;
            }
            Ok(())
        }
    })
}

/// Opens our accounts, and lets the service order from those issuers that have one.
fn opening(domains: &Domains, parts: EngineParts, issuers: Vec<Issuer>) -> Job {
    let (domains, issuers) = (domains.clone(), Arc::new(issuers));
    let open = Arc::new(tokio::sync::Mutex::new(Vec::<Authority>::new()));
    Job::new("acme.accounts", EVERY, move || {
        let (domains, parts) = (domains.clone(), parts.clone());
        let (issuers, open) = (Arc::clone(&issuers), Arc::clone(&open));
        async move {
            let mut open = open.lock().await;
            for issuer in issuers.iter() {
                if open.iter().any(|known| known.issuer.id == issuer.id) {
                    continue;
                }
                let wire = Wire::new(issuer, Arc::clone(&parts.clock))?;
                let account = Account::open(issuer, &wire, &*parts.store, &parts.vault).await;
                match account {
                    Ok(account) => {
                        let ca = Arc::new(AcmeCa::new(issuer, wire, account));
                        open.push(Authority { issuer: issuer.clone(), ca });
                        open.sort_by_key(|one| {
                            issuers.iter().position(|is| is.id == one.issuer.id)
                        });
                        domains.work_with(Engine::new(parts.clone(), open.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(issuer = %issuer.id, %error, "no account could be opened");
                    }
                }
            }
            Ok(())
        }
    })
}
