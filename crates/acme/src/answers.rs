//! Where answers to challenges go.

use std::fmt;

use async_trait::async_trait;

use wax_kernel::DomainId;

use crate::Answer;

/// Puts answers where issuers look: on every edge, or into our own zone.
#[async_trait]
pub trait Answers: Send + Sync + fmt::Debug {
    /// Puts a domain's out, beside others: `x` and `*.x` have their records at one name, and both must stand. `true`: every
    /// live edge, or every server of the zone, has it now; asked again, until it is so. An issuer looks from several places
    /// at once, and one that finds nothing fails the proof.
    ///
    /// Where answers follow from [`OrderStore`](crate::OrderStore), there is nothing to put: the step that it is asked in was
    /// stored, and the domain announced. It waits until that change is everywhere.
    async fn publish(&self, domain: &DomainId, answer: &Answer) -> bool;

    /// Takes it back. Not before the issuer has decided, and no harm if it is not done: an answer proves nothing to
    /// anybody else.
    async fn withdraw(&self, domain: &DomainId, answer: &Answer);
}
