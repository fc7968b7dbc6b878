//! Messages on their way out, and who gets none.

use async_trait::async_trait;
use wax_kernel::{DomainId, TenantId, Timestamp};
use wax_model::{AuditEvent, Brand, OutboxMessage, Topic};

use crate::StoreError;

/// A message that a worker holds for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenMessage {
    /// Whose it is; none: the server's own.
    pub tenant: Option<TenantId>,
    /// The message.
    pub message: OutboxMessage,
    /// How often it was taken, this time included.
    pub attempts: u32,
}

/// Why an address gets no mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressionReason {
    /// Its mail server said that there is no such mailbox: nothing is sent.
    Bounced,
    /// Its owner wants no notices.
    Unsubscribed,
}

impl SuppressionReason {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Bounced, Self::Unsubscribed];

    /// Its text in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// An address that gets no mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppression {
    /// The code of the address (`wax_mail::Postbox::code`).
    pub code: [u8; 32],
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub since: Timestamp,
    /// Until when; none: until it is lifted.
    pub ends_at: Option<Timestamp>,
}

/// What is written when a message is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// For the trail of the tenant whose message it was, if it was one's.
    pub event: AuditEvent,
    /// The address, if nothing shall be sent there any more.
    pub suppression: Option<Suppression>,
}

/// What the deliverers need. Every method is its own transaction and runs to its end.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Leaves a message of the server's own, where nothing else is changed with it.
    async fn send(&self, message: &OutboxMessage) -> Result<(), StoreError>;
    /// Messages due, oldest first; takes them until `leased_until`, so that two workers do not deliver one message at
    /// once. Also those whose time is over: whoever takes them deletes them.
    async fn take(
        &self,
        topic: Topic,
        now: Timestamp,
        leased_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<TakenMessage>, StoreError>;
    /// Deletes a message that was delivered, or that nobody wants any more.
    async fn done(&self, taken: &TakenMessage) -> Result<(), StoreError>;
    /// Frees a message, to be taken again from `due_at` on. `false`: somebody else has it by now.
    async fn postpone(&self, taken: &TakenMessage, due_at: Timestamp) -> Result<bool, StoreError>;
    /// Deletes a message that will never be taken, and writes down why.
    async fn give_up(&self, taken: &TakenMessage, why: &GivenUp) -> Result<(), StoreError>;

    /// Why nothing, or no notice, is sent to the address with this code, by reason.
    async fn suppressions(
        &self,
        code: [u8; 32],
        now: Timestamp,
    ) -> Result<Vec<Suppression>, StoreError>;
    /// Remembers an address; the same one again with its newer time. Forgets those whose time is over.
    async fn suppress(&self, suppression: &Suppression) -> Result<(), StoreError>;
    /// Forgets an address. `false`: it was not remembered for this reason.
    async fn lift(&self, code: [u8; 32], reason: SuppressionReason) -> Result<bool, StoreError>;

    /// The look of a tenant's domain, without its logo.
    async fn brand(&self, tenant: TenantId, domain: DomainId) -> Result<Option<Brand>, StoreError>;
}
