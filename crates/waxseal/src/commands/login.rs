//! `waxseal login`: lets this machine in from a browser, or takes an API key.

use std::process::{Command, Stdio};

use serde::Serialize;
use wax_client_sdk::{
    ChosenOrganization, Credential, DeviceLogin, LoginEnd, Organization, Platform, Profile,
    ProfileName,
};
use wax_crypto::Origin;
use wax_kernel::{Hostname, Redacted};

use super::{Context, acting::domains};
use crate::{
    args::Login,
    failure::{Exit, Failure},
    identity::read_key,
    output::{Stream, Style},
    when,
};

/// What `--json` prints first.
#[derive(Serialize)]
struct Asked<'a> {
    verification_uri: &'a str,
    verification_uri_complete: &'a str,
    user_code: &'a str,
    expires_in: u64,
}

/// What `--json` prints last.
#[derive(Serialize)]
pub(super) struct Printed<'a> {
    profile: &'a str,
    platform: String,
    who: &'a str,
    organization: Option<&'a ChosenOrganization>,
    domain: Option<&'a Hostname>,
}

impl<'a> Printed<'a> {
    pub(super) fn of(name: &'a ProfileName, profile: &'a Profile) -> Self {
        Self {
            profile: name.as_str(),
            platform: profile.platform.to_string(),
            who: profile.who.expose(),
            organization: profile.organization.as_ref(),
            domain: profile.domain.as_ref(),
        }
    }
}

pub(crate) async fn run(args: &Login, context: &Context<'_>) -> Result<(), Failure> {
    // A file that cannot be used is found before anybody opens a browser.
    let file = context.settings.read_profiles(context.words)?;
    let name = context.settings.profile_to_write(&file, context.words)?;
    let before = file.profiles.get(&name);
    let platform = context.settings.platform(&platform_host(args, before, context)?)?;
    let (credential, who) = if args.key {
        by_key(&platform, context).await?
    } else {
        by_browser(args, &platform, context).await?
    };
    let platform = platform.with(&credential);
    let origin = platform.origin().clone();
    let profile = Profile { platform: origin, credential, who, organization: None, domain: None };
    if let Err(failure) = save(&name, &profile, context) {
        // Nobody has the token: the session need not stand until it ends by itself.
        let _ = platform.sign_out().await;
        return Err(failure);
    }
    end_session_of(before, context).await;
    let chosen = choose(args, &platform, &profile, before, context).await;
    let profile = chosen.as_ref().ok().cloned().unwrap_or(profile);
    save(&name, &profile, context)?;
    print(args, &name, &profile, context)?;
    chosen.map(drop)
}

fn platform_host(
    args: &Login,
    before: Option<&Profile>,
    context: &Context<'_>,
) -> Result<Origin, Failure> {
    match (&args.host, before) {
        (None, Some(before)) => Ok(before.platform.clone()),
        (typed, _) => {
            let known = context.settings.platform_host(typed.as_deref())?;
            known.ok_or_else(|| context.no_platform())
        }
    }
}

/// The checksum says whether a key was copied whole, before anybody is asked.
async fn by_key(
    platform: &Platform,
    context: &Context<'_>,
) -> Result<(Credential, Redacted<String>), Failure> {
    let text = context.input().pasted("-", "key.prompt")?;
    let key = Credential::Key(read_key(context.words, text.trim())?);
    let own = context.own_key(&platform.with(&key)).await?;
    Ok((key, Redacted::new(own.key.name)))
}

async fn by_browser(
    args: &Login,
    platform: &Platform,
    context: &Context<'_>,
) -> Result<(Credential, Redacted<String>), Failure> {
    let usual = || context.words.say("login.name", &[("machine", &context.settings.machine)]);
    let name = args.name.clone().unwrap_or_else(usual);
    let begun = platform.begin_login(&name).await;
    let login = begun.map_err(|error| context.refused(&error))?;
    show(args, &login, context)?;
    let pause = async |wait| tokio::time::sleep(wait).await;
    let end = platform.await_login(&login, pause).await;
    let (message, advice) = match end.map_err(|error| context.refused(&error))? {
        LoginEnd::Approved(let_in) => {
            let who = Redacted::new(String::from(let_in.email.clone()));
            return Ok((Credential::Session(let_in.token), who));
        }
        LoginEnd::Denied => ("login.denied", "login.denied.advice"),
        LoginEnd::Expired => ("login.expired", "login.expired.advice"),
    };
    Err(Failure::new(Exit::Access, context.words.plain(message))
        .advise(context.words.plain(advice)))
}

fn show(args: &Login, login: &DeviceLogin, context: &Context<'_>) -> Result<(), Failure> {
    let complete = login.complete_uri();
    if args.json {
        let DeviceLogin { user_code, verification_uri, expires_in, .. } = login;
        context.json(&Asked {
            verification_uri,
            verification_uri_complete: &complete,
            user_code,
            expires_in: *expires_in,
        })?;
    }
    let (words, output) = (context.words, context.output);
    let bold = |text: &str| output.styled(Stream::Err, Style::Bold, text);
    output.tell(&words.plain("login.open"));
    output.tell(&format!("    {}", bold(&login.verification_uri)));
    output.tell(&words.plain("login.code"));
    output.tell(&format!("    {}", bold(&login.user_code)));
    let life = std::time::Duration::from_secs(login.expires_in);
    output.hint(&words.say("login.waiting", &[("span", &when::span(words, life))]));
    if !args.no_browser && context.input().is_conversation() {
        open_browser(&complete, context);
    }
    Ok(())
}

/// If it does not start, the address stands there to be opened by hand.
fn open_browser(address: &str, context: &Context<'_>) {
    let Some([program, arguments @ ..]) = context.settings.browser else { return };
    let nothing = Stdio::null;
    let mut command = Command::new(program);
    command.args(arguments).arg(address).stdin(nothing()).stdout(nothing()).stderr(nothing());
    drop(command.spawn());
}

fn save(name: &ProfileName, profile: &Profile, context: &Context<'_>) -> Result<(), Failure> {
    let profiles = context.settings.profiles()?;
    let put = |file: &mut wax_client_sdk::ProfilesFile| file.put(name.clone(), profile.clone());
    profiles.update(put).map_err(|error| Failure::from_profiles(context.words, &error))
}

/// What stood in this place is no longer needed. If it cannot be told, it ends by itself.
async fn end_session_of(before: Option<&Profile>, context: &Context<'_>) {
    if let Some(Profile { platform, credential: credential @ Credential::Session(_), .. }) = before
        && let Ok(platform) = context.settings.platform(platform)
    {
        let _ = platform.with(credential).sign_out().await;
    }
}

/// For which organization, and on which of its domains.
async fn choose(
    args: &Login,
    platform: &Platform,
    profile: &Profile,
    before: Option<&Profile>,
    context: &Context<'_>,
) -> Result<Profile, Failure> {
    let seen = match &profile.credential {
        Credential::Key(_) => {
            let own = context.own_key(platform).await?.organization;
            context.is_keys_own(&own, args.organization.as_deref())?;
            own
        }
        Credential::Session(_) => {
            let account = platform.account().await.map_err(|error| context.refused(&error))?;
            let all = &account.organizations;
            let last = before.and_then(|before| before.organization.as_ref());
            let last = last.and_then(|last| all.iter().find(|one| one.id == last.id));
            let picked = match (args.organization.as_deref(), last) {
                (None, Some(last)) => last,
                (None, None) if all.len() != 1 => return Ok(profile.clone()),
                (typed, _) => context.pick_organization(all, typed)?,
            };
            let seen = platform.organization(picked.id).await;
            seen.map_err(|error| context.refused(&error))?
        }
    };
    let last = before.and_then(|before| before.domain.as_ref());
    let domain = context.choose_domain(&seen, args.domain.as_deref(), last)?;
    let organization = Some(ChosenOrganization { id: seen.id, name: seen.name });
    Ok(Profile { organization, domain, ..profile.clone() })
}

impl Context<'_> {
    /// The domain that was typed, the one of last time, or the only one.
    pub(super) fn choose_domain(
        &self,
        seen: &Organization,
        typed: Option<&str>,
        last: Option<&Hostname>,
    ) -> Result<Option<Hostname>, Failure> {
        if let Some(typed) = typed {
            let host = self.settings.host(Some(typed))?;
            return Ok(Some(self.pick_domain(seen, host.host())?.host.clone()));
        }
        let last = last.filter(|last| seen.domains.iter().any(|domain| domain.host == **last));
        let only = match seen.domains.as_slice() {
            [only] => Some(&only.host),
            _ => None,
        };
        Ok(last.or(only).cloned())
    }

    /// For which organization and where a profile shares, or what is still to be chosen.
    pub(super) fn tell_choice(&self, profile: &Profile, seen: Option<&Organization>) {
        let words = self.words;
        let Some(organization) = &profile.organization else {
            return self.output.hint(&words.plain("login.no-organization"));
        };
        let name = crate::terminal::one_line(&organization.name);
        self.output.tell(&words.say("login.organization", &[("name", &name.as_ref())]));
        if let Some(domain) = &profile.domain {
            return self.output.tell(&words.say("login.domain", &[("host", &domain.as_str())]));
        }
        self.output.hint(&words.plain("login.no-domain"));
        seen.into_iter().flat_map(domains).for_each(|line| self.output.hint(&line));
    }
}

fn print(
    args: &Login,
    name: &ProfileName,
    profile: &Profile,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let key = match profile.credential {
        Credential::Session(_) => "login.done",
        Credential::Key(_) => "login.done.key",
    };
    let who = crate::terminal::one_line(profile.who.expose());
    let done = context.words.say(key, &[("who", &who.as_ref())]);
    context.output.tell(&context.output.styled(Stream::Err, Style::Good, &done));
    context.tell_choice(profile, None);
    if args.json { context.json(&Printed::of(name, profile)) } else { Ok(()) }
}
