//! Keys of session tickets, shared by all edges: a row for each six hours, made by whichever edge comes first (ADR 0027).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use wax_crypto::at_rest::{KeyRing, Slot};
use wax_edge::{TicketKey, TicketRing, Tickets};
use wax_kernel::{Clock, Job, Rng};
use wax_store::{Store, TicketRow};

/// Often enough that no edge misses a change by more than a minute.
const EVERY: Duration = Duration::from_mins(1);

/// Keeps an edge's ring. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct TicketKeys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    ring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    tickets: Tickets,
    /// The period of the ring in force.
    period: Mutex<Option<i64>>,
}

impl TicketKeys {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        ring: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let (tickets, period) = (Tickets::default(), Mutex::default());
        Self(Arc::new(Inner { store, ring, clock, rng, tickets, period }))
    }

    /// What handshakes read. Without a ring there are no tickets, and nothing fails.
    pub(crate) fn tickets(&self) -> Tickets {
        self.0.tickets.clone()
    }

    /// The repeated work.
    pub(crate) fn job(&self) -> Job {
        let keys = self.clone();
        let job = Job::new("edge.tickets", EVERY, move || {
            let keys = keys.clone();
            async move { keys.keep().await.map_err(Into::into) }
        });
        // Without it an edge does less than it could: at once when the database is back.
        job.pausing_at_most(EVERY)
    }

    /// Puts the ring of this period in force. If the store cannot be asked when the period changes, no ring is: a key that
    /// is past its time would be worth stealing.
    pub(crate) async fn keep(&self) -> Result<()> {
        let inner = &*self.0;
        let length = i64::try_from(TicketRing::PERIOD.as_millis()).unwrap_or(i64::MAX);
        let now = inner.clock.now().as_ms().div_euclid(length);
        if self.period() == Some(now) {
            return Ok(());
        }
        match self.ring(now).await {
            Ok(ring) => {
                inner.tickets.replace(ring);
                *inner.period.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                Ok(())
            }
            Err(error) => {
                inner.tickets.clear();
                Err(error)
            }
        }
    }

    async fn ring(&self, now: i64) -> Result<TicketRing> {
        let drawn: Vec<TicketRow> = (now - 1..=now + 1).map(|period| self.draw(period)).collect();
        let rows = self.0.store.platform().ticket_keys(&drawn).await?;
        let keys: Result<Vec<_>> = rows.iter().take(3).map(|row| self.open(row)).collect();
        let keys: [Arc<TicketKey>; 3] = keys?
            .try_into()
            .map_err(|_| anyhow::anyhow!("the keys of three periods are not there"))?;
        let [previous, current, next] = keys;
        Ok(TicketRing { previous, current, next })
    }

    fn draw(&self, period: i64) -> TicketRow {
        let Inner { ring, rng, .. } = &*self.0;
        let secret = zeroize::Zeroizing::new(rng.bytes::<32>());
        TicketRow { period, key: ring.seal(slot(&period.to_be_bytes()), &*secret, &**rng) }
    }

    fn open(&self, row: &TicketRow) -> Result<Arc<TicketKey>> {
        let opened = self.0.ring.open(slot(&row.period.to_be_bytes()), &row.key);
        let opened =
            opened.ok().context("a key of session tickets does not open with this key ring")?;
        ensure!(opened.len() == 32, "a key of session tickets is damaged");
        let mut secret = zeroize::Zeroizing::new([0; 32]);
        secret.copy_from_slice(&opened);
        Ok(Arc::new(TicketKey::new(&secret)))
    }

    fn period(&self) -> Option<i64> {
        *self.0.period.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn slot(row: &[u8]) -> Slot<'_> {
    Slot { table: "ticket_keys", column: "key", row }
}

#[cfg(test)]
mod tests {
    use wax_kernel::{ManualClock, SeededRng};
    use wax_store_sql::{Settings, SqlStore};

    use super::*;

    struct House {
        store: Arc<SqlStore>,
        ring: Arc<KeyRing>,
        clock: Arc<ManualClock>,
    }

    async fn house() -> House {
        let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
        store.migrate().await.unwrap();
        let ring = Arc::new(KeyRing::random(&SeededRng::new(1)));
        House { store, ring, clock: Arc::new(ManualClock::at_ms(1_800_000_000_000)) }
    }

    impl House {
        /// Every edge draws its own numbers.
        fn edge(&self, seed: u64) -> TicketKeys {
            let (store, ring) = (Arc::clone(&self.store) as Arc<dyn Store>, Arc::clone(&self.ring));
            let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
            TicketKeys::new(store, ring, clock, Arc::new(SeededRng::new(seed)))
        }

        async fn rows(&self) -> Vec<TicketRow> {
            let period = self.clock.now().as_ms() / 21_600_000;
            let own = TicketRow { period: period - 1, key: Vec::new() };
            self.store.platform().ticket_keys(&[own]).await.unwrap()
        }
    }

    #[tokio::test]
    async fn every_edge_has_the_ring_that_the_first_one_made() {
        let house = house().await;
        let [first, second] = [house.edge(1), house.edge(2)];
        first.keep().await.unwrap();
        let made = house.rows().await;
        second.keep().await.unwrap();
        assert_eq!(house.rows().await, made);
        assert_eq!(made.len(), 3);
        let opened =
            |edge: &TicketKeys| made.iter().map(|row| edge.open(row).is_ok()).collect::<Vec<_>>();
        assert_eq!((opened(&first), opened(&second)), (vec![true; 3], vec![true; 3]));
        assert!(second.tickets().has_ring());
    }

    #[tokio::test]
    async fn each_six_hours_every_key_moves_on_and_the_last_is_destroyed() {
        let house = house().await;
        let edge = house.edge(1);
        edge.keep().await.unwrap();
        let before = house.rows().await;
        house.clock.advance(TicketRing::PERIOD);
        edge.keep().await.unwrap();
        let after = house.rows().await;
        assert_eq!(after[..2], before[1..], "current becomes previous, next becomes current");
        assert!(after.iter().all(|row| row.period != before[0].period));
    }

    #[tokio::test]
    async fn a_ring_that_is_past_its_time_is_used_no_longer_if_the_store_is_away() {
        let house = house().await;
        let edge = house.edge(1);
        edge.keep().await.unwrap();
        house.store.close().await;
        edge.keep().await.unwrap();
        assert!(edge.tickets().has_ring(), "its time is not over");
        house.clock.advance(TicketRing::PERIOD);
        assert!(edge.keep().await.is_err());
        assert!(!edge.tickets().has_ring());
    }

    #[tokio::test]
    async fn without_the_key_ring_the_rows_are_worth_nothing() {
        let house = house().await;
        house.edge(1).keep().await.unwrap();
        let ring = Arc::new(KeyRing::random(&SeededRng::new(9)));
        let thief =
            House { ring, store: Arc::clone(&house.store), clock: Arc::clone(&house.clock) };
        let told = thief.edge(2).keep().await.unwrap_err().to_string();
        assert!(told.contains("does not open with this key ring"), "{told}");
    }
}
