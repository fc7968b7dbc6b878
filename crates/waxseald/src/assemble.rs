//! Puts the rooms together: the one place that knows everyone.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use wax_accounts::{Accounts, Argon2Cost};
use wax_acme::OrderStore;
use wax_billing::Billing;
use wax_config::{Config, DatabaseUrl, Endpoint, Part, SignUp};
use wax_crypto::at_rest::{FileKeyStore, KeyRing, KeyStore, MemoryKeyStore};
use wax_edge::{
    ConsoleSite, Edge, EdgeParts, Limits, LocalCa, Place, Proxies, Rate, Rates, Readiness, Remote,
    RemoteParts, Routes, Signing, Tickets, Upstream,
};
use wax_httpkit::{HostKind, Mount, Mounts, Services, auth::SharedAuthenticator};
use wax_kernel::{Clock, Job, Rng, SystemRng, base64url_encode};
use wax_mail::Postbox;
use wax_model::SignUpPolicy;
use wax_pages::{Console, Pages, PagesError};
use wax_secrets::{Parts, Secrets};
use wax_services::{Listener, ListenerParts};
use wax_store::Store;
use wax_store_sql::{Settings, SqlStore};
use wax_telemetry::{Metrics, Tasks};
use wax_worker::{MailParts, mail_job};
use wax_zone::{LabelSource, ZoneServer};

use crate::{
    api_document, billing,
    classes::CLASSES,
    context_key::ContextKeys,
    domains::{DomainsSide, Shared, platform_names},
    first_tenants,
    hosts::{Hosts, HostsParts},
    labels::StoredLabels,
    mutual_tls::MutualTls,
    name_server::name_server,
    node_time::NodeTime,
    post,
    ticket_keys::TicketKeys,
};

/// Where each service stands.
const SECRETS: Mount = Mount { host: HostKind::Tenant, prefix: "/v1" };
const MEMBERS_SECRETS: Mount =
    Mount { host: HostKind::Platform, prefix: "/v1/organizations/{organization}/secrets" };
const DOMAINS: Mount =
    Mount { host: HostKind::Platform, prefix: "/v1/organizations/{organization}/domains" };
/// What an organization pays for, and what Stripe sends of it.
const BILLING: Mount =
    Mount { host: HostKind::Platform, prefix: "/v1/organizations/{organization}/billing" };
const USAGE: Mount =
    Mount { host: HostKind::Platform, prefix: "/v1/organizations/{organization}/usage" };
const USAGE_TABLE: Mount =
    Mount { host: HostKind::Platform, prefix: "/v1/organizations/{organization}/usage.csv" };
const STRIPE: Mount = Mount { host: HostKind::Platform, prefix: "/v1/billing" };
const ACCOUNTS: Mount = Mount { host: HostKind::Platform, prefix: "/v1" };
/// Where notices can be stopped: on whichever host they name.
const UNSUBSCRIBE: Mount = Mount { host: HostKind::Platform, prefix: "/unsubscribe" };
const UNSUBSCRIBE_ON_TENANTS: Mount = Mount { host: HostKind::Tenant, prefix: "/unsubscribe" };
const DOCUMENT: Mount = Mount { host: HostKind::Platform, prefix: "/v1/openapi.json" };
const DOCUMENT_PAGE: Mount = Mount { host: HostKind::Platform, prefix: api_document::PAGE };

/// Connections to Postgres that one process holds.
const POSTGRES_CONNECTIONS: u32 = 16;

/// A server that has everything but its sockets. Which parts it has is the configuration's: nothing below this file asks.
pub(crate) struct Server {
    pub(crate) edge: Option<EdgeSide>,
    /// For edges in other processes.
    pub(crate) services: Option<Listener>,
    /// For the world's resolvers.
    pub(crate) name_server: Option<ZoneServer>,
    /// For links of the operator's.
    pub(crate) accounts: Option<Accounts>,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Metrics,
    pub(crate) tasks: Tasks,
    pub(crate) store: Arc<SqlStore>,
}

/// What a process with an edge has.
pub(crate) struct EdgeSide {
    pub(crate) edge: Edge,
    pub(crate) tickets: Tickets,
    pub(crate) local_ca: Arc<LocalCa>,
}

/// What every part is made with.
struct Base<'c> {
    config: &'c Config,
    patience: Patience,
    time: NodeTime,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    store: Arc<SqlStore>,
    readiness: Readiness,
    metrics: Metrics,
    mutual_tls: Option<MutualTls>,
    keys: OnceLock<Arc<dyn KeyStore>>,
    edge_ring: OnceLock<Arc<KeyRing>>,
}

/// Assembles the server and starts its jobs.
pub(crate) async fn server(config: &Config) -> Result<Server> {
    let base = Base::open(config).await?;
    let (parts, tasks, mut jobs) = (&config.server.only, Tasks::new(), vec![base.time.job()]);
    let mut services = Services::default();
    let mut accounts = None;
    if [Part::Secrets, Part::Accounts, Part::Worker].into_iter().any(|part| parts.has(part)) {
        let keys = base.keys()?;
        let secrets = base.secrets(&keys).await?;
        let members = base.accounts(&keys)?;
        let DomainsSide { domains, orders } = base.domains(&keys)?;
        let billing = base.billing(&keys, &tasks)?;
        if parts.has(Part::Worker) {
            let audit_kept = Duration::from_secs(u64::from(config.audit.retention_days) * 86_400);
            jobs.push(base.mail_job(&keys)?);
            jobs.extend(wax_secrets::jobs(&secrets));
            jobs.push(wax_secrets::audit_job(&secrets, audit_kept));
            jobs.extend(wax_accounts::jobs(&members, audit_kept));
            jobs.extend(wax_domains::jobs(&domains));
            jobs.extend(orders);
            jobs.extend(wax_billing::jobs(&billing));
        }
        if parts.has(Part::Secrets) {
            let authenticator: SharedAuthenticator = Arc::new(members.clone());
            let router = wax_secrets::members_router(secrets.clone(), Arc::clone(&authenticator));
            services = services
                .with(SECRETS, wax_secrets::router(secrets, authenticator))
                .with(MEMBERS_SECRETS, router);
        }
        if parts.has(Part::Accounts) {
            let origin = config.console_origin();
            let origin = origin.unwrap_or_else(|| "https://app.example.com".to_owned());
            let authenticator: SharedAuthenticator = Arc::new(members.clone());
            let paid = wax_billing::router(billing, Arc::clone(&authenticator));
            services = services
                .with(DOMAINS, wax_domains::router(domains, authenticator))
                .with(BILLING, paid.clone())
                .with(USAGE, paid.clone())
                .with(USAGE_TABLE, paid.clone())
                .with(STRIPE, paid)
                .with(ACCOUNTS, wax_accounts::router(members.clone()))
                .with(UNSUBSCRIBE, wax_accounts::unsubscribe_router(members.clone()))
                .with(UNSUBSCRIBE_ON_TENANTS, wax_accounts::unsubscribe_router(members.clone()))
                .with(DOCUMENT, api_document::router()?)
                .with(DOCUMENT_PAGE, api_document::page_router(&origin)?);
            accounts = Some(members);
        }
    }
    let listener = match config.listeners.services {
        Some(_) => Some(base.listener(services.clone())?),
        None => None,
    };
    let edge =
        if parts.has(Part::Edge) { Some(base.edge(services, &mut jobs).await?) } else { None };
    let name_server = base.name_server(&mut jobs).await?;
    wax_worker::start(jobs, &tasks);
    let Base { readiness, metrics, store, .. } = base;
    let services = listener;
    Ok(Server { edge, services, name_server, accounts, readiness, metrics, tasks, store })
}

impl<'c> Base<'c> {
    /// Opens the store, brings its schema up to date, and makes the first tenants. A process that is an edge and nothing
    /// else leaves all that to others: it starts, from its file, while the database is away.
    async fn open(config: &'c Config) -> Result<Self> {
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let (readiness, metrics) = (Readiness::default(), Metrics::default());
        let mutual_tls = MutualTls::read(&config.upstream)?;
        let (keys, edge_ring) = (OnceLock::new(), OnceLock::new());
        let settings = store_settings(config)?;
        let patience = Patience::default();
        let (store, time) = if config.server.only.is(Part::Edge) {
            let store = SqlStore::open_later(&settings).await.context(UNUSABLE)?;
            let time = NodeTime::unmeasured(Arc::clone(&store), readiness.clone());
            patience.if_it_answers(time.measure_again()).await;
            (store, time)
        } else {
            let store = SqlStore::open(&settings).await.context(UNUSABLE)?;
            let old = "the database's schema could not be brought up to date";
            store.migrate().await.context(old)?;
            let time = NodeTime::measure(Arc::clone(&store), readiness.clone()).await?;
            first_tenants::ensure(&store, config, &*time.clock(), &*rng).await?;
            (store, time)
        };
        let clock = time.clock();
        Ok(Self {
            config,
            patience,
            time,
            clock,
            rng,
            store,
            readiness,
            metrics,
            mutual_tls,
            keys,
            edge_ring,
        })
    }

    /// The key ring and what it seals: opened once.
    fn keys(&self) -> Result<Arc<dyn KeyStore>> {
        if let Some(keys) = self.keys.get() {
            return Ok(Arc::clone(keys));
        }
        let keys = keys(self.config, &self.rng)?;
        Ok(Arc::clone(self.keys.get_or_init(|| keys)))
    }

    /// The ring of what edges open, which is all of the keys that an edge has: opened once.
    fn edge_ring(&self) -> Result<Arc<KeyRing>> {
        if let Some(ring) = self.edge_ring.get() {
            return Ok(Arc::clone(ring));
        }
        let ring = Arc::new(edge_ring(self.config, &*self.rng)?);
        Ok(Arc::clone(self.edge_ring.get_or_init(|| ring)))
    }

    /// Delivers what services leave in the outbox.
    fn mail_job(&self, keys: &Arc<dyn KeyStore>) -> Result<Job> {
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        Ok(mail_job(MailParts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            postbox: Postbox::new(Arc::clone(keys), Arc::clone(&clock), Arc::clone(&rng)),
            office: post::office(self.config)?,
            transport: post::transport(self.config)?,
            clock,
            rng,
            metrics: self.metrics.clone(),
        }))
    }

    async fn secrets(&self, keys: &Arc<dyn KeyStore>) -> Result<Secrets> {
        let secrets = Secrets::new(Parts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            keys: Arc::clone(keys),
            hints: self.store.hints(&*self.rng),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            plans: self.config.plans(),
        });
        secrets.check_keys().await.map_err(anyhow::Error::from_boxed).with_context(|| {
            let folder = keys_folder(self.config);
            format!(
                "secrets are stored whose keys are not in {} (store.data_dir): put that folder back; without it nothing \
                 that is stored can be opened again",
                folder.display()
            )
        })?;
        Ok(secrets)
    }

    fn accounts(&self, keys: &Arc<dyn KeyStore>) -> Result<Accounts> {
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        accounts(
            self.config,
            store,
            Arc::clone(keys),
            Arc::clone(&self.clock),
            Arc::clone(&self.rng),
        )
    }

    /// Organizations' own domains: its routes are where members' are, its jobs where the others are.
    fn domains(&self, keys: &Arc<dyn KeyStore>) -> Result<DomainsSide> {
        let shared = Shared {
            config: self.config,
            store: Arc::clone(&self.store),
            keys: Arc::clone(keys),
            edge_ring: self.edge_ring()?,
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            plans: self.config.plans(),
        };
        shared.domains()
    }

    /// What organizations pay for; where nothing is sold, it says so.
    fn billing(&self, keys: &Arc<dyn KeyStore>, tasks: &Tasks) -> Result<Billing> {
        let shared = billing::Shared {
            config: self.config,
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            keys: Arc::clone(keys),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            metrics: self.metrics.clone(),
            tasks: tasks.clone(),
        };
        shared.billing()
    }

    /// The door for edges in other processes.
    fn listener(&self, services: Services) -> Result<Listener> {
        Ok(Listener::new(ListenerParts {
            services,
            keys: Arc::new(Arc::clone(&self.store) as Arc<dyn Store>),
            tls: self.mutual_tls.as_ref().map(MutualTls::server).transpose()?,
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        }))
    }

    /// The name server of our own zones, which knows what lives in them before it is asked.
    async fn name_server(&self, jobs: &mut Vec<Job>) -> Result<Option<ZoneServer>> {
        let made = name_server(self.config, self.labels(), &self.rng, &self.metrics)?;
        let Some((server, job)) = made else { return Ok(None) };
        job.run().await.map_err(anyhow::Error::from_boxed)?;
        jobs.push(job);
        Ok(Some(server))
    }

    /// An edge that is nothing else, and remembers nothing, waits for the services to bring the database up.
    async fn begin(&self, hosts: &Hosts) -> Result<()> {
        if self.patience.is_over() && hosts.knows_something().await {
            return Ok(());
        }
        let waits = self.config.server.only.is(Part::Edge);
        let mut waited = Duration::ZERO;
        loop {
            match hosts.begin().await {
                Err(error) if waits && waited < LONGEST_WAIT => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "the database is not there yet; the edge waits for it");
                    tokio::time::sleep(PATIENCE).await;
                    waited += PATIENCE;
                }
                outcome => return outcome,
            }
        }
    }

    /// What lives in our own zones.
    fn labels(&self) -> Arc<dyn LabelSource> {
        Arc::new(StoredLabels {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            orders: Arc::clone(&self.store) as Arc<dyn OrderStore>,
            clock: Arc::clone(&self.clock),
            suffix: self.config.domains.platform_suffix.clone(),
            wildcard: platform_names(self.config).into_iter().find(|name| name.host.is_wildcard()),
            node: base64url_encode(self.rng.bytes::<9>()),
            known: tokio::sync::Mutex::default(),
        })
    }

    async fn edge(&self, services: Services, jobs: &mut Vec<Job>) -> Result<EdgeSide> {
        let upstreams = self.upstreams(services, jobs).await?;
        let routes = Routes::default();
        let local_ca = Arc::new(local_ca(self.config, &self.clock)?);
        let hosts = Hosts::open(HostsParts {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            orders: Arc::clone(&self.store) as Arc<dyn OrderStore>,
            edge_ring: self.edge_ring()?,
            routes: routes.clone(),
            local_ca: Arc::clone(&local_ca),
            plans: self.config.plans(),
            console: self.config.console.clone(),
            own: platform_names(self.config),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            folder: (!self.config.server.ephemeral)
                .then(|| self.config.store.data_dir.join("edge")),
        })?;
        self.begin(&hosts).await?;
        jobs.push(hosts.job(&self.readiness, &self.metrics));
        let ticket_keys = TicketKeys::new(
            Arc::clone(&self.store) as Arc<dyn Store>,
            self.edge_ring()?,
            Arc::clone(&self.clock),
            Arc::clone(&self.rng),
        );
        self.patience.if_it_answers(ticket_keys.keep()).await;
        jobs.push(ticket_keys.job());
        let tickets = ticket_keys.tickets();
        let edge = Edge::new(EdgeParts {
            routes,
            pending: Arc::new(hosts.challenges()),
            upstreams,
            site: Arc::new(Pages::load()?),
            console: console(self.config)?,
            limits: limits(self.config),
            rates: rates(self.config),
            classes: CLASSES.to_vec(),
            readiness: self.readiness.clone(),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
        });
        Ok(EdgeSide { edge, tickets, local_ca })
    }

    /// Who answers what: each service here, or in the processes that the configuration names.
    async fn upstreams(&self, services: Services, jobs: &mut Vec<Job>) -> Result<Mounts<Upstream>> {
        let (parts, upstream) = (&self.config.server.only, &self.config.upstream);
        let signing = if upstream.secrets.is_empty() && upstream.accounts.is_empty() {
            Signing::default()
        } else {
            self.signing(jobs).await?
        };
        let mut upstreams = Mounts::default();
        for (part, mount, endpoints) in [
            (Part::Secrets, SECRETS, &upstream.secrets),
            (Part::Secrets, MEMBERS_SECRETS, &upstream.secrets),
            (Part::Accounts, DOMAINS, &upstream.accounts),
            (Part::Accounts, BILLING, &upstream.accounts),
            (Part::Accounts, USAGE, &upstream.accounts),
            (Part::Accounts, USAGE_TABLE, &upstream.accounts),
            (Part::Accounts, STRIPE, &upstream.accounts),
            (Part::Accounts, ACCOUNTS, &upstream.accounts),
            (Part::Accounts, DOCUMENT_PAGE, &upstream.accounts),
            (Part::Accounts, UNSUBSCRIBE, &upstream.accounts),
            (Part::Accounts, UNSUBSCRIBE_ON_TENANTS, &upstream.accounts),
        ] {
            if parts.has(part) {
                upstreams = upstreams.with(mount, Upstream::Local(services.clone()));
            } else if !endpoints.is_empty() {
                let remote = self.remote(endpoints, &signing)?;
                upstreams = upstreams.with(mount, Upstream::Remote(remote));
            }
        }
        Ok(upstreams)
    }

    /// What makes services in other processes believe this edge: a key of its own, registered and renewed.
    async fn signing(&self, jobs: &mut Vec<Job>) -> Result<Signing> {
        let signing = Signing::default();
        let (clock, rng) = (Arc::clone(&self.clock), Arc::clone(&self.rng));
        let keys = ContextKeys::new(Arc::clone(&self.store), signing.clone(), clock, rng);
        if self.config.server.only.is(Part::Edge) {
            self.patience.if_it_answers(keys.renew()).await;
        } else {
            keys.renew().await?;
        }
        jobs.push(keys.job());
        Ok(signing)
    }

    fn remote(&self, endpoints: &[Endpoint], signing: &Signing) -> Result<Remote> {
        let places = endpoints.iter().map(|endpoint| self.place(endpoint));
        Ok(Remote::new(RemoteParts {
            places: places.collect::<Result<_>>()?,
            signing: signing.clone(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
        }))
    }

    fn place(&self, endpoint: &Endpoint) -> Result<Place> {
        let Endpoint { tls, host, port } = endpoint.clone();
        if !tls {
            return Ok(Place::Plain { host, port });
        }
        let tls = self.mutual_tls.as_ref().context("an https endpoint without certificates")?;
        Ok(Place::Tls { host, port, config: tls.client()? })
    }
}

/// The console's pages. A server without them still has the members' API.
fn console(config: &Config) -> Result<Option<Arc<dyn ConsoleSite>>> {
    if config.console.host.is_none() {
        return Ok(None);
    }
    match Console::load() {
        Ok(console) => Ok(Some(Arc::new(console))),
        Err(PagesError::NotBuilt) => {
            tracing::warn!("this server was built without the console's pages");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// How long an edge's start waits for a thing that it could do without for a while.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is left of an edge's patience with the database: who did not answer once is not waited for again.
#[derive(Debug, Default)]
struct Patience {
    is_over: AtomicBool,
}

impl Patience {
    /// Does what a job will do again if this comes to nothing.
    async fn if_it_answers<E>(&self, asking: impl Future<Output = Result<(), E>>) {
        if !self.is_over() && !matches!(timeout(PATIENCE, asking).await, Ok(Ok(()))) {
            self.is_over.store(true, Ordering::Relaxed);
            tracing::warn!("the database does not answer; the edge starts without it");
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// How long an edge waits for a database that the services have not made yet.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

const UNUSABLE: &str = "the database cannot be used (store.database_url)";

/// Opens the database that the configuration names.
pub(crate) async fn store(config: &Config) -> Result<Arc<SqlStore>> {
    SqlStore::open(&store_settings(config)?).await.context(UNUSABLE)
}

fn store_settings(config: &Config) -> Result<Settings> {
    Ok(match &config.store.database_url {
        _ if config.server.ephemeral => Settings::SqliteMemory,
        DatabaseUrl::Sqlite(file) => {
            make_private(&config.store.data_dir)?;
            Settings::SqliteFile(config.store.data_dir.join(file))
        }
        DatabaseUrl::Postgres(url) => {
            Settings::Postgres { url: url.clone(), connections: POSTGRES_CONNECTIONS }
        }
    })
}

/// The accounts service, as the configuration wants it.
pub(crate) fn accounts(
    config: &Config,
    store: Arc<dyn Store>,
    keys: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
) -> Result<Accounts> {
    let wanted = &config.accounts;
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let settings = wax_accounts::Settings {
        sign_up: match wanted.sign_up {
            SignUp::Open => SignUpPolicy::Open,
            SignUp::Invited => SignUpPolicy::Invited,
            SignUp::Closed => SignUpPolicy::Closed,
        },
        session_idle: wanted.session_idle,
        session_max: wanted.session_max,
        argon2: Argon2Cost {
            memory_kib: wanted.argon2_memory_kib,
            passes: wanted.argon2_passes,
            lanes: wanted.argon2_lanes,
        },
        argon2_threads: match wanted.argon2_threads {
            0 => (processors / 2).max(1),
            threads => threads as usize,
        },
        plans: config.plans(),
    };
    let parts = wax_accounts::Parts { store, keys, clock, rng, settings };
    Accounts::new(parts).context("no threads for passwords could be started")
}

pub(crate) fn keys(config: &Config, rng: &Arc<dyn Rng>) -> Result<Arc<dyn KeyStore>> {
    if config.server.ephemeral {
        return Ok(Arc::new(MemoryKeyStore::new(Arc::clone(rng))));
    }
    make_private(&config.store.data_dir)?;
    let store = FileKeyStore::open(&keys_folder(config), Arc::clone(rng))?;
    Ok(Arc::new(store))
}

/// In a folder of its own, so that a fleet's edges can share it without sharing what opens secrets.
fn edge_ring(config: &Config, rng: &dyn Rng) -> Result<KeyRing> {
    if config.server.ephemeral {
        return Ok(KeyRing::random(rng));
    }
    let folder = config.store.data_dir.join("edges");
    make_private(&config.store.data_dir)?;
    make_private(&folder)?;
    Ok(KeyRing::in_directory(&folder.join("keys"), rng)?)
}

fn keys_folder(config: &Config) -> PathBuf {
    config.store.data_dir.join("keys")
}

fn local_ca(config: &Config, clock: &Arc<dyn Clock>) -> Result<LocalCa> {
    if config.server.ephemeral {
        return Ok(LocalCa::in_memory(Arc::clone(clock))?);
    }
    Ok(LocalCa::open(&config.store.data_dir.join("local-ca"), Arc::clone(clock))?)
}

/// Makes the data directory, for its owner alone.
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
        format!("cannot make the data directory {} (store.data_dir)", path.display())
    })
}

/// The load balancers that the configuration trusts.
pub(crate) fn proxies(config: &Config) -> Proxies {
    Proxies::new(config.listeners.proxies.iter().copied())
}

/// The edge's limits, as far as they are configured.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.limits.connections as usize,
        connections_per_network: config.limits.connections_per_network as usize,
        ..Limits::default()
    }
}

fn rates(config: &Config) -> Rates {
    let rate = |per_minute, burst| Rate {
        per_minute: NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN),
        burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
    };
    Rates {
        create: rate(config.limits.creates_per_minute, config.limits.create_burst),
        request: rate(config.limits.requests_per_minute, config.limits.request_burst),
        sign_in: rate(config.limits.sign_ins_per_minute, config.limits.sign_in_burst),
    }
}
