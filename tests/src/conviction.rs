//! What was found, written so that it convicts again without any server.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::{
    history::Event,
    judge::{Violation, judge},
    plan::Plan,
};

/// A history that breaks a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conviction {
    /// What was shared with whom.
    pub plan: Plan,
    /// What happened.
    pub events: Vec<Event>,
    /// Which promises it breaks.
    pub violations: Vec<Violation>,
}

impl Conviction {
    /// Judges a history. `None`: every promise was kept.
    pub fn of(plan: Plan, events: Vec<Event>) -> Option<Self> {
        let violations = judge(&plan, &events);
        (!violations.is_empty()).then_some(Self { plan, events, violations })
    }

    /// Writes the history where somebody can read it, a line for each event behind a line for the plan.
    pub fn save(&self, folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("secret-{}.jsonl", self.plan.number));
        let mut text = serde_json::to_string(&self.plan)? + "\n";
        for event in &self.events {
            text += &(serde_json::to_string(event)? + "\n");
        }
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Reads a history that was saved, and judges it again.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let (plan, events) = text.split_once('\n').context("a history begins with its plan")?;
        let plan = serde_json::from_str(plan).context("line 1")?;
        let events = events.lines().zip(2..).map(|(line, number)| {
            serde_json::from_str(line).with_context(|| format!("line {number}"))
        });
        Ok(Self::of(plan, events.collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use wax_model::Kind;

    use super::*;
    use crate::{
        history::{Answer, Ask, TextDigest, What, Who},
        plan::Habit,
    };

    /// Two readers hold the text of one view.
    fn convicting() -> Conviction {
        let readers = vec![Habit::Plain, Habit::Replayed];
        let kind = Kind::OneTime;
        let plan = Plan { number: 7, kind, views: 1, readers, burned: false, together: false };
        let text = TextDigest::of(&plan.text());
        let events = (0..2).flat_map(|reader| {
            let asked = What::Asked(Who::Reader(reader), Ask::Claim);
            let answered = What::Answered(Answer::Text(text, 0));
            [asked, answered].map(|what| Event { at_us: reader as u64, call: reader, what })
        });
        Conviction::of(plan.clone(), events.collect()).expect("a view was given twice")
    }

    #[test]
    fn a_saved_history_convicts_again() {
        let folder = tempfile::tempdir().unwrap();
        let found = convicting();
        let path = found.save(folder.path()).unwrap();
        assert_eq!(Conviction::load(&path).unwrap(), Some(found));
    }

    #[test]
    fn a_line_that_is_no_event_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = convicting().save(folder.path()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + "?\n").unwrap();
        assert_eq!(Conviction::load(&path).unwrap_err().to_string(), "line 6");
    }
}
