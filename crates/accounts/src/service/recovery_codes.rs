//! Codes on paper, for who has lost the app.

use wax_kernel::{AccountId, Redacted, Rng};
use wax_model::AccountAction;
use wax_store::TokenHash;

use super::{Accounts, Caller, Refusal};

const COUNT: usize = 10;
/// Letters and digits that nobody takes for one another: 32 of them.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// Ten codes of 50 random bits.
#[derive(Clone)]
pub(super) struct RecoveryCodes(Vec<String>);

impl RecoveryCodes {
    pub(super) fn random(rng: &dyn Rng) -> Self {
        let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
        let code = || {
            let letters: String = rng.bytes::<10>().iter().map(letter).collect();
            format!("{}-{}", &letters[..5], &letters[5..])
        };
        Self((0..COUNT).map(|_| code()).collect())
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.0
    }
}

impl Accounts {
    /// What a code is kept as: under a key of the server, since 50 bits alone could be tried out by who has the database.
    pub(super) fn recovery_code_hash(
        &self,
        account: AccountId,
        code: &Redacted<String>,
    ) -> TokenHash {
        let letters: String = code.expose().chars().filter(char::is_ascii_alphanumeric).collect();
        let code = letters.to_ascii_lowercase();
        self.mark("recovery code", &format!("{account} {code}"))
    }

    pub(super) fn recovery_code_hashes(
        &self,
        account: AccountId,
        codes: &RecoveryCodes,
    ) -> Vec<TokenHash> {
        let hash = |code: &String| self.recovery_code_hash(account, &Redacted::new(code.clone()));
        codes.0.iter().map(hash).collect()
    }

    /// New codes; the old ones end.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] without a second factor.
    pub(crate) async fn new_recovery_codes(
        &self,
        caller: &Caller,
        account: AccountId,
    ) -> Result<Vec<String>, Refusal> {
        let codes = RecoveryCodes::random(self.rng());
        let hashes = self.recovery_code_hashes(account, &codes);
        let change = self.factor_change(caller, account, AccountAction::RecoveryCodesMade).await?;
        let work = self.store().write_platform(move |unit| {
            let (hashes, change) = (hashes.clone(), change.clone());
            Box::pin(async move {
                let locked = unit.accounts().lock(account).await?;
                if locked.is_none_or(|locked| locked.totp.is_none()) {
                    return Ok(false);
                }
                unit.accounts().replace_recovery_codes(account, &hashes).await?;
                change.write(unit).await?;
                Ok(true)
            })
        });
        if work.await? { Ok(codes.into_texts()) } else { Err(Refusal::NotAvailable) }
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    #[test]
    fn ten_different_codes_are_made_of_letters_that_can_be_told_apart() {
        let codes = RecoveryCodes::random(&SeededRng::new(1)).into_texts();
        let different: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!((codes.len(), different.len()), (COUNT, COUNT));
        for code in &codes {
            assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
            assert!(!code.contains(['1', 'l', 'i', 'o']), "{code}");
        }
    }
}
