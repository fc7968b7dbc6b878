//! `waxseal invitations`: who has been invited and has not answered yet.

use wax_client_sdk::{Code, Error, Invitation};

use super::{Context, acting::Acting, whoami::role_name};
use crate::{
    args::{Invitations, InvitationsAct, Listing, Named, Sure},
    failure::{Exit, Failure},
    table, when,
};

pub(crate) async fn run(args: &Invitations, context: &Context<'_>) -> Result<(), Failure> {
    let acting = context.acting(args.organization.as_deref()).await?;
    match &args.act {
        InvitationsAct::List(args) => list(args, &acting, context).await,
        InvitationsAct::Resend(args) => resend(args, &acting, context).await,
        InvitationsAct::Withdraw(args) => withdraw(args, &acting, context).await,
    }
}

async fn all(acting: &Acting, context: &Context<'_>) -> Result<Vec<Invitation>, Failure> {
    let invitations = acting.platform.invitations(acting.id()).await;
    invitations.map_err(|error| context.refused(&error))
}

async fn list(args: &Listing, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let invitations = all(acting, context).await?;
    if args.json {
        return invitations.iter().try_for_each(|one| context.json(one));
    }
    let words = context.words;
    if invitations.is_empty() {
        context.output.hint(&words.plain("invitations.empty"));
        return Ok(());
    }
    let heads = ["organization.role", "members.address", "invitations.ends"];
    let mut rows = vec![heads.map(|key| words.plain(key))];
    rows.extend(invitations.iter().map(|one| {
        let ends = when::future(words, one.expires_at, context.clock.now());
        [role_name(words, one.role), one.email.as_str().to_owned(), ends]
    }));
    table::lines(&rows).iter().try_for_each(|line| context.output.line(line))
}

async fn resend(args: &Named, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let id = find(&args.name, acting, context).await?.id;
    let send = async || acting.platform.resend_invitation(acting.id(), id).await;
    let refused = |error: &Error| match error.code() {
        Some(Code::HeldBack) => held_back(error, context),
        _ => context.refused(error),
    };
    let sent = context.proven_else(&acting.platform, send, refused).await?;
    if args.json {
        return context.json(&sent);
    }
    let address = sent.email.as_str();
    context.output.line(&context.words.say("invitations.resent", &[("address", &address)]))?;
    context.output.line(&format!("  {}", terms(&sent, context)))
}

async fn withdraw(args: &Sure, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let found = find(&args.name, acting, context).await?;
    let address = found.email.as_str();
    let question = || words.say("invitations.withdraw.ask", &[("address", &address)]);
    let asks = !args.yes && context.input().is_conversation();
    if asks && !context.input().sure(&question())? {
        return Err(Failure::declined(words.plain("invitations.withdraw.declined")));
    }
    let take_back = async || acting.platform.withdraw_invitation(acting.id(), found.id).await;
    context.proven(&acting.platform, take_back).await?;
    if args.json {
        return context.json(&found);
    }
    context.output.line(&words.say("invitations.withdrawn", &[("address", &address)]))
}

/// By address or id.
async fn find(typed: &str, acting: &Acting, context: &Context<'_>) -> Result<Invitation, Failure> {
    let is_called = |one: &Invitation| {
        one.email.as_str().eq_ignore_ascii_case(typed) || one.id.to_string() == typed
    };
    let found = all(acting, context).await?.into_iter().find(is_called);
    found.ok_or_else(|| {
        Failure::new(Exit::Gone, context.words.say("invitations.none", &[("name", &typed)]))
            .advise(context.words.plain("invitations.none.advice"))
    })
}

/// As what, and until when it may be accepted.
pub(super) fn terms(invitation: &Invitation, context: &Context<'_>) -> String {
    let (words, now) = (context.words, context.clock.now());
    let role = role_name(words, invitation.role);
    let time = when::future(words, invitation.expires_at, now);
    words.say("invitations.terms", &[("role", &role), ("time", &time)])
}

/// An address gets only so many mails of one organization (docs/accounts.md §5).
pub(super) fn held_back(error: &Error, context: &Context<'_>) -> Failure {
    let words = context.words;
    let wait = match error {
        Error::Problem(problem) => problem.retry_after.unwrap_or_default(),
        _ => std::time::Duration::ZERO,
    };
    let span = when::span(words, wait);
    Failure::new(Exit::Refused, words.say("invitations.held", &[("span", &span)]))
        .advise(words.plain("invitations.held.advice"))
}
