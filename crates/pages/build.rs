//! The web files are built by `npm run build` in `web/`. Without them this crate still compiles, and says so at start.

fn main() -> std::io::Result<()> {
    let dist = "../../web/apps/link/dist";
    std::fs::create_dir_all(dist)?;
    println!("cargo::rerun-if-changed={dist}");
    Ok(())
}
