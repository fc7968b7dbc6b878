//! `waxseal unlock`: allows tries again after too many wrong passphrases.

use super::{Context, receipt};
use crate::{args::Unlock, failure::Failure};

pub(crate) async fn run(args: &Unlock, context: &Context<'_>) -> Result<(), Failure> {
    let link = context.input().receipt(&args.receipt)?;
    let client = context.client(link.origin())?;
    let view = client.unlock(&link).await.map_err(|error| context.failed(&error))?;
    if args.json {
        return receipt::print(&view, true, context);
    }
    context.output.line(&context.words.plain("unlock.done"))?;
    receipt::print(&view, false, context)
}
