//! Organizations' promises, through the routes of both services, on an in-memory store.

mod authorization;
mod controls;
mod deletion;
mod invitations;
mod keys;
mod lists;
mod members;
mod notices;
mod organizations;
mod overtaken;
mod plans;
mod secrets;
