//! Values that let somebody in once, and what an account's own history tells.

use wax_kernel::{AccountId, EventId, Timestamp};

use crate::text_enum::text_enum;

text_enum! {
    /// What a single-use value is for (docs/accounts.md §3).
    TokenPurpose {
        /// Mailed: proves a new account's address.
        SignUp = "sign-up",
        /// Mailed: signs in.
        SignInLink = "sign-in-link",
        /// Mailed: sets a password.
        PasswordReset = "password-reset",
        /// Mailed: proves an account's new address.
        NewAddress = "new-address",
        /// Mailed: joins an organization.
        Invitation = "invitation",
        /// In a cookie: the first factor was right.
        SecondFactor = "second-factor",
        /// A second factor that is being set up.
        TotpSetup = "totp-setup",
        /// A passkey that is being made.
        PasskeyRegistration = "passkey-registration",
        /// A passkey that is being asked for.
        PasskeyAssertion = "passkey-assertion",
        /// A command line that waits to be let in: its own value.
        DeviceLogin = "device-login",
        /// The same login, by the code that a person types.
        DeviceCode = "device-code",
        /// Printed for the operator: makes the first owner, or lets a person back in.
        Recovery = "recovery",
        /// A repeated request's first answer.
        Idempotency = "idempotency",
    }
}

text_enum! {
    /// What happened to an account.
    AccountAction {
        /// It was made.
        Created = "account.created",
        /// Signed in with a password (and second factor, if there is one).
        SignedInByPassword = "account.signed_in.password",
        /// Signed in by a mailed link.
        SignedInByLink = "account.signed_in.link",
        /// Signed in by a passkey.
        SignedInByPasskey = "account.signed_in.passkey",
        /// A command line was let in.
        SignedInCli = "account.signed_in.cli",
        /// The operator let the person back in.
        SignedInByRecovery = "account.signed_in.recovery",
        /// A wrong password or second factor.
        SignInRefused = "account.sign_in.refused",
        /// Tries are held back.
        HeldBack = "account.held_back",
        /// Signed out, or a session was ended.
        SessionEnded = "account.session.ended",
        /// The password was changed or reset.
        PasswordChanged = "account.password.changed",
        /// The address was changed.
        AddressChanged = "account.address.changed",
        /// A passkey was added.
        PasskeyAdded = "account.passkey.added",
        /// A passkey was removed.
        PasskeyRemoved = "account.passkey.removed",
        /// The second factor was turned on.
        TotpEnabled = "account.totp.enabled",
        /// The second factor was turned off.
        TotpDisabled = "account.totp.disabled",
        /// New recovery codes were made.
        RecoveryCodesMade = "account.recovery_codes.made",
        /// A recovery code was used.
        RecoveryCodeUsed = "account.recovery_code.used",
    }
}

/// One line of an account's history, for the person alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEvent {
    /// Random.
    pub id: EventId,
    /// Whose.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: AccountAction,
    /// From where, as a network.
    pub network: Option<String>,
    /// With what: "Firefox on Windows".
    pub device: Option<String>,
}
