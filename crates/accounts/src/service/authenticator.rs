//! Sessions, keys and members, as extractors ask for them.

use std::time::Duration;

use async_trait::async_trait;
use wax_httpkit::{
    ClientAddress, PlatformContext, Problem,
    auth::{Authenticator, BearerHash},
};
use wax_kernel::{AccountId, TenantId, Timestamp};
use wax_model::{Bearer, Belonging, KeyBearer, Session, Tenant, TenantScope};
use wax_store::StoreError;

use super::{Accounts, Refusal, networks};

/// How exact a last use is.
const USED_TO: Duration = Duration::from_secs(60);

#[async_trait]
impl Authenticator for Accounts {
    async fn session(
        &self,
        token: BearerHash,
        from: &PlatformContext,
    ) -> Result<Option<Bearer>, Problem> {
        let now = self.now();
        let found = self.reads().session(token, now).await.map_err(problem)?;
        let Some(bearer) = found else { return Ok(None) };
        if is_stale(Some(bearer.session.last_used_at), now) {
            self.touch(&bearer.session, from.network.as_str().to_owned(), now)
                .await
                .map_err(problem)?;
        }
        Ok(Some(bearer))
    }

    async fn key(
        &self,
        text: BearerHash,
        from: ClientAddress,
    ) -> Result<Option<KeyBearer>, Problem> {
        let now = self.now();
        let found = self.reads().api_key(text, now).await.map_err(problem)?;
        let Some(KeyBearer { tenant, key }) = found else { return Ok(None) };
        let here = |network: &String| networks::holds(network, from.get());
        if !key.networks.is_empty() && !key.networks.iter().any(here) {
            return Ok(None);
        }
        if is_stale(key.last_used_at, now) {
            let (scope, id) = (proven(tenant), key.id);
            let work = self.store().write_platform(move |unit| {
                Box::pin(async move { unit.within(scope).organization().touch_key(id, now).await })
            });
            work.await.map_err(problem)?;
        }
        Ok(Some(KeyBearer { tenant, key }))
    }

    async fn belonging(
        &self,
        account: AccountId,
        organization: &str,
    ) -> Result<Option<Belonging>, Problem> {
        self.reads().membership(account, organization).await.map_err(problem)
    }

    async fn organization(&self, id: TenantId) -> Result<Option<Tenant>, Problem> {
        self.store().read(proven(id)).organization().find().await.map_err(problem)
    }

    fn stepped_up(&self, session: &Session) -> bool {
        self.now() < session.stepped_up_until
    }
}

impl Accounts {
    async fn touch(
        &self,
        session: &Session,
        network: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, idle_end) = (session.id, self.idle_end(now));
        let work = self.store().write_platform(move |unit| {
            let network = network.clone();
            Box::pin(async move { unit.sessions().touch(id, &network, now, idle_end).await })
        });
        work.await
    }
}

fn is_stale(last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
    last_used_at.is_none_or(|at| at.until(now) >= USED_TO)
}

fn problem(error: StoreError) -> Problem {
    Refusal::from(error).into()
}

#[expect(clippy::disallowed_methods, reason = "the key itself has proven it")]
const fn proven(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
