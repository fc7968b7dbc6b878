//! The server on real sockets: asked directly, fed with garbage, and found by walking down from a root.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod garbage;
mod served;
mod tree;
mod wire;
