//! Tells our own zone what lives in it, from the change log.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use async_trait::async_trait;
use tokio::sync::Mutex;
use wax_acme::{Answer, Method, OrderStore, PlatformName};
use wax_kernel::{Clock, DomainId, Hostname, JobError};
use wax_model::domain::{Node, NodeKind};
use wax_store::{DomainLabel, DomainPlatform, Store};
use wax_zone::{Label, LabelSource, Snapshot};

const PAGE: u32 = 1_000;

/// What a name server follows.
#[derive(Debug)]
pub(crate) struct StoredLabels {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) orders: Arc<dyn OrderStore>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Below which organizations' short names are.
    pub(crate) suffix: Option<Hostname>,
    /// Their wildcard, if its certificate is to be had.
    pub(crate) wildcard: Option<PlatformName>,
    /// Names this process in the store.
    pub(crate) node: String,
    pub(crate) known: Mutex<Known>,
}

/// What was published last.
#[derive(Debug, Default)]
pub(crate) struct Known {
    position: Option<i64>,
    domains: HashMap<DomainId, Entry>,
    /// What the wildcard's order wants seen.
    wildcard: Option<String>,
}

#[derive(Debug)]
struct Entry {
    target: Option<Label>,
    slug: Option<Box<str>>,
    challenge: Option<String>,
}

impl StoredLabels {
    fn log(&self) -> &dyn DomainPlatform {
        self.store.platform().domains()
    }

    /// `true`: something is new.
    async fn follow(&self, known: &mut Known) -> Result<bool> {
        let Some(position) = known.position else { return self.everything(known).await };
        let Some(changes) = self.log().changes(position, PAGE).await? else {
            return self.everything(known).await;
        };
        let ids: Vec<DomainId> = changes.changed.iter().map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        if self.wildcard.as_ref().is_some_and(|wildcard| ids.contains(&wildcard.id)) {
            known.wildcard = self.wildcard_challenge().await?;
        }
        let found = self.log().labels_of(&ids).await?;
        for id in &ids {
            known.domains.remove(id);
        }
        self.take_in(known, found).await?;
        known.position = Some(changes.position);
        Ok(true)
    }

    async fn everything(&self, known: &mut Known) -> Result<bool> {
        let position = self.log().position().await?;
        let (mut all, mut after) = (Known::default(), None);
        loop {
            let page = self.log().labels(after, PAGE).await?;
            let last = page.len() < PAGE as usize;
            after = page.last().map(|label| label.domain);
            self.take_in(&mut all, page).await?;
            if last {
                break;
            }
        }
        let wildcard = self.wildcard_challenge().await?;
        *known = Known { position: Some(position), wildcard, ..all };
        Ok(true)
    }

    async fn wildcard_challenge(&self) -> Result<Option<String>> {
        let Some(wildcard) = &self.wildcard else { return Ok(None) };
        let answers = self.orders.answers(&[wildcard.id]).await?;
        Ok(answers.first().map(|(_, answer)| answer.dns_value()))
    }

    async fn take_in(&self, known: &mut Known, labels: Vec<DomainLabel>) -> Result<()> {
        let ids: Vec<DomainId> = labels.iter().map(|label| label.domain).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut answers: HashMap<_, Answer> =
            self.orders.answers(&ids).await?.into_iter().collect();
        for label in labels {
            let answer = answers.remove(&label.domain);
            let challenge = answer.filter(|answer| answer.method == Method::Dns01);
            let entry = Entry {
                target: Label::parse(&label.label).ok(),
                slug: self.slug(&label),
                challenge: challenge.map(|answer| answer.dns_value()),
            };
            known.domains.insert(label.domain, entry);
        }
        Ok(())
    }

    fn slug(&self, label: &DomainLabel) -> Option<Box<str>> {
        let below = label.host.host().as_str().strip_suffix(self.suffix.as_ref()?.as_str())?;
        let slug = below.strip_suffix('.').filter(|slug| !slug.contains('.'))?;
        (label.label.is_empty() && !label.host.is_wildcard()).then(|| slug.into())
    }
}

impl Known {
    fn snapshot(&self) -> Snapshot {
        let mut challenges = HashMap::<_, Vec<String>>::new();
        for entry in self.domains.values() {
            if let (Some(label), Some(value)) = (entry.target, &entry.challenge) {
                challenges.entry(label).or_default().push(value.clone());
            }
        }
        // A serial number goes round (RFC 1982); equal changes have equal ones.
        let serial = self.position.unwrap_or(0) & i64::from(u32::MAX);
        Snapshot {
            serial: u32::try_from(serial).unwrap_or(0),
            targets: self.domains.values().filter_map(|entry| entry.target).collect(),
            slugs: self.domains.values().filter_map(|entry| entry.slug.clone()).collect(),
            challenges,
            platform_challenges: self.wildcard.iter().cloned().collect(),
        }
    }
}

#[async_trait]
impl LabelSource for StoredLabels {
    async fn changed(&self, since: Option<u32>) -> Result<Option<Snapshot>, JobError> {
        let mut known = self.known.lock().await;
        // What the last round answered has been published since.
        if let Some(position) = known.position {
            let (name, seen_at) = (self.node.clone(), self.clock.now());
            let node = Node { name, kind: NodeKind::Dns, position, seen_at };
            self.log().note_node(&node).await?;
        }
        let is_new = self.follow(&mut known).await?;
        Ok((is_new || since.is_none()).then(|| known.snapshot()))
    }
}

#[cfg(test)]
mod tests;
