//! `waxseal domains`: an organization's own domains, from the first record to the last.

use std::time::Duration;

use wax_client_sdk::{Code, Domain, Error, Told, Verdict};

use super::{Context, acting::Acting, domain_settings::changed};
use crate::{
    args::{AddDomain, CheckDomain, Domains, DomainsAct, Listing, Named, SetDomain, Sure},
    domain_view as view,
    failure::{Exit, Failure},
    output::Stream,
    table,
    terminal::one_line,
    when,
};

/// Between two looks at one domain (docs/domains.md §3).
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

type Whole = Told<Domain>;

pub(crate) async fn run(args: &Domains, context: &Context<'_>) -> Result<(), Failure> {
    let acting = context.acting(args.organization.as_deref()).await?;
    match &args.act {
        DomainsAct::Add(args) => add(args, &acting, context).await,
        DomainsAct::List(args) => list(args, &acting, context).await,
        DomainsAct::Status(args) => status(args, &acting, context).await,
        DomainsAct::Check(args) => check(args, &acting, context).await,
        DomainsAct::Records(args) => records(args, &acting, context).await,
        DomainsAct::Connect(args) => connect(args, &acting, context).await,
        DomainsAct::Set(args) => set(args, &acting, context).await,
        DomainsAct::History(args) => history(args, &acting, context).await,
        DomainsAct::Remove(args) => remove(args, &acting, context).await,
    }
}

async fn add(args: &AddDomain, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let added = acting.platform.add_domain(acting.id(), &args.host).await;
    let added = added.map_err(|error| context.refused(&error))?;
    if args.json {
        return context.json(&added);
    }
    let (words, name) = (context.words, one_line(&added.known.unicode));
    context.output.line(&words.say("domains.added", &[("host", &name.as_ref())]))?;
    zone(&added.known, context)?;
    context.output.hint(&words.say("domains.added.advice", &[("host", &name.as_ref())]));
    Ok(())
}

async fn list(args: &Listing, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let domains = all(acting, context).await?;
    if args.json {
        return domains.iter().try_for_each(|domain| context.json(domain));
    }
    if domains.is_empty() {
        context.output.hint(&context.words.plain("domains.empty"));
        return Ok(());
    }
    let mut rows = vec![view::heads(context.words)];
    rows.extend(domains.iter().map(|domain| view::row(&domain.known, context.words)));
    table::lines(&rows).iter().try_for_each(|line| context.output.line(line))
}

async fn status(args: &Named, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let domain = find(&args.name, acting, context).await?;
    show(&domain, args.json, context)?;
    judged(&domain.known, context)
}

async fn check(args: &CheckDomain, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let wait = |text: &String| {
        when::read_seconds(text).map(Duration::from_secs).ok_or_else(|| {
            Failure::usage(context.words.say("domains.wait.unreadable", &[("value", text)]))
                .advise(context.words.plain("keys.when.advice"))
        })
    };
    let patience = args.wait.as_ref().map(wait).transpose()?.unwrap_or_default();
    let found = find(&args.name, acting, context).await?;
    let until = context.clock.now().plus(patience);
    let domain = loop {
        let (domain, pause) = look(&found, acting, context).await?;
        let left = context.clock.now().until(until);
        if domain.known.verdict() == Verdict::Ready || left.is_zero() {
            break domain;
        }
        context.output.hint(&view::headline(&domain.known, context.words));
        tokio::time::sleep(pause.min(left)).await;
    };
    show(&domain, args.json, context)?;
    judged(&domain.known, context)
}

/// A look now, and when the next may come. Within 10 s of the last there is none: what that one saw is as good.
async fn look(
    found: &Whole,
    acting: &Acting,
    context: &Context<'_>,
) -> Result<(Whole, Duration), Failure> {
    let id = found.known.id;
    match acting.platform.check_domain(acting.id(), id).await {
        Ok(looked) => Ok((looked, BETWEEN_LOOKS)),
        Err(Error::Problem(problem)) if problem.code == Code::HeldBack => {
            Ok((whole(found, acting, context).await?, problem.retry_after.unwrap_or(BETWEEN_LOOKS)))
        }
        Err(error) => Err(context.refused(&error)),
    }
}

async fn records(args: &Named, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let domain = find(&args.name, acting, context).await?.known;
    if args.json {
        return domain.records.iter().try_for_each(|record| context.json(record));
    }
    zone(&domain, context)
}

/// Prints where to agree that the DNS provider sets the records.
async fn connect(args: &Named, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let domain = find(&args.name, acting, context).await?;
    let told = acting.platform.connect_domain(acting.id(), domain.known.id).await;
    let told = told.map_err(|error| context.refused(&error))?;
    if args.json {
        return context.json(&told);
    }
    let (provider, host) = (one_line(&told.known.provider), one_line(&told.known.host));
    let values: [(&str, &dyn wax_i18n::Value); 2] =
        [("provider", &provider.as_ref()), ("host", &host.as_ref())];
    context.output.hint(&context.words.say("domains.connect", &values));
    context.output.line(&one_line(&told.known.url))
}

fn zone(domain: &Domain, context: &Context<'_>) -> Result<(), Failure> {
    if domain.records.is_empty() {
        context.output.hint(&context.words.plain("domains.records.none"));
    }
    domain.records.iter().try_for_each(|record| {
        context.output.line(&format!("; {}", view::purpose(record, context.words)))?;
        context.output.line(&view::zone_line(record))
    })
}

async fn set(args: &SetDomain, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let domain = find(&args.name, acting, context).await?;
    let settings = changed(args, &domain.known.settings, context.words)?;
    let done = acting.platform.set_domain(acting.id(), domain.known.id, &settings).await;
    let done = done.map_err(|error| context.refused(&error))?;
    if args.json {
        return context.json(&done);
    }
    let name = one_line(&done.known.unicode);
    context.output.line(&context.words.say("domains.set", &[("host", &name.as_ref())]))
}

async fn history(args: &Named, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let domain = find(&args.name, acting, context).await?;
    let events = acting.platform.domain_history(acting.id(), domain.known.id).await;
    let events = events.map_err(|error| context.refused(&error))?;
    if args.json {
        return events.iter().try_for_each(|event| context.json(event));
    }
    let line = |event: &Told<_>| context.output.line(&view::event(&event.known, context.words));
    events.iter().try_for_each(line)
}

async fn remove(args: &Sure, acting: &Acting, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let domain = find(&args.name, acting, context).await?;
    let (name, count) = (one_line(&domain.known.unicode), domain.known.live_secrets);
    if !args.yes && context.input().is_conversation() {
        let values: [(&str, &dyn wax_i18n::Value); 2] =
            [("host", &name.as_ref()), ("count", &count)];
        if !context.input().sure(&words.say("domains.remove.ask", &values))? {
            return Err(Failure::declined(words.plain("domains.remove.declined")));
        }
    }
    let (id, host) = (domain.known.id, &domain.known.host);
    let delete = async || acting.platform.remove_domain(acting.id(), id, host).await;
    context.proven(&acting.platform, delete).await?;
    if args.json {
        return context.json(&domain);
    }
    context.output.line(&words.say("domains.removed", &[("host", &name.as_ref())]))
}

fn show(domain: &Whole, json: bool, context: &Context<'_>) -> Result<(), Failure> {
    if json {
        return context.json(domain);
    }
    let (output, words) = (context.output, context.words);
    let name = output.styled(Stream::Out, view::style(&domain.known), &view::name(&domain.known));
    output.line(&format!("{name}  {}", view::headline(&domain.known, words)))?;
    let lines = view::lines(&domain.known, words, context.clock.now());
    lines.iter().try_for_each(|line| output.line(&format!("  {line}")))
}

/// What scripts go by: whether links on it work.
fn judged(domain: &Domain, context: &Context<'_>) -> Result<(), Failure> {
    match domain.verdict() {
        Verdict::Ready => Ok(()),
        Verdict::Wait => Err(Failure::different(context.words.plain("domains.waiting"))),
        Verdict::Act => Err(Failure::different(context.words.plain("domains.unready"))),
    }
}

async fn all(acting: &Acting, context: &Context<'_>) -> Result<Vec<Whole>, Failure> {
    let domains = acting.platform.domains(acting.id()).await;
    domains.map_err(|error| context.refused(&error))
}

async fn whole(found: &Whole, acting: &Acting, context: &Context<'_>) -> Result<Whole, Failure> {
    let domain = acting.platform.domain(acting.id(), found.known.id).await;
    domain.map_err(|error| context.refused(&error))
}

/// By host, in either form, or id; with everything that is known of it.
async fn find(typed: &str, acting: &Acting, context: &Context<'_>) -> Result<Whole, Failure> {
    let name = typed.to_lowercase();
    let is_called = |told: &Whole| {
        let Domain { id, host, unicode, .. } = &told.known;
        *host == name || *unicode == name || id.to_string() == typed
    };
    let Some(found) = all(acting, context).await?.into_iter().find(is_called) else {
        return Err(Failure::new(
            Exit::Gone,
            context.words.say("domains.none", &[("host", &typed)]),
        )
        .advise(context.words.plain("domains.none.advice")));
    };
    whole(&found, acting, context).await
}
