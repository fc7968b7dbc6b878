//! `waxseal receipt`: what became of a secret, once or as it happens.

use std::time::Duration;

use wax_client_sdk::{Client, Receipt as View};
use wax_crypto::ReceiptLink;

use super::Context;
use crate::{args::Receipt, failure::Failure, output::Stream, receipt_view};

pub(crate) async fn run(args: &Receipt, context: &Context<'_>) -> Result<(), Failure> {
    let link = context.input().receipt(&args.receipt)?;
    let client = context.client(link.origin())?;
    if args.watch {
        return watch(&client, &link, args.json, context).await;
    }
    let view = client.receipt(&link).await.map_err(|error| context.failed(&error))?;
    print(&view, args.json, context)
}

/// Between two streams: the server ends one after 5 minutes, a network sooner.
const PAUSE: Duration = Duration::from_secs(1);

/// Until nothing can change any more.
async fn watch(
    client: &Client,
    link: &ReceiptLink,
    json: bool,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let mut last: Option<View> = None;
    loop {
        let mut stream = client.status(link).await.map_err(|error| context.failed(&error))?;
        while let Ok(Some(view)) = stream.next().await {
            if last.as_ref() == Some(&view) {
                continue;
            }
            if last.is_some() && !json {
                context.output.line("")?;
            }
            print(&view, json, context)?;
            if view.state.is_final() {
                return Ok(());
            }
            last = Some(view);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A receipt is what was asked for: standard output.
pub(super) fn print(view: &View, json: bool, context: &Context<'_>) -> Result<(), Failure> {
    if json {
        let json = serde_json::to_string(view).expect("a receipt has text keys and a JSON form");
        return context.output.line(&json);
    }
    for line in
        receipt_view::lines(view, context.clock.now(), context.words, context.output, Stream::Out)
    {
        context.output.line(&line)?;
    }
    Ok(())
}
