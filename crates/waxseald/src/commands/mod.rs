//! One file per command.

mod admin;
mod billing;
mod domain_connect;
mod mail_test;
mod migrate;
mod openapi;
mod serve;

use std::io::Write as _;

use anyhow::{Context as _, Result};

pub(crate) use self::{
    admin::{log, mail_lift, mail_show, operator_link, sign_up},
    billing::{billing_drift, billing_refresh},
    domain_connect::domain_connect,
    mail_test::mail_test,
    migrate::migrate,
    openapi::openapi,
    serve::serve,
};

/// Writes to standard output, which is what the command was asked for.
pub(crate) fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}
