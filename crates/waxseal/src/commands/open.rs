//! `waxseal open`: shows what the sender set, takes one view, writes the text, confirms. What is bound to this machine it
//! opens again.

use std::path::PathBuf;

use serde::Serialize;
use wax_client_sdk::{Client, Code, DeviceStore, Error, Looked, Opened, Peek, Way};
use wax_crypto::{Link, Passphrase};
use wax_kernel::{SecretId, Timestamp};
use wax_model::{ClaimState, Kind, Sealed, SecretState};
use zeroize::Zeroizing;

use super::{Context, ask};
use crate::{
    args::Open,
    failure::{Exit, Failure},
    new_file::NewFile,
    outcome,
    output::{Stream, Style},
    receipt_view, sender_view, terminal, when,
};

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'a> {
    id: SecretId,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    way: &'static str,
}

pub(crate) async fn run(args: &Open, context: &Context<'_>) -> Result<(), Failure> {
    let devices = context.devices()?;
    let link = match &args.link {
        Some(typed) => context.input().link(typed)?,
        None => interrupted(&devices, context)?,
    };
    let id = link.id();
    // Where the text goes must stand before the view is taken.
    let prepare = |path: &PathBuf| NewFile::prepare(path, context.words);
    let file = args.output.as_ref().map(prepare).transpose()?;
    let client = context.client(link.origin())?;
    let opener = context.opener(&client, &devices);

    let mut looked = opener.look(link).await.map_err(|error| context.failed(&error))?;
    if args.ask && looked.peek.state == SecretState::Bound && !looked.is_here() {
        looked = ask::for_hand_over(&looked, context).await?;
    }
    refuse_gone(&looked, context)?;
    show(&looked, &client, context);
    confirm_gesture(&looked, args, context)?;
    let opened = open(&looked, args, context).await?;
    deliver(&opened, Delivery { id, expires_at: looked.peek.expires_at, file }, args, context).await
}

/// Where an opened text goes, and what is said about it.
struct Delivery {
    id: SecretId,
    expires_at: Timestamp,
    file: Option<NewFile>,
}

/// `--resume`: the latest opening that was interrupted.
fn interrupted(devices: &DeviceStore, context: &Context<'_>) -> Result<Link, Failure> {
    let under_way = devices.under_way().map_err(|error| context.failed(&error.into()))?;
    let latest = under_way.into_iter().next().map(|stored| stored.link);
    latest.ok_or_else(|| Failure::new(Exit::Gone, context.words.plain("resume.nothing")))
}

fn refuse_gone(looked: &Looked<'_>, context: &Context<'_>) -> Result<(), Failure> {
    let Peek { state, openings, yours, .. } = &looked.peek;
    match state {
        _ if looked.is_interrupted() || looked.is_here() => Ok(()),
        SecretState::Ready => Ok(()),
        SecretState::Locked => Err(Failure::new(Exit::Passphrase, context.words.plain("locked"))
            .advise(context.words.plain("locked.advice"))),
        _ if *yours == Some(ClaimState::Handed) => {
            Err(Failure::new(Exit::Gone, context.words.plain("gone.handed")))
        }
        _ => Err(outcome::gone(context.words, Some(*state), openings)),
    }
}

/// What the sender set, for a person.
fn show(looked: &Looked<'_>, client: &Client, context: &Context<'_>) {
    let (words, output) = (context.words, context.output);
    if !output.stderr_is_terminal() {
        return;
    }
    let peek = &looked.peek;
    let now = context.clock.now();
    let host = client.origin().host().to_string();
    let line = |text: String| output.tell(&format!("  {text}"));
    output.tell(&output.styled(
        Stream::Err,
        Style::Bold,
        &words.say("open.title", &[("host", &host)]),
    ));
    for said in peek.sender.iter().flat_map(|sender| sender_view::lines(sender, words)) {
        line(said);
    }
    line(words.say("fact.created", &[("time", &when::past(words, peek.created_at, now))]));
    line(words.say("fact.expires", &[("time", &when::future(words, peek.expires_at, now))]));
    line(match peek.kind {
        Kind::OneTime => receipt_view::views(words, peek.views, peek.views_left),
        Kind::DeviceBound => words.plain("fact.bound"),
    });
    line(words.say("fact.size", &[("size", &when::size(peek.content_bytes))]));
    line(words.plain(match peek.sealed {
        Sealed::Client => "fact.sealed.client",
        Sealed::Server => "fact.sealed.server",
    }));
    if peek.passphrase.is_some() && !looked.is_here() {
        line(words.plain("fact.passphrase"));
    }
    for opening in &peek.openings {
        line(outcome::opened_by(words, opening));
    }
    if looked.is_interrupted() {
        output.tell(&words.plain("open.interrupted"));
    }
}

/// The gesture. A recovery takes nothing, so it needs none; a script has made it by running this command.
fn confirm_gesture(looked: &Looked<'_>, args: &Open, context: &Context<'_>) -> Result<(), Failure> {
    let is_ours = looked.is_interrupted() || looked.is_here();
    if args.yes || is_ours || !context.input().is_conversation() {
        return Ok(());
    }
    let question = match looked.peek.kind {
        Kind::DeviceBound => "open.ask.bound",
        Kind::OneTime if looked.peek.views_left == 1 => "open.ask.last",
        Kind::OneTime => "open.ask",
    };
    if context.input().confirm(question)? {
        return Ok(());
    }
    Err(Failure::declined(context.words.plain("open.declined")))
}

/// Opens, asking again for a passphrase that was wrong as long as somebody is there to be asked.
async fn open<'a>(
    looked: &Looked<'a>,
    args: &Open,
    context: &Context<'_>,
) -> Result<Opened<'a>, Failure> {
    let input = context.input();
    loop {
        let passphrase: Option<Passphrase> = match &args.passphrase_file {
            _ if looked.peek.passphrase.is_none() || looked.is_here() => None,
            Some(path) => Some(input.passphrase_file(path)?),
            None => Some(input.ask_passphrase()?),
        };
        let error = match looked.open(passphrase.as_ref()).await {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let failure = context.failed(&error);
        let wrong = matches!(error, Error::WrongPassphrase) || error.code() == Some(Code::WrongKey);
        if !wrong || args.passphrase_file.is_some() || !context.input().is_conversation() {
            return Err(failure);
        }
        failure.report(context.words, context.output);
    }
}

/// First the text where it belongs, flushed; then the word to the server; never the other way round.
async fn deliver(
    opened: &Opened<'_>,
    Delivery { id, expires_at, file }: Delivery,
    args: &Open,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let text = opened.text.expose();
    let shown = file.is_none().then_some(text.as_str());
    match file {
        Some(file) => file.write(text.as_bytes())?,
        None if args.json => {}
        None => print(text, context)?,
    }
    if args.json {
        let printed = Printed { id, text: shown, way: name_of(opened.way) };
        let json = serde_json::to_string(&printed).expect("texts have a JSON form");
        context.output.line(&Zeroizing::new(json))?;
    }
    confirm(opened, expires_at, args, context).await;
    if shown.is_some()
        && !args.json
        && context.output.stdout_is_terminal()
        && terminal::is_changed(text)
    {
        context.output.tell(&context.words.plain("open.control"));
    }
    Ok(())
}

/// Exactly the text; among other lines on a terminal, set off by empty ones.
fn print(text: &str, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    let among_others = output.stdout_is_terminal() && output.stderr_is_terminal();
    if among_others {
        output.tell("");
    }
    output.secret(text)?;
    if among_others {
        output.tell("");
    }
    Ok(())
}

const fn name_of(way: Way) -> &'static str {
    match way {
        Way::First => "first",
        Way::Recovered => "recovered",
        Way::Again => "again",
        Way::Handed => "handed",
    }
}

/// The text is where it should be, so the run was good whatever the server says now.
async fn confirm(opened: &Opened<'_>, expires_at: Timestamp, args: &Open, context: &Context<'_>) {
    let (words, output) = (context.words, context.output);
    let told = opened.confirm().await;
    let stays = |key: &str| {
        let time = when::future(words, expires_at, context.clock.now());
        output.hint(&words.say(key, &[("time", &time)]));
    };
    match (told, opened.window_ends_at) {
        (Err(_), Some(until)) => {
            let time = when::moment(words, until);
            output.tell(&words.say("open.unconfirmed", &[("time", &time)]));
        }
        (_, None) if opened.way == Way::Handed => stays("open.handed"),
        (_, None) => stays("open.again"),
        (Ok(SecretState::Bound), _) => stays("open.bound"),
        (Ok(SecretState::Destroyed), _) => output.hint(&words.plain("open.destroyed")),
        (Ok(SecretState::Ready), _) => {
            output.hint(&words.plain("open.used"));
            if args.link.as_deref() != Some("-") && context.input().is_conversation() {
                output.hint(&words.plain("open.history"));
            }
        }
        (Ok(_), _) => output.hint(&words.plain("open.confirmed")),
    }
}
