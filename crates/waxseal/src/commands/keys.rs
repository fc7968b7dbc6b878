//! `waxseal keys`: API keys of an organization. A key's text is printed once, to standard output alone.

use serde::Serialize;
use wax_client_sdk::{ApiKey, KeyChange, NewApiKey, NewKey};
use wax_kernel::Timestamp;
use wax_model::Scope;

use super::{Context, acting::Acting};
use crate::{
    args::{ChangeKey, CreateKey, Keys, KeysAct, Listing, RotateKey, Sure},
    failure::{Exit, Failure},
    output::{Stream, Style},
    terminal::one_line,
    when,
    words::Words,
};

/// The longest that an old text works beside the new one, in seconds (docs/accounts.md §5).
const LONGEST_OVERLAP_S: u64 = 604_800;

/// What `--json` prints of a key that has a new text.
#[derive(Serialize)]
struct Printed<'a> {
    key: &'a str,
    #[serde(flatten)]
    rest: &'a ApiKey,
}

pub(crate) async fn run(args: &Keys, context: &Context<'_>) -> Result<(), Failure> {
    match &args.act {
        KeysAct::List(list) => self::list(list, args, context).await,
        KeysAct::Create(create) => self::create(create, args, context).await,
        KeysAct::Change(change) => self::change(change, args, context).await,
        KeysAct::Rotate(rotate) => self::rotate(rotate, args, context).await,
        KeysAct::Revoke(revoke) => self::revoke(revoke, args, context).await,
    }
}

async fn acting(args: &Keys, context: &Context<'_>) -> Result<Acting, Failure> {
    context.acting(args.organization.as_deref()).await
}

async fn all(acting: &Acting, context: &Context<'_>) -> Result<Vec<ApiKey>, Failure> {
    let keys = acting.platform.keys(acting.id()).await;
    keys.map_err(|error| context.refused(&error))
}

async fn list(args: &Listing, keys: &Keys, context: &Context<'_>) -> Result<(), Failure> {
    let acting = acting(keys, context).await?;
    let keys = all(&acting, context).await?;
    if args.json {
        return keys.iter().try_for_each(|key| context.json(key));
    }
    if keys.is_empty() {
        context.output.hint(&context.words.plain("keys.empty"));
    }
    keys.iter().try_for_each(|key| show(key, Stream::Out, context))
}

/// A key as people read it.
fn show(key: &ApiKey, stream: Stream, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    let name = output.styled(stream, Style::Bold, &one_line(&key.name));
    let mut lines = vec![format!("{name}  {}…  {}", one_line(&key.prefix), key.id)];
    let facts = key_facts(key, context.clock.now(), context.words);
    lines.extend(facts.iter().map(|fact| format!("  {fact}")));
    match stream {
        Stream::Out => lines.iter().try_for_each(|line| output.line(line)),
        Stream::Err => {
            output.tell(&lines.join("\n"));
            Ok(())
        }
    }
}

/// What a key may do, from where and until when, and when it did.
pub(super) fn key_facts(key: &ApiKey, now: Timestamp, words: Words) -> Vec<String> {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let networks: Vec<_> = key.networks.iter().map(|network| one_line(network)).collect();
    let expires = if key.expires_at > now { "keys.expires" } else { "keys.expired" };
    let mut facts = vec![words.say("keys.scopes", &[("scopes", &scopes.join(", "))])];
    if !networks.is_empty() {
        facts.push(words.say("keys.networks", &[("networks", &networks.join(", "))]));
    }
    let mut time = |key: &str, at: String| facts.push(words.say(key, &[("time", &at)]));
    time(expires, when::future(words, key.expires_at, now));
    if let Some(until) = key.overlap_ends_at.filter(|until| *until > now) {
        time("keys.overlap", when::future(words, until, now));
    }
    match key.last_used_at {
        Some(at) => time("keys.used", when::past(words, at, now)),
        None => facts.push(words.plain("keys.unused")),
    }
    facts
}

async fn create(args: &CreateKey, keys: &Keys, context: &Context<'_>) -> Result<(), Failure> {
    let expires_at = read_end(args.expires.as_deref(), context)?;
    let mut scopes: Vec<Scope> = Vec::new();
    for scope in &args.scopes {
        if !scopes.contains(scope) {
            scopes.push(*scope);
        }
    }
    let (name, networks) = (args.name.clone(), args.networks.clone());
    let new = NewApiKey { name, scopes, expires_at, networks };
    let acting = acting(keys, context).await?;
    let make = async || acting.platform.make_key(acting.id(), &new).await;
    let made = context.proven(&acting.platform, make).await?;
    let printed = print(&made, "keys.made", args.json, context);
    if printed.is_err() {
        // Nobody has seen it, and nobody will.
        let _ = acting.platform.revoke_key(acting.id(), made.key.id).await;
    }
    printed
}

async fn change(args: &ChangeKey, keys: &Keys, context: &Context<'_>) -> Result<(), Failure> {
    let change = KeyChange {
        name: args.name.clone(),
        expires_at: read_end(args.expires.as_deref(), context)?,
        networks: (args.anywhere || !args.networks.is_empty()).then(|| args.networks.clone()),
    };
    let acting = acting(keys, context).await?;
    let key = find(&args.key, &acting, context).await?;
    let write = async || acting.platform.change_key(acting.id(), key.id, &change).await;
    let changed = context.proven(&acting.platform, write).await?;
    if args.json {
        return context.json(&changed);
    }
    context.output.line(&context.words.plain("keys.changed"))?;
    show(&changed, Stream::Out, context)
}

async fn rotate(args: &RotateKey, keys: &Keys, context: &Context<'_>) -> Result<(), Failure> {
    let overlap_s = when::read_seconds(&args.overlap).filter(|s| *s <= LONGEST_OVERLAP_S);
    let overlap_s =
        overlap_s.ok_or_else(|| unreadable("keys.overlap.unreadable", &args.overlap, context))?;
    let acting = acting(keys, context).await?;
    let key = find(&args.key, &acting, context).await?;
    let rotate = async || acting.platform.rotate_key(acting.id(), key.id, overlap_s).await;
    let rotated = context.proven(&acting.platform, rotate).await?;
    print(&rotated, "keys.rotated", args.json, context)
}

async fn revoke(args: &Sure, keys: &Keys, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let acting = acting(keys, context).await?;
    let key = find(&args.name, &acting, context).await?;
    if !args.yes && context.input().is_conversation() {
        show(&key, Stream::Err, context)?;
        if !context.input().confirm("keys.revoke.ask")? {
            return Err(Failure::declined(words.plain("keys.revoke.declined")));
        }
    }
    let revoke = async || acting.platform.revoke_key(acting.id(), key.id).await;
    context.proven(&acting.platform, revoke).await?;
    if args.json {
        return context.json(&key);
    }
    let name = one_line(&key.name);
    context.output.line(&words.say("keys.revoked", &[("name", &name.as_ref())]))
}

/// The text is what was asked for; everything else is beside it.
fn print(made: &NewKey, done: &str, json: bool, context: &Context<'_>) -> Result<(), Failure> {
    let NewKey { text, key } = made;
    if json {
        return context.json(&Printed { key: text.expose(), rest: key });
    }
    context.output.line(text.expose())?;
    let (words, output) = (context.words, context.output);
    output.tell(&output.styled(Stream::Err, Style::Good, &words.plain(done)));
    show(key, Stream::Err, context)?;
    output.hint(&words.plain("keys.once"));
    Ok(())
}

/// By name, id, or the first characters of its text.
async fn find(typed: &str, acting: &Acting, context: &Context<'_>) -> Result<ApiKey, Failure> {
    let words = context.words;
    let is_called =
        |key: &ApiKey| key.name == typed || key.id.to_string() == typed || key.prefix == typed;
    let mut found: Vec<_> = all(acting, context).await?.into_iter().filter(is_called).collect();
    match (found.pop(), found.as_slice()) {
        (Some(only), []) => Ok(only),
        (None, _) => Err(Failure::new(Exit::Gone, words.say("keys.none", &[("name", &typed)]))
            .advise(words.plain("keys.none.advice"))),
        (Some(last), others) => {
            let failure = Failure::usage(words.say("keys.several", &[("name", &typed)]));
            let several = others.iter().chain([&last]);
            let line = |key: &ApiKey| format!("  {}  {}…", key.id, one_line(&key.prefix));
            Err(several.map(line).fold(failure, Failure::advise))
        }
    }
}

fn read_end(text: Option<&str>, context: &Context<'_>) -> Result<Option<Timestamp>, Failure> {
    let end = |text: &str| {
        let end = when::read_end(text, context.clock.now());
        end.ok_or_else(|| unreadable("keys.expires.unreadable", text, context))
    };
    text.map(end).transpose()
}

fn unreadable(key: &str, value: &str, context: &Context<'_>) -> Failure {
    Failure::usage(context.words.say(key, &[("value", &value)]))
        .advise(context.words.plain("keys.when.advice"))
}
