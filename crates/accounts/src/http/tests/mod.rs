//! The service as browsers meet it, on a store in memory, with a clock that stands still until moved.

mod argon2;
mod authenticator;
mod csrf;
mod kit;
mod once;
mod operator;
mod oracle;
mod passkeys;
mod permissions;
mod sessions;
mod single_use;
mod story;
mod timing;
mod totp;
