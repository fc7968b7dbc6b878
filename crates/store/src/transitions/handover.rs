//! A device-bound secret moves from one device to another: asked for by one, given by the other.

use wax_model::{Ask, ClaimState, MAX_ASKS, Secret};

use crate::{Call, NewClaim, StoreError, UnitOfWork};

/// What came of an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It stands now.
    Now(Ask),
    /// It stood already: the device did not hear the answer.
    Before(Ask),
    /// This device asks already, with another key: what is given to that one would not open with this one.
    OtherKey,
    /// As many stand as may stand at once. The oldest of them.
    Full(Ask),
    /// The secret is not bound, or this device has a claim of it.
    Refused(Secret),
    /// There is no such secret.
    Missing,
}

/// Lets a device ask for what is bound to another.
pub async fn ask(uow: &mut dyn UnitOfWork, new: &Ask) -> Result<Asked, StoreError> {
    let Some(secret) = uow.secrets().lock(new.secret).await? else { return Ok(Asked::Missing) };
    let claim = uow.claims().find_by_device(new.secret, new.thumbprint).await?;
    if !secret.is_bound_at(new.asked_at) || claim.is_some() {
        return Ok(Asked::Refused(secret));
    }
    let mine = uow.handovers().asked(new.secret, new.thumbprint).await?;
    match mine {
        Some(ask) if ask.stands_at(new.asked_at) => {
            let same = ask.receive == new.receive;
            return Ok(if same { Asked::Before(ask) } else { Asked::OtherKey });
        }
        Some(_) => uow.handovers().delete(new.secret, new.thumbprint).await?,
        None => {}
    }
    let mut standing = uow.handovers().standing(new.secret, new.asked_at).await?;
    if standing.len() >= MAX_ASKS {
        return Ok(Asked::Full(standing.swap_remove(0)));
    }
    uow.handovers().insert(new).await?;
    Ok(Asked::Now(new.clone()))
}

/// The bound device gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Giving {
    /// Its signed call.
    pub call: Call,
    /// The device that asked.
    pub to: [u8; 32],
    /// The id of the claim that this device gets.
    pub claim: wax_kernel::ClaimId,
    /// What it gets, sealed.
    pub keys: Vec<u8>,
}

impl std::fmt::Debug for Giving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Giving({:?})", self.call)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The secret is now bound to the other device.
    Now,
    /// It was given to that device by this one before: the device did not hear the answer.
    Before,
    /// That device does not ask, or not any more.
    NotAsked,
    /// The secret is not bound to this claim of this device, or the counter does not rise.
    Refused,
}

/// Moves the binding from the device that calls to one that asked: the one claim is `handed`, the other `acked`.
pub async fn give(uow: &mut dyn UnitOfWork, giving: &Giving) -> Result<Given, StoreError> {
    let Giving { call, to, .. } = giving;
    let Some(secret) = uow.secrets().lock(call.secret).await? else { return Ok(Given::Refused) };
    let claim = uow.claims().find_by_device(call.secret, call.thumbprint).await?;
    let Some(claim) = claim.filter(|claim| claim.id == call.claim) else {
        return Ok(Given::Refused);
    };
    if claim.state == ClaimState::Handed {
        let theirs = uow.claims().find_by_device(call.secret, *to).await?;
        let by_us = theirs.is_some_and(|theirs| theirs.handed_by == Some(call.thumbprint));
        return Ok(if by_us { Given::Before } else { Given::Refused });
    }
    if !secret.is_bound_to(&claim, call.now) {
        return Ok(Given::Refused);
    }
    let ask = uow.handovers().asked(call.secret, *to).await?;
    let Some(ask) = ask.filter(|ask| ask.stands_at(call.now)) else { return Ok(Given::NotAsked) };
    if uow.claims().hand(call).await?.is_none() {
        return Ok(Given::Refused);
    }
    // It would bring back a device that the secret no longer belongs to.
    uow.copies().delete(call.secret).await?;
    let new = NewClaim {
        id: giving.claim,
        secret: call.secret,
        thumbprint: *to,
        device: ask.device,
        created_at: call.now,
        // It has none: nothing of it waits for a confirmation.
        window_ends_at: call.now,
    };
    let taken = uow.claims().insert_handed(&new, call.thumbprint).await?;
    if taken && uow.handovers().give(call.secret, *to, &giving.keys).await? {
        return Ok(Given::Now);
    }
    // A device that asks has no claim, and its ask was there a moment ago, behind the lock.
    Err(StoreError::Corrupt { table: "handovers", column: "thumbprint" })
}
