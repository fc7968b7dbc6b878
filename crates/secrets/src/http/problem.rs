//! What a refusal looks like from outside.

use serde_json::to_value;
use wax_crypto::at_rest::KeyStoreError;
use wax_httpkit::{Code, Problem};
use wax_kernel::ErrorKind;
use wax_store::StoreError;

use super::{
    channel::ChannelView,
    view::{OpeningView, TriesView},
};
use crate::service::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotSealed => Self::new(Code::Malformed),
            Refusal::ChannelKey(signed) => {
                with_view(Self::new(Code::ChannelKey), "channel", &ChannelView::from(signed))
            }
            Refusal::NotAvailable => Self::new(Code::NotAvailable),
            Refusal::MembersOnly => Self::new(Code::MembersOnly),
            Refusal::Held => Self::new(Code::DomainHeld),
            Refusal::Denied(denied) => denied.into(),
            Refusal::TakesNothingNew => Self::new(Code::OrganizationLimited),
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::Conflict => Self::new(Code::Conflict),
            Refusal::BadSignature => Self::new(Code::BadSignature),
            Refusal::StaleChallenge(fresh) => {
                Self::new(Code::StaleChallenge).with("challenge", fresh.to_base64url().as_str())
            }
            Refusal::WrongKey(tries) => {
                let wrong = Self::new(Code::WrongKey).with("count", tries.left);
                with_view(wrong, "tries", &TriesView::from(tries))
            }
            Refusal::HeldBack(tries, wait) => {
                let held = Self::new(Code::HeldBack).retry_after(wait);
                with_view(held, "tries", &TriesView::from(tries))
            }
            Refusal::Locked(tries) => {
                with_view(Self::new(Code::Locked), "tries", &TriesView::from(tries))
            }
            Refusal::TooMany(wait) => Self::new(Code::RateLimited).retry_after(wait),
            Refusal::Gone { state, openings } => {
                let openings: Vec<OpeningView> = openings.iter().map(OpeningView::from).collect();
                with_view(
                    Self::new(Code::Gone).with("state", state.as_str()),
                    "openings",
                    &openings,
                )
            }
            Refusal::Store(error @ StoreError::Unknown(_)) => Self::of_unknown_outcome(&error),
            Refusal::Store(error) => Self::of_failure(error.kind(), &error),
            // A clock that leapt has destroyed the keys of days that are still to come: until it is right again.
            Refusal::Keys(error @ KeyStoreError::Destroyed { .. }) => {
                Self::of_failure(ErrorKind::Upstream, &error)
            }
            Refusal::Keys(error) => Self::of_failure(error.kind(), &error),
            Refusal::Envelope(error) => Self::of_failure(ErrorKind::Bug, &error),
        }
    }
}

fn with_view(problem: Problem, name: &str, view: &impl serde::Serialize) -> Problem {
    problem.with(name, to_value(view).expect("a view has only text keys"))
}
