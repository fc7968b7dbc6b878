//! The deliverer of mails, on a real store and a real mail server.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod mail;
