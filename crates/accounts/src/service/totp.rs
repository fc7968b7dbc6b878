//! One-time passwords of authenticator apps (RFC 6238): SHA-1, six digits, 30 seconds, one step early or late.

use std::fmt;

use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder};
use wax_crypto::at_rest::Slot;
use wax_kernel::{AccountId, Redacted, Rng, Timestamp};
use wax_model::{Account, AccountAction, MailKind, OutboxMessage, TokenPurpose, Totp};
use wax_store::{PlatformUnit, StoreError, TokenHash};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Accounts, Caller, Refusal, recovery_codes::RecoveryCodes, second_factor::Factor};

/// How long a key that was shown waits for its first code.
const SETUP: std::time::Duration = std::time::Duration::from_secs(600);
/// What apps and authenticators call us.
pub(super) const ISSUER: &str = "Waxseal";

/// The key that an app and we share. 160 bits, as RFC 4226 §4 recommends.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct TotpKey([u8; 20]);

impl fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpKey([redacted])")
    }
}

impl TotpKey {
    fn random(rng: &dyn Rng) -> Self {
        Self(rng.bytes())
    }

    fn checker(&self, account: &str) -> totp_rs::Totp {
        // A colon would end the issuer in the address that apps read.
        let account = account.replace(':', "");
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_secret(self.0)
            .with_skew(1)
            .with_issuer(Some(ISSUER))
            .with_account_name(account)
            .build()
            .expect("160 bits, six digits and a name without a colon are what RFC 6238 wants")
    }

    /// The time step whose code this is, if it is one of now.
    fn step_of(&self, code: &Redacted<String>, now: Timestamp) -> Option<i64> {
        let digits: String = code.expose().chars().filter(|c| !c.is_whitespace()).collect();
        let seconds = u64::try_from(now.as_secs()).ok()?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        self.checker("x").check(&digits, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// For typing into an app: base32 (RFC 4648 §6).
    pub(crate) fn to_base32(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        // 20 bytes are 32 characters exactly.
        self.0
            .chunks(5)
            .flat_map(|chunk| {
                let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
                (0..8).rev().map(move |at| char::from(ALPHABET[(bits >> (5 * at) & 31) as usize]))
            })
            .collect()
    }

    /// For a QR code: `otpauth://totp/…`.
    pub(crate) fn to_uri(&self, account: &str) -> String {
        self.checker(account).to_url().expect("the checker has a name and an issuer")
    }
}

/// A second factor that was shown, as far as it can be judged without a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// The code of this time step.
    Step(i64),
    /// Perhaps a recovery code.
    RecoveryCode(TokenHash),
    /// Nothing that could be right.
    Wrong,
}

impl Shown {
    pub(super) const fn is_recovery_code(self) -> bool {
        matches!(self, Self::RecoveryCode(_))
    }

    /// Takes it, within the transaction that has the account's lock: each time step and each recovery code once.
    pub(super) async fn take(
        self,
        unit: &mut dyn PlatformUnit,
        mut account: Account,
    ) -> Result<bool, StoreError> {
        match (self, &mut account.totp) {
            (Self::Step(step), Some(totp)) if totp.last_step < step => {
                totp.last_step = step;
                unit.accounts().update(&account).await
            }
            (Self::RecoveryCode(hash), Some(_)) => {
                unit.accounts().take_recovery_code(account.id, hash).await
            }
            _ => Ok(false),
        }
    }
}

/// What turning the second factor on or off writes.
#[derive(Clone)]
pub(super) struct FactorChange {
    pub(super) event: wax_model::AccountEvent,
    pub(super) mail: OutboxMessage,
}

impl Accounts {
    /// What this factor is to this account.
    pub(super) fn shown(&self, account: &Account, factor: Factor) -> Result<Shown, Refusal> {
        match factor {
            Factor::RecoveryCode(code) => {
                Ok(Shown::RecoveryCode(self.recovery_code_hash(account.id, &code)))
            }
            Factor::Totp(code) => {
                let Some(totp) = &account.totp else { return Ok(Shown::Wrong) };
                let key = self.totp_key(account.id, totp)?;
                Ok(key.step_of(&code, self.now()).map_or(Shown::Wrong, Shown::Step))
            }
        }
    }

    fn totp_key(&self, account: AccountId, totp: &Totp) -> Result<TotpKey, Refusal> {
        let bytes = self.0.keys.ring().open(slot(&account), &totp.sealed_key)?;
        let key = bytes.as_slice().try_into().map(TotpKey);
        key.map_err(|_| Refusal::Envelope(wax_crypto::at_rest::EnvelopeError))
    }

    /// A key to be shown once, which waits for its first code.
    pub(crate) async fn start_totp(
        &self,
        account: AccountId,
    ) -> Result<(TotpKey, String), Refusal> {
        let account = self.reads().account(account).await?.ok_or(Refusal::NotAvailable)?;
        let (key, now) = (TotpKey::random(self.rng()), self.now());
        let (purpose, subject) = (TokenPurpose::TotpSetup, account.id.to_string());
        let token = self.token_of(self.setup(account.id), purpose, subject, SETUP, &key);
        let work = self.store().write_platform(move |unit| {
            let token = token.clone();
            Box::pin(async move {
                unit.tokens().revoke(purpose, &token.subject).await?;
                unit.tokens().insert(&token, now).await
            })
        });
        work.await?;
        let uri = key.to_uri(account.email.as_str());
        Ok((key, uri))
    }

    /// Turns the second factor on with its first code, and answers recovery codes.
    ///
    /// # Errors
    /// [`Refusal::NoSetup`] if no key waits; [`Refusal::SecondFactor`] if the code is wrong.
    pub(crate) async fn finish_totp(
        &self,
        caller: &Caller,
        account: AccountId,
        code: &Redacted<String>,
    ) -> Result<Vec<String>, Refusal> {
        let (hash, now) = (self.setup(account), self.now());
        let token = self.reads().token(hash, TokenPurpose::TotpSetup, now).await?;
        let key: TotpKey = self.opened(&hash, &token.ok_or(Refusal::NoSetup)?)?;
        let last_step = key.step_of(code, now).ok_or(Refusal::SecondFactor)?;
        let sealed_key = self.0.keys.ring().seal(slot(&account), &key.0, self.rng());
        let totp = Totp { sealed_key, last_step };
        let codes = RecoveryCodes::random(self.rng());
        let hashes = self.recovery_code_hashes(account, &codes);
        let change = self.factor_change(caller, account, AccountAction::TotpEnabled).await?;
        let work = self.store().write_platform(move |unit| {
            let (totp, hashes, change) = (totp.clone(), hashes.clone(), change.clone());
            Box::pin(async move {
                let locked = unit.accounts().lock(account).await?;
                let taken = unit.tokens().take(hash, TokenPurpose::TotpSetup, now).await?;
                let (Some(mut locked), Some(_)) = (locked, taken) else { return Ok(false) };
                locked.totp = Some(totp);
                unit.accounts().update(&locked).await?;
                unit.accounts().replace_recovery_codes(account, &hashes).await?;
                change.write(unit).await?;
                Ok(true)
            })
        });
        if work.await? { Ok(codes.into_texts()) } else { Err(Refusal::NoSetup) }
    }

    /// Turns the second factor off, with its recovery codes.
    pub(crate) async fn disable_totp(
        &self,
        caller: &Caller,
        account: AccountId,
    ) -> Result<(), Refusal> {
        let change = self.factor_change(caller, account, AccountAction::TotpDisabled).await?;
        let work = self.store().write_platform(move |unit| {
            let change = change.clone();
            Box::pin(async move {
                let Some(mut locked) = unit.accounts().lock(account).await? else { return Ok(()) };
                if locked.totp.take().is_none() {
                    return Ok(());
                }
                unit.accounts().update(&locked).await?;
                unit.accounts().replace_recovery_codes(account, &[]).await?;
                change.write(unit).await
            })
        });
        Ok(work.await?)
    }

    pub(super) async fn factor_change(
        &self,
        caller: &Caller,
        account: AccountId,
        action: AccountAction,
    ) -> Result<FactorChange, Refusal> {
        let account = self.reads().account(account).await?.ok_or(Refusal::NotAvailable)?;
        let (device, network) = (caller.device_name.clone(), caller.network.clone());
        let kind = MailKind::SecondFactorChanged { device, network, at: self.now() };
        let mail = self.letter_to(&account, caller, kind);
        Ok(FactorChange { event: self.event(account.id, action, caller), mail })
    }

    /// The token of the key that this account is setting up: there is one at a time, and nobody shows it.
    fn setup(&self, account: AccountId) -> TokenHash {
        self.mark("totp setup", &account.to_string())
    }
}

impl FactorChange {
    pub(super) async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<(), StoreError> {
        unit.accounts().record(&self.event).await?;
        unit.outbox().send(&self.mail).await
    }
}

fn slot(account: &AccountId) -> Slot<'_> {
    Slot { table: "accounts", column: "totp_key", row: account.as_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, SHA-1: its key has 20 bytes; of its eight digits the last six.
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let key = TotpKey(*b"12345678901234567890");
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")]
        {
            let now = Timestamp::from_ms(seconds * 1_000);
            let step = key.step_of(&Redacted::new(code.to_owned()), now);
            assert_eq!(step, Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_one_step_early_or_late_and_no_longer() {
        let key = TotpKey(*b"12345678901234567890");
        let code = Redacted::new("287 082".to_owned());
        let at = |seconds: i64| key.step_of(&code, Timestamp::from_ms(seconds * 1_000));
        assert_eq!((at(29), at(30), at(89), at(90)), (Some(1), Some(1), Some(1), None));
        assert_eq!(at(0), Some(1));
        for text in ["", "28708", "2870821", "abcdef", "-87082"] {
            let code = Redacted::new(text.to_owned());
            assert_eq!(key.step_of(&code, Timestamp::from_ms(59_000)), None, "{text:?}");
        }
    }

    #[test]
    fn an_app_reads_the_key_from_the_address() {
        let key = TotpKey(*b"12345678901234567890");
        assert_eq!(key.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let uri = key.to_uri("ann@example.com");
        assert!(uri.starts_with("otpauth://totp/Waxseal:ann%40example.com?"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
        assert_eq!(format!("{key:?}"), "TotpKey([redacted])");
    }
}
