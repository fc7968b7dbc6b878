//! `waxseal burn`: destroys a secret for good.

use wax_model::SecretState;

use super::{Context, receipt};
use crate::{
    args::Burn,
    failure::{Exit, Failure},
    output::Stream,
    receipt_view,
};

pub(crate) async fn run(args: &Burn, context: &Context<'_>) -> Result<(), Failure> {
    let link = context.input().receipt(&args.receipt)?;
    let client = context.client(link.origin())?;
    let before = client.receipt(&link).await.map_err(|error| context.failed(&error))?;
    let told = {
        let now = context.clock.now();
        receipt_view::lines(&before, now, context.words, context.output, Stream::Err)
    };
    if before.state.is_final() && before.state != SecretState::Burned {
        // Too late is a failure: what was read may have to be changed now.
        let late = Failure::new(Exit::Gone, context.words.plain("burn.late"));
        return Err(told.into_iter().fold(late, Failure::advise));
    }
    if !args.yes && !before.state.is_final() && context.input().is_conversation() {
        for line in &told {
            context.output.tell(line);
        }
        if !context.input().confirm("burn.ask")? {
            return Err(Failure::declined(context.words.plain("burn.declined")));
        }
    }
    let after = client.burn(&link).await.map_err(|error| context.failed(&error))?;
    if args.json {
        return receipt::print(&after, true, context);
    }
    context.output.line(&context.words.plain("burn.done"))
}
