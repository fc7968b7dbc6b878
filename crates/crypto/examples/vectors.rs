//! Writes `tests/vectors/rust/*.json`.

#![expect(clippy::unwrap_used, reason = "a generator that cannot go on should stop")]

#[path = "../tests/it/produce/mod.rs"]
mod produce;
#[expect(dead_code, reason = "the tests read, this writes")]
#[path = "../tests/it/schema.rs"]
mod schema;

fn main() -> std::io::Result<()> {
    for (file, text) in produce::files() {
        std::fs::write(schema::path("rust", file), text)?;
    }
    Ok(())
}
