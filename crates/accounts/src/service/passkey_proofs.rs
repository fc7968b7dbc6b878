//! Passkeys that are shown: to sign in, without an address, and to prove oneself again. The authenticator has verified its
//! person (a finger, a face, a PIN), so that one passkey is both factors.

use wax_kernel::{AccountId, Timestamp, base64url_encode};
use wax_model::{AccountAction, Session, StoredPasskey, TokenPurpose};
use wax_store::{PlatformUnit, StoreError};
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential};

use super::{
    Accounts, BearerText, Caller, Refusal,
    ceremonies::{Asked, Beginner, relying_party},
    passkeys::{read, text_of, user_handle},
    sessions::STEPPED_UP,
};

const PURPOSE: TokenPurpose = TokenPurpose::PasskeyAssertion;

/// A right signature: the passkey as it was verified, and what its use makes of it.
#[derive(Clone)]
struct Used {
    before: StoredPasskey,
    after: StoredPasskey,
}

impl Used {
    /// Takes the account's lock and writes the use. `false`: meanwhile the passkey was removed, or used, and this counter
    /// was compared with an old one.
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<bool, StoreError> {
        let account = self.before.account;
        if unit.accounts().lock(account).await?.is_none() {
            return Ok(false);
        }
        let known = unit.accounts().passkeys(account).await?;
        let same = |known: &StoredPasskey| {
            known.id == self.before.id && known.credential == self.before.credential
        };
        let Some(StoredPasskey { name, .. }) = known.into_iter().find(same) else {
            return Ok(false);
        };
        unit.accounts().update_passkey(&StoredPasskey { name, ..self.after.clone() }).await
    }
}

impl Accounts {
    /// Asks the browser for any passkey of ours. The question is the same for everybody.
    pub(crate) async fn start_passkey_sign_in(&self, caller: &Caller) -> Result<Asked, Refusal> {
        let device = caller.device.ok_or(Refusal::SignIn)?;
        let question = relying_party(&caller.origin).start_discoverable_authentication();
        let (asked, state) = question.expect("nothing in the question depends on anybody");
        let (subject, by) = (base64url_encode(device), Beginner::Device(device));
        self.ask(PURPOSE, subject, by, (asked.public_key, state)).await
    }

    /// Signs in by a passkey, whatever became of wrong passwords.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] without a ceremony of this browser; [`Refusal::SignIn`] whatever was wrong with the
    /// passkey.
    pub(crate) async fn finish_passkey_sign_in(
        &self,
        caller: &Caller,
        ceremony: &str,
        credential: &PublicKeyCredential,
    ) -> Result<BearerText, Refusal> {
        let by = Beginner::Device(caller.device.ok_or(Refusal::SignIn)?);
        let state: DiscoverableAuthentication = self.taken(ceremony, PURPOSE, by).await?;
        let party = relying_party(&caller.origin);
        let named = party.identify_discoverable_authentication(credential);
        let (owner, id) = named.map_err(|_| Refusal::SignIn)?;
        let found = self.reads().passkey(id).await?;
        let stored = found.filter(|stored| user_handle(stored.account) == owner);
        let used = self.use_of(caller, credential, state, stored).await?;
        self.open_by_passkey(caller, used).await
    }

    async fn open_by_passkey(&self, caller: &Caller, used: Used) -> Result<BearerText, Refusal> {
        let id = used.before.account;
        let account = self.reads().account(id).await?.ok_or(Refusal::SignIn)?;
        let by = AccountAction::SignedInByPasskey;
        let session = self.new_session(&account, caller, by).await?;
        let (text, now) = (session.text.clone(), self.now());
        let tries = [self.password_tries(&account.email), self.factor_tries(id)];
        let work = self.store().write_platform(move |unit| {
            let (used, session) = (used.clone(), session.clone());
            Box::pin(async move {
                if !used.write(unit).await? {
                    return Ok(false);
                }
                for key in tries {
                    unit.tokens().clear_tries(key).await?;
                }
                session.write(unit, now).await?;
                Ok(true)
            })
        });
        if work.await? { Ok(text) } else { Err(Refusal::SignIn) }
    }

    /// Asks the browser for one of the account's own passkeys.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] if it has none.
    pub(crate) async fn start_passkey_step_up(
        &self,
        caller: &Caller,
        session: &Session,
    ) -> Result<Asked, Refusal> {
        let known = self.passkeys(session.account).await?;
        if known.is_empty() {
            return Err(Refusal::NotAvailable);
        }
        let known: Vec<Passkey> = known.iter().map(read).collect::<Result<_, _>>()?;
        let party = relying_party(&caller.origin);
        let question = party.start_discoverable_authentication();
        let (mut asked, state) = question.expect("nothing in the question depends on anybody");
        // This state remembers no counters: they are compared with those of the moment when the answer comes.
        let named = party.start_passkey_authentication(&known);
        let (named, _) = named.expect("there are passkeys, and all are to verify their person");
        asked.public_key.allow_credentials = named.public_key.allow_credentials;
        let (subject, by) = (session.account.to_string(), Beginner::Session(session.id));
        self.ask(PURPOSE, subject, by, (asked.public_key, state)).await
    }

    /// Steps a session up by a passkey. Answers until when.
    ///
    /// # Errors
    /// As [`Self::finish_passkey_sign_in`].
    pub(crate) async fn finish_passkey_step_up(
        &self,
        caller: &Caller,
        session: &Session,
        ceremony: &str,
        credential: &PublicKeyCredential,
    ) -> Result<Timestamp, Refusal> {
        let by = Beginner::Session(session.id);
        let state: DiscoverableAuthentication = self.taken(ceremony, PURPOSE, by).await?;
        let found = self.reads().passkey(credential.get_credential_id()).await?;
        let stored = found.filter(|stored| stored.account == session.account);
        let used = self.use_of(caller, credential, state, stored).await?;
        let (id, until) = (session.id, self.now().plus(STEPPED_UP));
        let work = self.store().write_platform(move |unit| {
            let used = used.clone();
            Box::pin(async move {
                let right = used.write(unit).await?;
                if right {
                    unit.sessions().step_up(id, until).await?;
                }
                Ok(right)
            })
        });
        if work.await? { Ok(until) } else { Err(Refusal::SignIn) }
    }

    /// What a right signature makes of its passkey. A wrong one (of another challenge, origin or key, without the person
    /// verified, with a counter that goes back) is written into the account's history.
    async fn use_of(
        &self,
        caller: &Caller,
        credential: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        stored: Option<StoredPasskey>,
    ) -> Result<Used, Refusal> {
        let before = stored.ok_or(Refusal::SignIn)?;
        let mut passkey = read(&before)?;
        let party = relying_party(&caller.origin);
        let verified = party.finish_discoverable_authentication_v2(credential, state, &passkey);
        let Ok(right) = verified else {
            self.write_refused(before.account, caller).await?;
            return Err(Refusal::SignIn);
        };
        passkey.update_credential(&right);
        let (credential, last_used_at) = (text_of(&passkey), Some(self.now()));
        let after = StoredPasskey { credential, last_used_at, ..before.clone() };
        Ok(Used { before, after })
    }

    async fn write_refused(&self, account: AccountId, caller: &Caller) -> Result<(), Refusal> {
        let event = self.event(account, AccountAction::SignInRefused, caller);
        let work = self.store().write_platform(move |unit| {
            let event = event.clone();
            Box::pin(async move { unit.accounts().record(&event).await })
        });
        Ok(work.await?)
    }
}
