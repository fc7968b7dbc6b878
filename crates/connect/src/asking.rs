//! Whether a zone's provider would set our records.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use reqwest::Url;

use crate::{
    Offer, Operator, SigningKey, TemplateKind,
    provider::{Settings, below, of_text},
};

/// For everything that is asked about one zone.
const WHOLE: Duration = Duration::from_secs(8);
/// Texts of one zone that are followed.
const MOST_TEXTS: usize = 2;

/// Why records are not set that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// The zone's provider does not say that it speaks Domain Connect.
    #[error("the provider does not offer it")]
    NotOffered,
    /// It does not know the zone (404): the text in it is another provider's.
    #[error("the provider does not know the zone")]
    OtherZone,
    /// It has no page that people could be sent to.
    #[error("the provider has no page for it")]
    NoPages,
    /// It does not know our template (404).
    #[error("the provider does not know the template")]
    UnknownTemplate,
    /// It asks for something that we do not understand.
    #[error("the provider asks for an extension")]
    Demanding,
    /// What it answered is not what the specification says.
    #[error("the provider's answer cannot be used")]
    Broken,
    /// No connection, or at no address that may be asked.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the provider does not answer in time")]
    Slow,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NotOffered,
        Self::OtherZone,
        Self::NoPages,
        Self::UnknownTemplate,
        Self::Demanding,
        Self::Broken,
        Self::Unreachable,
        Self::Slow,
    ];

    /// As JSON has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "not-offered",
            Self::OtherZone => "other-zone",
            Self::NoPages => "no-pages",
            Self::UnknownTemplate => "unknown-template",
            Self::Demanding => "demanding",
            Self::Broken => "broken",
            Self::Unreachable => "unreachable",
            Self::Slow => "slow",
        }
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The HTTP status.
    pub status: u16,
    /// At most 64 KiB.
    pub body: Vec<u8>,
}

/// Asks providers. [`crate::Https`], or a test's own.
#[async_trait]
pub trait Wire: Send + Sync + fmt::Debug {
    /// GET of a URL, once.
    async fn get(&self, url: &Url) -> Result<Heard, Fault>;
}

/// One operator's side of Domain Connect.
#[derive(Debug)]
pub struct Connect {
    /// Whose templates providers know.
    pub operator: Operator,
    /// What requests are signed with.
    pub key: SigningKey,
    /// The way to providers.
    pub wire: Arc<dyn Wire>,
}

impl Connect {
    /// Asks the provider of a zone whether it would set the records of this kind of host. `texts`: what the zone says at
    /// `_domainconnect`. Takes at most 8 s.
    ///
    /// # Errors
    /// If none of the texts leads to a provider that would: what is wrong with the first that leads anywhere.
    pub async fn ask(
        &self,
        zone: &str,
        texts: &[String],
        kind: TemplateKind,
    ) -> Result<Offer, Fault> {
        let asking = self.first(zone, texts, kind);
        tokio::time::timeout(WHOLE, asking).await.unwrap_or(Err(Fault::Slow))
    }

    async fn first(
        &self,
        zone: &str,
        texts: &[String],
        kind: TemplateKind,
    ) -> Result<Offer, Fault> {
        let mut first = None;
        for place in texts.iter().filter_map(|text| of_text(text)).take(MOST_TEXTS) {
            match self.ask_one(zone, &place, kind).await {
                Ok(offer) => return Ok(offer),
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        Err(first.unwrap_or(Fault::NotOffered))
    }

    async fn ask_one(&self, zone: &str, place: &Url, kind: TemplateKind) -> Result<Offer, Fault> {
        let heard = self.wire.get(&below(place, &format!("v2/{zone}/settings"))?).await?;
        let settings = Settings::read(&success(heard, Fault::OtherZone)?)?;
        let (provider, pages) = (settings.name()?, settings.pages()?);
        let (ours, service) = (&self.operator.provider, kind.service());
        let path = format!("v2/domainTemplates/providers/{ours}/services/{service}");
        let heard = self.wire.get(&below(&settings.api()?, &path)?).await?;
        success(heard, Fault::UnknownTemplate)?;
        Ok(Offer { provider, pages, kind })
    }
}

/// The body of a success. A redirect is none: it could lead anywhere.
fn success(heard: Heard, missing: Fault) -> Result<Vec<u8>, Fault> {
    match heard.status {
        200..=299 => Ok(heard.body),
        404 => Err(missing),
        _ => Err(Fault::Broken),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Mutex};

    use wax_kernel::Hostname;

    use super::*;
    use crate::key::some_key;

    /// Answers by URL; what is not there is never answered.
    #[derive(Debug, Default)]
    struct Script {
        answers: HashMap<String, Result<Heard, Fault>>,
        asked: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Wire for Script {
        async fn get(&self, url: &Url) -> Result<Heard, Fault> {
            self.asked.lock().unwrap().push(url.to_string());
            match self.answers.get(url.as_str()) {
                Some(answer) => answer.clone(),
                None => std::future::pending().await,
            }
        }
    }

    const SETTINGS: &str = "https://dc.virtucon.example/v2/example.com/settings";
    const TEMPLATE: &str = "https://api.virtucon.example/v2/domainTemplates/providers/waxseal.example/services/secrets-host";

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside faults")]
    fn said(status: u16, body: &str) -> Result<Heard, Fault> {
        Ok(Heard { status, body: body.into() })
    }

    fn good() -> Result<Heard, Fault> {
        said(
            200,
            "{\"providerId\": \"v\", \"providerName\": \"Virtucon\", \"urlSyncUX\": \"https://www.virtucon.example/sync\", \
             \"urlAPI\": \"https://api.virtucon.example\", \"vnd.unknown\": {}}",
        )
    }

    fn connect(answers: &[(&str, Result<Heard, Fault>)]) -> (Connect, Arc<Script>) {
        let name = |text| Hostname::parse(text).unwrap();
        let answers = answers.iter().map(|(url, answer)| ((*url).to_owned(), answer.clone()));
        let script = Arc::new(Script { answers: answers.collect(), asked: Mutex::default() });
        let operator = Operator {
            provider: name("waxseal.example"),
            name: "Waxseal".to_owned(),
            zone: name("edge.waxseal.example"),
            console: name("app.waxseal.example"),
            addresses: Vec::new(),
        };
        let wire = Arc::clone(&script) as Arc<dyn Wire>;
        (Connect { operator, key: some_key(), wire }, script)
    }

    async fn asked(
        answers: &[(&str, Result<Heard, Fault>)],
        texts: &[&str],
    ) -> Result<Offer, Fault> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        connect(answers).0.ask("example.com", &texts, TemplateKind::Host).await
    }

    #[tokio::test]
    async fn a_provider_that_knows_zone_and_template_makes_an_offer() {
        let answers = [(SETTINGS, good()), (TEMPLATE, said(200, ""))];
        let offer = asked(&answers, &["v=spf1 -all", "dc.virtucon.example"]).await.unwrap();
        assert_eq!((&*offer.provider, offer.host()), ("Virtucon", "www.virtucon.example"));
    }

    #[tokio::test]
    async fn whatever_else_a_provider_says_is_a_reason() {
        let text = ["dc.virtucon.example"];
        for (settings, template, fault) in [
            (said(404, ""), said(200, ""), Fault::OtherZone),
            (said(302, ""), said(200, ""), Fault::Broken),
            (said(500, "<html>"), said(200, ""), Fault::Broken),
            (said(200, "<html>"), said(200, ""), Fault::Broken),
            (Err(Fault::Unreachable), said(200, ""), Fault::Unreachable),
            (good(), said(404, ""), Fault::UnknownTemplate),
            (good(), said(301, ""), Fault::Broken),
            (good(), Err(Fault::Slow), Fault::Slow),
        ] {
            let answers = [(SETTINGS, settings), (TEMPLATE, template)];
            assert_eq!(asked(&answers, &text).await.err(), Some(fault));
        }
        assert_eq!(asked(&[], &["127.0.0.1", "v=spf1"]).await.err(), Some(Fault::NotOffered));
        assert_eq!(asked(&[], &[]).await.err(), Some(Fault::NotOffered));
    }

    #[tokio::test(start_paused = true)]
    async fn a_zone_with_many_texts_costs_two_attempts_and_eight_seconds() {
        let gone: Vec<(String, Result<Heard, Fault>)> = (0..20)
            .map(|n| (format!("https://p{n}.example/v2/example.com/settings"), said(404, "")))
            .collect();
        let gone: Vec<(&str, _)> =
            gone.iter().map(|(url, said)| (url.as_str(), said.clone())).collect();
        let (connect, script) = connect(&gone);
        let texts: Vec<String> = (0..20).map(|n| format!("p{n}.example")).collect();
        let told = connect.ask("example.com", &texts, TemplateKind::Host).await;
        assert_eq!(told.err(), Some(Fault::OtherZone));
        assert_eq!(script.asked.lock().unwrap().len(), MOST_TEXTS);
        let began = tokio::time::Instant::now();
        let silent = ["silent.example".to_owned()];
        let told = connect.ask("example.com", &silent, TemplateKind::Host).await;
        assert_eq!((told.err(), began.elapsed()), (Some(Fault::Slow), WHOLE));
    }

    #[test]
    fn every_fault_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> =
            Fault::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(words.len(), Fault::ALL.len());
    }
}
