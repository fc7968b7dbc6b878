//! Coming back: a device opens again what is bound to it.

use wax_crypto::{Challenge, Thumbprint};
use wax_httpkit::RequestContext;
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Action, Claim, Secret};
use wax_store::transitions::{self, Opened};

use super::{
    Refusal, Secrets, SignedCall,
    vault::{Content, Place},
};

/// A device that returns.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) id: SecretId,
    pub(crate) claim: ClaimId,
    pub(crate) counter: i64,
    /// Whether it has stored what it was given by a hand-over.
    pub(crate) kept: bool,
    pub(crate) call: SignedCall,
}

/// What a device was given by a hand-over.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) from: Thumbprint,
    /// Sealed by the one device to the other.
    pub(crate) keys: Vec<u8>,
}

/// What it opens with the content key that it stored.
#[derive(Debug)]
pub(crate) struct Reopened {
    pub(crate) content: Content,
    pub(crate) handed: Option<Handed>,
    pub(crate) challenge: Challenge,
}

impl Secrets {
    /// Opens a bound secret on the device that it is bound to, and counts it.
    pub(crate) async fn open(
        &self,
        context: &RequestContext,
        open: Open,
    ) -> Result<Reopened, Refusal> {
        let (secret, device) = self.device_of(context, open.id, open.claim, &open.call).await?;
        let call = self.call(open.id, open.claim, open.counter, &device);
        let (trail, kept) = (self.trail(secret.rid, Some(&context.network)), open.kept);
        let opened = self
            .parts
            .store
            .write(&context.scope, move |uow| {
                let trail = trail.clone();
                Box::pin(async move {
                    let opened = transitions::open(uow, &call, kept).await?;
                    if opened.is_some() {
                        trail.record(uow, [Action::SecretOpened]).await?;
                    }
                    Ok(opened)
                })
            })
            .await?;
        let Some(opened) = opened else {
            return Err(self.not_taken(context, &secret, &device, bound).await);
        };
        self.changed(&context.scope, secret.rid).await;
        let place = Place::of(context.scope.tenant(), &secret);
        let handed = self.handed(place, &opened, &device)?;
        match self.vault.open_content(place, &opened.content)? {
            Some(content) => {
                Ok(Reopened { content, handed, challenge: self.challenge(&open.id, &device) })
            }
            None => Err(self.gone(&context.scope, &opened.secret).await),
        }
    }

    fn handed(
        &self,
        place: Place,
        opened: &Opened,
        device: &Thumbprint,
    ) -> Result<Option<Handed>, Refusal> {
        let (Some(sealed), Some(from)) = (&opened.handed, opened.claim.handed_by) else {
            return Ok(None);
        };
        let keys = self.vault.open_handed(place, &opened.content, device, sealed)?;
        Ok(keys.map(|keys| Handed { from: Thumbprint::from_bytes(from), keys }))
    }
}

pub(super) fn bound(secret: &Secret, claim: &Claim, now: Timestamp) -> bool {
    secret.is_bound_to(claim, now)
}
