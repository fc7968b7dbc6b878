//! `waxseal members`: who works in an organization, and what they may do.

use wax_client_sdk::{Code, Error, Invite as Invitation, Member, MemberChange};
use wax_kernel::Timestamp;

use super::{
    Context,
    acting::Acting,
    invitations::{self, terms},
    whoami::role_name,
};
use crate::{
    args::{Invite, Listing, Members, MembersAct, RoleOf, Sure},
    failure::{Exit, Failure},
    table,
    terminal::one_line,
    when,
    words::Words,
};

pub(crate) async fn run(args: &Members, context: &Context<'_>) -> Result<(), Failure> {
    let acting = context.acting(args.organization.as_deref()).await?;
    match &args.act {
        MembersAct::List(args) => list(args, &acting, context).await,
        MembersAct::Invite(args) => invite(args, &acting, context).await,
        MembersAct::Role(args) => role(args, &acting, context).await,
        MembersAct::Remove(args) => remove(args, &acting, context).await,
    }
}

async fn all(acting: &Acting, context: &Context<'_>) -> Result<Vec<Member>, Failure> {
    let members = acting.platform.members(acting.id()).await;
    members.map_err(|error| context.refused(&error))
}

async fn list(args: &Listing, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let members = all(acting, context).await?;
    if args.json {
        return members.iter().try_for_each(|member| context.json(member));
    }
    let words = context.words;
    let heads =
        ["organization.role", "members.seen", "members.factor", "members.address", "members.name"];
    let mut rows = vec![heads.map(|key| words.plain(key))];
    rows.extend(members.iter().map(|member| row(member, context.clock.now(), words)));
    table::lines(&rows).iter().try_for_each(|line| context.output.line(line))
}

fn row(member: &Member, now: Timestamp, words: Words) -> [String; 5] {
    let seen = member.last_seen_at.map_or_else(String::new, |at| when::ago(words, at, now));
    let factor = if member.second_factor { "members.factor.yes" } else { "members.factor.no" };
    [
        role_name(words, member.role),
        seen,
        words.plain(factor),
        member.email.as_str().to_owned(),
        one_line(&member.name).into_owned(),
    ]
}

async fn invite(args: &Invite, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let domain = context.typed_domain(acting, args.domain.as_deref()).await?;
    let invite = Invitation {
        email: args.address.clone(),
        role: args.role,
        domain: domain.map(|domain| domain.id),
        lang: None,
    };
    let send = async || acting.platform.invite(acting.id(), &invite).await;
    let refused = |error: &Error| match error.code() {
        Some(Code::Conflict) => Failure::new(Exit::Refused, words.plain("members.already"))
            .advise(words.plain("members.already.advice")),
        Some(Code::HeldBack) => invitations::held_back(error, context),
        _ => context.refused(error),
    };
    let invited = context.proven_else(&acting.platform, send, refused).await?;
    if args.json {
        return context.json(&invited);
    }
    let address = invited.email.as_str();
    context.output.line(&words.say("members.invited", &[("address", &address)]))?;
    context.output.line(&format!("  {}", terms(&invited, context)))
}

async fn role(args: &RoleOf, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let member = find(&args.member, acting, context).await?;
    let domain = match context.typed_domain(acting, args.domain.as_deref()).await? {
        Some(domain) => Some(Some(domain.id)),
        None => args.all_domains.then_some(None),
    };
    let change = MemberChange { role: Some(args.role), domain };
    let write = async || acting.platform.change_member(acting.id(), member.account, change).await;
    let changed = context.proven(&acting.platform, write).await?;
    if args.json {
        return context.json(&changed);
    }
    let (name, role) = (one_line(&changed.name), role_name(context.words, changed.role));
    let values: [(&str, &dyn wax_i18n::Value); 2] = [("name", &name.as_ref()), ("role", &role)];
    context.output.line(&context.words.say("members.changed", &values))
}

async fn remove(args: &Sure, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let member = find(&args.name, acting, context).await?;
    let name = one_line(&member.name);
    let words = context.words;
    if !args.yes && context.input().is_conversation() {
        let organization = one_line(&acting.organization.name);
        let values: [(&str, &dyn wax_i18n::Value); 3] = [
            ("name", &name.as_ref()),
            ("address", &member.email.as_str()),
            ("organization", &organization.as_ref()),
        ];
        if !context.input().sure(&words.say("members.remove.ask", &values))? {
            return Err(Failure::declined(words.plain("members.remove.declined")));
        }
    }
    let delete = async || acting.platform.remove_member(acting.id(), member.account).await;
    context.proven(&acting.platform, delete).await?;
    if args.json {
        return context.json(&member);
    }
    context.output.line(&words.say("members.removed", &[("name", &name.as_ref())]))
}

/// By address or id.
async fn find(typed: &str, acting: &Acting, context: &Context<'_>) -> Result<Member, Failure> {
    let is_called = |member: &Member| {
        member.email.as_str().eq_ignore_ascii_case(typed) || member.account.to_string() == typed
    };
    let found = all(acting, context).await?.into_iter().find(is_called);
    found.ok_or_else(|| {
        Failure::new(Exit::Gone, context.words.say("members.none", &[("name", &typed)]))
            .advise(context.words.plain("members.none.advice"))
    })
}
