//! Rebuilds when a migration or a built page appears: both are embedded in the binary.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=authpage/dist");
}
