//! What the service writes into the audit trail.

use wax_httpkit::Network;
use wax_kernel::{EventId, ReceiptId, Timestamp};
use wax_model::{Action, Actor, AuditEvent};
use wax_store::{StoreError, UnitOfWork};

use super::Secrets;

/// The most that one unit of work tells of: what was done, and what became of the secret.
const EVENTS: usize = 2;

/// Whatever one unit of work will tell of one secret. Ids and moment are drawn before it runs, because it may run twice.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    ids: [EventId; EVENTS],
    at: Timestamp,
    subject: ReceiptId,
    network: Option<String>,
    actor: Option<Actor>,
}

impl Secrets {
    /// Of now and of this secret. `network`: whose request it was, if it was one.
    pub(super) fn trail(&self, subject: ReceiptId, network: Option<&Network>) -> Trail {
        let mut ids = [(); EVENTS].map(|()| EventId::random(&*self.parts.rng));
        // Events of one moment are listed by id: in the order in which they are told.
        ids.sort_by_key(ToString::to_string);
        Trail {
            ids,
            at: self.parts.clock.now(),
            subject,
            network: network.map(|network| network.as_str().to_owned()),
            actor: None,
        }
    }
}

impl Trail {
    /// The same, done by a member or a key.
    pub(super) const fn by(mut self, actor: Option<Actor>) -> Self {
        self.actor = actor;
        self
    }

    /// Records actions in their order, each at most once per trail.
    pub(super) async fn record(
        &self,
        uow: &mut dyn UnitOfWork,
        actions: impl IntoIterator<Item = Action>,
    ) -> Result<(), StoreError> {
        for (id, action) in self.ids.into_iter().zip(actions) {
            let event = AuditEvent {
                id,
                at: self.at,
                action,
                actor: self.actor,
                subject: self.subject.to_string(),
                network: self.network.clone(),
            };
            uow.audit().record(&event).await?;
        }
        Ok(())
    }
}
