//! Taking a view, and getting it again on the same device.

use std::time::Duration;

use wax_crypto::{Challenge, ClaimKey, PeekKey, Thumbprint};
use wax_httpkit::RequestContext;
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Action, Claim, ClaimState, DeviceKind, Secret, SecretState, window_end};
use wax_store::{
    Attempt, NewClaim, SealedContent, StoreError,
    transitions::{self, Claimed},
};

use super::{
    Refusal, Secrets, SignedCall,
    vault::{Delivery, OpenWrap, Place},
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
        let Some(wrap) = self.wrap_of(context, &secret).await? else {
            return Err(self.gone(&context.scope, &secret).await);
        };
        let claimed = self.take(context, &secret, &wrap, &command, &device).await;
        let claimed = match claimed {
            // The commit's answer was lost: what this device now holds is the truth. If it holds nothing, it must not
            // hear so: what was sent may still arrive.
            Err(unknown @ StoreError::Unknown(_)) => {
                let held = self.held(context, &secret, &device, &wrap).await?;
                return if held.claim.is_some() { Ok(held) } else { Err(unknown.into()) };
            }
            claimed => claimed?,
        };
        self.answer(context, claimed, &wrap, &device).await
    }

    async fn take(
        &self,
        context: &RequestContext,
        secret: &Secret,
        wrap: &OpenWrap,
        command: &ClaimCommand,
        device: &Thumbprint,
    ) -> Result<Claimed, StoreError> {
        let now = self.parts.clock.now();
        let attempt = Attempt {
            secret: command.id,
            claim_mac: *wrap.claim_mac(&command.claim_key).as_bytes(),
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
        let trail = self.trail(secret.rid, Some(&context.network));
        self.parts
            .store
            .write(&context.scope, move |uow| {
                let (new, trail) = (new.clone(), trail.clone());
                Box::pin(async move {
                    let claimed = transitions::claim(uow, &attempt, &new).await?;
                    trail.record(uow, actions(&claimed).iter().copied()).await?;
                    Ok(claimed)
                })
            })
            .await
    }

    async fn answer(
        &self,
        context: &RequestContext,
        claimed: Claimed,
        wrap: &OpenWrap,
        device: &Thumbprint,
    ) -> Result<Delivered, Refusal> {
        let now = self.parts.clock.now();
        match claimed {
            Claimed::Taken { secret, claim, content } => {
                self.changed(&context.scope, secret.rid).await;
                self.deliver(context, &secret, (claim, &content), wrap, device)
            }
            Claimed::Again { secret, claim, content } => {
                self.deliver(context, &secret, (claim, &content), wrap, device)
            }
            Claimed::WrongKey { secret } => {
                self.changed(&context.scope, secret.rid).await;
                Err(Refusal::WrongKey(secret.tries_at(now)))
            }
            Claimed::Over { secret } => Err(self.gone(&context.scope, &secret).await),
            Claimed::Refused { secret } => Err(match no_try(&secret, now) {
                Some(refusal) => refusal,
                None => self.gone(&context.scope, &secret).await,
            }),
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
        match self.wrap_of(context, &secret).await? {
            Some(wrap) => self.held(context, &secret, &device, &wrap).await,
            None => Ok(Delivered { claim: None, challenge: self.challenge(&command.id, &device) }),
        }
    }

    /// What this device holds now: its open claim, or nothing.
    async fn held(
        &self,
        context: &RequestContext,
        secret: &Secret,
        device: &Thumbprint,
        wrap: &OpenWrap,
    ) -> Result<Delivered, Refusal> {
        let mut reader = self.parts.store.read(context.scope);
        let claim = reader.claims().find_by_device(secret.id, *device.as_bytes()).await?;
        let content = reader.secrets().content(secret.id).await?;
        match (claim.filter(|claim| claim.state == ClaimState::Open), content) {
            (Some(claim), Some(content)) => {
                self.deliver(context, secret, (claim, &content), wrap, device)
            }
            _ => Ok(Delivered { claim: None, challenge: self.challenge(&secret.id, device) }),
        }
    }

    fn deliver(
        &self,
        context: &RequestContext,
        secret: &Secret,
        (claim, sealed): (Claim, &SealedContent),
        wrap: &OpenWrap,
        device: &Thumbprint,
    ) -> Result<Delivered, Refusal> {
        let place = Place::of(context.scope.tenant(), secret);
        let delivery = self
            .vault
            .open_content(place, sealed)?
            .map(|content| Delivery { wrapped_key: wrap.wrapped_key().to_vec(), content });
        let challenge = self.challenge(&secret.id, device);
        Ok(Delivered { claim: delivery.map(|delivery| (claim, delivery)), challenge })
    }

    /// What a claim needs, unless the secret has ended, or is bound already.
    async fn wrap_of(
        &self,
        context: &RequestContext,
        secret: &Secret,
    ) -> Result<Option<OpenWrap>, Refusal> {
        let sealed = self.parts.store.read(context.scope).secrets().wrap(secret.id).await?;
        let Some(sealed) = sealed else { return Ok(None) };
        self.vault.open_wrap(Place::of(context.scope.tenant(), secret), &sealed)
    }
}

/// What the audit trail tells of a claim.
fn actions(claimed: &Claimed) -> &'static [Action] {
    match claimed {
        Claimed::Taken { .. } => &[Action::SecretClaimed],
        Claimed::WrongKey { secret } if secret.state == SecretState::Locked => {
            &[Action::SecretWrongKey, Action::SecretLocked]
        }
        Claimed::WrongKey { .. } => &[Action::SecretWrongKey],
        _ => &[],
    }
}

/// Why there was no try, where there may be one later. A secret that is ready now, and not held back any more, became so
/// after it was tried (the time was up, the sender unlocked it): it is not gone, and may be tried again at once.
fn no_try(secret: &Secret, now: Timestamp) -> Option<Refusal> {
    let tries = secret.tries_at(now);
    match secret.state_at(now) {
        SecretState::Locked => Some(Refusal::Locked(tries)),
        SecretState::Ready => {
            let wait = tries.next_at.map_or(Duration::ZERO, |at| now.until(at));
            Some(Refusal::HeldBack(tries, wait))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::{DomainId, ReceiptId};
    use wax_model::{Kind, Sealed};

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn secret(state: SecretState, next_try_at: Timestamp) -> Secret {
        Secret {
            id: SecretId::from_bytes([1; 16]),
            rid: ReceiptId::from_bytes([2; 16]),
            domain: DomainId::from_bytes([7; 16]),
            created_by: None,
            state,
            kind: Kind::OneTime,
            sealed: Sealed::Client,
            passphrase: None,
            peek_sha256: [3; 32],
            ack_sha256: [4; 32],
            receipt_sha256: [5; 32],
            body_sha256: [6; 32],
            views: 1,
            views_left: 1,
            open_claims: 0,
            wrong_tries: 5,
            next_try_at,
            policy_version: 1,
            content_bytes: 1_040,
            key_day: NOW.day(),
            created_at: NOW,
            expires_at: NOW.plus(Duration::from_secs(60)),
            ended_at: None,
            kept_until: NOW,
        }
    }

    #[test]
    fn a_secret_that_became_ready_after_it_was_tried_is_not_gone() {
        let at = |next_try_at| match no_try(&secret(SecretState::Ready, next_try_at), NOW) {
            Some(Refusal::HeldBack(tries, wait)) => (tries.next_at, wait),
            other => panic!("{other:?}"),
        };
        let later = NOW.plus(Duration::from_secs(1));
        assert_eq!(at(later), (Some(later), Duration::from_secs(1)));
        assert_eq!(at(NOW), (None, Duration::ZERO));
        assert!(no_try(&secret(SecretState::Draining, NOW), NOW).is_none());
    }
}
