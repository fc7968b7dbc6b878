//! `waxseal profiles`: who is signed in on this machine.

use wax_client_sdk::{Credential, Profile, ProfileName, ProfilesFile};

use super::{Context, login::Printed};
use crate::{
    args::{Listing, ProfileArg, ProfilesAct},
    failure::Failure,
    identity::{no_such_profile, profile_name},
    table,
    terminal::one_line,
};

pub(crate) fn run(act: &ProfilesAct, context: &Context<'_>) -> Result<(), Failure> {
    match act {
        ProfilesAct::List(args) => list(args, context),
        ProfilesAct::Default(args) => set_default(args, context),
        ProfilesAct::Remove(args) => remove(args, context),
    }
}

fn list(args: &Listing, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let file = context.settings.read_profiles(words)?;
    if args.json {
        return file
            .profiles
            .iter()
            .try_for_each(|(name, profile)| context.json(&Printed::of(name, profile)));
    }
    if file.profiles.is_empty() {
        context.output.hint(&words.plain("profiles.empty"));
        return Ok(());
    }
    let heads =
        ["profiles.name.head", "profiles.who", "profiles.organization", "profiles.platform"];
    let mut rows = vec![heads.map(|key| words.plain(key))];
    rows.extend(file.profiles.iter().map(|(name, profile)| row(name, profile, &file)));
    table::lines(&rows).iter().try_for_each(|line| context.output.line(line))
}

/// The default has a star.
fn row(name: &ProfileName, profile: &Profile, file: &ProfilesFile) -> [String; 4] {
    let star = if file.default.as_ref() == Some(name) { "*" } else { "" };
    let organization = profile.organization.as_ref().map(|one| one_line(&one.name).into_owned());
    [
        format!("{name}{star}"),
        one_line(profile.who.expose()).into_owned(),
        organization.unwrap_or_default(),
        profile.platform.to_string(),
    ]
}

fn set_default(args: &ProfileArg, context: &Context<'_>) -> Result<(), Failure> {
    let (name, _) = find(args, context)?;
    context.change_profiles(|file| file.default = Some(name.clone()))?;
    let done = context.words.say("profiles.default.done", &[("name", &name.as_str())]);
    context.output.tell(&done);
    Ok(())
}

/// Here alone: the server is not asked.
fn remove(args: &ProfileArg, context: &Context<'_>) -> Result<(), Failure> {
    let (name, profile) = find(args, context)?;
    context.change_profiles(|file| file.remove(&name))?;
    let words = context.words;
    context.output.tell(&words.say("profiles.removed", &[("name", &name.as_str())]));
    context.output.hint(&words.plain(match profile.credential {
        Credential::Session(_) => "profiles.removed.session",
        Credential::Key(_) => "profiles.removed.key",
    }));
    Ok(())
}

fn find(args: &ProfileArg, context: &Context<'_>) -> Result<(ProfileName, Profile), Failure> {
    let name = profile_name(context.words, &args.name)?;
    let mut file = context.settings.read_profiles(context.words)?;
    match file.remove(&name) {
        Some(profile) => Ok((name, profile)),
        None => Err(no_such_profile(context.words, &name)),
    }
}

impl Context<'_> {
    pub(super) fn change_profiles<T>(
        &self,
        change: impl FnOnce(&mut ProfilesFile) -> T,
    ) -> Result<T, Failure> {
        let profiles = self.settings.profiles()?;
        profiles.update(change).map_err(|error| Failure::from_profiles(self.words, &error))
    }
}
