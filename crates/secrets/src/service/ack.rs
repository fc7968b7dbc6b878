//! What a device says after its claim: "still here" and "I have it".

use wax_crypto::{AckHash, AckPreimage, Challenge, Thumbprint};
use wax_httpkit::RequestContext;
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Action, Claim, ClaimState, Invalid, Kind, Rule, Secret, SecretState, TenantScope};
use wax_store::{
    Call, StoreError,
    transitions::{self, Acked},
};

use super::{Refusal, Secrets, SignedCall, vault::Place};

/// A device that has not finished yet.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) counter: i64,
    pub(crate) call: SignedCall,
}

/// The claim's new window.
#[derive(Debug)]
pub(crate) struct Heartbeaten {
    pub(crate) window_ends_at: Timestamp,
    pub(crate) challenge: Challenge,
}

/// A device that has unwrapped and shown the secret.
#[derive(Debug)]
pub(crate) struct Ack {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) counter: i64,
    pub(crate) ack: AckPreimage,
    /// The device's passkey copy: only of what it may return to.
    pub(crate) copy: Option<Vec<u8>>,
    pub(crate) call: SignedCall,
}

impl Secrets {
    /// Moves the window of a claim.
    pub(crate) async fn heartbeat(
        &self,
        context: &RequestContext,
        beat: Heartbeat,
    ) -> Result<Heartbeaten, Refusal> {
        let (secret, device) = self.device_of(context, beat.id, beat.claim, &beat.call).await?;
        let call = self.call(beat.id, beat.claim, beat.counter, &device);
        let claim = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                Box::pin(async move { transitions::heartbeat(uow, &call).await })
            })
            .await?;
        match claim {
            Some(claim) => Ok(Heartbeaten {
                window_ends_at: claim.window_ends_at,
                challenge: self.challenge(&beat.id, &device),
            }),
            None => Err(self.not_taken(context, &secret, &device, in_window).await),
        }
    }

    /// Confirms a claim; with its last one the secret is destroyed, or bound. Answers the secret's state afterwards.
    pub(crate) async fn ack(
        &self,
        context: &RequestContext,
        ack: Ack,
    ) -> Result<(SecretState, Challenge), Refusal> {
        let (secret, device) = self.device_of(context, ack.id, ack.claim, &ack.call).await?;
        if ack.ack.hash() != AckHash::from_bytes(secret.ack_sha256) {
            return Err(Invalid::new("ack", Rule::Form).into());
        }
        let copy = self.sealed_copy(&context.scope, &secret, ack.copy).await?;
        let call = self.call(ack.id, ack.claim, ack.counter, &device);
        let trail = self.trail(secret.rid, Some(&context.network));
        let acked = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                let (trail, copy) = (trail.clone(), copy.clone());
                Box::pin(async move {
                    let acked = transitions::ack(uow, &call, copy.as_deref()).await?;
                    if let Acked::Now(secret) = &acked {
                        let end = Action::end(secret.state);
                        trail.record(uow, [Action::SecretAcked].into_iter().chain(end)).await?;
                    }
                    Ok(acked)
                })
            })
            .await;
        let acked = match acked {
            // The commit's answer was lost: what stands there now is the truth, and "not yet" is not known.
            Err(unknown @ StoreError::Unknown(_)) => {
                self.confirmed(context, ack.id, &device).await?.ok_or(unknown)?
            }
            acked => acked?,
        };
        let challenge = self.challenge(&ack.id, &device);
        match acked {
            Acked::Now(now) => {
                self.changed(&context.scope, now.rid).await;
                Ok((now.state, challenge))
            }
            Acked::Before(now) => Ok((now.state, challenge)),
            Acked::Refused => Err(self.not_taken(context, &secret, &device, in_window).await),
        }
    }

    /// A passkey copy, sealed at rest as the content is. `None` also if there is no content any more: an ack that comes
    /// again is answered all the same.
    async fn sealed_copy(
        &self,
        scope: &TenantScope,
        secret: &Secret,
        copy: Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(copy) = copy else { return Ok(None) };
        if secret.kind != Kind::DeviceBound {
            return Err(Invalid::new("copy", Rule::Choice).into());
        }
        let content = self.parts.store.read(*scope).secrets().content(secret.id).await?;
        let Some(content) = content else { return Ok(None) };
        self.vault.seal_copy(Place::of(scope.tenant(), secret), &content, &copy)
    }

    /// What became of a confirmation of which nobody knows whether it was written.
    async fn confirmed(
        &self,
        context: &RequestContext,
        id: SecretId,
        device: &Thumbprint,
    ) -> Result<Option<Acked>, StoreError> {
        let mut reader = self.parts.store.read(context.scope);
        let claim = reader.claims().find_by_device(id, *device.as_bytes()).await?;
        let secret = reader.secrets().find(id).await?;
        let acked = claim.is_some_and(|claim| claim.state == ClaimState::Acked);
        Ok(secret.filter(|_| acked).map(Acked::Now))
    }

    /// The secret and the device, if the device holds this claim and signed the call. Somebody without a claim learns
    /// nothing, not even that the secret exists.
    pub(super) async fn device_of(
        &self,
        context: &RequestContext,
        id: SecretId,
        claim: ClaimId,
        call: &SignedCall,
    ) -> Result<(Secret, Thumbprint), Refusal> {
        let thumbprint = *call.device.thumbprint().as_bytes();
        let mut reader = self.parts.store.read(context.scope);
        let held = reader.claims().find_by_device(id, thumbprint).await?;
        let held = held.filter(|held| held.id == claim).ok_or(Refusal::NotAvailable)?;
        let secret = reader.secrets().find(id).await?.ok_or(Refusal::NotAvailable)?;
        let device = self.verify(&id, call)?;
        if held.state == ClaimState::Open && held.window_ends_at <= self.parts.clock.now() {
            // Whoever comes before the reaper after an outage lengthens the windows in its place.
            self.beat().await?;
        }
        Ok((secret, device))
    }

    pub(super) fn call(
        &self,
        secret: SecretId,
        claim: ClaimId,
        counter: i64,
        device: &Thumbprint,
    ) -> Call {
        Call { secret, claim, thumbprint: *device.as_bytes(), counter, now: self.parts.clock.now() }
    }

    /// Why a call was not taken: the claim is not `live` (any more), or the counter did not rise.
    pub(super) async fn not_taken(
        &self,
        context: &RequestContext,
        secret: &Secret,
        device: &Thumbprint,
        live: fn(&Secret, &Claim, Timestamp) -> bool,
    ) -> Refusal {
        let mut reader = self.parts.store.read(context.scope);
        let secret = match reader.secrets().find(secret.id).await {
            Ok(Some(secret)) => secret,
            Ok(None) => return Refusal::NotAvailable,
            Err(error) => return error.into(),
        };
        let now = self.parts.clock.now();
        match reader.claims().find_by_device(secret.id, *device.as_bytes()).await {
            Ok(Some(claim)) if live(&secret, &claim, now) => Invalid::new(
                "counter",
                Rule::Range {
                    min: claim.counter.saturating_add(1).unsigned_abs(),
                    max: i64::MAX as u64,
                },
            )
            .into(),
            Ok(_) => self.gone(&context.scope, &secret).await,
            Err(error) => error.into(),
        }
    }
}

fn in_window(_: &Secret, claim: &Claim, now: Timestamp) -> bool {
    claim.is_open_at(now)
}
