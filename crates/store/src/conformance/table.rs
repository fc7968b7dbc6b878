//! The store is held to `wax_model::transition::TRANSITIONS`: every event in every state, before and after the expiry.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::future::{FutureExt as _, join_all};
use wax_kernel::{ClaimId, Timestamp};
use wax_model::{
    Claim, ClaimState, Kind, Secret, SecretState, WINDOW_MAX, lock_at,
    transition::{Event, Facts, TRANSITIONS, Transition, next_state},
    window_end,
};

use super::fixtures::*;
use crate::{Call, NewClaim, NewSecret, SealedContent, SealedWrap, Store, transitions};

use Event::{Ack, Burn, Claim as Take, Expiry, Lapse, Open, Unlock, WrongKey};
use Kind::{DeviceBound, OneTime};
use SecretState::{Bound, Burned, Destroyed, Draining, Expired, Locked, Ready};

/// Where a secret stands, and the events that bring it there.
struct Situation {
    state: SecretState,
    kind: Kind,
    views: u32,
    /// In this order, each so many times.
    events: &'static [(Event, u32)],
}

const fn reach(
    state: SecretState,
    kind: Kind,
    views: u32,
    events: &'static [(Event, u32)],
) -> Situation {
    Situation { state, kind, views, events }
}

/// Every state that a store can bring about, with and without what an event's condition asks for.
const SITUATIONS: &[Situation] = &[
    reach(Ready, OneTime, 1, &[]),
    reach(Ready, OneTime, 2, &[]),
    reach(Ready, OneTime, 1, &[(WrongKey, 1)]),
    reach(Ready, OneTime, 2, &[(Take, 1)]),
    reach(Ready, OneTime, 3, &[(Take, 2)]),
    reach(Ready, OneTime, 2, &[(Take, 1), (Ack, 1)]),
    reach(Ready, OneTime, 2, &[(Take, 1), (WrongKey, 20)]),
    reach(Ready, DeviceBound, 1, &[]),
    reach(Locked, OneTime, 1, &[(WrongKey, 20)]),
    reach(Locked, OneTime, 3, &[(Take, 2), (WrongKey, 22)]),
    reach(Locked, DeviceBound, 1, &[(WrongKey, 20)]),
    reach(Draining, OneTime, 1, &[(WrongKey, 1), (Take, 1)]),
    reach(Draining, OneTime, 2, &[(Take, 2)]),
    reach(Draining, OneTime, 2, &[(Take, 1), (Expiry, 1)]),
    reach(Draining, OneTime, 3, &[(Take, 2), (Expiry, 1)]),
    reach(Draining, DeviceBound, 1, &[(Take, 1)]),
    reach(Bound, DeviceBound, 1, &[(Take, 1), (Ack, 1)]),
    reach(Bound, DeviceBound, 1, &[(WrongKey, 1), (Take, 1), (Ack, 1), (Open, 1)]),
    reach(Destroyed, OneTime, 1, &[(Take, 1), (Ack, 1)]),
    reach(Destroyed, DeviceBound, 1, &[(Take, 1), (Lapse, 1)]),
    reach(Burned, OneTime, 2, &[(Take, 1), (Burn, 1)]),
    reach(Burned, DeviceBound, 1, &[(Take, 1), (Ack, 1), (Burn, 1)]),
    reach(Expired, OneTime, 1, &[(Expiry, 1)]),
    reach(Expired, DeviceBound, 1, &[(Take, 1), (Ack, 1), (Expiry, 1)]),
];

/// How long before the expiry a story begins, and whether its event comes after the expiry. Half a day is enough to lock a
/// secret and less than a window lasts: what was claimed before is still open when the secret's time is over.
const BEGINNINGS: [(Duration, bool); 2] =
    [(LIFETIME, false), (Duration::from_secs(12 * 3_600), true)];

/// Each event leads where the table says; an event without a line changes nothing at all, and one with a line does. No
/// line of the table and no state is left out.
pub async fn every_event_in_every_state_leads_where_the_table_says(store: Arc<dyn Store>) {
    let (mut lines, mut states) = (BTreeSet::new(), BTreeSet::new());
    for (place, situation) in SITUATIONS.iter().enumerate() {
        let stories = BEGINNINGS.iter().flat_map(|begins| Event::ALL.map(|event| (begins, event)));
        let tried = stories.enumerate().map(async |(number, ((before, late), event))| {
            let number = (place << 8 | number) as u64;
            let mut story = Story::begin(&store, situation, number, *before).await;
            story.reach(situation).await;
            story.try_event(event, *late).await
        });
        lines.extend(join_all(tried).await.into_iter().flatten());
        states.insert(situation.state.as_str());
    }
    let untaken = TRANSITIONS.iter().enumerate().filter(|(number, _)| !lines.contains(number));
    assert_eq!(untaken.collect::<Vec<_>>(), [], "lines of the table that no story takes");
    // Reserved: nothing brings it about.
    let all = SecretState::ALL.iter().filter(|state| **state != SecretState::Restored);
    assert_eq!(states, all.map(|state| state.as_str()).collect());
}

/// Everything that is stored of one secret.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    secret: Secret,
    claims: Vec<Claim>,
    wrap: Option<SealedWrap>,
    content: Option<SealedContent>,
}

impl Rows {
    /// The claim that an event is about: the first that is open, else the last.
    fn claim(&self) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.state == ClaimState::Open).or(self.claims.last())
    }

    fn facts(&self, now: Timestamp) -> Facts {
        let Secret { kind, views_left, open_claims, wrong_tries, expires_at, .. } = self.secret;
        let lock_at = lock_at(self.secret.views_taken());
        let is_past_expiry = now >= expires_at;
        Facts { kind, views_left, open_claims, wrong_tries, lock_at, is_past_expiry }
    }

    /// What the table takes for granted: there is a claim that can be acknowledged or lapse, or a try to forget.
    fn can_happen(&self, event: Event, now: Timestamp) -> bool {
        match event {
            Ack => self.claim().is_some_and(|claim| claim.is_open_at(now)),
            Lapse => self.secret.open_claims > 0,
            Unlock => self.secret.wrong_tries > 0,
            _ => true,
        }
    }
}

/// One secret, and how late it is there.
struct Story<'a> {
    store: &'a Arc<dyn Store>,
    new: NewSecret,
    now: Timestamp,
}

impl<'a> Story<'a> {
    async fn begin(
        store: &'a Arc<dyn Store>,
        situation: &Situation,
        number: u64,
        before_expiry: Duration,
    ) -> Self {
        let mut new = secret(number, situation.views);
        new.secret.kind = situation.kind;
        assert!(create(store, tenant(1), &new).await);
        let now = new.secret.expires_at.minus(before_expiry);
        Self { store, new, now }
    }

    async fn reach(&mut self, situation: &Situation) {
        for (event, times) in situation.events {
            for _ in 0..*times {
                let rows = self.rows().await;
                self.wait_for(*event, &rows);
                if *event == Expiry {
                    self.now = self.new.secret.expires_at;
                }
                self.happen(*event, &rows).await;
            }
        }
        let secret = self.rows().await.secret;
        assert_eq!(secret.state, situation.state, "after {:?}", situation.events);
    }

    /// Lets an event happen and compares. Answers which line of the table it took.
    async fn try_event(&mut self, event: Event, late: bool) -> Option<usize> {
        let before = self.rows().await;
        self.wait_for(event, &before);
        if late {
            self.now = self.now.max(before.secret.expires_at);
        }
        let (from, facts) = (before.secret.state, before.facts(self.now));
        let story = format!("{from:?}, {event:?}, {facts:?}");
        self.happen(event, &before).await;
        let after = self.rows().await;
        let to = next_state(from, event, &facts).filter(|_| before.can_happen(event, self.now));
        assert_eq!(after.secret.state, to.unwrap_or(from), "{story}");
        assert_eq!(after != before, to.is_some(), "whether anything changes: {story}");
        let fits =
            |line: &Transition| line.from == from && line.event == event && line.when.holds(&facts);
        to.and_then(|_| TRANSITIONS.iter().position(fits))
    }

    /// Until tries are taken again, or until the window is over.
    fn wait_for(&mut self, event: Event, rows: &Rows) {
        let at = match event {
            Take | WrongKey => rows.secret.next_try_at,
            Lapse => rows.claim().map_or(self.now, |claim| claim.window_ends_at),
            _ => self.now,
        };
        self.now = self.now.max(at);
    }

    async fn happen(&self, event: Event, rows: &Rows) {
        let Self { store, new, now } = self;
        let (call, id, now) = (self.call(rows), new.secret.id, *now);
        match event {
            Take => self.claim(new.claim_mac, rows).map(drop).await,
            WrongKey => self.claim(WRONG, rows).map(drop).await,
            Ack => ack(store, call).map(drop).await,
            Lapse => {
                if let Some(claim) = rows.claim() {
                    lapse(store, claim, now).await;
                }
            }
            Open => open(store, call).map(drop).await,
            Unlock => unlock(store, id).map(drop).await,
            Expiry => expire(store, id, now).map(drop).await,
            Burn => burn(store, id, now).map(drop).await,
        }
    }

    /// A device that was not there yet. Heartbeats keep its window open for a day.
    async fn claim(&self, claim_mac: [u8; 32], rows: &Rows) -> transitions::Claimed {
        let device = rows.claims.len() as u64 + 1;
        let new = new_claim(&self.new, device, 0, self.now);
        let window_ends_at = window_end(self.now, self.now.plus(WINDOW_MAX));
        let attempt = attempt(&self.new, claim_mac, self.now);
        claim_with(self.store, attempt, NewClaim { window_ends_at, ..new }).await
    }

    /// A good call of the claim's device; of a device without one, if there is none.
    fn call(&self, rows: &Rows) -> Call {
        let nobody = || Call {
            secret: self.new.secret.id,
            claim: ClaimId::from_bytes(bytes(17, 0)),
            thumbprint: device(1),
            counter: 1,
            now: self.now,
        };
        rows.claim().map_or_else(nobody, |claim| call(claim, claim.counter + 1, self.now))
    }

    async fn rows(&self) -> Rows {
        let (id, mut reader) = (self.new.secret.id, self.store.read(tenant(1)));
        Rows {
            secret: reader.secrets().find(id).await.unwrap().unwrap(),
            claims: reader.claims().list(id, 10).await.unwrap(),
            wrap: reader.secrets().wrap(id).await.unwrap(),
            content: reader.secrets().content(id).await.unwrap(),
        }
    }
}
