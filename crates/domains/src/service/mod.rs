//! The rules of domains. No HTTP, no SQL.

mod acting;
mod adding;
mod alerts;
mod answers;
mod applying;
mod certificates;
mod checking;
mod connecting;
mod contest;
mod feed;
mod history;
mod jobs;
mod judging;
mod letters;
mod looking;
mod news;
mod noting;
mod orders;
mod records;
mod refusal;
mod removing;
mod seeing;
mod settings;
mod slugs;

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use tokio::sync::Semaphore;
use wax_acme::{Engine, IssuerId, OrderStore, Vault};
use wax_connect::Connect;
use wax_crypto::{
    Origin,
    at_rest::{KeyRing, KeyStore},
};
use wax_kernel::{Clock, HostPattern, Hostname, Rng, Timestamp};
use wax_mail::Postbox;
use wax_model::{Plans, domain::ownership::Vantage};
use wax_store::{DomainPlatform, Store};

pub(crate) use self::{
    acting::Acting,
    certificates::Brought,
    connecting::{Connection, Unconnected},
    records::{Purpose, ToSet},
    refusal::Refusal,
    seeing::{Edges, Listed, Seen},
    settings::SettingsChange,
};
pub use self::{
    answers::Everywhere,
    feed::{Chunk, Feed, FeedFault, FileFeed, UrlFeed},
    jobs::jobs,
    looking::Lookup,
    noting::Noted,
};

/// What the service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Certificates and their orders: what the engine works on, too.
    pub orders: Arc<Noted>,
    /// The key ring: for mails.
    pub keys: Arc<dyn KeyStore>,
    /// The ring that edges have, too: for keys of certificates.
    pub edge_ring: Arc<KeyRing>,
    /// What asks the DNS.
    pub lookup: Arc<dyn Lookup>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// What the operator has decided.
    pub settings: Settings,
}

/// A certificate authority, as CAA records know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerPlace {
    /// Our name for it.
    pub id: IssuerId,
    /// Its name in CAA records: `letsencrypt.org` (RFC 8659 §4.2).
    pub authority: String,
}

/// What the operator has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Below which the targets of domains are. `None`: no domain of the Internet can be added.
    pub zone: Option<Hostname>,
    /// Addresses of the edges that serve nothing else: for hosts that cannot be a CNAME.
    pub addresses: Vec<IpAddr>,
    /// Each organization has `<slug>.<suffix>` at once. `None`: none has.
    pub suffix: Option<Hostname>,
    /// Names that no tenant may bring, nor what is above or below them.
    pub own_names: Vec<Hostname>,
    /// Whether hosts below `localhost` may be added: on a server that one machine has to itself.
    pub loopback: bool,
    /// From where this process looks: two of different names count as two places.
    pub vantage: Vantage,
    /// Where links in mails lead. `None`: nobody is told by mail.
    pub console: Option<Origin>,
    /// Best first. None: no certificates are ordered.
    pub issuers: Vec<IssuerPlace>,
    /// What tenants may do.
    pub plans: Plans,
    /// How many domains one tenant may have, whatever its plan is.
    pub most_domains: u64,
}

/// The domains service. Clones are the same service.
#[derive(Clone)]
pub struct Domains(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    orders: Arc<Noted>,
    /// None, until there is an account at an issuer.
    engine: RwLock<Option<Engine>>,
    /// None: no DNS provider is asked to set records.
    connect: RwLock<Option<Arc<Connect>>>,
    /// None: nobody says what others got.
    following: RwLock<Option<Arc<feed::Following>>>,
    /// Providers that are being asked.
    asking_providers: Semaphore,
    lookup: Arc<dyn Lookup>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    vault: Vault,
    postbox: Postbox,
    settings: Settings,
    /// Looks that are on their way, so that those who want the same share one.
    looks: Mutex<HashMap<HostPattern, looking::Look>>,
}

impl fmt::Debug for Domains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domains").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Domains {
    /// Puts the service together.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, orders, keys, edge_ring, lookup, clock, rng, settings } = parts;
        let postbox = Postbox::new(keys, Arc::clone(&clock), Arc::clone(&rng));
        let vault = Vault::new(edge_ring, Arc::clone(&rng));
        let (looks, engine) = (Mutex::default(), RwLock::default());
        let (connect, following) = (RwLock::default(), RwLock::default());
        let asking_providers = Semaphore::new(connecting::AT_ONCE);
        Self(Arc::new(Inner {
            store,
            orders,
            engine,
            connect,
            following,
            asking_providers,
            lookup,
            clock,
            rng,
            vault,
            postbox,
            settings,
            looks,
        }))
    }

    /// Works on orders with this engine from now on. It writes to the orders that the service was made with.
    pub fn work_with(&self, engine: Engine) {
        *self.0.engine.write().unwrap_or_else(PoisonError::into_inner) = Some(engine);
    }

    /// Asks DNS providers to set records from now on.
    pub fn connect_with(&self, connect: Connect) {
        let connect = Some(Arc::new(connect));
        *self.0.connect.write().unwrap_or_else(PoisonError::into_inner) = connect;
    }

    /// Follows a feed of logged certificates from now on.
    pub fn follow(&self, feed: Arc<dyn Feed>) {
        let following = Some(Arc::new(feed::Following::new(feed)));
        *self.0.following.write().unwrap_or_else(PoisonError::into_inner) = following;
    }

    fn following(&self) -> Option<Arc<feed::Following>> {
        self.0.following.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn engine(&self) -> Option<Engine> {
        self.0.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn rng(&self) -> &dyn Rng {
        &*self.0.rng
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    fn orders(&self) -> &dyn OrderStore {
        &*self.0.orders
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn platform(&self) -> &dyn DomainPlatform {
        self.0.store.platform().domains()
    }
}
