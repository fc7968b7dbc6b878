//! What leaves after the commit.

use wax_kernel::{EventId, Timestamp};

use crate::text_enum::text_enum;

text_enum! {
    /// Which deliverer takes a message.
    Topic {
        /// A mail.
        Mail = "mail",
    }
}

/// One row of `outbox`: written in the transaction that it tells of, deleted when it is delivered or given up. Whose it
/// is says the unit of work that sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Random.
    pub id: EventId,
    /// Who takes it.
    pub topic: Topic,
    /// What it says, sealed by the key ring in the slot `outbox`, `payload`, id: links in it are as good as passwords.
    pub payload: Vec<u8>,
    /// Not before.
    pub due_at: Timestamp,
    /// Not after: by then what it says is worth nothing.
    pub not_after: Timestamp,
}

impl std::fmt::Debug for OutboxMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, topic, due_at, not_after, payload: _ } = self;
        f.debug_struct("OutboxMessage")
            .field("id", id)
            .field("topic", topic)
            .field("due_at", due_at)
            .field("not_after", not_after)
            .finish_non_exhaustive()
    }
}
