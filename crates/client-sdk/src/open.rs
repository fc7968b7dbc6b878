//! Opening a secret so that nothing is lost on the way (protocol.md §10).

use wax_crypto::{
    AckPreimage, ClaimKey, Delivered, DeviceKey, Header, Ikm, Kind, Link, Passphrase,
    PassphraseParams, SealedBy, unwrap_content_key,
};
use wax_kernel::{ClaimId, Clock, Redacted, Timestamp};
use wax_model::{Argon2Params, ClaimState, Sealed, SecretState};

use crate::{
    Client, Code, Delivery, DeviceStore, Error, Handle, Peek, Retry, Session, Stored,
    devices::{Asking, Bound, BoundKey, Kept},
};

/// Opens secrets of one host, keeping keys in one store.
#[derive(Debug, Clone, Copy)]
pub struct Opener<'a> {
    /// Talks to the host of the link.
    pub client: &'a Client,
    /// Where keys are kept: of openings under way, and of what is bound to this machine.
    pub devices: &'a DeviceStore,
    /// Says when a key was made.
    pub clock: &'a dyn Clock,
}

/// A secret that was looked at and not taken.
#[derive(Debug)]
pub struct Looked<'a> {
    pub(crate) opener: Opener<'a>,
    pub(crate) link: Link,
    pub(crate) kept: Kept,
    /// What the sender set.
    pub peek: Peek,
}

/// How an opening came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A view was taken for it.
    First,
    /// An opening that was interrupted went on: no further view was taken.
    Recovered,
    /// It is bound to this machine.
    Again,
    /// Another device has handed it to this machine.
    Handed,
}

/// An opened secret. Deliver the text, then [`confirm`](Self::confirm): until then it can be opened again here.
#[derive(Debug)]
pub struct Opened<'a> {
    pub(crate) opener: Opener<'a>,
    pub(crate) handle: Handle,
    pub(crate) device: DeviceKey,
    pub(crate) due: Due,
    /// What the sender wrote.
    pub text: Redacted<String>,
    /// How it came here.
    pub way: Way,
    /// Until when it can be recovered if it is not confirmed; `None` if it is bound to this machine already.
    pub window_ends_at: Option<Timestamp>,
}

/// What the server is to be told when the text has arrived.
#[derive(Debug)]
pub(crate) enum Due {
    /// That it was unwrapped.
    Ack {
        claim: ClaimId,
        counter: i64,
        ack: AckPreimage,
    },
    /// That what was handed over is stored here.
    Kept,
    Nothing,
}

impl<'a> Opener<'a> {
    /// Shows what the sender set, and what this machine has of it: an opening that was interrupted, or all of it.
    /// Takes nothing.
    pub async fn look(self, link: Link) -> Result<Looked<'a>, Error> {
        let id = link.id();
        let mut kept = self.devices.kept(id)?;
        let device = |kept: &Kept| kept.device().map(|device| device.public().thumbprint());
        let thumbprint = device(&kept);
        let mut peek = self.client.peek(&link, thumbprint.as_ref()).await;
        if kept.opening.is_some() && is_over(&peek) {
            self.devices.forget(id)?;
            kept.opening = None;
            let other = device(&kept).filter(|other| Some(other) != thumbprint.as_ref());
            if other.is_some() {
                // What was asked for here was asked with a key of its own.
                peek = self.client.peek(&link, other.as_ref()).await;
            }
        }
        let peek = peek?;
        // Nothing but the server's word that it ended, or went to another device, deletes what is bound here.
        if peek.state.is_final() || peek.yours == Some(ClaimState::Handed) {
            self.devices.forget_everything(id)?;
            kept = Kept { opening: None, bound: None, asking: None };
        }
        Ok(Looked { opener: self, link, kept, peek })
    }

    /// Waits for the answer to the claim; whether the claim or its answer was lost, the server knows. Beside an error
    /// stands how many claims were sent: all but the last may still be on their way.
    async fn claim(self, stored: &Stored, key: &ClaimKey) -> Result<Delivery, (Error, u32)> {
        let retry: Retry = self.client.retry();
        let mut attempt = 1;
        loop {
            let error = match self.claim_or_recover(stored, key).await {
                Ok(delivery) => return Ok(delivery),
                Err(error) => error,
            };
            let Some(wait) = retry.wait(attempt, &error) else { return Err((error, attempt)) };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn claim_or_recover(self, stored: &Stored, key: &ClaimKey) -> Result<Delivery, Error> {
        let (mut session, yours) =
            Session::start(self.client, &stored.link, &stored.device).await?;
        if yours == Some(ClaimState::Open)
            && let Some(delivery) = session.recover().await?
        {
            return Ok(delivery);
        }
        session.claim(key).await
    }
}

/// The key of an interrupted opening is of no more use: nothing can be claimed, or its own claim has ended.
fn is_over(peek: &Result<Peek, Error>) -> bool {
    match peek {
        Ok(peek) => match peek.yours {
            Some(claim) => claim != ClaimState::Open,
            // Another device was faster, and nothing can be claimed any more.
            None => peek.state == SecretState::Bound,
        },
        Err(error) => error.code() == Some(Code::Gone),
    }
}

impl<'a> Looked<'a> {
    /// Looks once more: time has passed.
    pub async fn again(&self) -> Result<Self, Error> {
        self.opener.look(self.link()).await
    }

    /// An opening here was interrupted and can be continued without taking a further view.
    pub fn is_interrupted(&self) -> bool {
        self.peek.yours == Some(ClaimState::Open) && self.kept.opening.is_some()
    }

    /// It is bound to this machine, which opens it without asking for a passphrase.
    pub fn is_here(&self) -> bool {
        self.bound().is_some() || self.given().is_some()
    }

    pub(crate) fn bound(&self) -> Option<&Bound> {
        self.kept.bound.as_ref().filter(|_| self.peek.bound.is_some())
    }

    /// Handed over to this machine, and not yet fetched.
    pub(crate) fn given(&self) -> Option<&Asking> {
        let fetched = self.kept.bound.is_some() || self.peek.bound.is_none();
        self.kept.asking.as_ref().filter(|_| !fetched)
    }

    /// Takes one view and opens it, or continues the opening that was interrupted, or opens again what is bound here.
    ///
    /// The device's key is on the disk before the claim leaves. With a passphrase this blocks the thread for as long
    /// as the stretching takes, about half a second.
    pub async fn open(&self, passphrase: Option<&Passphrase>) -> Result<Opened<'a>, Error> {
        if let Some(bound) = self.bound() {
            return self.open_again(bound).await;
        }
        if let Some(asking) = self.given() {
            return self.fetch(asking).await;
        }
        let ikm = self.key_material(passphrase)?;
        let (way, stored, delivery) = if self.is_interrupted() {
            let (stored, delivery) = self.recover().await?;
            (Way::Recovered, stored, delivery)
        } else {
            let (stored, delivery) = self.claim(&ikm.claim_key(&self.link.id())).await?;
            (Way::First, stored, delivery)
        };
        self.unseal(&ikm, stored, &delivery, way)
    }

    fn key_material(&self, passphrase: Option<&Passphrase>) -> Result<Ikm, Error> {
        let token = self.link.token();
        let Some(params) = self.peek.passphrase else { return Ok(Ikm::without_passphrase(token)) };
        let passphrase = passphrase.ok_or(Error::PassphraseNeeded)?;
        Ok(Ikm::with_passphrase(token, passphrase, acceptable(params, self.peek.sealed)?)?)
    }

    async fn claim(&self, key: &ClaimKey) -> Result<(Stored, Delivery), Error> {
        let Opener { devices, clock, .. } = self.opener;
        let device = DeviceKey::generate();
        let ours = *device.public();
        let stored = devices.keep(Stored { link: self.link(), device, created_at: clock.now() })?;
        match self.opener.claim(&stored, key).await {
            Ok(delivery) => Ok((stored, delivery)),
            Err((error, sent)) => {
                // Another process's key may stand for a claim that it has taken meanwhile.
                if *stored.device.public() == ours && nothing_is_taken(&error, sent) {
                    devices.forget(self.link.id())?;
                }
                Err(error)
            }
        }
    }

    async fn recover(&self) -> Result<(Stored, Delivery), Error> {
        let Opener { client, devices, .. } = self.opener;
        let stored = devices.find(self.link.id())?.ok_or(Error::Lapsed)?;
        let delivery = client
            .retry()
            .run(async || {
                Session::start(client, &self.link, &stored.device).await?.0.recover().await
            })
            .await?;
        let Some(delivery) = delivery else {
            devices.forget(self.link.id())?;
            return Err(Error::Lapsed);
        };
        Ok((stored, delivery))
    }

    /// Unwraps and opens. What is device-bound is on the disk when this returns: after the acknowledgement its key is
    /// nowhere else.
    fn unseal(
        &self,
        ikm: &Ikm,
        stored: Stored,
        delivery: &Delivery,
        way: Way,
    ) -> Result<Opened<'a>, Error> {
        let Delivery { header, policy, wrapped_key, content, .. } = delivery;
        let delivered = Delivered { header, policy, wrapped_key, content };
        let id = self.link.id();
        let key = unwrap_content_key(ikm, &id, &delivered).map_err(|error| match error {
            // A claim is given to the right passphrase only; a recovered one was not asked for it.
            wax_crypto::OpenError::Unwrap(_)
                if way == Way::Recovered && self.peek.passphrase.is_some() =>
            {
                Error::WrongPassphrase
            }
            error => Error::Seal(error),
        })?;
        let text = key.open_text(&id, header, content).map_err(Error::Seal)?;
        let ack = key.ack(&id);
        let mut device = stored.device;
        if is_device_bound(header) {
            let key = BoundKey::Content { key, header: header.clone() };
            let bound = Bound { handle: Handle::from(&self.link), device, key };
            self.opener.devices.put(&bound)?;
            device = bound.device;
        }
        Ok(Opened {
            opener: self.opener,
            handle: Handle::from(&self.link),
            device,
            due: Due::Ack { claim: delivery.id, counter: delivery.counter, ack },
            text,
            way,
            window_ends_at: Some(delivery.window_ends_at),
        })
    }

    fn link(&self) -> Link {
        let token = wax_crypto::Token::from_slice(self.link.token().expose());
        Link::new(self.link.origin().clone(), token.expect("a token has the length of a token"))
    }
}

/// The key has unwrapped with this header, so the kind in it is the sender's.
fn is_device_bound(header: &[u8]) -> bool {
    Header::parse(header).is_ok_and(|header| header.kind == Kind::DeviceBound)
}

/// Whether the server gave its word on every claim that was sent. After anything else (a lost answer, then "too many
/// requests") a view may have been taken, or will be, and the key stays.
fn nothing_is_taken(error: &Error, sent: u32) -> bool {
    match error.code() {
        Some(Code::Gone | Code::WrongKey) => true,
        // Both pass, and then a claim that was late is as good as any.
        Some(Code::HeldBack | Code::Locked) => sent == 1,
        _ => false,
    }
}

/// A server must not make a passphrase cheap to guess, nor stretching it stop the machine.
fn acceptable(params: Argon2Params, sealed: Sealed) -> Result<PassphraseParams, Error> {
    let sealed = match sealed {
        Sealed::Client => SealedBy::Client,
        Sealed::Server => SealedBy::Server,
    };
    Ok(PassphraseParams::accept(params.m_kib, params.t, params.p.into(), sealed)?)
}

impl Opened<'_> {
    /// Tells the server that the text arrived, and deletes the key of the opening. Call it when the text is where it
    /// should be: a one-time secret cannot be had again afterwards.
    ///
    /// On an error the key stays, and the secret can be opened here until the window ends.
    pub async fn confirm(&self) -> Result<SecretState, Error> {
        match &self.due {
            Due::Ack { claim, counter, ack } => self.acknowledge(*claim, *counter, ack).await,
            Due::Kept => self.tell_kept().await,
            Due::Nothing => Ok(SecretState::Bound),
        }
    }

    async fn acknowledge(
        &self,
        claim: ClaimId,
        counter: i64,
        ack: &AckPreimage,
    ) -> Result<SecretState, Error> {
        let Opener { client, devices, .. } = self.opener;
        let counter = std::cell::Cell::new(counter);
        let state = client
            .retry()
            .run(async || {
                // A request that was lost may have been taken: its counter is used up.
                counter.set(counter.get() + 1);
                let (mut session, _) =
                    Session::start_at(client, self.handle.again(), &self.device).await?;
                session.ack(claim, counter.get(), ack).await
            })
            .await?;
        devices.forget(self.handle.id)?;
        Ok(state)
    }
}
