//! `waxseal share`: seals a text here, stores it there, prints the link.

use std::time::Duration;

use serde::Serialize;
use wax_client_sdk::{Draft, Offer, Shared};
use wax_crypto::Passphrase;
use wax_kernel::{ReceiptId, SecretId};
use wax_model::{Expires, Kind};
use zeroize::Zeroizing;

use super::{Context, sender::Sender};
use crate::{
    args::{PassphraseFrom, Share},
    failure::Failure,
    generate::Recipe,
    output::{Stream, Style},
    qr,
    when::{self, WhenError},
};

/// Words in a generated passphrase: 94 bits, and a thief of the link must get past Argon2id for every guess.
const PASSPHRASE_WORDS: usize = 5;

/// How long a secret lives if neither the sender nor the host says.
const USUAL_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// What the sender said, and for the rest what the host begins with.
struct Terms {
    kind: Kind,
    views: u32,
    expires: Expires,
}

impl Terms {
    fn of(args: &Share, expires: Option<Expires>, offer: &Offer) -> Self {
        let kind = match args {
            Share { device_bound: true, .. } => Kind::DeviceBound,
            Share { views: Some(_), .. } => Kind::OneTime,
            _ => offer.kind(),
        };
        let views = match kind {
            Kind::OneTime => args.views.or(offer.views).unwrap_or(1),
            Kind::DeviceBound => 1,
        };
        let usual = || {
            let lifetime = offer.lifetime(USUAL_LIFETIME).as_secs();
            Expires::AfterS(i64::try_from(lifetime).unwrap_or(i64::MAX))
        };
        Self { kind, views, expires: expires.unwrap_or_else(usual) }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'a> {
    link: &'a str,
    receipt: &'a str,
    id: SecretId,
    rid: ReceiptId,
    expires_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    passphrase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generated: Option<&'a str>,
}

/// What was made up for the sender, who has to be told.
#[derive(Default)]
struct MadeUp {
    passphrase: Option<Zeroizing<String>>,
    text: Option<Zeroizing<String>>,
}

pub(crate) async fn run(args: &Share, context: &Context<'_>) -> Result<(), Failure> {
    // Everything that can be wrong is found before anybody has to type.
    let expires = args.expires.as_deref().map(|text| expires(text, context)).transpose()?;
    if args.views.is_some_and(|views| !(1..=1_000).contains(&views)) {
        return Err(Failure::usage(context.words.plain("views.range")));
    }
    let recipe = args.generate.as_deref().map(|text| recipe(text, context)).transpose()?;
    let sender = Sender::find(args, context).await?;
    let all_said = expires.is_some() && (args.views.is_some() || args.device_bound);
    let offer = if all_said { Offer::default() } else { sender.offer(context).await };
    let terms = Terms::of(args, expires, &offer);

    let mut made_up = MadeUp::default();
    let text = match recipe {
        Some(recipe) => recipe.draw(context.rng),
        None => context.input().text(args.file.as_deref())?,
    };
    let passphrase = passphrase(args, &mut made_up, context)?;
    let Terms { kind, views, expires } = terms;
    let draft = Draft { text: &text, views, expires, passphrase: passphrase.as_ref() };
    let shared = sender.share(kind, &draft, context.rng).await;
    let shared = shared.map_err(|error| match sender {
        Sender::Member(..) => context.refused(&error),
        Sender::Stranger(_) | Sender::Key(..) => context.failed(&error),
    })?;
    made_up.text = args.show.then_some(text);
    let printed = print(&shared, &sender, args, &terms, &made_up, context);
    if printed.is_err() {
        // Nobody has the link, so nobody can open it: it need not lie there until it expires.
        let _ = context.client(shared.receipt.origin())?.burn(&shared.receipt).await;
    }
    printed
}

fn expires(text: &str, context: &Context<'_>) -> Result<Expires, Failure> {
    when::read_expires(text, context.clock.now()).map_err(|error| {
        let key = match error {
            WhenError::Unreadable => "expires.unreadable",
            WhenError::OutOfRange => "expires.range",
        };
        Failure::usage(context.words.say(key, &[("value", &text)]))
            .advise(context.words.plain("expires.advice"))
    })
}

fn recipe(text: &str, context: &Context<'_>) -> Result<Recipe, Failure> {
    Recipe::parse(text).ok_or_else(|| {
        Failure::usage(context.words.say("generate.unreadable", &[("value", &text)]))
            .advise(context.words.plain("generate.advice"))
    })
}

fn passphrase(
    args: &Share,
    made_up: &mut MadeUp,
    context: &Context<'_>,
) -> Result<Option<Passphrase>, Failure> {
    let input = context.input();
    match (args.passphrase, &args.passphrase_file) {
        (Some(PassphraseFrom::Prompt), _) => input.ask_new_passphrase().map(Some),
        (Some(PassphraseFrom::Generate), _) => {
            let text = Recipe::Passphrase(PASSPHRASE_WORDS).draw(context.rng);
            let passphrase = input.passphrase(&text)?;
            made_up.passphrase = Some(text);
            Ok(Some(passphrase))
        }
        (None, Some(path)) => input.passphrase_file(path).map(Some),
        (None, None) => Ok(None),
    }
}

fn print(
    shared: &Shared,
    sender: &Sender,
    args: &Share,
    said: &Terms,
    made_up: &MadeUp,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let (link, receipt) = (shared.link.to_url(), shared.receipt.to_url());
    let (words, output) = (context.words, context.output);
    if args.json {
        let printed = Printed {
            link: &link,
            receipt: &receipt,
            id: shared.link.id(),
            rid: shared.receipt.rid(),
            expires_at_ms: shared.expires_at.as_ms(),
            passphrase: made_up.passphrase.as_deref().map(String::as_str),
            generated: made_up.text.as_deref().map(String::as_str),
        };
        let json = serde_json::to_string(&printed).expect("texts and numbers have a JSON form");
        return output.line(&Zeroizing::new(json));
    }
    output.line(&link)?;
    if args.qr
        && let Some(code) = qr::draw(&link, output.colour(Stream::Err))
    {
        output.tell(&code);
    }
    output.tell(&format!(
        "{} {}",
        output.styled(Stream::Err, Style::Good, &words.plain("share.done")),
        terms(shared, said, context)
    ));
    if sender.is_known() {
        output.hint(&words.plain("share.known"));
    }
    if let Some(text) = &made_up.text {
        output.tell(&Zeroizing::new(words.say("share.generated", &[("text", &text.as_str())])));
    }
    if let Some(passphrase) = &made_up.passphrase {
        output.tell(&Zeroizing::new(
            words.say("share.passphrase", &[("text", &passphrase.as_str())]),
        ));
    }
    if args.passphrase.is_some() || args.passphrase_file.is_some() {
        output.hint(&words.plain("share.passphrase.hint"));
    }
    if !args.no_receipt_hint {
        output.tell(&words.say("share.receipt", &[("link", &receipt.as_str())]));
        output.hint(&words.plain("share.receipt.hint"));
    }
    Ok(())
}

fn terms(shared: &Shared, said: &Terms, context: &Context<'_>) -> String {
    let time = when::future(context.words, shared.expires_at, context.clock.now());
    if said.kind == Kind::DeviceBound {
        return context.words.say("share.terms.bound", &[("time", &time)]);
    }
    context.words.say("share.terms", &[("count", &said.views), ("time", &time)])
}
