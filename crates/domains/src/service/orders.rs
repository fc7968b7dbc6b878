//! Certificates that we order: when one is asked for, and what it waits for.

use wax_acme::{Issuance, Lane, Method};
use wax_dns::{CaaVerdict, Issuance as Asking};
use wax_kernel::{DomainId, HostPattern, Timestamp};
use wax_model::{
    Action,
    domain::{CertificateState, Transport},
};

use super::{Acting, Domains, Refusal, Seen, judging::Judged, noting::certificate_state};

impl Domains {
    /// Who will be asked for a host's certificate, as CAA records have to allow it.
    pub(super) async fn asking(&self, host: &HostPattern) -> Result<Option<Asking>, Refusal> {
        let Some(place) = self.settings().issuers.first() else { return Ok(None) };
        let account = self.orders().account(&place.id).await?;
        let methods = [Method::Http01, Method::TlsAlpn01, Method::Dns01];
        let methods = methods.into_iter().filter(|method| method.proves(host));
        Ok(Some(Asking {
            authority: place.authority.clone(),
            account: account.and_then(|account| account.url),
            methods: methods.map(|method| method.as_str().to_owned()).collect(),
            wildcard: host.is_wildcard(),
        }))
    }

    /// Asks for certificates of those claims that are fit for one. Each has at most one order, so this may be repeated.
    pub(super) async fn order_what_is_fit(&self, judged: Vec<Judged>) -> Result<(), Refusal> {
        let Some(place) = self.settings().issuers.first() else { return Ok(()) };
        for one in judged.iter().filter(|one| one.is_fit_for_order()) {
            let (id, tenant) = (one.after.id(), one.after.tenant());
            if self.orders().issuance(&id).await?.is_some() {
                continue;
            }
            let lane = Lane::of_first(self.orders().waiting(&tenant).await?);
            let (host, now) = (one.after.host.clone(), self.now());
            let order = Issuance::first(id, tenant, host, place.id.clone(), lane, now);
            let methods = permitted(one, &order.methods);
            self.orders().add(&order.proved_by(&methods)).await?;
            self.clear_if_gone(id).await?;
        }
        Ok(())
    }

    /// A domain that was removed before its order was written has not taken it along.
    pub(super) async fn clear_if_gone(&self, id: DomainId) -> Result<(), Refusal> {
        if self.platform().domain(id).await?.is_none() {
            self.orders().clear(&id).await?;
        }
        Ok(())
    }

    /// Tries again now what failed.
    ///
    /// # Errors
    /// [`Refusal::NothingToOrder`]: nothing failed. [`Refusal::Ledger`]: the issuer's limits leave no room now.
    pub(crate) async fn order(&self, acting: &Acting, id: DomainId) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        let issuance = self.orders().issuance(&id).await?;
        let now = self.now();
        let state = certificate_state(domain.transport, issuance.as_ref(), None, now);
        let failed = match state {
            CertificateState::Backoff | CertificateState::Blocked => true,
            CertificateState::Expired => domain.transport == Transport::Acme,
            _ => false,
        };
        let issuance = issuance.filter(|_| failed).ok_or(Refusal::NothingToOrder)?;
        let room = self.room(&issuance).await?;
        if now < room {
            return Err(Refusal::Ledger(now.until(room)));
        }
        if !self.orders().mend(&id, now).await? {
            return Err(Refusal::NothingToOrder);
        }
        let event = self.audit(acting, Action::DomainCertificateOrdered, id);
        let work = self.store().write(&acting.scope, move |uow| {
            let event = event.clone();
            Box::pin(async move { uow.audit().record(&event).await })
        });
        work.await?;
        self.seen(acting, id).await
    }

    /// When an order that waits is likely to begin.
    pub(super) async fn estimate(
        &self,
        issuance: Option<&Issuance>,
    ) -> Result<Option<Timestamp>, Refusal> {
        let waits = |one: &&Issuance| one.step.phase() == wax_acme::Phase::Queued;
        let Some(issuance) = issuance.filter(waits) else { return Ok(None) };
        Ok(Some(self.room(issuance).await?.max(issuance.next_at)))
    }

    /// When the issuer's limits leave room.
    async fn room(&self, issuance: &Issuance) -> Result<Timestamp, Refusal> {
        match self.engine() {
            Some(engine) => Ok(engine.estimate(issuance, 0).await?),
            None => Ok(self.now()),
        }
    }
}

/// Those methods that the host's CAA records permit. A proxy in between ends TLS itself (RFC 8737 §3).
fn permitted(judged: &Judged, methods: &[Method]) -> Vec<Method> {
    let caa = judged.report.as_ref().map(|report| &report.caa);
    let by_caa = |method: &Method| match caa {
        Some(CaaVerdict::Permits { methods, .. }) => {
            methods.iter().any(|name| name == method.as_str())
        }
        _ => true,
    };
    methods.iter().copied().filter(by_caa).collect()
}
