//! One run: secrets are shared, readers race for them, things go wrong, and every history is judged.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tokio::sync::{Barrier, watch};
use wax_client_sdk::{Draft, Shared};
use wax_crypto::{DeviceKey, Origin};
use wax_kernel::SystemRng;
use wax_model::{Expires, Kind};

use crate::{
    chaos::{Chaos, Struck, unharmed},
    conviction::Conviction,
    history::{Answer, Ask, Event, History, Who},
    plan::{Dice, Mix, Plan, Plans},
    proxy::Proxy,
    reader::Reader,
    run::{Run, Strikes},
    victim::Victim,
};

/// What is besieged.
pub struct System {
    /// Roads to the entrances, connections on which break. May be empty.
    pub proxies: Vec<Proxy>,
    /// Where readers go.
    pub entrances: Vec<Origin>,
    /// What gets killed.
    pub victims: Vec<Box<dyn Victim>>,
}

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Decides what is shared, who reads, what is killed and which connections break.
    pub seed: u64,
    /// Which secrets.
    pub mix: Mix,
    /// No further secret is shared after this.
    pub lasts: Duration,
    /// … or after so many.
    pub secrets: usize,
    /// How long readers then have to come to an end.
    pub patience: Duration,
    /// Secrets under siege at once.
    pub at_once: usize,
    /// What goes wrong, if anything.
    pub chaos: Option<Chaos>,
    /// Whether one conviction is enough.
    pub stops_when_convicted: bool,
}

/// How it stands, or stood in the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Secrets that were judged.
    pub secrets: usize,
    /// Readers that have their verdict.
    pub readers: usize,
    /// Devices that opened something.
    pub opened: usize,
    /// Calls to the servers.
    pub calls: usize,
    /// Of which nobody knows what came.
    pub lost: usize,
    /// Recoveries that brought the text again.
    pub recovered: usize,
    /// Openings of what was bound already.
    pub reopened: usize,
    /// Connections that were broken on purpose.
    pub broken: u64,
    /// Kills and pauses.
    pub struck: Vec<Struck>,
    /// Kills between a claim and its answer.
    pub strikes: Strikes,
    /// Secrets with a violation.
    pub convicting: usize,
}

impl Figures {
    /// Kills of everybody.
    pub fn kills(&self) -> u64 {
        self.struck.iter().map(|struck| struck.kills).sum()
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The sums.
    pub figures: Figures,
    /// The first few of them.
    pub convictions: Vec<Conviction>,
}

/// Convictions that are kept. One is enough; a few more help whoever looks for the cause.
const KEPT: usize = 20;

struct Siege {
    run: Run,
    settings: Settings,
    begun: Instant,
    plans: Mutex<Plans>,
    outcome: Mutex<Outcome>,
}

/// Besieges a system that runs, and tells how it stands to whoever watches.
pub async fn besiege(
    system: &mut System,
    settings: Settings,
    watched: &watch::Sender<Figures>,
) -> Result<Outcome> {
    ensure!(!system.entrances.is_empty(), "a system without an entrance");
    let begun = Instant::now();
    let siege = Siege {
        run: Run::new(&system.entrances),
        settings,
        begun,
        plans: Mutex::new(Plans::new(settings.mix, settings.seed)),
        outcome: Mutex::new(Outcome { figures: Figures::default(), convictions: Vec::new() }),
    };
    let (struck, over) = (watch::Sender::new(unharmed(&system.victims)), watch::Sender::new(false));
    let System { proxies, victims, .. } = system;
    let workers = futures_util::future::join_all((0..settings.at_once).map(|_| siege.work()));
    let fighting = async {
        workers.await;
        over.send_replace(true);
    };
    let raging = async {
        let Some(chaos) = settings.chaos else { return Ok(()) };
        let mut over = over.subscribe();
        let raged = chaos.rage(victims, &siege.run, settings.seed, &struck, &mut over).await;
        // Without servers nobody would come to an end.
        siege.run.end_in(if raged.is_ok() { settings.patience } else { Duration::ZERO });
        raged
    };
    let calming = async {
        tokio::time::sleep(settings.lasts).await;
        over.send_replace(true);
        proxies.iter().for_each(Proxy::calm);
        siege.run.end_in(settings.patience);
    };
    let telling = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            watched.send_replace(siege.figures(proxies, &struck));
        }
    };
    let all = async { tokio::join!(fighting, raging).1 };
    tokio::select! {
        raged = all => raged?,
        () = async { tokio::join!(calming, telling).0 } => {}
    }
    let figures = siege.figures(proxies, &struck);
    watched.send_replace(figures.clone());
    let outcome = siege.outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Outcome { figures, ..outcome })
}

impl Siege {
    /// One secret after the other, until there are enough or the time is up.
    async fn work(&self) {
        while self.begun.elapsed() < self.settings.lasts
            && !self.is_convicted()
            && let Some(plan) = self.next_plan()
        {
            let history = History::new(self.begun);
            if self.fight(&plan, &history).await {
                self.close(plan, history.events());
            }
        }
    }

    fn is_convicted(&self) -> bool {
        self.settings.stops_when_convicted && lock(&self.outcome).figures.convicting > 0
    }

    fn next_plan(&self) -> Option<Plan> {
        let plan = lock(&self.plans).draw();
        (plan.number < self.settings.secrets).then_some(plan)
    }

    /// Shares a secret and lets its readers race. `false` if it could not even be stored: nobody was promised anything.
    async fn fight(&self, plan: &Plan, history: &History) -> bool {
        let Some(shared) = self.share(plan, history).await else { return false };
        let winners = Barrier::new(plan.views as usize);
        let readers: Vec<_> = (0..plan.readers.len())
            .map(|number| Reader {
                run: &self.run,
                history,
                plan,
                link: &shared.link,
                receipt: &shared.receipt,
                number,
                device: DeviceKey::generate(),
                winners: &winners,
            })
            .collect();
        let reading = futures_util::future::join_all(readers.iter().map(Reader::read));
        let burning = async {
            if plan.burned {
                let dice = Dice::new(self.settings.seed ^ plan.number as u64);
                // What is bound is burned between its openings, everything else between claim and acknowledgement.
                let latest = if plan.kind == Kind::DeviceBound { 600 } else { 60 };
                tokio::time::sleep(Duration::from_millis(dice.below(latest).into())).await;
                self.run.ask_as_sender(history, Ask::Burn, &shared.receipt).await;
            }
        };
        tokio::join!(reading, burning);
        self.run.ask_as_sender(history, Ask::Receipt, &shared.receipt).await;
        true
    }

    /// Until it is stored. A server without a database says when to come back, and that is later than a sender waits.
    async fn share(&self, plan: &Plan, history: &History) -> Option<Shared> {
        let (text, expires) = (plan.text(), Expires::AfterS(86_400));
        let draft = Draft { text: &text, views: plan.views, expires, passphrase: None };
        while self.run.is_patient() {
            let sharing = async {
                match self.run.sender().share_as(plan.kind, &draft, &SystemRng).await {
                    Ok(shared) => (Answer::Done, Some(shared)),
                    Err(_) => (Answer::Lost, None),
                }
            };
            let (_, shared) = history.note(Who::Sender, Ask::Share, sharing).await;
            if shared.is_some() {
                return shared;
            }
            self.run.pause().await;
        }
        None
    }

    fn close(&self, plan: Plan, events: Vec<Event>) {
        let calls = crate::history::calls(&events);
        let mut outcome = lock(&self.outcome);
        let count = |test: &dyn Fn(&crate::history::Call) -> bool| {
            calls.iter().filter(|call| test(call)).count()
        };
        let figures = &mut outcome.figures;
        figures.secrets += 1;
        figures.readers += plan.readers.len();
        figures.opened +=
            count(&|call| matches!((call.ask, &call.answer), (Ask::Ack(_), Answer::Done)));
        figures.calls += calls.len();
        figures.lost += count(&|call| call.answer == Answer::Lost);
        figures.recovered +=
            count(&|call| call.ask == Ask::Recover && matches!(call.answer, Answer::Text(..)));
        figures.reopened +=
            count(&|call| matches!((call.ask, &call.answer), (Ask::Open(_), Answer::Text(..))));
        if let Some(conviction) = Conviction::of(plan, events) {
            figures.convicting += 1;
            if self.settings.stops_when_convicted {
                self.run.end_in(self.settings.patience);
            }
            if outcome.convictions.len() < KEPT {
                outcome.convictions.push(conviction);
            }
        }
    }

    fn figures(&self, proxies: &[Proxy], struck: &watch::Sender<Vec<Struck>>) -> Figures {
        Figures {
            broken: proxies.iter().map(Proxy::broken).sum(),
            struck: struck.borrow().clone(),
            strikes: self.run.strikes(),
            ..lock(&self.outcome).figures.clone()
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
