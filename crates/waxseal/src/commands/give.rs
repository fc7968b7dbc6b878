//! `waxseal give`: hands what is bound to this machine to another device that asks for it.

use wax_client_sdk::Ask;

use super::Context;
use crate::{
    args::Give,
    failure::{Exit, Failure},
    outcome, when,
};

pub(crate) async fn run(args: &Give, context: &Context<'_>) -> Result<(), Failure> {
    let (words, output) = (context.words, context.output);
    let link = context.input().link(&args.link)?;
    let devices = context.devices()?;
    let client = context.client(link.origin())?;
    let opener = context.opener(&client, &devices);
    let looked = opener.look(link).await.map_err(|error| context.failed(&error))?;
    if !looked.is_here() {
        return Err(Failure::new(Exit::Gone, words.plain("give.not-here")));
    }
    if looked.asks().is_empty() {
        return Err(Failure::new(Exit::Gone, words.plain("give.nobody"))
            .advise(words.plain("give.nobody.advice")));
    }
    for ask in looked.asks() {
        let time = when::past(words, ask.at, context.clock.now());
        let device = outcome::device(words, ask.device);
        output.tell(&words.say("give.ask", &[("time", &time), ("device", &device)]));
    }
    let ask = chosen(looked.asks(), args, context)?;
    looked.give(ask, context.rng).await.map_err(|error| context.failed(&error))?;
    output.line(&words.plain("give.done"))
}

/// The ask whose digits were read from the other screen: typing them is the confirmation.
fn chosen<'a>(asks: &'a [Ask], args: &Give, context: &Context<'_>) -> Result<&'a Ask, Failure> {
    let words = context.words;
    let typed = match &args.code {
        Some(code) => code.clone(),
        None if context.input().is_conversation() => context.input().line("give.code")?,
        None => return Err(Failure::usage(words.plain("give.code.needed"))),
    };
    if typed.is_empty() {
        return Err(Failure::declined(words.plain("give.declined")));
    }
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    asks.iter()
        .find(|ask| ask.code == digits)
        .ok_or_else(|| Failure::usage(words.plain("give.code.wrong")))
}
