//! What lives in our zones: published by whoever knows, read by the server.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use wax_kernel::{Job, JobError};

/// The label of one domain's target: 26 characters of lower-case base 32 (128 bits, RFC 4648 §6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label([u8; Label::LENGTH]);

/// The text is no label of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a label of 26 letters and digits (base 32)")]
pub struct LabelError;

impl Label {
    const LENGTH: usize = 26;

    /// Reads one, in any case.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        Self::of(text.as_bytes()).ok_or(LabelError)
    }

    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut label: [u8; Self::LENGTH] = bytes.try_into().ok()?;
        label.make_ascii_lowercase();
        label.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')).then_some(Self(label))
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Everything that the zones have beside what the configuration says, as of one change.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// The number of that change, and the SOA's serial number: servers that have applied the same say the same.
    pub serial: u32,
    /// Domains' targets in use: `<label>.<zone>`.
    pub targets: HashSet<Label>,
    /// What orders want seen at `<label>.acme.<zone>` (RFC 8555 §8.4), while they do.
    pub challenges: HashMap<Label, Vec<String>>,
    /// Organizations' short names: `<slug>.<platform suffix>`, in lower case.
    pub slugs: HashSet<Box<str>>,
    /// The same as `challenges`, for the platform's own wildcard: at `_acme-challenge.<platform suffix>`, and at
    /// `platform.acme.<zone>`, where that name's alias leads if others serve the suffix.
    pub platform_challenges: Vec<String>,
}

impl Snapshot {
    /// Whether a target of this label is in use, or an order has something to show there.
    pub(crate) fn knows(&self, label: Label) -> bool {
        self.targets.contains(&label) || self.challenges.contains_key(&label)
    }

    pub(crate) fn texts(&self, label: Label) -> &[String] {
        self.challenges.get(&label).map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for Snapshot {
    /// Not its content: there may be a hundred thousand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("serial", &self.serial)
            .field("targets", &self.targets.len())
            .field("challenges", &self.challenges.len())
            .field("slugs", &self.slugs.len())
            .finish_non_exhaustive()
    }
}

/// The snapshot in force. Clones are the same handle: one side publishes, the server reads.
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<ArcSwapOption<Snapshot>>);

impl Labels {
    /// Puts a snapshot in force at once.
    pub fn publish(&self, snapshot: Snapshot) {
        self.0.store(Some(Arc::new(snapshot)));
    }

    /// The change that the snapshot in force is as of; none before the first.
    pub fn serial(&self) -> Option<u32> {
        self.load().map(|snapshot| snapshot.serial)
    }

    pub(crate) fn load(&self) -> Option<Arc<Snapshot>> {
        self.0.load_full()
    }
}

/// Where snapshots come from.
#[async_trait]
pub trait LabelSource: Send + Sync + fmt::Debug {
    /// What lives now; none if that is what the snapshot of this serial number says.
    async fn changed(&self, since: Option<u32>) -> Result<Option<Snapshot>, JobError>;
}

/// How long a change takes at most until it is served, beside the time to read it.
const EVERY: Duration = Duration::from_secs(1);

/// Asks for what is new, and publishes it. What was published stays in force while the source fails.
pub fn labels_job(source: Arc<dyn LabelSource>, labels: Labels) -> Job {
    Job::new("zone.labels", EVERY, move || {
        let (source, labels) = (Arc::clone(&source), labels.clone());
        async move {
            if let Some(snapshot) = source.changed(labels.serial()).await? {
                labels.publish(snapshot);
            }
            Ok(())
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_label_is_26_characters_of_base_32_in_any_case() {
        let label = Label::parse("k3vfy2mbgpq7x5ehn4wtd6ozla").unwrap();
        assert_eq!(Label::parse("K3VFY2MBGPQ7X5EHN4WTD6OZLA"), Ok(label));
        assert_eq!(format!("{label:?}"), "k3vfy2mbgpq7x5ehn4wtd6ozla");
        for bad in ["", "acme", "k3vfy2mbgpq7x5ehn4wtd6ozl", "k3vfy2mbgpq7x5ehn4wtd6ozl1"] {
            assert_eq!(Label::parse(bad), Err(LabelError), "{bad}");
        }
    }

    /// Gives what it was filled with, once, or fails.
    #[derive(Debug, Default)]
    struct Scripted(Mutex<Vec<Result<Option<Snapshot>, &'static str>>>, Mutex<Vec<Option<u32>>>);

    #[async_trait]
    impl LabelSource for Scripted {
        async fn changed(&self, since: Option<u32>) -> Result<Option<Snapshot>, JobError> {
            self.1.lock().unwrap().push(since);
            Ok(self.0.lock().unwrap().remove(0)?)
        }
    }

    #[tokio::test]
    async fn what_was_published_stays_while_the_source_fails_or_has_nothing_new() {
        let at = |serial| Ok(Some(Snapshot { serial, ..Snapshot::default() }));
        let script = vec![Err("away"), at(7), Ok(None), Err("away"), at(9)];
        let source = Arc::new(Scripted(Mutex::new(script), Mutex::default()));
        let labels = Labels::default();
        let job = labels_job(Arc::clone(&source) as Arc<dyn LabelSource>, labels.clone());
        let mut seen = Vec::new();
        for _ in 0..5 {
            let ended = job.run().await.is_ok();
            seen.push((ended, labels.serial()));
        }
        let seven = Some(7);
        let expected =
            [(false, None), (true, seven), (true, seven), (false, seven), (true, Some(9))];
        assert_eq!(seen, expected);
        assert_eq!(*source.1.lock().unwrap(), [None, None, seven, seven, seven]);
    }
}
