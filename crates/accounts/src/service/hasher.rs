//! Where passwords are hashed: on threads of their own, at low priority, behind a queue with an end. Whoever floods the
//! sign-in takes these threads and nothing else.

#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use wax_kernel::Rng;
use zeroize::Zeroizing;

use super::Refusal;

/// Passwords that may wait for one thread.
const QUEUE: usize = 8;

/// What a password costs (RFC 9106 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory, in KiB. At least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

type Job = Box<dyn FnOnce() + Send>;

/// The threads and their queue.
pub(super) struct Hasher {
    cost: Argon2Cost,
    queue: mpsc::Sender<Job>,
    places: Arc<Semaphore>,
    /// Of nobody's password: verified where there is none, so that this takes as long.
    nobodys: Arc<str>,
    #[cfg(test)]
    hashes: Arc<AtomicUsize>,
}

/// A place in the queue.
pub(crate) struct Place {
    queue: mpsc::Sender<Job>,
    cost: Argon2Cost,
    nobodys: Arc<str>,
    #[cfg(test)]
    hashes: Arc<AtomicUsize>,
    _permit: OwnedSemaphorePermit,
}

impl Hasher {
    /// Starts the threads. They end with the last clone of the queue.
    pub(super) fn start(cost: Argon2Cost, threads: usize, rng: &dyn Rng) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            let name = format!("password-{number}");
            thread::Builder::new().name(name).spawn(move || work(&jobs))?;
        }
        let places = Arc::new(Semaphore::new(threads.max(1) * (1 + QUEUE)));
        let nobodys = hash(cost, &rng.bytes::<32>(), &rng.bytes::<16>()).into();
        Ok(Self {
            cost,
            queue,
            places,
            nobodys,
            #[cfg(test)]
            hashes: Arc::default(),
        })
    }

    /// Takes a place, before anything is counted or looked up.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when the queue is full.
    pub(super) fn place(&self) -> Result<Place, Refusal> {
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let (queue, nobodys) = (self.queue.clone(), Arc::clone(&self.nobodys));
        Ok(Place {
            queue,
            cost: self.cost,
            nobodys,
            #[cfg(test)]
            hashes: Arc::clone(&self.hashes),
            _permit: permit,
        })
    }

    #[cfg(test)]
    pub(super) fn hashes(&self) -> usize {
        self.hashes.load(Ordering::Relaxed)
    }

    /// Whether a hash was made at another cost than the one of today.
    pub(super) fn is_outdated(&self, hash: &str) -> bool {
        let Argon2Cost { memory_kib, passes, lanes } = self.cost;
        !hash.starts_with(&format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}$"))
    }
}

impl Place {
    /// Whether the password is the one of this hash. Without a hash it is wrong after the same time.
    pub(super) async fn verify(
        &self,
        password: Zeroizing<String>,
        hash: Option<String>,
    ) -> Result<bool, Refusal> {
        #[cfg(test)]
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let (known, nobodys) = (hash.is_some(), Arc::clone(&self.nobodys));
        let verify = move || {
            let hash = hash.as_deref().unwrap_or(&nobodys);
            Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
        };
        Ok(self.run(verify).await? && known)
    }

    /// The hash of a password, in PHC form.
    pub(super) async fn hash(
        &self,
        password: Zeroizing<String>,
        rng: &dyn Rng,
    ) -> Result<String, Refusal> {
        #[cfg(test)]
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let (cost, salt) = (self.cost, rng.bytes::<16>());
        self.run(move || hash(cost, password.as_bytes(), &salt)).await
    }

    /// Any other work with a password that costs time.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (done, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody waits for a caller who has gone.
            if !done.is_closed() {
                drop(done.send(work()));
            }
        });
        self.queue.send(job).map_err(|_| Refusal::Busy)?;
        answer.await.map_err(|_| Refusal::Busy)
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    // On Linux a thread has a priority of its own; where it cannot be set, the queue alone protects the others.
    #[cfg(target_os = "linux")]
    rustix::process::setpriority_process(None, 10).ok();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Its caller is told by the sender that is dropped; the thread goes on.
        drop(catch_unwind(AssertUnwindSafe(job)));
    }
}

fn hash(cost: Argon2Cost, password: &[u8], salt: &[u8]) -> String {
    let Argon2Cost { memory_kib, passes, lanes } = cost;
    let params = Params::new(memory_kib, passes, lanes, None)
        .expect("the configuration's rules are stricter");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password, salt);
    hash.expect("16 bytes are a salt, and 256 characters a password").to_string()
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    const CHEAP: Argon2Cost = Argon2Cost { memory_kib: 8, passes: 1, lanes: 1 };

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_verified_against_its_hash_and_against_nobodys() {
        let rng = SeededRng::new(1);
        let hasher = Hasher::start(CHEAP, 1, &rng).unwrap();
        let hash = hasher.place().unwrap().hash(text("right"), &rng).await.unwrap();
        let verify = async |word: &str, hash: Option<&String>| {
            hasher.place().unwrap().verify(text(word), hash.cloned()).await.unwrap()
        };
        assert!(verify("right", Some(&hash)).await);
        assert!(!verify("wrong", Some(&hash)).await);
        assert!(!verify("right", None).await);
        assert!(!verify("right", Some(&"damaged".into())).await);
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_outdated() {
        let rng = SeededRng::new(1);
        let old = Hasher::start(CHEAP, 1, &rng).unwrap();
        let new = Hasher::start(Argon2Cost { passes: 2, ..CHEAP }, 1, &rng).unwrap();
        let hash = old.place().unwrap().hash(text("right"), &rng).await.unwrap();
        assert!(!old.is_outdated(&hash));
        assert!(new.is_outdated(&hash));
        assert!(new.place().unwrap().verify(text("right"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_a_panic_costs_no_thread() {
        let hasher = Hasher::start(CHEAP, 1, &SeededRng::new(1)).unwrap();
        let places: Vec<_> = (0..=QUEUE).map(|_| hasher.place().unwrap()).collect();
        assert!(matches!(hasher.place(), Err(Refusal::Busy)));
        drop(places);
        let place = hasher.place().unwrap();
        let broken = place.run(|| std::panic::resume_unwind(Box::new("broken"))).await;
        assert!(matches!(broken, Err::<(), _>(Refusal::Busy)));
        assert_eq!(place.run(|| 7).await.unwrap(), 7);
    }
}
