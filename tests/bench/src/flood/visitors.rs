//! People with links, who look and open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use wax_crypto::Sealed;

use crate::cycle::{Pair, Waxseal};
use crate::samples::Samples;

/// Clones are the same people.
#[derive(Clone)]
pub(super) struct Visitors(Arc<Pair>);

/// How long somebody waited.
pub(super) struct Waited {
    pages: [Duration; 2],
    claim: Duration,
}

/// How long all of them waited, in milliseconds.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) claims: Samples,
    pub(super) pages: Samples,
}

impl Seen {
    pub(super) fn add(&mut self, waited: &Waited) {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        self.pages.0.extend(waited.pages.map(ms));
        self.claims.0.push(ms(waited.claim));
    }
}

impl Visitors {
    pub(super) fn new(waxseal: &Waxseal) -> Self {
        Self(Arc::new(Pair::new(waxseal.plain())))
    }

    /// Secrets to come for.
    pub(super) async fn create(&self, secrets: usize) -> Result<Vec<Sealed>> {
        let mut connection = self.0.target.connect().await?;
        let mut all = Vec::with_capacity(secrets);
        for _ in 0..secrets {
            all.push(self.0.create(&mut connection, None).await?);
        }
        Ok(all)
    }

    /// One connects, loads the page twice, as after a reload, and takes the secret.
    pub(super) async fn come(&self, sealed: Sealed) -> Result<Waited> {
        let target = &self.0.target;
        let mut connection = target.connect().await?;
        let path = format!("/s/{}", sealed.id);
        let mut pages = [Duration::ZERO; 2];
        for took in &mut pages {
            let start = Instant::now();
            let page = connection.get(target, &path).await?;
            *took = start.elapsed();
            ensure!(page.status.is_success(), "the page: {}", page.status);
        }
        let claim = self.0.claim(&mut connection, &sealed).await?.took;
        Ok(Waited { pages, claim })
    }
}
