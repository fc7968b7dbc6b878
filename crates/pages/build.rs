//! The web files are part of this crate: built anew, they are embedded anew.

fn main() {
    for app in ["link", "console"] {
        println!("cargo:rerun-if-changed=../../web/apps/{app}/dist");
    }
}
