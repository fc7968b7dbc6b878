//! What goes wrong on purpose: kills and pauses, drawn from a seed, in turns so that everybody gets as many.

use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use crate::{plan::Dice, run::Run, victim::Victim};

/// How much goes wrong. Counted in answers, so that a slow machine gets done as much between two kills as a fast one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chaos {
    /// Answers between one thing and the next, on average.
    pub answers_between: u32,
    /// However few answers there were.
    pub at_latest: Duration,
    /// One in this many is a pause, the others are kills. 0: none.
    pub pauses_one_in: u32,
}

/// How often one victim was struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// Its name.
    pub victim: String,
    /// `kill -9`, or what stands for it.
    pub kills: u64,
    /// `SIGSTOP`, and `SIGCONT` up to a second later.
    pub pauses: u64,
}

impl Chaos {
    /// Strikes until told that it is over; everybody runs again afterwards.
    pub(crate) async fn rage(
        self,
        victims: &mut [Box<dyn Victim>],
        run: &Run,
        seed: u64,
        struck: &watch::Sender<Vec<Struck>>,
        over: &mut watch::Receiver<bool>,
    ) -> Result<()> {
        let (dice, mut bag) = (Dice::new(seed), Vec::new());
        loop {
            let half = self.answers_between / 2;
            let enough = run.answers() + u64::from(half + dice.below(self.answers_between.max(1)));
            tokio::select! {
                _ = tokio::time::timeout(self.at_latest, run.has_answers(enough)) => {}
                _ = over.wait_for(|over| *over) => return Ok(()),
            }
            if bag.is_empty() {
                bag = shuffled(victims.len(), &dice);
            }
            let Some(chosen) = bag.pop() else { return Ok(()) };
            let victim = &mut victims[chosen];
            if self.pauses_one_in > 0 && dice.once_in(self.pauses_one_in) {
                victim.pause()?;
                tokio::time::sleep(Duration::from_millis(50 + u64::from(dice.below(950)))).await;
                victim.resume()?;
                struck.send_modify(|struck| struck[chosen].pauses += 1);
            } else {
                a_claim_is_unanswered(run).await;
                victim.kill()?;
                run.struck();
                struck.send_modify(|struck| struck[chosen].kills += 1);
                victim.start().await?;
                run.recovered();
            }
        }
    }
}

/// Kills are meant to fall between a claim and its answer. If nobody claims, they fall anyway.
async fn a_claim_is_unanswered(run: &Run) {
    for _ in 0..500 {
        if run.unanswered_claims() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Everybody once, in an order of the dice (Fisher and Yates).
fn shuffled(count: usize, dice: &Dice) -> Vec<usize> {
    let mut bag: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        let bound = u32::try_from(place + 1).unwrap_or(u32::MAX);
        bag.swap(place, dice.below(bound) as usize);
    }
    bag
}

/// Nobody was struck yet.
pub(crate) fn unharmed(victims: &[Box<dyn Victim>]) -> Vec<Struck> {
    let names = victims.iter().map(|victim| victim.name().to_owned());
    names.map(|victim| Struck { victim, kills: 0, pauses: 0 }).collect()
}
