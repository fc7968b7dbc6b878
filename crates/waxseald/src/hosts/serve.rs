//! Puts names in force at the edge.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result, ensure};
use wax_acme::{OrderStore, PlatformName};
use wax_config::Console;
use wax_edge::{At, HostCertificate, LocalCa, Route, RouteOwner, Routes, TenantHost, Transport};
use wax_kernel::{DomainId, HostPattern, Hostname, Timestamp};
use wax_model::{
    Plans,
    domain::{Transport as Reached, service},
};
use wax_pages::Look;

use super::entry::{Certificates, Entry, OwnEntry, Shown};

/// What turns names into routes.
#[derive(Debug)]
pub(super) struct Serve {
    pub(super) routes: Routes,
    pub(super) local_ca: Arc<LocalCa>,
    pub(super) plans: Plans,
    pub(super) console: Console,
    pub(super) certificates: Certificates,
    /// The platform's own names, and their certificates as far as they have come.
    pub(super) own: Vec<PlatformName>,
    pub(super) shown: RwLock<Vec<(OwnEntry, HostCertificate)>>,
}

impl Serve {
    /// Serves names as they are now, or not at all; answers until when the certificate of each lets it.
    pub(super) fn put<'e>(
        &self,
        entries: impl IntoIterator<Item = &'e Entry>,
        now: Timestamp,
    ) -> Vec<Option<Timestamp>> {
        let (mut changes, mut ends) = (Vec::new(), Vec::new());
        for entry in entries {
            let host = &entry.route.host;
            let made = self.route(entry, now).unwrap_or_else(|error| {
                tracing::warn!(%host, error = format!("{error:#}"), "a host is not served");
                None
            });
            let (route, until) = made.unzip();
            if !self.is_platforms(host) {
                changes.push((at(host), route));
            }
            ends.push(until.flatten());
        }
        for error in self.routes.put_all(changes) {
            tracing::warn!(%error, "a host is not served");
        }
        ends
    }

    pub(super) fn take_out<'h>(&self, hosts: impl IntoIterator<Item = &'h HostPattern>) {
        let hosts = hosts.into_iter().filter(|host| !self.is_platforms(host));
        self.routes.put_all(hosts.map(|host| (at(host), None)));
    }

    fn route(&self, entry: &Entry, now: Timestamp) -> Result<Option<(Route, Option<Timestamp>)>> {
        let stored = &entry.route;
        ensure!(
            !self.console.conflicts_with(stored.host.host()),
            "it is console.host, or above or below it: browsers could take one for the other"
        );
        let (certificate, until) = match stored.transport {
            Reached::Loopback => (Some(self.local(stored.host.host())?), None),
            Reached::Onion => (None, None),
            Reached::Acme | Reached::Own => match self.certificate(entry)? {
                Some((certificate, until)) => (Some(certificate), Some(until)),
                None => (None, None),
            },
        };
        let met = service(stored.transport, stored.ownership, stored.gate, until, now);
        let Some(service) = met else { return Ok(None) };
        let is_local = stored.transport == Reached::Loopback;
        let plan = self.plans.of(&stored.plan).entitlements;
        let look = Look::new(entry.brand(), plan, stored.settings.clone());
        let (tenant, domain, brand) = (stored.tenant, stored.domain, Arc::new(look));
        let owner = RouteOwner::Tenant(TenantHost { tenant, domain, brand, service });
        let transport = if is_local { Transport::Loopback } else { Transport::Tls };
        Ok(Some((Route { owner, transport, certificate }, until)))
    }

    /// Whatever the store says, the console's name is the console's.
    fn is_platforms(&self, host: &HostPattern) -> bool {
        self.console.host.as_ref() == Some(host.host())
    }

    fn local(&self, host: &Hostname) -> Result<HostCertificate> {
        ensure!(host.is_localhost(), "it is not below localhost, and has no certificate");
        Ok(self.local_ca.issue(host)?.into())
    }

    /// Its own certificate, or the platform's for all tenants' labels.
    fn certificate(&self, entry: &Entry) -> Result<Option<(HostCertificate, Timestamp)>> {
        if let Some(shown) = &entry.certificate {
            return Ok(Some((self.certificates.hold(shown)?, shown.until)));
        }
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let covering = shown.iter().find(|(own, _)| {
            own.host.is_wildcard()
                && !entry.route.host.is_wildcard()
                && own.host.covers(entry.route.host.host())
        });
        Ok(covering.map(|(own, held)| (held.clone(), own.shown.until)))
    }

    pub(super) fn concerns_platform(&self, domains: &[DomainId]) -> bool {
        self.own.iter().any(|name| domains.contains(&name.id))
    }

    /// The platform's own certificates, as the store has them.
    pub(super) async fn read_own(&self, orders: &dyn OrderStore) -> Result<Vec<OwnEntry>> {
        let ids: Vec<DomainId> = self.own.iter().map(|name| name.id).collect();
        let found = if ids.is_empty() { Vec::new() } else { orders.certificates(&ids).await? };
        let entry = |name: &PlatformName| {
            let certificate = found.iter().find(|found| found.domain == name.id)?;
            Some(OwnEntry { host: name.host.clone(), shown: Shown::from(certificate) })
        };
        Ok(self.own.iter().filter_map(entry).collect())
    }

    /// What is shown for the platform's own names.
    pub(super) fn own_shown(&self) -> Vec<OwnEntry> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.iter().map(|(own, _)| own.clone()).collect()
    }

    /// Shows these from now on, and serves the console. `true`: something was new.
    pub(super) fn show_own(&self, entries: &[OwnEntry]) -> Result<bool> {
        let is_new = {
            let mut known = self.shown.write().unwrap_or_else(PoisonError::into_inner);
            let is_new = !known.iter().map(|(entry, _)| entry).eq(entries);
            if is_new {
                let hold = |entry: &OwnEntry| -> Result<_> {
                    Ok((entry.clone(), self.certificates.hold(&entry.shown)?))
                };
                *known = entries.iter().map(hold).collect::<Result<_>>()?;
            }
            is_new
        };
        if is_new {
            self.put_console()?;
        }
        Ok(is_new)
    }

    /// The console's route: it is no row of the store, and always served.
    pub(super) fn put_console(&self) -> Result<()> {
        let Some(host) = &self.console.host else { return Ok(()) };
        let (transport, certificate) = if host.is_localhost() {
            (Transport::Loopback, Some(self.local(host)?))
        } else {
            let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
            let own = shown.iter().find(|(own, _)| own.host.covers(host));
            (Transport::Tls, own.map(|(_, held)| held.clone()))
        };
        if certificate.is_none() {
            tracing::info!(%host, "the console's host waits for its certificate");
            return Ok(());
        }
        let route = Route { owner: RouteOwner::Platform, transport, certificate };
        self.routes.put(At::Host(host.clone()), Some(route)).context("console.host")
    }
}

fn at(host: &HostPattern) -> At {
    let name = host.host().clone();
    if host.is_wildcard() { At::Below(name) } else { At::Host(name) }
}
