//! Plans to test with.

use wax_kernel::Clock as _;
use wax_model::{Entitlements, Plan, PlanId, Plans};

use crate::{House, PlatformApp};

/// `free`, which everybody has at first, with what `limit` takes from it; and `team`, which limits nothing.
///
/// # Panics
/// Never: the ids are ids, and differ.
pub fn plans(limit: impl FnOnce(&mut Entitlements)) -> Plans {
    let whole = Plans::self_hosted(Entitlements::SELF_HOSTED).default_plan().clone();
    let id = |text| PlanId::parse(text).expect("an id");
    let mut free = Plan { id: id("free"), ..whole.clone() };
    limit(&mut free.entitlements);
    let team = Plan { id: id("team"), prices: vec!["team-month".to_owned()], ..whole };
    Plans::new(vec![free, team]).expect("they differ")
}

impl PlatformApp {
    /// Gives an organization another plan, as a payment does, or the lack of one.
    pub async fn change_plan(&self, house: &House, plan: &str, limited: bool) {
        let (id, now) = (PlanId::parse(plan).expect("an id"), self.clock.now());
        let limits = self.plans.of(&id).entitlements;
        let changed = self.store.write(&house.scope, move |uow| {
            let id = id.clone();
            Box::pin(async move {
                uow.organization().lock().await?;
                uow.usage().change_plan(&id, limited, &limits, now).await
            })
        });
        changed.await.expect("the store answers");
    }
}
