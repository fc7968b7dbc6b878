//! What all readers of a run share: the ways in, the patience, and what is known about kills.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;
use wax_client_sdk::{Client, Options, Receipt, Retry};
use wax_crypto::{Origin, ReceiptLink};
use wax_model::ClaimState;

use crate::{
    history::{Answer, Ask, History, Seen, Who},
    reader::refused,
};

/// Readers that may wait for a kill at once. The others must go on, or there would be nothing to kill.
const WAITING: usize = 6;
/// How long a reader waits for a kill at most.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Between two tries, while everybody is up and while somebody is down.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Shared by every reader and sender.
pub(crate) struct Run {
    /// One per entrance; each asks once and tells what came of it.
    clients: Vec<Client>,
    /// Asks for lost answers again by itself: for storing secrets.
    sender: Client,
    next: AtomicUsize,
    waiting: AtomicUsize,
    kills: watch::Sender<u64>,
    /// Whether something that was killed is not back yet.
    is_down: watch::Sender<bool>,
    answers: AtomicU64,
    /// When readers give up. Far away while secrets are still shared.
    gives_up_at: Mutex<Option<Instant>>,
    claims: Mutex<Claims>,
}

/// Claims that are on their way, and which kills have met some.
#[derive(Default)]
struct Claims {
    next: u64,
    unanswered: HashSet<u64>,
    /// Per kill: the claims that were unanswered when it struck.
    struck: Vec<HashSet<u64>>,
    /// Kills of which at least one of these was never answered.
    cut: BTreeSet<usize>,
}

/// What is known about kills and claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strikes {
    /// Kills that struck while a claim was unanswered.
    pub between: usize,
    /// Kills after which at least one of these claims was never answered.
    pub cut: usize,
}

/// One claim on its way.
pub(crate) struct Claiming<'a> {
    run: &'a Run,
    number: u64,
}

impl Claiming<'_> {
    /// It is not on its way any more.
    pub(crate) fn answered(self, whole: bool) {
        let mut claims = lock(&self.run.claims);
        claims.unanswered.remove(&self.number);
        if !whole {
            let met = |struck: &HashSet<u64>| struck.contains(&self.number);
            let kill = claims.struck.iter().rposition(met);
            claims.cut.extend(kill);
        }
    }
}

impl Run {
    pub(crate) fn new(entrances: &[Origin]) -> Self {
        let client = |origin: &Origin, retry: Retry| {
            let options = Options { retry, ..Options::default() };
            Client::new(origin.clone(), &options).expect("a client can be made")
        };
        let (first_wait, longest_wait) = (Duration::from_millis(50), Duration::from_millis(500));
        let once = Retry { attempts: 1, first_wait, longest_wait };
        Self {
            clients: entrances.iter().map(|origin| client(origin, once)).collect(),
            sender: client(&entrances[0], Retry { attempts: 60, ..once }),
            next: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            kills: watch::Sender::new(0),
            is_down: watch::Sender::new(false),
            answers: AtomicU64::new(0),
            gives_up_at: Mutex::new(None),
            claims: Mutex::default(),
        }
    }

    /// The next entrance's client.
    pub(crate) fn client(&self) -> &Client {
        &self.clients[self.next.fetch_add(1, Ordering::Relaxed) % self.clients.len()]
    }

    pub(crate) fn sender(&self) -> &Client {
        &self.sender
    }

    /// No secret is shared any more: readers have so long to come to an end.
    pub(crate) fn end_in(&self, patience: Duration) {
        *lock(&self.gives_up_at) = Some(Instant::now() + patience);
    }

    pub(crate) fn is_patient(&self) -> bool {
        lock(&self.gives_up_at).is_none_or(|at| Instant::now() < at)
    }

    fn is_ending(&self) -> bool {
        lock(&self.gives_up_at).is_some()
    }

    /// Between two tries: until what was killed is back, since others than the one that was asked may be up.
    pub(crate) async fn pause(&self) {
        let mut is_down = self.is_down.subscribe();
        let back = is_down.wait_for(|is_down| !is_down);
        let _ = tokio::time::timeout(LONGEST_PAUSE, back).await;
        tokio::time::sleep(SHORTEST_PAUSE).await;
    }

    /// An answer came.
    pub(crate) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// How many answers there were.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Waits until there were so many.
    pub(crate) async fn has_answers(&self, enough: u64) {
        while self.answers() < enough {
            tokio::time::sleep(SHORTEST_PAUSE).await;
        }
    }

    /// What was killed is back.
    pub(crate) fn recovered(&self) {
        self.is_down.send_replace(false);
    }

    /// Something was killed a moment ago.
    pub(crate) fn struck(&self) {
        let mut claims = lock(&self.claims);
        let unanswered = claims.unanswered.clone();
        claims.struck.push(unanswered);
        self.is_down.send_replace(true);
        self.kills.send_modify(|kills| *kills += 1);
    }

    pub(crate) fn strikes(&self) -> Strikes {
        let claims = lock(&self.claims);
        let between = claims.struck.iter().filter(|struck| !struck.is_empty()).count();
        Strikes { between, cut: claims.cut.len() }
    }

    pub(crate) fn unanswered_claims(&self) -> usize {
        lock(&self.claims).unanswered.len()
    }

    pub(crate) fn claiming(&self) -> Claiming<'_> {
        let mut claims = lock(&self.claims);
        claims.next += 1;
        let number = claims.next;
        claims.unanswered.insert(number);
        Claiming { run: self, number }
    }

    pub(crate) fn kills(&self) -> u64 {
        *self.kills.borrow()
    }

    /// Waits for a kill after the `before`th. `false` when there was none, or enough others are waiting.
    pub(crate) async fn next_kill(&self, before: u64) -> bool {
        let place = self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut kills = self.kills.subscribe();
        let killed = kills.wait_for(|kills| *kills > before);
        let killed = place < WAITING
            && !self.is_ending()
            && matches!(tokio::time::timeout(LONGEST_WAIT, killed).await, Ok(Ok(_)));
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        killed
    }

    /// Looks at the receipt, burns or unlocks, until there is an answer.
    pub(crate) async fn ask_as_sender(&self, history: &History, ask: Ask, receipt: &ReceiptLink) {
        while self.is_patient() {
            let asked = async {
                let client = self.client();
                let answer = match ask {
                    Ask::Burn => client.burn(receipt).await,
                    Ask::Unlock => client.unlock(receipt).await,
                    _ => client.receipt(receipt).await,
                };
                (
                    answer.map_or_else(|error| refused(&error), |seen| Answer::Receipt(see(&seen))),
                    (),
                )
            };
            match history.note(Who::Sender, ask, asked).await.0 {
                Answer::Lost => self.pause().await,
                _ => return self.answered(),
            }
        }
    }

    pub(crate) async fn unlock(&self, history: &History, receipt: &ReceiptLink) {
        self.ask_as_sender(history, Ask::Unlock, receipt).await;
    }
}

fn see(receipt: &Receipt) -> Seen {
    let count = |state| {
        let openings = receipt.openings.iter().filter(|opening| opening.state == state).count();
        u32::try_from(openings).unwrap_or(u32::MAX)
    };
    Seen {
        state: receipt.state,
        views_left: receipt.views_left,
        open: count(ClaimState::Open),
        acked: count(ClaimState::Acked),
        lapsed: count(ClaimState::Lapsed),
        wrong: receipt.tries.wrong,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
