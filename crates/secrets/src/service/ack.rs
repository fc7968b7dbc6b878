//! What a device says after its claim: "still here" and "I have it".

use wax_crypto::{AckHash, AckPreimage, Challenge, Thumbprint};
use wax_httpkit::RequestContext;
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Action, ClaimState, Invalid, Rule, Secret, SecretState};
use wax_store::{
    Call,
    transitions::{self, Acked},
};

use super::{Refusal, Secrets, SignedCall};

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
            None => Err(self.ended(context, &secret, &device).await),
        }
    }

    /// Confirms a claim; the secret is destroyed with its last one. Answers the secret's state afterwards.
    pub(crate) async fn ack(
        &self,
        context: &RequestContext,
        ack: Ack,
    ) -> Result<(SecretState, Challenge), Refusal> {
        let (secret, device) = self.device_of(context, ack.id, ack.claim, &ack.call).await?;
        if ack.ack.hash() != AckHash::from_bytes(secret.ack_sha256) {
            return Err(Invalid::new("ack", Rule::Form).into());
        }
        let call = self.call(ack.id, ack.claim, ack.counter, &device);
        let event = self.event(Action::SecretAcked, secret.rid, Some(&context.network));
        let acked = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                let event = event.clone();
                Box::pin(async move {
                    let acked = transitions::ack(uow, &call).await?;
                    if matches!(acked, Acked::Now(_)) {
                        uow.audit().record(&event).await?;
                    }
                    Ok(acked)
                })
            })
            .await?;
        let challenge = self.challenge(&ack.id, &device);
        match acked {
            Acked::Now(now) => {
                self.changed(now.rid).await;
                Ok((now.state, challenge))
            }
            Acked::Before(now) => Ok((now.state, challenge)),
            Acked::Refused => Err(self.ended(context, &secret, &device).await),
        }
    }

    /// The secret and the device, if the device holds this claim and signed the call. Somebody without a claim learns
    /// nothing, not even that the secret exists.
    async fn device_of(
        &self,
        context: &RequestContext,
        id: SecretId,
        claim: ClaimId,
        call: &SignedCall,
    ) -> Result<(Secret, Thumbprint), Refusal> {
        let thumbprint = *call.device.thumbprint().as_bytes();
        let mut reader = self.parts.store.read(context.scope);
        let held = reader.claims().find_by_device(id, thumbprint).await?;
        held.filter(|held| held.id == claim).ok_or(Refusal::NotAvailable)?;
        let secret = reader.secrets().find(id).await?.ok_or(Refusal::NotAvailable)?;
        Ok((secret, self.verify(&id, call)?))
    }

    fn call(&self, secret: SecretId, claim: ClaimId, counter: i64, device: &Thumbprint) -> Call {
        Call { secret, claim, thumbprint: *device.as_bytes(), counter, now: self.parts.clock.now() }
    }

    /// The claim is over, or the counter did not rise.
    async fn ended(
        &self,
        context: &RequestContext,
        secret: &Secret,
        device: &Thumbprint,
    ) -> Refusal {
        let mut reader = self.parts.store.read(context.scope);
        let secret = match reader.secrets().find(secret.id).await {
            Ok(Some(secret)) => secret,
            Ok(None) => return Refusal::NotAvailable,
            Err(error) => return error.into(),
        };
        match reader.claims().find_by_device(secret.id, *device.as_bytes()).await {
            Ok(Some(claim)) if claim.state == ClaimState::Open => Invalid::new(
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
