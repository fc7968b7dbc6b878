//! `waxseal receipts`: what became of an organization's secrets. Nothing in it opens one.

use wax_client_sdk::{Credential, OrganizationReceipt, ReceiptFilter};
use wax_kernel::{ReceiptId, Timestamp};
use wax_model::{Actor, SecretState};

use super::Context;
use crate::{
    args::{ListReceipts, Receipts, ReceiptsAct, Sure},
    failure::{Exit, Failure},
    table, when,
    words::Words,
};

pub(crate) async fn run(args: &Receipts, context: &Context<'_>) -> Result<(), Failure> {
    let organization = args.organization.as_deref();
    match &args.act {
        ReceiptsAct::List(args) => list(args, organization, context).await,
        ReceiptsAct::Burn(args) => burn(args, organization, context).await,
    }
}

async fn list(
    args: &ListReceipts,
    organization: Option<&str>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let words = context.words;
    let acting = context.acting(organization).await?;
    let created_by = if args.mine { Some(context.actor().await?) } else { None };
    let filter = ReceiptFilter { state: args.state, created_by, domain: None };
    let receipts = acting.platform.receipts(acting.id(), filter, args.limit).await;
    let receipts = receipts.map_err(|error| context.refused(&error))?;
    if args.json {
        return receipts.iter().try_for_each(|receipt| context.json(receipt));
    }
    if receipts.is_empty() {
        context.output.hint(&words.plain("receipts.empty"));
        return Ok(());
    }
    let heads =
        ["receipts.id", "receipts.state", "receipts.opened", "receipts.made", "receipts.ends"];
    let mut rows = vec![heads.map(|key| words.plain(key))];
    rows.extend(receipts.iter().map(|receipt| row(receipt, context.clock.now(), words)));
    table::lines(&rows).iter().try_for_each(|line| context.output.line(line))
}

fn row(receipt: &OrganizationReceipt, now: Timestamp, words: Words) -> [String; 5] {
    let receipt = &receipt.receipt;
    let opened = receipt.views.saturating_sub(receipt.views_left);
    let values: [(&str, &dyn wax_i18n::Value); 2] =
        [("opened", &opened), ("total", &receipt.views)];
    let ends = match receipt.ended_at {
        Some(at) => when::ago(words, at, now),
        None => when::ahead(words, receipt.expires_at, now),
    };
    [
        receipt.rid.to_string(),
        state_name(words, receipt.state),
        words.say("receipts.views", &values),
        when::ago(words, receipt.created_at, now),
        ends,
    ]
}

fn state_name(words: Words, state: SecretState) -> String {
    let key = format!("organization.state.{}", state.as_str());
    if wax_i18n::is_known(&key) {
        wax_i18n::text(words.lang, &key, &[])
    } else {
        state.as_str().to_owned()
    }
}

impl Context<'_> {
    /// Under which id what is done here is recorded.
    async fn actor(&self) -> Result<Actor, Failure> {
        let identity = self.signed_in()?;
        let platform = self.platform_of(&identity)?;
        match identity.credential {
            Credential::Key(_) => Ok(Actor::Key(self.own_key(&platform).await?.key.id)),
            Credential::Session(_) => {
                let account = platform.account().await.map_err(|error| self.refused(&error))?;
                Ok(Actor::Account(account.id))
            }
        }
    }
}

async fn burn(
    args: &Sure,
    organization: Option<&str>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let words = context.words;
    let rid = ReceiptId::parse(&args.name).map_err(|_| {
        Failure::usage(words.say("receipts.no-id", &[("value", &args.name)]))
            .advise(words.plain("receipts.no-id.advice"))
    })?;
    let acting = context.acting(organization).await?;
    let asks = !args.yes && context.input().is_conversation();
    if asks && !context.input().confirm("burn.ask")? {
        return Err(Failure::declined(words.plain("burn.declined")));
    }
    let burned = acting.platform.burn(acting.id(), rid).await;
    let burned = burned.map_err(|error| context.refused(&error))?;
    if args.json {
        context.json(&burned)?;
    }
    match burned.receipt.state {
        SecretState::Burned if args.json => Ok(()),
        SecretState::Burned => context.output.line(&words.plain("burn.done")),
        // Too late is a failure: what was read may have to be changed now.
        _ => Err(Failure::new(Exit::Gone, words.plain("burn.late"))),
    }
}
