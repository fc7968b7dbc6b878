//! The rules of secrets. No HTTP, no SQL.

mod ack;
mod authority;
mod channel;
mod claim;
mod create;
mod handover;
mod open;
mod peek;
mod proof;
mod reaper;
mod receipt;
mod refusal;
mod rules;
mod sender;
mod trail;
mod vault;

use std::sync::{Arc, atomic::AtomicU32};

use wax_cache::Hints;
use wax_crypto::{ChallengeKeys, at_rest::KeyStore};
use wax_kernel::{Clock, ReceiptId, Rng};
use wax_model::{Plans, TenantScope};
use wax_store::Store;

pub use self::reaper::{audit_job, jobs};
use self::vault::Vault;
pub(crate) use self::vault::{Content, Delivery};
pub(crate) use self::{
    ack::{Ack, Heartbeat},
    authority::Authority,
    claim::{ClaimCommand, Delivered, RecoverCommand},
    create::{Create, Created, Maker},
    handover::{AskCommand, Give, StandingAsk},
    open::{Handed, Open},
    peek::{Bound, Peek, Peeked},
    proof::SignedCall,
    receipt::{Receipt, ReceiptProof},
    refusal::Refusal,
    sender::{By, VerifiedSender},
};

/// What the service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Day keys and the key ring.
    pub keys: Arc<dyn KeyStore>,
    /// Who is told that a secret changed.
    pub hints: Arc<dyn Hints>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// What tenants may do.
    pub plans: Plans,
}

/// The secrets service. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Secrets {
    parts: Arc<Parts>,
    vault: Arc<Vault>,
    challenges: Arc<ChallengeKeys>,
    /// Rounds that the reaper still waits after the clock leapt.
    doubtful_rounds: Arc<AtomicU32>,
}

impl Secrets {
    /// Puts the service together.
    pub fn new(parts: Parts) -> Self {
        let vault = Vault::new(Arc::clone(&parts.keys), Arc::clone(&parts.rng));
        let challenges = parts.keys.ring().challenge_keys();
        Self {
            parts: Arc::new(parts),
            vault: Arc::new(vault),
            challenges: Arc::new(challenges),
            // In doubt until the first beat.
            doubtful_rounds: Arc::new(AtomicU32::new(1)),
        }
    }

    /// Tells the sender's open pages to look, and those of the organization's members.
    async fn changed(&self, scope: &TenantScope, rid: ReceiptId) {
        self.parts.hints.publish(&rid.to_string()).await;
        self.parts.hints.publish(&scope.tenant().to_string()).await;
    }
}
