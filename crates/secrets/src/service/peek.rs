//! Looking without taking.

use wax_crypto::{Challenge, PeekKey, Thumbprint};
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Claim, ClaimState, Secret, SecretState, TenantScope};

use super::{Refusal, Secrets, VerifiedSender, handover::StandingAsk, vault::Place};

/// How many openings a holder of the link is told.
const OPENINGS: u32 = 20;

/// A request to look.
#[derive(Debug)]
pub(crate) struct Peek {
    pub(crate) id: SecretId,
    pub(crate) peek: PeekKey,
    /// The device that wants to claim or recover next.
    pub(crate) thumbprint: Option<Thumbprint>,
}

/// What a holder of the link may know.
#[derive(Debug)]
pub(crate) struct Peeked {
    pub(crate) secret: Secret,
    pub(crate) sender: Option<VerifiedSender>,
    pub(crate) openings: Vec<Claim>,
    pub(crate) yours: Option<ClaimState>,
    pub(crate) bound: Option<Bound>,
    /// What the bound device left, sealed to a passkey.
    pub(crate) copy: Option<Vec<u8>>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) now: Timestamp,
}

/// What the device that a secret is bound to needs to return.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) claim: ClaimId,
    /// The last counter taken.
    pub(crate) counter: i64,
    /// The devices that ask for it, oldest first.
    pub(crate) asks: Vec<StandingAsk>,
}

impl Secrets {
    /// Shows what the sender set and what became of it. Changes nothing, whatever the answer.
    pub(crate) async fn peek(&self, scope: &TenantScope, peek: Peek) -> Result<Peeked, Refusal> {
        let mut secret = self.proven(scope, peek.id, &peek.peek).await?;
        let openings = self.openings(scope, peek.id, OPENINGS).await?;
        let claim = match &peek.thumbprint {
            Some(device) => self.claim_of(scope, peek.id, device, &openings).await?,
            None => None,
        };
        // An ack may have come between the two readings. A device that heard "acked" beside a state from before it would
        // think that nothing is kept for it, so the secret is never older than the claim.
        if claim.is_some() {
            secret = self.proven(scope, peek.id, &peek.peek).await?;
        }
        let now = self.parts.clock.now();
        let bound = claim.as_ref().filter(|claim| secret.is_bound_to(claim, now));
        let bound = match bound {
            Some(claim) => {
                let asks = self.standing_asks(scope, peek.id, now).await?;
                Some(Bound { claim: claim.id, counter: claim.counter, asks })
            }
            None => None,
        };
        let yours = claim.map(|claim| claim.state);
        let challenge = peek.thumbprint.map(|device| self.challenge(&peek.id, &device));
        let copy = self.copy(scope, &secret, now).await?;
        let sender = self.sender(scope, &secret).await?;
        Ok(Peeked { secret, sender, openings, yours, bound, copy, challenge, now })
    }

    /// The passkey copy of a secret that is bound: whoever holds the link may have it, and a passkey opens it.
    async fn copy(
        &self,
        scope: &TenantScope,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if secret.state_at(now) != SecretState::Bound {
            return Ok(None);
        }
        match self.parts.store.read(*scope).copies().find(secret.id).await? {
            Some(sealed) => self.vault.open_copy(Place::of(scope.tenant(), secret), &sealed),
            None => Ok(None),
        }
    }

    /// The device's claim. Where all claims were read, it is among them or there is none.
    async fn claim_of(
        &self,
        scope: &TenantScope,
        id: SecretId,
        device: &Thumbprint,
        openings: &[Claim],
    ) -> Result<Option<Claim>, Refusal> {
        let thumbprint = device.as_bytes();
        let listed = openings.iter().find(|claim| &claim.thumbprint == thumbprint);
        if listed.is_some() || openings.len() < OPENINGS as usize {
            return Ok(listed.cloned());
        }
        Ok(self.parts.store.read(*scope).claims().find_by_device(id, *thumbprint).await?)
    }

    pub(super) async fn openings(
        &self,
        scope: &TenantScope,
        id: SecretId,
        limit: u32,
    ) -> Result<Vec<Claim>, Refusal> {
        Ok(self.parts.store.read(*scope).claims().list(id, limit).await?)
    }

    /// The refusal of somebody who has proven to hold the link, but comes too late.
    pub(super) async fn gone(&self, scope: &TenantScope, secret: &Secret) -> Refusal {
        let state = secret.state_at(self.parts.clock.now());
        match self.openings(scope, secret.id, OPENINGS).await {
            Ok(openings) => Refusal::Gone { state, openings },
            Err(refusal) => refusal,
        }
    }
}
