//! Whatever order events come in, and whatever becomes of those who ask, the end is what is true at Stripe.

use std::{sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};
use tokio::{sync::Semaphore, task::JoinHandle};
use wax_model::billing::{Standing, Subscription, SubscriptionStatus};
use wax_telemetry::Tasks;
use wax_testkit::Till;

use crate::kit::{CUSTOMER, DAY, MINUTE, Shop};

/// Something happens at Stripe, to one of two subscriptions.
#[derive(Debug, Clone)]
enum Happening {
    Begins(&'static str, &'static str),
    Becomes(&'static str, SubscriptionStatus, u32),
    Costs(&'static str, &'static str),
    IsFor(&'static str, u64),
}

/// Something happens at our side.
#[derive(Debug, Clone, Copy)]
enum Work {
    Nothing,
    /// A job takes what is due, and Stripe's answer is slow.
    Ask,
    /// An answer arrives, however late.
    Arrive,
    /// Whoever waits for an answer dies.
    Crash,
    /// Time passes.
    Pass(Duration),
}

/// A history: what happens, and how long after it each copy of its event arrives.
#[derive(Debug, Clone)]
struct History {
    happenings: Vec<(Happening, Vec<usize>)>,
    work: Vec<Work>,
}

/// Between two happenings.
const APART: usize = 3;
/// Longest until an event arrives.
const LATEST: usize = 12;

fn happening() -> impl Strategy<Value = Happening> {
    let which = || select(&["sub_a", "sub_b"][..]);
    let price = || select(&["team_month", "team_year", "business_month", "business_year"][..]);
    let status = select(SubscriptionStatus::ALL);
    prop_oneof![
        3 => (which(), price()).prop_map(|(id, price)| Happening::Begins(id, price)),
        4 => (which(), status, 0..30_u32).prop_map(|(id, is, days)| Happening::Becomes(id, is, days)),
        1 => (which(), price()).prop_map(|(id, price)| Happening::Costs(id, price)),
        1 => (which(), 1..5_u64).prop_map(|(id, seats)| Happening::IsFor(id, seats)),
    ]
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        2 => Just(Work::Nothing),
        4 => Just(Work::Ask),
        3 => Just(Work::Arrive),
        1 => Just(Work::Crash),
        1 => (1..5_u32).prop_map(|minutes| Work::Pass(MINUTE * minutes)),
    ]
}

fn history() -> impl Strategy<Value = History> {
    let happenings = vec((happening(), vec(0..LATEST, 1..4)), 1..8);
    let slots = 8 * APART + LATEST;
    (happenings, vec(work(), slots)).prop_map(|(happenings, work)| History { happenings, work })
}

/// Somebody who waits for an answer.
struct Asking {
    gate: Arc<Semaphore>,
    task: JoinHandle<Option<()>>,
}

impl Shop {
    fn happens(&self, happening: &Happening) {
        let now = self.now();
        self.app.till.with(CUSTOMER, |all| match happening {
            Happening::Begins(id, price) => {
                if !all.iter().any(|one| one.id == *id) {
                    all.push(Till::subscription(id, price, 1, now));
                }
            }
            Happening::Becomes(id, status, days) => {
                for one in all.iter_mut().filter(|one| one.id == *id) {
                    one.status = *status;
                    let late =
                        matches!(status, SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid);
                    one.unpaid_since = late.then(|| now.minus(DAY * *days));
                    let tried = *status == SubscriptionStatus::Trialing;
                    one.trial_ends_at = tried.then(|| now.plus(DAY * *days)).or(one.trial_ends_at);
                }
            }
            Happening::Costs(id, price) => {
                let changed = all.iter_mut().filter(|one| one.id == *id);
                changed.for_each(|one| one.price = Some((*price).to_owned()));
            }
            Happening::IsFor(id, seats) => {
                all.iter_mut().filter(|one| one.id == *id).for_each(|one| one.seats = *seats);
            }
        });
    }

    /// Takes what is due; Stripe has answered, and the answer is on its way.
    async fn asks(&self) -> Option<Asking> {
        let before = self.app.till.waiting();
        let gate = self.app.till.hold();
        let billing = self.app.billing.clone();
        let attend = async move { drop(wax_billing::jobs(&billing)[0].run().await) };
        let task = Tasks::new().spawn("attend", attend);
        while self.app.till.waiting() == before && !task.is_finished() {
            tokio::task::yield_now().await;
        }
        self.app.till.pass();
        (!task.is_finished()).then_some(Asking { gate, task })
    }

    async fn works(&self, work: Work, asking: &mut Vec<Asking>) {
        match work {
            Work::Ask => asking.extend(self.asks().await),
            Work::Arrive if !asking.is_empty() => asking.remove(0).arrives().await,
            Work::Crash => {
                if let Some(asked) = asking.pop() {
                    asked.task.abort();
                    drop(asked.task.await);
                }
            }
            Work::Nothing | Work::Arrive => {}
            Work::Pass(time) => {
                self.app.clock.advance(time);
            }
        }
    }

    /// What follows from what is true at Stripe, worked out by itself.
    fn true_state(&self) -> ((String, bool, Standing), Option<Subscription>) {
        let all = self.app.till.with(CUSTOMER, |all| all.clone());
        let counting = Subscription::counting(&all).cloned();
        let standing = counting.as_ref().map_or(Standing::None, |one| one.standing(self.now()).0);
        let price = counting.as_ref().and_then(|one| one.price.as_deref());
        let plan = price.map_or("self-hosted", |price| price.split('_').next().unwrap());
        ((plan.to_owned(), standing == Standing::Limited, standing), counting)
    }
}

impl Asking {
    async fn arrives(self) {
        self.gate.add_permits(1_000);
        self.task.await.unwrap();
    }
}

async fn ends_in_the_truth(history: History) {
    let shop = Shop::customer().await;
    let mut asking = Vec::new();
    for slot in 0..history.work.len() {
        if slot % APART == 0 && slot / APART < history.happenings.len() {
            shop.happens(&history.happenings[slot / APART].0);
        }
        for (n, (_, delays)) in history.happenings.iter().enumerate() {
            for _ in delays.iter().filter(|delay| n * APART + **delay == slot) {
                assert_eq!(shop.hear(&format!("evt_{n}")).await.status, 200);
            }
        }
        shop.works(history.work[slot], &mut asking).await;
    }
    // Nothing is sent any more. Leases end, the rest arrives, and the jobs do what is left.
    shop.app.clock.advance(MINUTE * 5);
    shop.app.run_billing().await;
    for asked in asking {
        asked.arrives().await;
    }
    shop.app.run_billing().await;
    let (state, counting) = shop.true_state();
    assert_eq!(shop.state().await, state);
    let seen = shop.seen().await;
    assert_eq!(seen["seats"].as_u64(), counting.as_ref().map(|one| one.seats));
    assert_eq!(seen["interval"].as_str(), counting.as_ref().map(|one| one.interval.as_str()));
    tells_each_change_once(&shop.trail().await);
}

/// No plan or standing comes after itself.
fn tells_each_change_once(trail: &[(&str, String)]) {
    for action in ["billing.plan_changed", "billing.standing_changed"] {
        let told: Vec<_> = trail.iter().filter(|(what, _)| *what == action).collect();
        assert!(told.windows(2).all(|pair| pair[0].1 != pair[1].1), "{told:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_number_of_events_with_askers_slow_late_or_dead_ends_in_what_is_true_at_stripe(
        history in history(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ends_in_the_truth(history));
    }
}

#[tokio::test]
async fn who_is_overtaken_writes_nothing() {
    let shop = Shop::customer().await;
    shop.subscribe("sub_1", "team_month");
    shop.hear("evt_1").await;
    let slow = shop.asks().await.unwrap();
    shop.change("sub_1", |one| one.price = Some("business_month".to_owned()));
    shop.hear("evt_2").await;
    shop.app.clock.advance(MINUTE * 5);
    shop.app.run_billing().await;
    assert_eq!(shop.state().await.0, "business");
    let trail = shop.trail().await;
    slow.arrives().await;
    assert_eq!(shop.state().await.0, "business", "the old answer came last");
    assert_eq!(shop.trail().await, trail);
}

#[tokio::test]
async fn an_event_during_a_question_is_asked_about_again() {
    let shop = Shop::customer().await;
    shop.subscribe("sub_1", "team_month");
    shop.hear("evt_1").await;
    let slow = shop.asks().await.unwrap();
    shop.change("sub_1", |one| one.price = Some("business_month".to_owned()));
    shop.hear("evt_2").await;
    slow.arrives().await;
    assert_eq!(shop.state().await.0, "business", "the job went on until nothing was wanted");
}
