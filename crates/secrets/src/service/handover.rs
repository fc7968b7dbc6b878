//! Handing a device-bound secret to another device: one asks, the bound one gives.

use wax_crypto::{Challenge, HandoverCode, HpkePublicKey, PeekKey, Thumbprint};
use wax_httpkit::RequestContext;
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{ASK_STANDS, Action, Ask, DeviceKind, Invalid, Rule, TenantScope};
use wax_store::transitions::{self, Asked, Given, Giving};

use super::{Refusal, Secrets, SignedCall, open, vault::Place};

/// A device with the link that asks for what is bound to another.
#[derive(Debug)]
pub(crate) struct AskCommand {
    pub(crate) id: SecretId,
    pub(crate) peek: PeekKey,
    pub(crate) receive: HpkePublicKey,
    pub(crate) call: SignedCall,
    pub(crate) device: DeviceKind,
}

/// What it shows, and until when.
#[derive(Debug)]
pub(crate) struct AskAnswer {
    pub(crate) code: HandoverCode,
    pub(crate) ends_at: Timestamp,
    pub(crate) challenge: Challenge,
}

/// The bound device gives the secret away.
#[derive(Debug)]
pub(crate) struct Give {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) counter: i64,
    pub(crate) to: Thumbprint,
    /// Sealed by the device that gives to the one that gets: the server cannot read them.
    pub(crate) keys: Vec<u8>,
    pub(crate) call: SignedCall,
}

/// A standing ask, as the bound device is told.
#[derive(Debug)]
pub(crate) struct StandingAsk {
    pub(crate) ask: Ask,
    pub(crate) code: HandoverCode,
}

impl Secrets {
    /// Lets a device ask for what is bound to another.
    pub(crate) async fn ask(
        &self,
        context: &RequestContext,
        command: AskCommand,
    ) -> Result<AskAnswer, Refusal> {
        let secret = self.proven(&context.scope, command.id, &command.peek).await?;
        let device = self.verify(&command.id, &command.call)?;
        let now = self.parts.clock.now();
        let ask = Ask {
            secret: command.id,
            thumbprint: *device.as_bytes(),
            device: command.device,
            receive: *command.receive.as_bytes(),
            nonce: self.parts.rng.bytes(),
            asked_at: now,
            ends_at: now.plus(ASK_STANDS),
        };
        let trail = self.trail(secret.rid, Some(&context.network));
        let asked = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                let (ask, trail) = (ask.clone(), trail.clone());
                Box::pin(async move {
                    let asked = transitions::ask(uow, &ask).await?;
                    if matches!(asked, Asked::Now(_)) {
                        trail.record(uow, [Action::SecretAsked]).await?;
                    }
                    Ok(asked)
                })
            })
            .await?;
        let ask = match asked {
            Asked::Now(ask) | Asked::Before(ask) => ask,
            Asked::OtherKey => return Err(Invalid::new("receive", Rule::Choice).into()),
            Asked::Full(oldest) => return Err(Refusal::TooMany(now.until(oldest.ends_at))),
            Asked::Refused(secret) => return Err(self.gone(&context.scope, &secret).await),
            Asked::Missing => return Err(Refusal::NotAvailable),
        };
        let code = HandoverCode::new(&ask.nonce, &ask.secret, &device, &command.receive);
        let challenge = self.challenge(&command.id, &device);
        Ok(AskAnswer { code, ends_at: ask.ends_at, challenge })
    }

    /// The asks that stand, for the device that the secret is bound to.
    pub(super) async fn standing_asks(
        &self,
        scope: &TenantScope,
        id: SecretId,
        now: Timestamp,
    ) -> Result<Vec<StandingAsk>, Refusal> {
        let asks = self.parts.store.read(*scope).handovers().standing(id, now).await?;
        let with_code = |ask: Ask| {
            let device = Thumbprint::from_bytes(ask.thumbprint);
            // A key that no device could have sent stands in no row that we wrote.
            let receive = HpkePublicKey::from_slice(&ask.receive).ok()?;
            let code = HandoverCode::new(&ask.nonce, &ask.secret, &device, &receive);
            Some(StandingAsk { ask, code })
        };
        Ok(asks.into_iter().filter_map(with_code).collect())
    }

    /// Moves the binding to a device that asked.
    pub(crate) async fn give(
        &self,
        context: &RequestContext,
        give: Give,
    ) -> Result<Challenge, Refusal> {
        let (secret, device) = self.device_of(context, give.id, give.claim, &give.call).await?;
        let content = self.parts.store.read(context.scope).secrets().content(secret.id).await?;
        let place = Place::of(context.scope.tenant(), &secret);
        let keys = match &content {
            Some(content) => self.vault.seal_handed(place, content, &give.to, &give.keys)?,
            None => None,
        };
        let Some(keys) = keys else { return Err(self.gone(&context.scope, &secret).await) };
        let giving = Giving {
            call: self.call(give.id, give.claim, give.counter, &device),
            to: *give.to.as_bytes(),
            claim: ClaimId::random(&*self.parts.rng),
            keys,
        };
        let trail = self.trail(secret.rid, Some(&context.network));
        let given = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                let (giving, trail) = (giving.clone(), trail.clone());
                Box::pin(async move {
                    let given = transitions::give(uow, &giving).await?;
                    if given == Given::Now {
                        trail.record(uow, [Action::SecretHanded]).await?;
                    }
                    Ok(given)
                })
            })
            .await?;
        match given {
            Given::Now => self.changed(&context.scope, secret.rid).await,
            Given::Before => {}
            Given::NotAsked => return Err(Invalid::new("to", Rule::Choice).into()),
            Given::Refused => {
                return Err(self.not_taken(context, &secret, &device, open::bound).await);
            }
        }
        Ok(self.challenge(&give.id, &device))
    }
}
