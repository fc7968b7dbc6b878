//! The scripted Stripe as a process of its own, for tests in other languages.
//!
//! Its first line says where it is and which key it takes, as JSON; levers are pulled at `/__control/…`. It ends with its
//! standard input.

use std::{
    error::Error,
    io::{Write as _, stdin, stdout},
    sync::Arc,
};

use serde_json::json;
use wax_kernel::SystemClock;
use wax_testkit::ScriptedStripe;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stripe = ScriptedStripe::start(Arc::new(SystemClock)).await;
    let mut out = stdout().lock();
    writeln!(out, "{}", json!({"url": stripe.url(), "key": ScriptedStripe::KEY}))?;
    out.flush()?;
    // It answers on other threads while this one waits for the end.
    std::io::copy(&mut stdin().lock(), &mut std::io::sink())?;
    Ok(())
}
