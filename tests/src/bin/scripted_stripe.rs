//! The scripted Stripe as a program, for tests in a browser. Prints its address, and serves until it is ended.

use std::{io::Write as _, sync::Arc};

use anyhow::Result;
use wax_kernel::SystemClock;
use wax_testkit::ScriptedStripe;

#[tokio::main]
async fn main() -> Result<()> {
    let stripe = ScriptedStripe::start(Arc::new(SystemClock)).await;
    writeln!(std::io::stdout(), "{}", stripe.url())?;
    Ok(std::future::pending().await)
}
