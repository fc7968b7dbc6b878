//! Reading what is new in the feed.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::Duration,
};

use wax_kernel::{DomainId, Timestamp};

use super::{FeedFault, Following, logged::Logged, nearby::Nearby, sighting::Sighting};
use crate::service::{Domains, Refusal};

/// Bytes of the feed in memory at once.
const CHUNK: usize = 1_024 * 1_024;
/// Chunks that are read before anything else gets its turn.
const MOST_CHUNKS: usize = 16;
/// Longer lines are none: a certificate with a hundred names has a tenth of that.
const LONGEST_LINE: usize = 64 * 1_024;
/// How long a logged certificate waits to be looked at. An authority logs before it hands out (RFC 6962 §3.1): ours may be on
/// its way still.
const SETTLES: Duration = Duration::from_mins(10);
/// How old the list of domains may be.
const NEARBY_IS_FRESH: Duration = Duration::from_mins(10);

/// What one chunk came to.
struct Told {
    /// How many of its bytes are done with.
    done: usize,
    /// Whether the next line is too young, or not there yet.
    waits: bool,
    is_broken: bool,
    sightings: Vec<(DomainId, Sighting)>,
}

impl Domains {
    /// Reads what is new in the feed of certificates, if there is one. What is read twice is told once.
    pub(in crate::service) async fn follow_feed(&self) -> Result<(), Refusal> {
        let Some(following) = self.following() else { return Ok(()) };
        let nearby = self.nearby(&following).await?;
        let name = following.feed.name();
        let mut fault = None;
        for _ in 0..MOST_CHUNKS {
            let position = self.platform().feed_position(name).await?;
            let chunk = match following.feed.read(position, CHUNK).await {
                Ok(chunk) => chunk,
                Err(failed) => {
                    fault = Some(failed);
                    break;
                }
            };
            let told = read(&chunk.bytes, chunk.bytes.len() >= CHUNK, &nearby, self.now());
            for (domain, sighting) in &told.sightings {
                self.notice(*domain, sighting, &nearby).await?;
            }
            fault = fault.or(told.is_broken.then_some(FeedFault::BadLines));
            let end = chunk.from + told.done as u64;
            if end != position {
                self.platform().set_feed_position(name, end).await?;
            }
            if told.waits {
                break;
            }
        }
        say(&following, fault);
        Ok(())
    }

    async fn nearby(&self, following: &Following) -> Result<Arc<Nearby>, Refusal> {
        let now = self.now();
        let known = lock(&following.nearby).clone();
        if let Some((_, nearby)) = known.filter(|(at, _)| now < at.plus(NEARBY_IS_FRESH)) {
            return Ok(nearby);
        }
        let nearby = Arc::new(Nearby::read(self.platform()).await?);
        *lock(&following.nearby) = Some((now, Arc::clone(&nearby)));
        Ok(nearby)
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what is wrong with the feed, once, and that it is well again.
fn say(following: &Following, fault: Option<FeedFault>) {
    let before = std::mem::replace(&mut *lock(&following.fault), fault);
    match fault {
        Some(fault) if before != Some(fault) => {
            tracing::warn!(%fault, "the feed of certificates");
        }
        None if before.is_some() => tracing::info!("the feed of certificates can be read again"),
        _ => {}
    }
}

/// The lines of a chunk. `is_full`: it was cut off, so that a line without an end is too long rather than not written yet.
fn read(bytes: &[u8], is_full: bool, nearby: &Nearby, now: Timestamp) -> Told {
    let mut told = Told { done: 0, waits: false, is_broken: false, sightings: Vec::new() };
    let mut known = BTreeSet::new();
    loop {
        let rest = &bytes[told.done..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // What stands behind the end of a line that is too long is one more that cannot be read.
            let is_endless = rest.len() > LONGEST_LINE || (is_full && told.done == 0);
            told.done += if is_endless { rest.len() } else { 0 };
            told.is_broken |= is_endless;
            told.waits = !is_full;
            return told;
        };
        let line = rest[..end].trim_ascii();
        let logged = if line.len() > LONGEST_LINE { None } else { Logged::read(line) };
        if logged.as_ref().is_some_and(|logged| is_too_young(logged.logged_at, now)) {
            told.waits = true;
            return told;
        }
        match logged {
            Some(logged) => told.sightings.extend(
                sightings(&logged, nearby)
                    .into_iter()
                    .filter(|(id, sighting)| known.insert((*id, sighting.key()))),
            ),
            None => told.is_broken |= !line.is_empty(),
        }
        told.done += end + 1;
    }
}

/// A time that is far ahead is a lie, and nothing waits for it.
fn is_too_young(logged_at: Timestamp, now: Timestamp) -> bool {
    now < logged_at.plus(SETTLES) && logged_at <= now.plus(SETTLES)
}

fn sightings(logged: &Logged, nearby: &Nearby) -> Vec<(DomainId, Sighting)> {
    let about = nearby.about(&logged.names);
    let foreign = about.hosts.iter().map(|id| (*id, Sighting::foreign(logged, &about.hosts)));
    let likes = about.likes.iter().flat_map(|like| {
        like.domains.iter().map(|id| (*id, Sighting::like(logged, &like.name, like.likeness)))
    });
    foreign.chain(likes).collect()
}

#[cfg(test)]
mod tests {
    use wax_kernel::HostPattern;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn nearby() -> Nearby {
        let host = HostPattern::parse("secrets.example.com").unwrap();
        Nearby::of(vec![(DomainId::from_bytes([1; 16]), host)])
    }

    fn line(name: &str, age: Duration) -> String {
        let at = NOW.minus(age).as_ms();
        format!("{{\"names\": [\"{name}\"], \"serial\": \"1\", \"logged_at_ms\": {at}}}\n")
    }

    const OLD: Duration = Duration::from_hours(1);

    #[test]
    fn lines_are_read_up_to_one_that_is_not_whole_or_too_young() {
        let whole = line("secrets.example.com", OLD);
        let cut = format!("{whole}{}", &whole[..20]);
        let told = read(cut.as_bytes(), false, &nearby(), NOW);
        assert_eq!((told.done, told.waits, told.is_broken), (whole.len(), true, false));
        assert_eq!(told.sightings.len(), 1);
        let young = format!("{whole}{}{whole}", line("secrets.example.com", SETTLES / 2));
        let told = read(young.as_bytes(), false, &nearby(), NOW);
        assert_eq!((told.done, told.waits, told.sightings.len()), (whole.len(), true, 1));
    }

    #[test]
    fn a_line_from_the_future_holds_nothing_up() {
        let at = NOW.plus(OLD * 24 * 365).as_ms();
        let line = format!("{{\"names\": [], \"serial\": \"1\", \"logged_at_ms\": {at}}}\n");
        assert_eq!(read(line.as_bytes(), false, &nearby(), NOW).done, line.len());
    }

    #[test]
    fn what_is_no_line_is_passed_over_and_said() {
        let good = line("secrets.example.com", OLD);
        let text = format!("<html>\n\n\u{0}\n{good}{{\"names\": 7}}\n{good}");
        let told = read(text.as_bytes(), false, &nearby(), NOW);
        assert_eq!((told.done, told.is_broken), (text.len(), true));
        assert_eq!(told.sightings.len(), 1, "each once");
    }

    #[test]
    fn a_line_without_an_end_is_passed_over() {
        let endless = vec![b'x'; CHUNK];
        let told = read(&endless, true, &nearby(), NOW);
        assert_eq!((told.done, told.is_broken, told.waits), (CHUNK, true, false));
        let growing = vec![b'x'; LONGEST_LINE];
        let told = read(&growing, false, &nearby(), NOW);
        assert_eq!((told.done, told.is_broken, told.waits), (0, false, true));
    }
}
