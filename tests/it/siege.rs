//! Racing readers against a server that is killed again and again.
//!
//! Every reader has a device of its own and keeps trying until it has a verdict: it holds the plaintext, or it was told that
//! the secret is gone. The judge looks only at what the readers saw, never into the database.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tempfile::TempDir;
use tokio::sync::watch;
use wax_client_sdk::{Client, Code, Delivery, Draft, Error, Session};
use wax_crypto::{Delivered, DeviceKey, Ikm, Link, Opened, Thumbprint, open_text};
use wax_kernel::{SecretId, SystemRng};
use wax_model::{ClaimState, Expires};
use wax_testkit::database::PostgresDatabase;

use crate::server::Server;

/// Readers of one secret.
const READERS: usize = 8;
/// Secrets under siege at once: with their readers, more requests than a small machine has cores.
const AT_ONCE: usize = 12;

/// Readers that may wait for a kill at once. The others must go on, or there would be no progress to kill at.
const PATIENT: usize = 4;

/// How much of it.
struct Plan {
    secrets: usize,
    kills: usize,
}

/// What one reader saw of one secret.
#[derive(Debug)]
enum Verdict {
    /// It holds this text.
    Opened { device: Thumbprint, text: String, claims_answered: usize, recovered_same: bool },
    /// It was told that somebody else was first.
    Gone,
}

/// Everything the readers saw.
#[derive(Default)]
struct History {
    verdicts: Mutex<HashMap<SecretId, Vec<Verdict>>>,
    in_flight: AtomicUsize,
    waiting: AtomicUsize,
    done: AtomicUsize,
    recoveries_after_a_kill: AtomicU64,
    contradictions: AtomicU64,
}

struct Siege {
    client: Client,
    history: History,
    /// How often the server was killed, as a clock that readers can wait on.
    kills: watch::Sender<u64>,
    /// Nobody waits for a kill once there will be none.
    over: watch::Sender<bool>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_device_opens_each_secret_through_kills_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::waxseald(folder.path(), None);
    let outcome = besiege(server, Plan { secrets: 1_000, kills: 50 }).await;
    outcome.acquit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_device_opens_each_secret_through_kills_on_postgres() {
    let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
    let server = Server::waxseald(folder.path(), Some(database.url()));
    let outcome = besiege(server, Plan { secrets: 1_000, kills: 50 }).await;
    outcome.acquit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_a_store_that_selects_and_then_deletes() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let outcome = besiege(Server::broken(folder.path()), Plan { secrets: 40, kills: 0 }).await;
    assert!(!outcome.opened_twice.is_empty(), "a broken store was not noticed");
}

/// The judge's findings.
#[derive(Debug)]
struct Outcome {
    secrets: usize,
    kills: u64,
    opened_twice: Vec<SecretId>,
    wrong_text: Vec<SecretId>,
    opened: usize,
    opened_afterwards: usize,
    claims_answered: usize,
    recoveries_after_a_kill: u64,
    recovered_otherwise: usize,
    contradictions: u64,
}

impl Outcome {
    fn acquit(&self) {
        eprintln!("{self:?}");
        assert!(self.opened_twice.is_empty(), "opened by two devices: {:?}", self.opened_twice);
        assert!(self.wrong_text.is_empty(), "another text came out: {:?}", self.wrong_text);
        assert_eq!(
            self.recovered_otherwise, 0,
            "a recovered claim was not the one that was answered"
        );
        assert_eq!(self.contradictions, 0, "an honest reader was refused");
        assert!(self.opened * 100 >= self.secrets * 95, "only {} were opened", self.opened);
        assert_eq!(self.opened + self.opened_afterwards, self.secrets, "a secret was lost");
        assert!(self.kills >= 50, "only {} kills", self.kills);
        assert!(
            self.recoveries_after_a_kill > 0,
            "no claim was recovered after a kill: nothing was tested"
        );
    }
}

async fn besiege(mut server: Server, plan: Plan) -> Outcome {
    server.start().await;
    let client = server.client();
    let links = share(&client, plan.secrets).await;
    let siege = Siege {
        client,
        history: History::default(),
        kills: watch::Sender::new(0),
        over: watch::Sender::new(plan.kills == 0),
    };
    let readers = stream::iter(&links).for_each_concurrent(AT_ONCE, |(link, _)| race(&siege, link));
    tokio::join!(readers, kill_often(&mut server, &siege, &plan));
    judge(&siege, &links, plan.secrets).await
}

/// Makes the secrets; the text of each names it.
async fn share(client: &Client, secrets: usize) -> Vec<(Link, String)> {
    let one = async |number: usize| {
        let text = format!("secret number {number}");
        let draft =
            Draft { text: &text, views: 1, expires: Expires::AfterS(86_400), passphrase: None };
        let shared =
            client.share(&draft, &SystemRng).await.expect("a running server stores a secret");
        (shared.link, text)
    };
    stream::iter(0..secrets).map(one).buffer_unordered(AT_ONCE).collect().await
}

/// Kills the server at even steps of the readers' progress, each time with requests in flight.
async fn kill_often(server: &mut Server, siege: &Siege, plan: &Plan) {
    let readers = plan.secrets * READERS;
    for kill in 1..=plan.kills {
        let step = readers * kill / (plan.kills + 2);
        while siege.history.done.load(Ordering::SeqCst) < step
            || siege.history.in_flight.load(Ordering::SeqCst) == 0
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        siege.kills.send_modify(|kills| *kills += 1);
        server.start().await;
    }
    siege.over.send_replace(true);
}

/// Eight devices want the same secret.
async fn race(siege: &Siege, link: &Link) {
    let one = async |reader: usize| {
        let verdict = siege.read(link, reader).await;
        siege.history.done.fetch_add(1, Ordering::SeqCst);
        let mut verdicts = siege.history.verdicts.lock().expect("nobody panics while holding it");
        verdicts.entry(link.id()).or_default().push(verdict);
    };
    stream::iter(0..READERS).for_each_concurrent(None, one).await;
}

impl Siege {
    /// Tries until there is a verdict, as a patient person would.
    async fn read(&self, link: &Link, reader: usize) -> Verdict {
        let device = DeviceKey::generate();
        let mut answered: Option<Opened> = None;
        let (mut claims_answered, mut recovered_same) = (0, true);
        loop {
            let before = *self.kills.borrow();
            match self.attempt(link, &device).await {
                Ok(Some((delivery, opened))) => {
                    claims_answered += 1;
                    if let Some(first) = &answered {
                        recovered_same &= first.text.expose() == opened.text.expose();
                        self.history.recoveries_after_a_kill.fetch_add(1, Ordering::SeqCst);
                    }
                    let text = opened.text.expose().clone();
                    // Every third reader who was answered waits for the next kill and must then recover the same.
                    if answered.is_none()
                        && reader.is_multiple_of(3)
                        && self.next_kill(before).await
                    {
                        answered = Some(opened);
                        continue;
                    }
                    self.confirm(link, &device, &delivery, &opened).await;
                    let device = device.public().thumbprint();
                    return Verdict::Opened { device, text, claims_answered, recovered_same };
                }
                Ok(None) => return Verdict::Gone,
                Err(()) => self.pause().await,
            }
        }
    }

    /// One try: recover what this device has, else claim. `Ok(None)`: somebody else was first.
    async fn attempt(
        &self,
        link: &Link,
        device: &DeviceKey,
    ) -> Result<Option<(Delivery, Opened)>, ()> {
        let claim_key = Ikm::without_passphrase(link.token()).claim_key(&link.id());
        let delivery = self
            .counted(async {
                let (mut session, yours) = Session::start(&self.client, link, device).await?;
                match yours {
                    Some(ClaimState::Open) => session.recover().await,
                    Some(_) => Ok(None),
                    None => session.claim(&claim_key).await.map(Some),
                }
            })
            .await;
        match delivery {
            Ok(Some(delivery)) => {
                let opened = open(link, &delivery);
                Ok(Some((delivery, opened)))
            }
            Ok(None) => Ok(None),
            Err(Error::Problem(problem)) if problem.code == Code::Gone => Ok(None),
            Err(Error::Network(_)) => Err(()),
            Err(Error::Problem(problem)) if problem.code == Code::Unavailable => Err(()),
            Err(error) => {
                self.contradiction(&error);
                Ok(None)
            }
        }
    }

    async fn confirm(&self, link: &Link, device: &DeviceKey, delivery: &Delivery, opened: &Opened) {
        for counter in delivery.counter + 1.. {
            let acked = self
                .counted(async {
                    let (mut session, _) = Session::start(&self.client, link, device).await?;
                    session.ack(delivery.id, counter, &opened.ack).await
                })
                .await;
            match acked {
                Ok(_) => return,
                Err(Error::Network(_)) => self.pause().await,
                Err(error) => return self.contradiction(&error),
            }
        }
    }

    /// An answer that no honest server gives to an honest reader.
    fn contradiction(&self, error: &Error) {
        if self.history.contradictions.fetch_add(1, Ordering::SeqCst) == 0 {
            eprintln!("the first contradiction: {error:?}");
        }
    }

    async fn counted<T>(&self, request: impl Future<Output = T>) -> T {
        self.history.in_flight.fetch_add(1, Ordering::SeqCst);
        let answer = request.await;
        self.history.in_flight.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    /// Waits for a kill after the `before`th. `false` when there will be none, or enough others are waiting.
    async fn next_kill(&self, before: u64) -> bool {
        let waiting = &self.history.waiting;
        let killed = if waiting.fetch_add(1, Ordering::SeqCst) < PATIENT {
            let (mut kills, mut over) = (self.kills.subscribe(), self.over.subscribe());
            tokio::select! {
                _ = kills.wait_for(|kills| *kills > before) => true,
                _ = over.wait_for(|over| *over) => false,
            }
        } else {
            false
        };
        waiting.fetch_sub(1, Ordering::SeqCst);
        killed
    }

    /// The server is down: it will be up again soon.
    async fn pause(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn open(link: &Link, delivery: &Delivery) -> Opened {
    let delivered = Delivered {
        header: &delivery.header,
        policy: &delivery.policy,
        wrapped_key: &delivery.wrapped_key,
        content: &delivery.content,
    };
    open_text(&Ikm::without_passphrase(link.token()), &link.id(), &delivered)
        .expect("what a claim delivers opens")
}

/// Looks at what the readers saw, and opens what none of them could.
async fn judge(siege: &Siege, links: &[(Link, String)], secrets: usize) -> Outcome {
    let verdicts = std::mem::take(&mut *siege.history.verdicts.lock().expect("no reader is left"));
    let mut outcome = Outcome {
        secrets,
        kills: *siege.kills.borrow(),
        opened_twice: Vec::new(),
        wrong_text: Vec::new(),
        opened: 0,
        opened_afterwards: 0,
        claims_answered: 0,
        recoveries_after_a_kill: siege.history.recoveries_after_a_kill.load(Ordering::SeqCst),
        recovered_otherwise: 0,
        contradictions: siege.history.contradictions.load(Ordering::SeqCst),
    };
    for (link, text) in links {
        let mut devices = HashSet::new();
        for verdict in verdicts.get(&link.id()).into_iter().flatten() {
            let Verdict::Opened { device, text: seen, claims_answered, recovered_same } = verdict
            else {
                continue;
            };
            devices.insert(*device.as_bytes());
            outcome.claims_answered += claims_answered;
            outcome.recovered_otherwise += usize::from(!recovered_same);
            if seen != text {
                outcome.wrong_text.push(link.id());
            }
        }
        match devices.len() {
            0 => outcome.opened_afterwards += usize::from(opens_now(siege, link, text).await),
            1 => outcome.opened += 1,
            _ => outcome.opened_twice.push(link.id()),
        }
    }
    outcome
}

async fn opens_now(siege: &Siege, link: &Link, text: &str) -> bool {
    matches!(siege.read(link, 1).await, Verdict::Opened { text: seen, .. } if seen == text)
}
