//! Follows the change log: what the store says of names becomes what the edge serves, and what its file remembers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use wax_acme::OrderStore;
use wax_kernel::{Clock, DomainId, HostPattern, Timestamp};
use wax_model::domain::{Node, NodeKind, Route};
use wax_store::{DomainPlatform, RouteNow, Store};

use super::{
    challenges::Challenges,
    entry::Entry,
    journal::{Chunk, Journal},
    serve::Serve,
};

/// Names that are read at once.
pub(super) const PAGE: u32 = 1_000;
/// How long changes wait for the file: they are few, and the store has them.
const FLUSH: Duration = Duration::from_secs(30);
/// How often a handshake brings a check forward.
const NAMED_AGAIN: Duration = Duration::from_mins(1);
/// A file with so many outdated entries beyond those that are served is written anew.
const SLACK: usize = 10_000;

/// What was put in force for a domain.
#[derive(Debug)]
struct Served {
    host: HostPattern,
    /// The end of its certificate.
    until: Option<Timestamp>,
}

/// The one publisher of an edge's routes.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) store: Arc<dyn Store>,
    pub(super) orders: Arc<dyn OrderStore>,
    pub(super) serve: Serve,
    pub(super) challenges: Challenges,
    pub(super) clock: Arc<dyn Clock>,
    /// Names this process in the store.
    pub(super) node: String,
    journal: Option<Journal>,
    /// Entries that the file holds, outdated ones too.
    written: usize,
    waiting: Chunk,
    flushed_at: Timestamp,
    position: Option<i64>,
    served: HashMap<DomainId, Served>,
    /// Whose route stands at a name: of two that change hands, the loser may be heard of last.
    owners: HashMap<HostPattern, DomainId>,
}

impl Follower {
    pub(super) fn new(
        store: Arc<dyn Store>,
        orders: Arc<dyn OrderStore>,
        serve: Serve,
        challenges: Challenges,
        clock: Arc<dyn Clock>,
        node: String,
    ) -> Self {
        let flushed_at = clock.now();
        Self {
            store,
            orders,
            serve,
            challenges,
            clock,
            node,
            journal: None,
            written: 0,
            waiting: Chunk::default(),
            flushed_at,
            position: None,
            served: HashMap::new(),
            owners: HashMap::new(),
        }
    }

    /// Takes over what a file remembers: its last word on each name.
    pub(super) fn remember(&mut self, chunk: Chunk) {
        self.written += chunk.set.len() + chunk.gone.len();
        self.take_out(chunk.gone);
        if let Some(own) = chunk.own {
            told(self.serve.show_own(&own));
        }
        self.put(&chunk.set);
        self.position = chunk.position.or(self.position);
    }

    pub(super) fn write_to(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// Whether it has anything to serve from.
    pub(super) const fn knows_something(&self) -> bool {
        self.position.is_some()
    }

    /// Takes in what has changed, and says how far it is.
    pub(super) async fn follow(&mut self) -> Result<()> {
        let now = self.clock.now();
        self.drop_what_is_over(now);
        let position = match self.position {
            Some(position) => self.changes_after(position).await?,
            None => self.everything().await?,
        };
        self.position = Some(position);
        let (name, kind) = (self.node.clone(), NodeKind::Edge);
        self.log().note_node(&Node { name, kind, position, seen_at: now }).await?;
        if self.flushed_at.plus(FLUSH) <= now {
            self.flush(now).await;
        }
        for host in self.challenges.take_named() {
            self.log().hasten(&host, now.minus(NAMED_AGAIN), now).await?;
        }
        Ok(())
    }

    fn log(&self) -> &dyn DomainPlatform {
        self.store.platform().domains()
    }

    async fn changes_after(&mut self, mut position: i64) -> Result<i64> {
        loop {
            let Some(changes) = self.log().changes(position, PAGE).await? else {
                tracing::info!("some changes are forgotten; every name is read anew");
                return self.everything().await;
            };
            let count = changes.changed.len();
            let ids: Vec<DomainId> = changes.changed.iter().map(|(id, _)| *id).collect();
            if self.serve.concerns_platform(&ids) && self.follow_own().await? {
                return self.everything().await;
            }
            let Told { routes, gone, .. } = Told::from(changes.changed);
            let entries = self.entries(routes).await?;
            // Whoever loses a name is taken out before whoever gains it is put in.
            self.take_out(gone.iter().copied());
            self.put(&entries);
            self.waiting.gone.extend(gone);
            self.waiting.set.extend(entries);
            self.waiting.position = Some(changes.position);
            position = changes.position;
            if count < PAGE as usize {
                return Ok(position);
            }
        }
    }

    /// Reads the platform's own names. `true`: one has another certificate, which others may be served with.
    async fn follow_own(&self) -> Result<bool> {
        let own = &self.serve.own;
        if own.is_empty() {
            return Ok(false);
        }
        let ids: Vec<DomainId> = own.iter().map(|name| name.id).collect();
        let answers: HashMap<_, _> = self.orders.answers(&ids).await?.into_iter().collect();
        for name in own {
            self.challenges.set(&name.host, answers.get(&name.id));
        }
        self.serve.show_own(&self.serve.read_own(&*self.orders).await?)
    }

    /// Reads every name, page by page, and writes the file anew as it goes.
    async fn everything(&mut self) -> Result<i64> {
        let position = self.log().position().await?;
        self.follow_own().await?;
        let mut own = Some(self.serve.own_shown());
        let mut next = self.journal.as_ref().and_then(|journal| told(journal.anew()));
        let (mut seen, mut after, mut written) = (HashSet::new(), None, 0);
        loop {
            let routes = self.log().routes(after, PAGE).await?;
            let count = routes.len();
            after = routes.last().map(|(id, _)| *id);
            let Told { routes, unreadable, .. } = Told::from(routes);
            seen.extend(unreadable);
            let entries = self.entries(routes).await?;
            self.put(&entries);
            seen.extend(entries.iter().map(|entry| entry.route.domain));
            written += entries.len();
            let last = count < PAGE as usize;
            let position = last.then_some(position);
            let chunk = Chunk { position, own: own.take(), set: entries, gone: Vec::new() };
            next = next.and_then(|mut next| told(next.append(&chunk)).map(|()| next));
            if last {
                break;
            }
        }
        let unseen: Vec<_> = self.served.keys().filter(|id| !seen.contains(id)).copied().collect();
        self.take_out(unseen);
        if let Some(next) = next.and_then(|next| told(next.finish()).map(|()| next)) {
            (self.journal, self.written) = (Some(next), written);
        }
        self.waiting = Chunk::default();
        tracing::info!(names = self.served.len(), position, "every name was read");
        Ok(position)
    }

    /// Names with their certificates and what issuers look for.
    async fn entries(&self, routes: Vec<Route>) -> Result<Vec<Entry>> {
        if routes.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<DomainId> = routes.iter().map(|route| route.domain).collect();
        let certificates = self.orders.certificates(&ids).await?;
        let certificates: HashMap<_, _> =
            certificates.iter().map(|certificate| (certificate.domain, certificate)).collect();
        let mut answers: HashMap<_, _> = self.orders.answers(&ids).await?.into_iter().collect();
        let entry = |route: Route| {
            let domain = route.domain;
            Entry::new(route, certificates.get(&domain).copied(), answers.remove(&domain))
        };
        Ok(routes.into_iter().map(entry).collect())
    }

    fn put(&mut self, entries: &[Entry]) {
        let moved = |entry: &&Entry| {
            let served = self.served.get(&entry.route.domain);
            served.is_some_and(|served| served.host != entry.route.host)
        };
        let moved: Vec<_> = entries.iter().filter(moved).map(|entry| entry.route.domain).collect();
        self.take_out(moved);
        let ends = self.serve.put(entries, self.clock.now());
        for (entry, until) in entries.iter().zip(ends) {
            let host = entry.route.host.clone();
            self.challenges.set(&host, entry.answer.as_ref());
            self.owners.insert(host.clone(), entry.route.domain);
            self.served.insert(entry.route.domain, Served { host, until });
        }
    }

    fn take_out(&mut self, domains: impl IntoIterator<Item = DomainId>) {
        let mut hosts = Vec::new();
        for domain in domains {
            let Some(served) = self.served.remove(&domain) else { continue };
            if self.owners.get(&served.host) == Some(&domain) {
                self.owners.remove(&served.host);
                self.challenges.set(&served.host, None);
                hosts.push(served.host);
            }
        }
        self.serve.take_out(&hosts);
    }

    /// A certificate that is over is shown to nobody, whether or not the store can be asked.
    fn drop_what_is_over(&mut self, now: Timestamp) {
        let mut over = Vec::new();
        for served in self.served.values_mut() {
            if served.until.take_if(|until| *until <= now).is_some() {
                tracing::warn!(host = %served.host, "the certificate is over; the host is served no longer");
                over.push(served.host.clone());
            }
        }
        self.serve.take_out(&over);
    }

    /// Brings the file up to date. A file that cannot be written costs the next start, and nothing now.
    async fn flush(&mut self, now: Timestamp) {
        self.flushed_at = now;
        let chunk = std::mem::take(&mut self.waiting);
        let entries = chunk.set.len() + chunk.gone.len();
        let Some(journal) = self.journal.as_mut().filter(|_| entries > 0) else { return };
        if told(journal.append(&chunk)).is_none() {
            return;
        }
        self.written += entries;
        if self.written > 2 * self.served.len() + SLACK {
            told(self.everything().await);
        }
    }
}

/// The file is a help and no need: what goes wrong with it is told, and serving goes on.
fn told<T>(result: Result<T>) -> Option<T> {
    result
        .inspect_err(|error| {
            tracing::warn!(error = format!("{error:#}"), "the edge's file was not written");
        })
        .ok()
}

/// What the store says, apart.
#[derive(Debug, Default)]
struct Told {
    /// To be served.
    routes: Vec<Route>,
    /// To be served no longer.
    gone: Vec<DomainId>,
    /// To be left as it was: during an update a newer server may have written what this one cannot read.
    unreadable: Vec<DomainId>,
}

impl From<Vec<(DomainId, RouteNow)>> for Told {
    fn from(told: Vec<(DomainId, RouteNow)>) -> Self {
        let mut apart = Self::default();
        for (domain, route) in told {
            match route {
                RouteNow::Held(route) => apart.routes.push(*route),
                RouteNow::Gone => apart.gone.push(domain),
                RouteNow::Unreadable { column } => {
                    tracing::error!(%domain, column, "a domain cannot be read; it stays as it was last read");
                    apart.unreadable.push(domain);
                }
            }
        }
        apart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_cannot_be_read_is_not_taken_for_gone() {
        let [gone, unreadable] = [1, 2].map(|n| DomainId::from_bytes([n; 16]));
        let heard =
            vec![(gone, RouteNow::Gone), (unreadable, RouteNow::Unreadable { column: "settings" })];
        let told = Told::from(heard);
        assert_eq!((told.gone, told.unreadable), (vec![gone], vec![unreadable]));
        assert!(told.routes.is_empty());
    }
}
