//! The web files are part of this crate: built anew, they are embedded anew.

fn main() {
    println!("cargo:rerun-if-changed=../../web/apps/link/dist");
}
