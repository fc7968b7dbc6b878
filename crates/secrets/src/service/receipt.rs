//! What the sender sees and may do.

use wax_crypto::ReceiptKey;
use wax_httpkit::RequestContext;
use wax_kernel::{ReceiptId, Timestamp};
use wax_model::{Action, Claim, Secret, TenantScope};
use wax_store::transitions;

use super::{Refusal, Secrets, trail::Trail};

/// How many openings a receipt tells: as many as a secret has views at most. Hand-overs add to them, one at a time.
const OPENINGS: u32 = 1_000;

/// The sender's proof.
#[derive(Debug)]
pub(crate) struct ReceiptProof {
    pub(crate) rid: ReceiptId,
    pub(crate) receipt: ReceiptKey,
}

/// A secret as its sender sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) secret: Secret,
    pub(crate) openings: Vec<Claim>,
    pub(crate) now: Timestamp,
}

impl Secrets {
    /// Shows the receipt.
    pub(crate) async fn receipt(
        &self,
        scope: &TenantScope,
        proof: &ReceiptProof,
    ) -> Result<Receipt, Refusal> {
        let secret = self.sent(scope, proof).await?;
        self.receipt_of(scope, secret).await
    }

    /// The receipt of a secret that the caller may see.
    pub(super) async fn receipt_of(
        &self,
        scope: &TenantScope,
        secret: Secret,
    ) -> Result<Receipt, Refusal> {
        let untouched = secret.views_left == secret.views;
        let openings =
            if untouched { Vec::new() } else { self.openings(scope, secret.id, OPENINGS).await? };
        Ok(Receipt { secret, openings, now: self.parts.clock.now() })
    }

    /// Destroys the secret now, with every open claim. A secret that has ended stays as it is.
    pub(crate) async fn burn(
        &self,
        context: &RequestContext,
        proof: &ReceiptProof,
    ) -> Result<Receipt, Refusal> {
        let secret = self.sent(&context.scope, proof).await?;
        let trail = self.trail(secret.rid, Some(&context.network));
        self.burn_now(&context.scope, &secret, trail).await?;
        self.receipt(&context.scope, proof).await
    }

    /// Burns a secret that the caller may burn.
    pub(super) async fn burn_now(
        &self,
        scope: &TenantScope,
        secret: &Secret,
        trail: Trail,
    ) -> Result<(), Refusal> {
        let (id, now) = (secret.id, self.parts.clock.now());
        let burning = self.parts.store.write(scope, move |uow| {
            let trail = trail.clone();
            Box::pin(async move {
                let burned = transitions::burn(uow, id, now).await?;
                if burned {
                    trail.record(uow, [Action::SecretBurned]).await?;
                }
                Ok(burned)
            })
        });
        if burning.await? {
            self.changed(scope, secret.rid).await;
        }
        Ok(())
    }

    /// Forgets wrong tries; a locked secret can be claimed again.
    pub(crate) async fn unlock_tries(
        &self,
        context: &RequestContext,
        proof: &ReceiptProof,
    ) -> Result<Receipt, Refusal> {
        let secret = self.sent(&context.scope, proof).await?;
        let trail = self.trail(secret.rid, Some(&context.network));
        let id = secret.id;
        let unlocked = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                let trail = trail.clone();
                Box::pin(async move {
                    let unlocked = uow.secrets().unlock(id).await?;
                    if unlocked {
                        trail.record(uow, [Action::SecretUnlocked]).await?;
                    }
                    Ok(unlocked)
                })
            })
            .await?;
        if unlocked {
            self.changed(&context.scope, secret.rid).await;
        }
        self.receipt(&context.scope, proof).await
    }

    /// The secret, if the caller holds its receipt.
    async fn sent(&self, scope: &TenantScope, proof: &ReceiptProof) -> Result<Secret, Refusal> {
        let secret = self.parts.store.read(*scope).secrets().find_by_receipt(proof.rid).await?;
        let hash = proof.receipt.hash();
        secret
            .filter(|secret| hash.as_bytes() == &secret.receipt_sha256)
            .ok_or(Refusal::NotAvailable)
    }

    /// Listens for changes of a receipt.
    pub(crate) fn watch(&self, rid: ReceiptId) -> Box<dyn wax_cache::Listener> {
        self.parts.hints.subscribe(&rid.to_string())
    }
}
