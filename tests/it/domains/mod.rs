//! Tenants' own domains, with real parts: whole processes, Postgres, Pebble, name servers.

mod life;
mod many;
mod member;
mod name_server;
mod outage;
mod visitor;
mod world;

use std::time::{Duration, Instant};

/// How long anything may take. Generous: machines are shared; what has to be quick is measured by itself.
const PATIENCE: Duration = Duration::from_secs(90);
const EVERY: Duration = Duration::from_millis(50);

/// Asks until there is an answer. `what` it is waited for, and what was seen last, are told if none comes.
async fn until<T, S: std::fmt::Debug>(what: &str, mut ask: impl AsyncFnMut() -> Result<T, S>) -> T {
    let started = Instant::now();
    loop {
        match ask().await {
            Ok(found) => return found,
            Err(seen) => {
                assert!(started.elapsed() < PATIENCE, "waited for {what}, and saw {seen:?}");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How much a run does: `cargo xtask test --scale ci|full`.
#[derive(Debug, Clone, Copy)]
struct Scale {
    certificates: usize,
    domains: usize,
    /// Whether figures are held against what was promised: on a machine that does nothing else, in a release build.
    is_full: bool,
}

impl Scale {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the environment how much to do"
    )]
    fn of_this_run() -> Self {
        match std::env::var("WAXSEAL_TEST_SCALE").as_deref() {
            Ok("full") => Self { certificates: 1_000, domains: 100_000, is_full: true },
            _ => Self { certificates: 100, domains: 10_000, is_full: false },
        }
    }
}

/// Tells a person what was measured.
#[expect(clippy::print_stdout, reason = "figures are what a run at full scale is for")]
fn figure(text: &str) {
    println!("{text}");
}
