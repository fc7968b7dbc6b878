//! `waxseal open --ask`: asks the device that a secret is bound to for it, and waits.

use std::time::Duration;

use tokio::time::Instant;
use wax_client_sdk::Looked;

use super::Context;
use crate::{
    failure::{Exit, Failure},
    output::{Stream, Style},
};

/// How often this machine looks whether the other device has given it.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// As long as an ask stands (protocol.md §6).
const ASK_STANDS: Duration = Duration::from_secs(15 * 60);

/// Shows the six digits until the other device has given it. Interrupted, the next run shows the same ones.
pub(super) async fn for_hand_over<'a>(
    looked: &Looked<'a>,
    context: &Context<'_>,
) -> Result<Looked<'a>, Failure> {
    let (words, output) = (context.words, context.output);
    let asked = looked.ask(context.rng).await.map_err(|error| context.failed(&error))?;
    let code = output.styled(Stream::Err, Style::Bold, &asked.code);
    output.tell(&words.say("ask.code", &[("code", &code)]));
    output.tell(&words.plain("ask.how"));
    let began = Instant::now();
    while began.elapsed() < ASK_STANDS {
        if asked.is_given().await.map_err(|error| context.failed(&error))? {
            return looked.again().await.map_err(|error| context.failed(&error));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err(Failure::new(Exit::Gone, words.plain("ask.nobody"))
        .advise(words.plain("ask.nobody.advice")))
}
