//! What is asked of Stripe, against a scripted one; and what it signs.

mod webhook;
