//! `waxseal forget`: deletes what this machine keeps of a secret.

use super::Context;
use crate::{args::Forget, failure::Failure};

/// Asks no server: it need not be there any more.
pub(crate) fn run(args: &Forget, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let id = context.input().link(&args.link)?.id();
    let devices = context.devices()?;
    let is_bound = devices.is_bound(id).map_err(|error| context.failed(&error.into()))?;
    if is_bound && !args.yes && context.input().is_conversation() {
        let sure = context.input().confirm("forget.ask")?;
        if !sure {
            return Err(Failure::declined(words.plain("forget.declined")));
        }
    }
    devices.forget_everything(id).map_err(|error| context.failed(&error.into()))?;
    context.output.line(&words.plain(if is_bound { "forget.done" } else { "forget.nothing" }))
}
