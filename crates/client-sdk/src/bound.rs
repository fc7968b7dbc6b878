//! What is bound to one device: opening it again, and handing it over (protocol.md §6 "open", "ask", "give").

use wax_crypto::{DeviceKey, Handover, HpkeKey, PartKey};
use wax_kernel::{Redacted, Rng, Timestamp};
use wax_model::{ClaimState, SecretState};

use crate::{
    Ask, Error, Looked, Opened, Opener, Session, Way,
    devices::{Asking, Bound, BoundKey},
    open::Due,
    session::Handle,
    wire::Reopened,
};

/// This machine asks the device that a secret is bound to for it.
#[derive(Debug)]
pub struct Asked<'a> {
    opener: Opener<'a>,
    asking: Asking,
    /// Six digits. The other device shows the same.
    pub code: String,
    /// Until when the other device can give it.
    pub ends_at: Timestamp,
}

impl<'a> Looked<'a> {
    /// Devices that ask this one for the secret, oldest first.
    pub fn asks(&self) -> &[Ask] {
        self.peek.bound.as_ref().filter(|_| self.bound().is_some()).map_or(&[], |bound| &bound.asks)
    }

    /// Asks for the secret, which is bound to another device. The keys of this ask are on the disk before it leaves, so
    /// that what is given meanwhile is not lost.
    pub async fn ask(&self, rng: &dyn Rng) -> Result<Asked<'a>, Error> {
        let Opener { client, devices, .. } = self.opener;
        let asking = devices.keep_first(Asking {
            handle: Handle::from(&self.link),
            device: DeviceKey::generate(),
            receive: HpkeKey::random(rng),
        })?;
        let retry = client.retry();
        let ask = async || {
            let handle = asking.handle.again();
            let (mut session, _) = Session::start_at(client, handle, &asking.device).await?;
            session.ask(asking.receive.public()).await
        };
        let answer = retry.run(ask).await?;
        Ok(Asked { opener: self.opener, asking, code: answer.code, ends_at: answer.ends_at })
    }

    /// Gives the secret to a device that asks for it, and deletes it here.
    pub async fn give(&self, ask: &Ask, rng: &dyn Rng) -> Result<(), Error> {
        let Opener { client, devices, .. } = self.opener;
        let bound = self.bound().ok_or(Error::NotBound)?;
        let from = bound.device.public().thumbprint();
        let handover = Handover { id: &bound.handle.id, from: &from, to: &ask.thumbprint };
        let keys = handover.seal(&ask.receive, &bound.key.manifest_key()?, rng);
        let retry = client.retry();
        let give = async || {
            let handle = bound.handle.again();
            let (mut session, yours) = Session::start_at(client, handle, &bound.device).await?;
            match yours {
                // It was given, and the answer got lost.
                Some(ClaimState::Handed) => Ok(()),
                _ => session.give(&ask.thumbprint, &keys).await,
            }
        };
        retry.run(give).await?;
        Ok(devices.forget_everything(bound.handle.id)?)
    }

    pub(crate) async fn open_again(&self, bound: &Bound) -> Result<Opened<'a>, Error> {
        let answer = self.ask_content(&bound.handle, &bound.device).await?;
        let text = bound.key.open_text(&bound.handle, &answer)?;
        // Stored here, and the server does not know it yet: the run that fetched it was interrupted.
        let due = if answer.handed.is_some() { Due::Kept } else { Due::Nothing };
        Ok(self.opened(&bound.handle, &bound.device, text, Way::Again, due))
    }

    /// Fetches what another device has given. It is on the disk when this returns.
    pub(crate) async fn fetch(&self, asking: &Asking) -> Result<Opened<'a>, Error> {
        let answer = self.ask_content(&asking.handle, &asking.device).await?;
        let handed = answer.handed.as_ref().ok_or(Error::Answer("nothing was handed over"))?;
        let to = asking.device.public().thumbprint();
        let handover = Handover { id: &asking.handle.id, from: &handed.from, to: &to };
        let key = handover
            .open(&asking.receive, &handed.keys)
            .map_err(|_| Error::Answer("what was handed over does not open"))?;
        let text = key.open_text(&answer.content).map_err(Error::Seal)?;
        self.opener.devices.put(&Bound {
            handle: asking.handle.again(),
            device: copy(&asking.device),
            key: BoundKey::Manifest(key),
        })?;
        Ok(self.opened(&asking.handle, &asking.device, text, Way::Handed, Due::Kept))
    }

    async fn ask_content(&self, handle: &Handle, device: &DeviceKey) -> Result<Reopened, Error> {
        let client = self.opener.client;
        let retry = client.retry();
        let open =
            async || Session::start_at(client, handle.again(), device).await?.0.open(false).await;
        retry.run(open).await
    }

    fn opened(
        &self,
        handle: &Handle,
        device: &DeviceKey,
        text: Redacted<String>,
        way: Way,
        due: Due,
    ) -> Opened<'a> {
        Opened {
            opener: self.opener,
            handle: handle.again(),
            device: copy(device),
            due,
            text,
            way,
            window_ends_at: None,
        }
    }
}

impl Opened<'_> {
    /// The server keeps what was handed over until it hears that it is stored here.
    pub(crate) async fn tell_kept(&self) -> Result<SecretState, Error> {
        let Opener { client, devices, .. } = self.opener;
        let retry = client.retry();
        let tell = async || {
            let handle = self.handle.again();
            Session::start_at(client, handle, &self.device).await?.0.open(true).await
        };
        retry.run(tell).await?;
        devices.remove::<Asking>(self.handle.id)?;
        Ok(SecretState::Bound)
    }
}

impl Asked<'_> {
    /// Whether the other device has given it. Then a new look opens it.
    pub async fn is_given(&self) -> Result<bool, Error> {
        let thumbprint = self.asking.device.public().thumbprint();
        let peek = self.opener.client.look(&self.asking.handle, Some(&thumbprint)).await?;
        Ok(peek.bound.is_some())
    }
}

impl BoundKey {
    fn open_text(&self, handle: &Handle, answer: &Reopened) -> Result<Redacted<String>, Error> {
        match self {
            Self::Content { key, .. } => key.open_text(&handle.id, &answer.header, &answer.content),
            Self::Manifest(key) => key.open_text(&answer.content),
        }
        .map_err(Error::Seal)
    }

    fn manifest_key(&self) -> Result<PartKey, Error> {
        match self {
            Self::Content { key, header } => {
                key.manifest_key(header).map_err(|error| Error::Seal(error.into()))
            }
            Self::Manifest(key) => {
                let key = PartKey::from_slice(key.expose());
                Ok(key.expect("a part key has the length of a part key"))
            }
        }
    }
}

fn copy(device: &DeviceKey) -> DeviceKey {
    DeviceKey::from_pkcs8(&device.to_pkcs8()).expect("a key reads back what it writes")
}
