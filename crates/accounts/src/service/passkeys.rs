//! Passkeys of an account: made, listed, renamed, removed.

use wax_kernel::{AccountId, PasskeyId};
use wax_model::{
    Account, AccountAction, AccountEvent, Invalid, MailKind, OutboxMessage, Rule, Session,
    StoredPasskey, TokenPurpose,
};
use wax_store::{PlatformUnit, StoreError};
use webauthn_rs::prelude::{
    CreationChallengeResponse, Passkey, PasskeyRegistration, RegisterPublicKeyCredential, Uuid,
};

use super::{
    Accounts, Caller, Name, Refusal,
    acting::Ruled,
    ceremonies::{Asked, Beginner, relying_party},
};

/// Most passkeys of one account: every one is a way in that its person has to know.
const MAX_PASSKEYS: usize = 20;

/// What is written with a passkey that comes or goes.
#[derive(Clone)]
struct Change {
    passkey: StoredPasskey,
    event: AccountEvent,
    mail: OutboxMessage,
}

impl Accounts {
    /// An account's passkeys, oldest first.
    pub(crate) async fn passkeys(&self, account: AccountId) -> Result<Vec<StoredPasskey>, Refusal> {
        Ok(self.reads().passkeys(account).await?)
    }

    /// Asks the browser for a new passkey.
    ///
    /// # Errors
    /// `invalid` if the account has as many as it may have.
    pub(crate) async fn start_passkey(
        &self,
        caller: &Caller,
        session: &Session,
    ) -> Result<Asked, Refusal> {
        let account = self.reads().account(session.account).await?.ok_or(Refusal::NotAvailable)?;
        let known = self.passkeys(account.id).await?;
        room(&known)?;
        let excluded = known.into_iter().map(|passkey| passkey.credential_id).collect();
        let (asked, state) = relying_party(&caller.origin)
            .start_passkey_registration(
                user_handle(account.id),
                account.email.as_str(),
                &account.name,
                Some(excluded),
            )
            .expect("an account has an address and a name");
        let (purpose, by) = (TokenPurpose::PasskeyRegistration, Beginner::Session(session.id));
        let options = discoverable(asked).public_key;
        self.ask(purpose, account.id.to_string(), by, (options, state)).await
    }

    /// Keeps the passkey that the browser has made.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] without a ceremony of this session; [`Refusal::PasskeyTaken`] if somebody has the credential;
    /// `invalid` if it is no answer to what was asked.
    pub(crate) async fn finish_passkey(
        &self,
        caller: &Caller,
        session: &Session,
        ceremony: &str,
        name: Name,
        credential: &RegisterPublicKeyCredential,
    ) -> Result<StoredPasskey, Refusal> {
        let (purpose, by) = (TokenPurpose::PasskeyRegistration, Beginner::Session(session.id));
        let state: PasskeyRegistration = self.taken(ceremony, purpose, by).await?;
        let made = relying_party(&caller.origin).finish_passkey_registration(credential, &state);
        let made = made.map_err(|_| Invalid::new("credential", Rule::Form))?;
        let account = self.reads().account(session.account).await?.ok_or(Refusal::NotAvailable)?;
        let passkey = StoredPasskey {
            id: PasskeyId::random(self.rng()),
            account: account.id,
            name: name.into_string(),
            credential_id: made.cred_id().clone(),
            credential: text_of(&made),
            created_at: self.now(),
            last_used_at: None,
        };
        let change = self.change_of(&account, caller, passkey.clone(), AccountAction::PasskeyAdded);
        let work = self.store().write_platform(move |unit| {
            let change = change.clone();
            Box::pin(async move { change.add(unit).await })
        });
        work.await?.map(|()| passkey)
    }

    /// Calls a passkey something else.
    pub(crate) async fn rename_passkey(
        &self,
        account: AccountId,
        id: PasskeyId,
        name: Name,
    ) -> Result<StoredPasskey, Refusal> {
        let work = self.store().write_platform(move |unit| {
            let name = name.clone();
            Box::pin(async move {
                unit.accounts().lock(account).await?;
                let known = unit.accounts().passkeys(account).await?;
                let Some(mut passkey) = known.into_iter().find(|known| known.id == id) else {
                    return Ok(None);
                };
                passkey.name = name.into_string();
                unit.accounts().update_passkey(&passkey).await?;
                Ok(Some(passkey))
            })
        });
        work.await?.ok_or(Refusal::NotAvailable)
    }

    /// Removes a passkey. Sessions that it has begun go on, as they do after a new password.
    ///
    /// # Errors
    /// [`Refusal::LastWayIn`] if it is the last one of an account without a password.
    pub(crate) async fn delete_passkey(
        &self,
        caller: &Caller,
        account: AccountId,
        id: PasskeyId,
    ) -> Result<(), Refusal> {
        let known = self.passkeys(account).await?;
        let passkey = known.into_iter().find(|known| known.id == id);
        let passkey = passkey.ok_or(Refusal::NotAvailable)?;
        let account = self.reads().account(account).await?.ok_or(Refusal::NotAvailable)?;
        let change = self.change_of(&account, caller, passkey, AccountAction::PasskeyRemoved);
        let work = self.store().write_platform(move |unit| {
            let change = change.clone();
            Box::pin(async move { change.remove(unit).await })
        });
        work.await?
    }

    fn change_of(
        &self,
        account: &Account,
        caller: &Caller,
        passkey: StoredPasskey,
        action: AccountAction,
    ) -> Change {
        let (device, network) = (caller.device_name.clone(), caller.network.clone());
        let (name, at) = (passkey.name.clone(), self.now());
        let kind = match action {
            AccountAction::PasskeyAdded => MailKind::PasskeyAdded { name, device, network, at },
            _ => MailKind::PasskeyRemoved { name, device, network, at },
        };
        let event = self.event(account.id, action, caller);
        Change { passkey, event, mail: self.letter_to(account, caller, kind) }
    }
}

impl Change {
    /// Under the account's lock, so that of two at once the second sees the first.
    async fn add(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        if unit.accounts().lock(self.passkey.account).await?.is_none() {
            return Ok(Err(Refusal::NotAvailable));
        }
        if let Err(refusal) = room(&unit.accounts().passkeys(self.passkey.account).await?) {
            return Ok(Err(refusal));
        }
        if !unit.accounts().insert_passkey(&self.passkey).await? {
            return Ok(Err(Refusal::PasskeyTaken));
        }
        self.tell(unit).await.map(Ok)
    }

    async fn remove(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let (account, id) = (self.passkey.account, self.passkey.id);
        let Some(locked) = unit.accounts().lock(account).await? else {
            return Ok(Err(Refusal::NotAvailable));
        };
        let left = unit.accounts().passkeys(account).await?.iter().any(|other| other.id != id);
        if locked.password.is_none() && !left {
            return Ok(Err(Refusal::LastWayIn));
        }
        if !unit.accounts().delete_passkey(account, id).await? {
            return Ok(Err(Refusal::NotAvailable));
        }
        self.tell(unit).await.map(Ok)
    }

    async fn tell(&self, unit: &mut dyn PlatformUnit) -> Result<(), StoreError> {
        unit.accounts().record(&self.event).await?;
        unit.outbox().send(&self.mail).await
    }
}

fn room(known: &[StoredPasskey]) -> Result<(), Refusal> {
    let rule = Rule::Plan { max: MAX_PASSKEYS as u64 };
    let fits = known.len() < MAX_PASSKEYS;
    fits.then_some(()).ok_or_else(|| Invalid::new("passkeys", rule).into())
}

/// What authenticators call the account: its random id, which says nothing about the person (Level 3 §14.6.1).
pub(super) fn user_handle(account: AccountId) -> Uuid {
    Uuid::from_bytes(*account.as_bytes())
}

/// The library asks for passkeys that need an address beside them. Ours sign in without one: the older of two members says
/// so where the younger says nothing (Level 3 §5.4.4).
fn discoverable(mut asked: CreationChallengeResponse) -> CreationChallengeResponse {
    if let Some(wanted) = &mut asked.public_key.authenticator_selection {
        wanted.resident_key = None;
        wanted.require_resident_key = true;
    }
    asked
}

/// Public key and counter, as the library writes them.
pub(super) fn text_of(passkey: &Passkey) -> String {
    serde_json::to_string(passkey).expect("a credential has only text keys")
}

/// What [`text_of`] has written.
pub(super) fn read(stored: &StoredPasskey) -> Result<Passkey, StoreError> {
    let (table, column) = ("passkeys", "credential");
    serde_json::from_str(&stored.credential).map_err(|_| StoreError::Corrupt { table, column })
}
