//! Taking a view, and getting it again on the same device.

use wax_crypto::{Challenge, ClaimKey, PeekKey, Thumbprint, at_rest::Day};
use wax_httpkit::RequestContext;
use wax_kernel::{ClaimId, SecretId};
use wax_model::{Action, Claim, ClaimState, DeviceKind, Secret, SecretState, window_end};
use wax_store::{
    Attempt, NewClaim, SealedContent, StoreError,
    transitions::{self, Claimed},
};

use super::{
    Refusal, Secrets, SignedCall,
    vault::{Delivery, OpenKeys},
};

/// A request to take a view.
#[derive(Debug)]
pub(crate) struct ClaimCommand {
    pub(crate) id: SecretId,
    pub(crate) peek: PeekKey,
    pub(crate) claim_key: ClaimKey,
    pub(crate) call: SignedCall,
    pub(crate) device: DeviceKind,
}

/// A request for what this device was given before.
#[derive(Debug)]
pub(crate) struct RecoverCommand {
    pub(crate) id: SecretId,
    pub(crate) peek: PeekKey,
    pub(crate) call: SignedCall,
}

/// What a claim gives, and the next challenge.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) claim: Option<(Claim, Delivery)>,
    pub(crate) challenge: Challenge,
}

impl Secrets {
    /// Takes one view for one device, or counts a wrong try.
    pub(crate) async fn claim(
        &self,
        context: &RequestContext,
        command: ClaimCommand,
    ) -> Result<Delivered, Refusal> {
        let secret = self.proven(&context.scope, command.id, &command.peek).await?;
        let device = self.verify(&command.id, &command.call)?;
        let Some(keys) = self.open_keys(context, &secret).await? else {
            return Err(self.gone(&context.scope, &secret).await);
        };
        let claimed = self.take(context, &secret, &keys, &command, &device).await;
        let claimed = match claimed {
            // The commit's answer was lost: what this device now holds is the truth.
            Err(StoreError::Unknown(_)) => {
                return self.held(context, command.id, &device, &keys).await;
            }
            claimed => claimed?,
        };
        self.answer(context, claimed, &keys, &device).await
    }

    async fn take(
        &self,
        context: &RequestContext,
        secret: &Secret,
        keys: &OpenKeys,
        command: &ClaimCommand,
        device: &Thumbprint,
    ) -> Result<Claimed, StoreError> {
        let now = self.parts.clock.now();
        let attempt = Attempt {
            secret: command.id,
            claim_mac: *keys.claim_mac(&command.claim_key).as_bytes(),
            policy_version: secret.policy_version,
            now,
        };
        let new = NewClaim {
            id: ClaimId::random(&*self.parts.rng),
            secret: command.id,
            thumbprint: *device.as_bytes(),
            device: command.device,
            created_at: now,
            window_ends_at: window_end(now, now),
        };
        let taken = self.event(Action::SecretClaimed, secret.rid, Some(&context.network));
        let wrong = self.event(Action::SecretWrongKey, secret.rid, Some(&context.network));
        let locked = self.event(Action::SecretLocked, secret.rid, Some(&context.network));
        self.parts
            .store
            .write(&context.scope, move |uow| {
                let (new, taken, wrong, locked) =
                    (new.clone(), taken.clone(), wrong.clone(), locked.clone());
                Box::pin(async move {
                    let claimed = transitions::claim(uow, &attempt, &new).await?;
                    match &claimed {
                        Claimed::Taken { .. } => uow.audit().record(&taken).await?,
                        Claimed::WrongKey { secret } => {
                            uow.audit().record(&wrong).await?;
                            if secret.state == SecretState::Locked {
                                uow.audit().record(&locked).await?;
                            }
                        }
                        _ => {}
                    }
                    Ok(claimed)
                })
            })
            .await
    }

    async fn answer(
        &self,
        context: &RequestContext,
        claimed: Claimed,
        keys: &OpenKeys,
        device: &Thumbprint,
    ) -> Result<Delivered, Refusal> {
        let now = self.parts.clock.now();
        match claimed {
            Claimed::Taken { secret, claim, content } => {
                self.changed(secret.rid).await;
                self.deliver(claim, &content, keys, device)
            }
            Claimed::Again { claim, content, .. } => self.deliver(claim, &content, keys, device),
            Claimed::WrongKey { secret } => {
                self.changed(secret.rid).await;
                Err(Refusal::WrongKey(secret.tries_at(now)))
            }
            Claimed::Over { secret } => Err(self.gone(&context.scope, &secret).await),
            Claimed::Refused { secret } => {
                let tries = secret.tries_at(now);
                match (secret.state_at(now), tries.next_at) {
                    (SecretState::Locked, _) => Err(Refusal::Locked(tries)),
                    (SecretState::Ready, Some(at)) => Err(Refusal::HeldBack(tries, now.until(at))),
                    _ => Err(self.gone(&context.scope, &secret).await),
                }
            }
            Claimed::Missing => Err(Refusal::NotAvailable),
        }
    }

    /// Gives a device its open claim again. Takes nothing, counts nothing.
    pub(crate) async fn recover(
        &self,
        context: &RequestContext,
        command: RecoverCommand,
    ) -> Result<Delivered, Refusal> {
        let secret = self.proven(&context.scope, command.id, &command.peek).await?;
        let device = self.verify(&command.id, &command.call)?;
        match self.open_keys(context, &secret).await? {
            Some(keys) => self.held(context, command.id, &device, &keys).await,
            None => Ok(Delivered { claim: None, challenge: self.challenge(&command.id, &device) }),
        }
    }

    /// What this device holds now: its open claim, or nothing.
    async fn held(
        &self,
        context: &RequestContext,
        id: SecretId,
        device: &Thumbprint,
        keys: &OpenKeys,
    ) -> Result<Delivered, Refusal> {
        let mut reader = self.parts.store.read(context.scope);
        let claim = reader.claims().find_by_device(id, *device.as_bytes()).await?;
        let content = reader.secrets().content(id).await?;
        match (claim.filter(|claim| claim.state == ClaimState::Open), content) {
            (Some(claim), Some(content)) => self.deliver(claim, &content, keys, device),
            _ => Ok(Delivered { claim: None, challenge: self.challenge(&id, device) }),
        }
    }

    fn deliver(
        &self,
        claim: Claim,
        content: &SealedContent,
        keys: &OpenKeys,
        device: &Thumbprint,
    ) -> Result<Delivered, Refusal> {
        let delivery = keys.open(content)?;
        let challenge = self.challenge(&claim.secret, device);
        Ok(Delivered { claim: Some((claim, delivery)), challenge })
    }

    async fn open_keys(
        &self,
        context: &RequestContext,
        secret: &Secret,
    ) -> Result<Option<OpenKeys>, Refusal> {
        let sealed = self.parts.store.read(context.scope).secrets().keys(secret.id).await?;
        self.vault.open_keys(
            context.scope.tenant(),
            secret.id,
            Day::from_number(secret.key_day),
            &sealed,
        )
    }
}
