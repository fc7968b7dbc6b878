//! `waxseal trust`: takes another key of a host than the one that is known.

use wax_client_sdk::HostKeyError;
use wax_crypto::channel::HostPublicKey;

use super::Context;
use crate::{
    args::Trust,
    failure::{Exit, Failure},
};

pub(crate) async fn run(args: &Trust, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let origin = context.settings.host(Some(&args.host))?;
    let hosts = context.settings.known_hosts()?;
    let client = context.client(&origin)?;
    let offered = client.host_key().await.map_err(|error| context.failed(&error))?;
    let known = match hosts.find(&origin) {
        // What is damaged is to be replaced.
        Err(HostKeyError::Damaged { .. }) => None,
        found => found.map_err(|error| Failure::from_host_key(words, &error))?,
    };
    show(known, offered, context);
    if known == Some(offered) {
        return context.output.line(&words.plain("trust.already"));
    }
    decide(offered, args, context)?;
    hosts.trust(&origin, offered).map_err(|error| Failure::from_host_key(words, &error))?;
    context.output.line(&words.plain("trust.done"))
}

fn show(known: Option<HostPublicKey>, offered: HostPublicKey, context: &Context<'_>) {
    let line = |name: &str, key: HostPublicKey| {
        let key = key.to_base64url();
        context.output.tell(&context.words.say(name, &[("key", &key.as_str())]));
    };
    if let Some(known) = known {
        line("host.changed.known", known);
    }
    line("host.changed.offered", offered);
}

/// A script names the key that it got another way; a person compares.
fn decide(offered: HostPublicKey, args: &Trust, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    match &args.key {
        Some(key) if HostPublicKey::parse(key.trim()).is_ok_and(|key| key == offered) => Ok(()),
        Some(_) => Err(Failure::new(Exit::Seal, words.plain("trust.other"))),
        None if !context.input().is_conversation() => {
            Err(Failure::usage(words.plain("trust.key.needed")))
        }
        None if context.input().confirm("trust.ask")? => Ok(()),
        None => Err(Failure::declined(words.plain("trust.declined"))),
    }
}
