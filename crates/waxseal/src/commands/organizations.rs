//! `waxseal organizations`: in which the person is, and for which this profile acts.

use wax_client_sdk::{Belonging, ChosenOrganization, Credential, Profile};

use super::{Context, login::Printed, whoami::role_name};
use crate::{
    args::{Choose, Listing, OrganizationsAct},
    failure::Failure,
    identity::no_such_profile,
    table,
    terminal::one_line,
    when,
};

pub(crate) async fn run(act: &OrganizationsAct, context: &Context<'_>) -> Result<(), Failure> {
    match act {
        OrganizationsAct::List(args) => list(args, context).await,
        OrganizationsAct::Choose(args) => choose(args, context).await,
    }
}

async fn list(args: &Listing, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let identity = context.signed_in()?;
    let platform = context.platform_of(&identity)?;
    let account = platform.account().await.map_err(|error| context.refused(&error))?;
    if args.json {
        return account.organizations.iter().try_for_each(|one| context.json(one));
    }
    if account.organizations.is_empty() {
        context.output.hint(&words.plain("organization.nowhere"));
        return Ok(());
    }
    let chosen = identity.organization.map(|chosen| chosen.id);
    let heads = ["organization.slug", "organization.role", "organization.name"];
    let mut rows = vec![heads.map(|key| words.plain(key))];
    rows.extend(account.organizations.iter().map(|one| {
        let star = if chosen == Some(one.id) { "*" } else { "" };
        let name = format!("{}{}", one_line(&one.name), ending(one, context));
        [format!("{}{star}", one.slug), role_name(words, one.role), name]
    }));
    table::lines(&rows).iter().try_for_each(|line| context.output.line(line))
}

/// Of one that is being deleted.
fn ending(one: &Belonging, context: &Context<'_>) -> String {
    let words = context.words;
    one.deletion_due_at.map_or_else(String::new, |due| {
        let time = when::future(words, due, context.clock.now());
        words.say("organization.ending", &[("time", &time)])
    })
}

async fn choose(args: &Choose, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let file = context.settings.read_profiles(words)?;
    let name = context.settings.profile_to_write(&file, words)?;
    let profile = file.profiles.get(&name).ok_or_else(|| no_such_profile(words, &name))?;
    let platform = context.settings.platform(&profile.platform)?.with(&profile.credential);
    let seen = match profile.credential {
        Credential::Key(_) => {
            let own = context.own_key(&platform).await?.organization;
            context.is_keys_own(&own, Some(&args.name))?;
            own
        }
        Credential::Session(_) => {
            let account = platform.account().await.map_err(|error| context.refused(&error))?;
            let id = context.pick_organization(&account.organizations, Some(&args.name))?.id;
            platform.organization(id).await.map_err(|error| context.refused(&error))?
        }
    };
    let domain = context.choose_domain(&seen, args.domain.as_deref(), profile.domain.as_ref())?;
    let organization = ChosenOrganization { id: seen.id, name: seen.name.clone() };
    let profile = Profile { organization: Some(organization), domain, ..profile.clone() };
    context.change_profiles(|file| file.put(name.clone(), profile.clone()))?;
    context.tell_choice(&profile, Some(&seen));
    if args.json { context.json(&Printed::of(&name, &profile)) } else { Ok(()) }
}
