//! What must hold in every world, and what must be possible so that the others say something.

use stateright::{Checker, Expectation, HasDiscoveries, Model as _, Property};
use wax_model::{ClaimState, Kind, SecretState};

use crate::{
    Scenario,
    world::{Walk, World},
};

/// Walks every path of a scenario and answers how many states there were.
///
/// # Errors
/// A promise that is broken, with the shortest way to it; or something that never happens though it should be possible.
pub fn holds_everywhere(scenario: Scenario) -> Result<usize, String> {
    let walked = walk(scenario, HasDiscoveries::AnyFailures);
    let expected = |kind| {
        let properties = walked.model().properties().into_iter();
        properties.filter(move |property| property.expectation == kind)
    };
    if let Some(broken) = expected(Expectation::Always).find_map(|p| way(&walked, p.name)) {
        return Err(broken);
    }
    let discoveries = walked.discoveries();
    match expected(Expectation::Sometimes).find(|p| !discoveries.contains_key(p.name)) {
        // Then the promises would say little.
        Some(never) => Err(format!("it is never so that {}", never.name)),
        None => Ok(walked.unique_state_count()),
    }
}

/// The shortest sequence of actions that breaks this promise.
pub fn way_to_break(scenario: Scenario, promise: &'static str) -> Option<String> {
    way(&walk(scenario, HasDiscoveries::AnyOf([promise].into())), promise)
}

fn walk(scenario: Scenario, until: HasDiscoveries) -> impl Checker<Walk> {
    Walk(scenario).checker().threads(2).finish_when(until).spawn_bfs().join()
}

fn way(walked: &impl Checker<Walk>, promise: &'static str) -> Option<String> {
    let path = walked.discovery(promise)?;
    Some(format!("{promise}:\n{:#?}", path.into_actions()))
}

/// Ends of a path: every budget is used up, everything was answered, and all time has passed.
fn is_over(walk: &Walk, world: &World) -> bool {
    let mut actions = Vec::new();
    walk.actions(world, &mut actions);
    actions.is_empty()
}

fn always(name: &'static str, condition: fn(&Walk, &World) -> bool) -> Property<Walk> {
    Property::always(name, condition)
}

fn reached(name: &'static str, condition: fn(&Walk, &World) -> bool) -> Property<Walk> {
    Property::sometimes(name, condition)
}

pub(crate) fn all() -> Vec<Property<Walk>> {
    let mut properties = safety();
    properties.extend(endings());
    properties
}

fn safety() -> Vec<Property<Walk>> {
    vec![
        always("no two devices have one view", |Walk(scenario), world| {
            let holders = world.devices.iter().filter(|device| device.has_text).count();
            holders <= scenario.views as usize
        }),
        always("views taken and views left are the views there were", |Walk(scenario), world| {
            let taken = world.database.claims.iter().flatten().count();
            taken + world.database.views_left as usize == scenario.views as usize
        }),
        always("open claims are counted", |_, world| {
            let open = |claim: &&crate::database::Claim| claim.state == ClaimState::Open;
            let open = world.database.claims.iter().flatten().filter(open).count();
            open == world.database.open_claims as usize
        }),
        always("who acknowledged had unwrapped", |_, world| {
            pairs(world).all(|(device, claim)| claim != Some(ClaimState::Acked) || device.has_text)
        }),
        always("what was answered can be recovered", |_, world| {
            let ended_by_the_sender = world.database.state == SecretState::Burned;
            pairs(world).all(|(device, claim)| {
                let waits = device.has_text && !device.has_sent_ack && !device.is_window_over;
                !waits
                    || ended_by_the_sender
                    || (claim == Some(ClaimState::Open)
                        && world.database.has_wrap
                        && world.database.has_content)
            })
        }),
        always("an answered acknowledgement stands", |_, world| {
            pairs(world).all(|(device, claim)| !device.is_acked || claim == Some(ClaimState::Acked))
        }),
        always("a bound device can return", |Walk(scenario), world| {
            let ends = [SecretState::Burned, SecretState::Expired];
            scenario.kind != Kind::DeviceBound
                || !world.devices.iter().any(|device| device.is_acked)
                || ends.contains(&world.database.state)
                || (world.database.state == SecretState::Bound && world.database.has_content)
        }),
        always("keys live as long as somebody may need them", |_, world| {
            let keys = (world.database.has_wrap, world.database.has_content);
            match world.database.state {
                SecretState::Bound => keys == (false, true),
                state if state.is_final() => keys == (false, false),
                _ => keys == (true, true),
            }
        }),
        always("nothing follows an end", |_, world| {
            world.seen.first_end.is_none_or(|end| world.database.state == end)
        }),
        always("a lock stops new claims", |_, world| !world.seen.claimed_while_locked),
        always("every wrong try is counted", |_, world| {
            world.database.wrong_tries == world.seen.wrong_tries
        }),
        always("no counter is taken twice", |_, world| !world.seen.counter_taken_twice),
        always("nothing opens after the burn was answered", |_, world| {
            !world.seen.opened_after_burn
        }),
    ]
}

fn endings() -> Vec<Property<Walk>> {
    vec![
        // No path is endless: every action uses up something.
        always("every secret ends", |walk, world| {
            world.database.state.is_final() || !is_over(walk, world)
        }),
        reached("a device opens it", |_, world| world.devices.iter().any(|device| device.has_text)),
        reached("a device recovers it", |Walk(scenario), world| {
            world.seen.recovered || scenario.asks < 2
        }),
        reached("a bound device returns", |Walk(scenario), world| {
            world.seen.opened_again || scenario.opens == 0
        }),
        reached("a locked secret is acknowledged", |Walk(scenario), world| {
            world.seen.acked_while_locked || scenario.guessers == 0
        }),
        reached("it ends without being opened", |_, world| {
            world.database.state == SecretState::Expired
                && !world.devices.iter().any(|device| device.has_text)
        }),
        reached("it is acknowledged", |_, world| {
            world.devices.iter().any(|device| device.is_acked)
        }),
    ]
}

fn pairs(world: &World) -> impl Iterator<Item = (&crate::world::Device, Option<ClaimState>)> {
    let states = world.database.claims.iter().map(|claim| claim.map(|claim| claim.state));
    world.devices.iter().zip(states)
}
