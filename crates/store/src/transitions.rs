//! The transitions of a secret that take more than one statement: claim, confirm, open, lapse, burn, expire. (Making,
//! unlocking and forgetting a secret are one call each.)
//!
//! Lock order: secret row, then claim row. Every unit that ends or makes a claim first changes or locks its secret row,
//! and whoever makes "no view left and no claim open" true ends the secret in the same transaction.
//! The table of all transitions: `docs/ARCHITECTURE.md`, "States".

mod handover;

use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Claim, ClaimState, EndState, Kind, Secret, SecretState, window_end};

pub use self::handover::{Asked, Given, Giving, ask, give};
use crate::{Attempt, AttemptOutcome, Call, NewClaim, SealedContent, StoreError, UnitOfWork};

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// A view was taken by a new claim.
    Taken {
        /// The secret as it now is.
        secret: Secret,
        /// The new claim.
        claim: Claim,
        /// What it delivers.
        content: SealedContent,
    },
    /// This device has an open claim already: the same delivery again, no view taken.
    Again {
        /// The secret, unchanged.
        secret: Secret,
        /// The device's open claim.
        claim: Claim,
        /// What it delivered.
        content: SealedContent,
    },
    /// This device's claim has ended: no view taken. A new gesture makes a new key pair.
    Over {
        /// The secret, unchanged.
        secret: Secret,
    },
    /// The claim key was wrong; the try was counted.
    WrongKey {
        /// The secret with the try counted.
        secret: Secret,
    },
    /// The secret's state, expiry or held-back tries allow no claim; nothing changed.
    Refused {
        /// The secret as it is.
        secret: Secret,
    },
    /// There is no such secret.
    Missing,
}

/// Takes a view for a device, or counts a wrong try. Of any number of devices racing for the last view, one gets it.
///
/// The attempt comes first and holds the row's lock; only then the claim is inserted. A test for an existing claim inside
/// the attempt (`NOT EXISTS`) would let two tabs of one device take two views under READ COMMITTED.
pub async fn claim(
    uow: &mut dyn UnitOfWork,
    attempt: &Attempt,
    new: &NewClaim,
) -> Result<Claimed, StoreError> {
    uow.savepoint().await?;
    match uow.secrets().attempt(attempt).await? {
        AttemptOutcome::Taken(secret) => {
            if uow.claims().insert(new).await? {
                return deliver(uow, secret, new).await;
            }
            uow.undo().await?;
            existing(uow, new).await
        }
        AttemptOutcome::Counted(secret) => Ok(Claimed::WrongKey { secret }),
        AttemptOutcome::Refused => refused(uow, new).await,
    }
}

async fn deliver(
    uow: &mut dyn UnitOfWork,
    secret: Secret,
    new: &NewClaim,
) -> Result<Claimed, StoreError> {
    let claim = uow.claims().find_by_device(new.secret, new.thumbprint).await?;
    let content = uow.secrets().content(new.secret).await?;
    match (claim, content) {
        (Some(claim), Some(content)) => Ok(Claimed::Taken { secret, claim, content }),
        _ => Err(NO_CONTENT),
    }
}

/// A secret that can be opened has something to open.
const NO_CONTENT: StoreError = StoreError::Corrupt { table: "secret_contents", column: "content" };

/// The race was lost to this device itself: another tab of it, or the same request sent twice.
async fn existing(uow: &mut dyn UnitOfWork, new: &NewClaim) -> Result<Claimed, StoreError> {
    let Some(secret) = uow.secrets().lock(new.secret).await? else { return Ok(Claimed::Missing) };
    Ok(match open_delivery(uow, new).await? {
        Some((claim, content)) => Claimed::Again { secret, claim, content },
        None => Claimed::Over { secret },
    })
}

/// No try was possible. A device that already holds an open claim still gets it: it could recover it as well.
async fn refused(uow: &mut dyn UnitOfWork, new: &NewClaim) -> Result<Claimed, StoreError> {
    let Some(secret) = uow.secrets().lock(new.secret).await? else { return Ok(Claimed::Missing) };
    Ok(match open_delivery(uow, new).await? {
        Some((claim, content)) => Claimed::Again { secret, claim, content },
        None => Claimed::Refused { secret },
    })
}

async fn open_delivery(
    uow: &mut dyn UnitOfWork,
    new: &NewClaim,
) -> Result<Option<(Claim, SealedContent)>, StoreError> {
    let claim = uow.claims().find_by_device(new.secret, new.thumbprint).await?;
    let Some(claim) = claim.filter(|claim| claim.state == ClaimState::Open) else {
        return Ok(None);
    };
    Ok(uow.secrets().content(new.secret).await?.map(|content| (claim, content)))
}

/// What came of an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acked {
    /// Confirmed now.
    Now(Secret),
    /// Confirmed before: the device did not hear the answer.
    Before(Secret),
    /// No such claim of this device, a counter that does not rise, or a window that has ended.
    Refused,
}

/// Confirms a claim. If that was the last view and the last open claim, it binds a device-bound secret, and destroys any
/// other. `copy` is the device's passkey copy, kept with what is bound to it.
pub async fn ack(
    uow: &mut dyn UnitOfWork,
    call: &Call,
    copy: Option<&[u8]>,
) -> Result<Acked, StoreError> {
    let Some(secret) = uow.secrets().lock(call.secret).await? else { return Ok(Acked::Refused) };
    let claim = uow.claims().find_by_device(call.secret, call.thumbprint).await?;
    let Some(claim) = claim.filter(|claim| claim.id == call.claim) else {
        return Ok(Acked::Refused);
    };
    if claim.state == ClaimState::Acked {
        return Ok(Acked::Before(secret));
    }
    if !claim.is_open_at(call.now) {
        return Ok(Acked::Refused);
    }
    let Some(claim) = uow.claims().call(call, claim.window_ends_at).await? else {
        return Ok(Acked::Refused);
    };
    let Some(secret) = close(uow, &claim, ClaimState::Acked, call.now).await? else {
        return Ok(Acked::Refused);
    };
    if let Some(copy) = copy.filter(|_| secret.state == SecretState::Bound) {
        uow.copies().insert(secret.id, copy).await?;
    }
    Ok(Acked::Now(secret))
}

/// Moves an open claim's window. `None`: no such open claim of this device, or a counter that does not rise.
pub async fn heartbeat(uow: &mut dyn UnitOfWork, call: &Call) -> Result<Option<Claim>, StoreError> {
    if uow.secrets().lock(call.secret).await?.is_none() {
        return Ok(None);
    }
    let claim = uow.claims().find_by_device(call.secret, call.thumbprint).await?;
    let live = |claim: &Claim| claim.id == call.claim && claim.is_open_at(call.now);
    let Some(claim) = claim.filter(live) else { return Ok(None) };
    uow.claims().call(call, window_end(claim.created_at, call.now)).await
}

/// What an opening gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The secret, unchanged.
    pub secret: Secret,
    /// The claim with this opening counted.
    pub claim: Claim,
    /// What the device opens with the content key it stored.
    pub content: SealedContent,
    /// What it was given by a hand-over and does not keep yet, sealed.
    pub handed: Option<Vec<u8>>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("secret", &self.secret)
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

/// Opens a bound secret again on the device that it is bound to. `None`: it is not bound (any more), not to this claim of
/// this device, or the counter does not rise. `kept`: the device has stored what it was given by a hand-over.
pub async fn open(
    uow: &mut dyn UnitOfWork,
    call: &Call,
    kept: bool,
) -> Result<Option<Opened>, StoreError> {
    let Some(secret) = uow.secrets().lock(call.secret).await? else { return Ok(None) };
    let claim = uow.claims().find_by_device(call.secret, call.thumbprint).await?;
    let live = |claim: &Claim| claim.id == call.claim && secret.is_bound_to(claim, call.now);
    if !claim.is_some_and(|claim| live(&claim)) {
        return Ok(None);
    }
    let Some(claim) = uow.claims().open(call).await? else { return Ok(None) };
    let content = uow.secrets().content(call.secret).await?.ok_or(NO_CONTENT)?;
    if kept {
        uow.handovers().delete(call.secret, call.thumbprint).await?;
    }
    let handed = uow.handovers().given(call.secret, call.thumbprint).await?;
    Ok(Some(Opened { secret, claim, content, handed }))
}

/// Ends an open claim that was not confirmed in its window, which must have ended at or before `before`.
pub async fn lapse(
    uow: &mut dyn UnitOfWork,
    secret: SecretId,
    id: ClaimId,
    before: Timestamp,
    now: Timestamp,
) -> Result<Option<Secret>, StoreError> {
    if uow.secrets().lock(secret).await?.is_none() {
        return Ok(None);
    }
    // A heartbeat may have moved the window since the reaper looked.
    let due = |claim: &Claim| claim.state == ClaimState::Open && claim.window_ends_at <= before;
    let Some(claim) = uow.claims().find(id).await?.filter(due) else { return Ok(None) };
    close(uow, &claim, ClaimState::Lapsed, now).await
}

/// Ends one claim and, with the last one, the secret; or binds it.
async fn close(
    uow: &mut dyn UnitOfWork,
    claim: &Claim,
    to: ClaimState,
    now: Timestamp,
) -> Result<Option<Secret>, StoreError> {
    let Some(secret) = uow.secrets().close_claim(claim.secret).await? else { return Ok(None) };
    if !uow.claims().end(claim.id, to, now).await? {
        return Err(StoreError::Corrupt { table: "claims", column: "state" });
    }
    let confirmed = to == ClaimState::Acked;
    let (changed, after) = match after_close(&secret, confirmed, now) {
        Next::Stays => return Ok(Some(secret)),
        Next::Bound => {
            let changed = uow.secrets().bind(claim.secret).await?;
            (changed, Secret { state: SecretState::Bound, ..secret })
        }
        Next::Ends(to) => {
            let changed = uow.secrets().end(claim.secret, to, now).await?;
            (changed, Secret { state: to.into(), ended_at: Some(now), ..secret })
        }
    };
    // The row is ours since its claim was closed: what was written is what stands there.
    if changed { Ok(Some(after)) } else { uow.secrets().find(claim.secret).await }
}

enum Next {
    Stays,
    Bound,
    Ends(EndState),
}

/// What becomes of a secret of which a claim was closed.
fn after_close(secret: &Secret, confirmed: bool, now: Timestamp) -> Next {
    if secret.open_claims > 0 {
        return Next::Stays;
    }
    match (secret.kind, secret.views_left) {
        // Its time is over: nothing would be left to return to.
        (Kind::DeviceBound, 0) if confirmed && now >= secret.expires_at => {
            Next::Ends(EndState::Expired)
        }
        (Kind::DeviceBound, 0) if confirmed => Next::Bound,
        (_, 0) => Next::Ends(EndState::Destroyed),
        _ if secret.state == SecretState::Draining => Next::Ends(EndState::Expired),
        _ => Next::Stays,
    }
}

/// Destroys a secret by its sender's will, with every open claim. `false` if it had ended already.
pub async fn burn(
    uow: &mut dyn UnitOfWork,
    id: SecretId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !uow.secrets().end(id, EndState::Burned, now).await? {
        return Ok(false);
    }
    uow.claims().end_all(id, now).await?;
    Ok(true)
}

/// Ends a secret whose time has run out; with a claim still open it drains instead. Answers the state it is now in, or
/// `None` if nothing was due.
pub async fn expire(
    uow: &mut dyn UnitOfWork,
    id: SecretId,
    now: Timestamp,
) -> Result<Option<SecretState>, StoreError> {
    let Some(secret) = uow.secrets().lock(id).await? else { return Ok(None) };
    let waits =
        matches!(secret.state, SecretState::Ready | SecretState::Locked | SecretState::Bound);
    if !waits || now < secret.expires_at {
        return Ok(None);
    }
    if secret.open_claims > 0 {
        return Ok(uow.secrets().drain(id).await?.then_some(SecretState::Draining));
    }
    Ok(uow.secrets().end(id, EndState::Expired, now).await?.then_some(SecretState::Expired))
}
