//! Sessions: rows that begin, are listed and end.

use std::time::Duration;

use wax_kernel::{AccountId, EventId, SessionId, Timestamp};
use wax_model::{
    Account, AccountAction, AccountEvent, MailKind, OutboxMessage, Session, SessionKind,
    TokenPurpose,
};
use wax_store::{PlatformUnit, StoreError, TokenHash};

use super::{Accounts, BearerText, Caller, Refusal};

/// How long after a proof dangerous acts need no other.
pub(super) const STEPPED_UP: Duration = Duration::from_secs(600);

/// A session about to begin. Drawn before the unit of work, which may run twice.
#[derive(Debug, Clone)]
pub(super) struct NewSession {
    pub(super) text: BearerText,
    session: Session,
    hash: TokenHash,
    device: Option<TokenHash>,
    /// For a device that was not seen before.
    notice: Option<OutboxMessage>,
    event: AccountEvent,
    /// The session that the browser had: nobody has use for it any more.
    replaces: Option<(AccountId, SessionId)>,
}

impl NewSession {
    /// The first of an account that was made just now: every device is new, and that is no news.
    pub(super) fn unannounced(mut self) -> Self {
        self.notice = None;
        self
    }

    pub(super) async fn write(
        &self,
        unit: &mut dyn PlatformUnit,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some((account, session)) = self.replaces {
            unit.sessions().end(account, session).await?;
        }
        unit.sessions().insert(&self.session, self.hash).await?;
        unit.accounts().record(&self.event).await?;
        let is_new = match self.device {
            Some(device) => unit.accounts().see_device(self.session.account, device, now).await?,
            None => true,
        };
        match &self.notice {
            Some(notice) if is_new => unit.outbox().send(notice).await,
            _ => Ok(()),
        }
    }
}

impl Accounts {
    /// A session of a browser (or, without a device cookie, of a command line) for an account that was proven just now.
    pub(super) async fn new_session(
        &self,
        account: &Account,
        caller: &Caller,
        by: AccountAction,
    ) -> Result<NewSession, Refusal> {
        let now = self.now();
        let kind = if caller.device.is_some() { SessionKind::Browser } else { SessionKind::Cli };
        let text = match kind {
            SessionKind::Browser => BearerText::random(self.rng()),
            SessionKind::Cli => BearerText::random_cli(self.rng()),
        };
        let ends_at = now.plus(self.0.settings.session_max);
        let session = Session {
            id: SessionId::random(self.rng()),
            account: account.id,
            kind,
            device: caller.device_name.clone(),
            network: caller.network.clone(),
            created_at: now,
            last_used_at: now,
            idle_ends_at: self.idle_end(now).min(ends_at),
            ends_at,
            stepped_up_until: now.plus(STEPPED_UP),
        };
        let replaced = match caller.session {
            Some(hash) => self.reads().session(hash, now).await?,
            None => None,
        };
        let (device, network) = (caller.device_name.clone(), caller.network.clone());
        let notice =
            self.letter_to(account, caller, MailKind::NewDevice { device, network, at: now });
        Ok(NewSession {
            hash: text.hash(),
            text,
            session,
            device: caller.device,
            notice: Some(notice),
            event: self.event(account.id, by, caller),
            replaces: replaced.map(|bearer| (bearer.session.account, bearer.session.id)),
        })
    }

    /// A value for a browser that has none of ours.
    pub(crate) fn new_device(&self) -> BearerText {
        BearerText::random(self.rng())
    }

    /// When a session ends that is not used after `now`.
    pub(super) fn idle_end(&self, now: Timestamp) -> Timestamp {
        now.plus(self.0.settings.session_idle)
    }

    /// A line of an account's history.
    pub(super) fn event(
        &self,
        account: AccountId,
        action: AccountAction,
        caller: &Caller,
    ) -> AccountEvent {
        AccountEvent {
            id: EventId::random(self.rng()),
            account,
            at: self.now(),
            action,
            network: Some(caller.network.clone()),
            device: Some(caller.device_name.clone()),
        }
    }

    /// The sessions of an account, used last first.
    pub(crate) async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, Refusal> {
        Ok(self.reads().sessions(account, self.now()).await?)
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] if it is not this account's, or has ended.
    pub(crate) async fn end_session(
        &self,
        account: AccountId,
        session: SessionId,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let event = self.event(account, AccountAction::SessionEnded, caller);
        let work = self.store().write_platform(move |unit| {
            let event = event.clone();
            Box::pin(async move {
                let ended = unit.sessions().end(account, session).await?;
                if ended {
                    unit.accounts().record(&event).await?;
                }
                Ok(ended)
            })
        });
        if work.await? { Ok(()) } else { Err(Refusal::NotAvailable) }
    }

    /// Ends every session of an account but this one.
    pub(crate) async fn end_other_sessions(
        &self,
        account: AccountId,
        but: SessionId,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let event = self.event(account, AccountAction::SessionEnded, caller);
        let work = self.store().write_platform(move |unit| {
            let event = event.clone();
            Box::pin(async move {
                unit.tokens().revoke(TokenPurpose::DeviceLogin, &account.to_string()).await?;
                if unit.sessions().end_all(account, Some(but)).await? > 0 {
                    unit.accounts().record(&event).await?;
                }
                Ok(())
            })
        });
        Ok(work.await?)
    }

    /// Ends the session with this token, if it stands.
    pub(crate) async fn sign_out(&self, token: TokenHash, caller: &Caller) -> Result<(), Refusal> {
        let Some(bearer) = self.reads().session(token, self.now()).await? else { return Ok(()) };
        match self.end_session(bearer.session.account, bearer.session.id, caller).await {
            // Signed out twice at once.
            Err(Refusal::NotAvailable) => Ok(()),
            ended => ended,
        }
    }
}
